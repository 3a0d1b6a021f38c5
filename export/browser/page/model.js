// The model beside the page, run by LiteRT.js.

import { Labels, Scores } from "./maps.js";
import { placed } from "./placing.js";
import { archived } from "./side_file.js";

// What a probability of 0 counts as, as in the package's own predictors.
const LEAST = 1e-37;

/** Something that the visitor is told in these words. */
export class Told extends Error {}

/**
 * Loads the runtime and the model.
 *
 * @param {string} address Of the .tflite file.
 * @param {string} wasm Address of the runtime's folder of WebAssembly.
 * @param {(text: string) => void} tell Is told what is being loaded.
 * @returns {Promise<Model>}
 */
export async function openModel(address, wasm, tell) {
  tell("Loading the model");
  const buffer = await fetched(address);
  const about = await described(buffer, address);
  tell("Loading the runtime");
  const { runtime, threads } = await loaded(wasm);
  tell("Preparing the model");
  try {
    const compiled = await runtime.loadAndCompile(new Uint8Array(buffer), { accelerator: "wasm" });
    return new Model(runtime, compiled, about, buffer.byteLength, threads);
  } catch (error) {
    throw new Told(`The runtime cannot run this model: ${error.message}`);
  }
}

async function fetched(address) {
  const again = "Export the page again, or put the model back beside it.";
  let answer;
  try {
    answer = await fetch(address);
  } catch (error) {
    throw new Told(`The model, ${address}, could not be fetched. Check the connection and load the page again.`);
  }
  if (!answer.ok) {
    throw new Told(`The model, ${address}, is not beside this page (the server answers ${answer.status}). ${again}`);
  }
  return answer.arrayBuffer();
}

async function described(buffer, address) {
  try {
    return JSON.parse(new TextDecoder().decode(await archived(buffer, "deeplab.json")));
  } catch (error) {
    throw new Told(`The model, ${address}, is damaged or not an export of deeplab-tf: ${error.message}.`);
  }
}

async function loaded(wasm) {
  let runtime;
  try {
    runtime = await import("@litertjs/core");
    // Threads need memory that they share, which browsers grant to pages with two headers; see docs/browser.md.
    const threads = self.crossOriginIsolated && (await runtime.supportsFeature("threads"));
    if (threads && (await withThreads(runtime, wasm))) return { runtime, threads };
    await runtime.loadLiteRt(wasm);
    return { runtime, threads: false };
  } catch (error) {
    const host = new URL(wasm, location.href).host;
    const place = host === location.host ? `${wasm} beside this page` : host;
    const why = error instanceof Error ? ` (${error.message})` : "";
    throw new Told(
      `LiteRT.js, which runs the model, could not be loaded from ${place}${why}. Check the connection and load the ` +
        "page again. An old browser may be too old for it.",
    );
  }
}

async function withThreads(runtime, wasm) {
  try {
    // A worker starts from a script of the page's own origin only, so that of a CDN is fetched first.
    const script = await (await fetch(`${wasm}litert_wasm_threaded_internal.js`)).blob();
    self.Module = { mainScriptUrlOrBlob: new Blob([script], { type: "text/javascript" }) };
    await runtime.loadLiteRt(wasm, { threads: true });
    return true;
  } catch (error) {
    console.warn("No threads:", error);
    self.Module = undefined;
    return false;
  }
}

/** A compiled model with what its file says about it. */
export class Model {
  constructor(runtime, compiled, about, bytes, threads) {
    Object.assign(this, { runtime, compiled, about, bytes, threads });
    const { names, colors, name } = about.labels;
    Object.assign(this, { names, colors, dataSet: name });
    const { dtype, shape } = compiled.getInputDetails()[0];
    [, this.height, this.width] = shape;
    this.output = compiled.getOutputDetails()[0];
    if (dtype !== "uint8" || !["float32", "int32"].includes(this.output.dtype)) {
      throw new Error(`it takes ${dtype} and gives ${this.output.dtype}, instead of uint8 and float32 or int32`);
    }
    this.limit = (about.image_size ?? about.size).map((side, axis) => Math.min(side, [this.height, this.width][axis]));
  }

  /**
   * Runs the network on a picture.
   *
   * @param {ImageBitmap | HTMLVideoElement} picture
   * @param {number} height Of the picture.
   * @param {number} width Of the picture.
   * @returns {Promise<Result>}
   */
  async run(picture, height, width) {
    const start = performance.now();
    const on = placed(picture, height, width, this);
    const input = new this.runtime.Tensor(on.canvas, [1, this.height, this.width, 3]);
    const before = performance.now();
    const [output] = await this.compiled.run([input]);
    let data = await output.data();
    // Enlarged, logarithms give the labels of the network's own scores.
    if (this.about.outputs === "probabilities") data = data.map((value) => Math.log(Math.max(value, LEAST)));
    const network = performance.now() - before;
    input.delete();
    output.delete();
    return { map: this.mapOf(data), height: on.height, width: on.width, start, network };
  }

  mapOf(data) {
    const [, ...shape] = this.output.shape;
    if (shape.length === 2) return new Labels(data, this.width);
    const stride = this.about.output_stride;
    // Scores at the network's stride reach to where the network itself pads the canvas.
    const padded = [this.height, this.width].map((side) => Math.ceil((side - 1) / stride) * stride + 1);
    return new Scores(data, shape, this.about.outputs === "low_logits" ? padded : [this.height, this.width]);
  }
}

/**
 * What the network gives for a picture, which takes the top left of the canvas.
 *
 * @typedef {object} Result
 * @property {Scores | Labels} map Of the whole canvas.
 * @property {number} height Of the picture on the canvas.
 * @property {number} width Of the picture on the canvas.
 * @property {number} start When the work began, in milliseconds.
 * @property {number} network Milliseconds of the network alone.
 */
