// What the visitor sees and does: pictures in, colours over them, files out.

import { Camera, reachable } from "./camera.js";
import { labelsAt } from "./labels.js";
import { openModel, Told } from "./model.js";
import { maskFile } from "./png.js";
import { View } from "./view.js";

// Larger pictures are shown smaller; their masks are saved at their own size.
const LARGEST_SHOWN = 2048;
const SECONDS_BETWEEN_NEWS = 5;

const [main, stage, status, problem] = ["main", "#stage", "#status", "#problem"].map((name) => document.querySelector(name));
const [file, cameraButton, sample, opacity, timing] = ["file", "camera", "sample", "opacity", "timing"].map((id) =>
  document.getElementById(id),
);

let model;
let view;
let latest;
let lastNews = 0;
let turn = Promise.resolve();
const camera = new Camera((video) => segment(video, video.videoHeight, video.videoWidth, "camera"), failed);

/** Says how things are; what can be seen anyway is only for screen readers. */
function tell(text, seen = false) {
  status.textContent = text;
  status.classList.toggle("spoken", seen);
}

/** Says in words what went wrong. */
function failed(error) {
  if (!(error instanceof Told)) console.error(error);
  tell("");
  problem.textContent = error instanceof Told ? error.message : `Something went wrong: ${error.message}`;
  if (cameraButton.getAttribute("aria-pressed") === "true" && !camera.runs) stopCamera();
}

/** Runs a job, after those before it, while the page says that it is busy. */
function busy(job) {
  turn = turn.then(() => work(job));
  return turn;
}

async function work(job) {
  main.setAttribute("aria-busy", "true");
  try {
    problem.textContent = "";
    await job();
  } catch (error) {
    failed(error);
  } finally {
    main.setAttribute("aria-busy", "false");
  }
}

/** Lets the browser draw what was said before a long computation. */
function drawn() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

async function segment(picture, height, width, name) {
  const live = camera.runs;
  const result = await model.run(picture, height, width);
  // A frame that was still under way when the camera stopped would take the place of what came after.
  if (live && !camera.runs) return;
  const scale = Math.min(1, LARGEST_SHOWN / Math.max(height, width));
  const [high, wide] = [height, width].map((side) => Math.max(1, Math.round(side * scale)));
  const labels = labelsAt(result, high, wide);
  stage.classList.add("filled");
  for (const [id, hides] of [["picture", false], ["result", false], ["invitation", true]]) {
    document.getElementById(id).hidden = hides;
  }
  view.show(picture, labels, high, wide, opacity.value / 100);
  latest = { result, height, width, name };
  const all = performance.now() - result.start;
  timing.textContent = `${Math.round(all)} ms, the network ${Math.round(result.network)} ms of them`;
  // A screen reader would never come to an end with a line for each frame.
  if (!live || performance.now() - lastNews > 1000 * SECONDS_BETWEEN_NEWS) {
    tell(`Found ${view.found}.`, true);
    lastNews = performance.now();
  }
}

function segmentFile(name, content) {
  stopCamera();
  return busy(async () => {
    tell(`Reading ${name}`);
    let picture;
    try {
      // As the file has it: turned as its EXIF data say, its colours not converted for a screen.
      const way = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "default" };
      picture = await createImageBitmap(await content, way);
    } catch (error) {
      throw new Told(`${name} is not an image that this browser can read. Choose a JPEG, PNG or WebP file.`);
    }
    tell("Looking for classes");
    await drawn();
    await segment(picture, picture.height, picture.width, name.replace(/\.[^.]*$/, ""));
    picture.close();
  });
}

function stopCamera() {
  camera.stop();
  cameraButton.textContent = "Use the camera";
  cameraButton.setAttribute("aria-pressed", "false");
}

function toggleCamera() {
  if (camera.runs) return stopCamera();
  return busy(async () => {
    tell("Waiting for the camera");
    await camera.start();
    cameraButton.textContent = "Stop the camera";
    cameraButton.setAttribute("aria-pressed", "true");
  });
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function saveMask() {
  return busy(async () => {
    const { result, height, width, name } = latest;
    const labels = labelsAt(result, height, width);
    save(await maskFile(labels, height, width, model.colors), `${name}_labels.png`);
  });
}

function savePicture() {
  view.canvas.toBlob((blob) => save(blob, `${latest.name}_overlay.png`), "image/png");
}

/** Whatever is dropped or pasted. */
function take(files) {
  if (model && files.length) segmentFile(files[0].name, files[0]);
}

function listen() {
  file.addEventListener("change", () => {
    take(file.files);
    // So that the same file can be chosen again.
    file.value = "";
  });
  cameraButton.addEventListener("click", toggleCamera);
  sample?.addEventListener("click", () => {
    const { file: name } = sample.dataset;
    segmentFile(name, fetch(name).then((answer) => answer.blob()));
  });
  opacity.addEventListener("input", () => {
    document.getElementById("weight").textContent = `${opacity.value} %`;
    view.blend(opacity.value / 100);
  });
  document.getElementById("mask").addEventListener("click", saveMask);
  document.getElementById("overlay").addEventListener("click", savePicture);
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? stage.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

async function start() {
  const begun = performance.now();
  model = await openModel(main.dataset.model, main.dataset.wasm, (text) => tell(`${text} …`));
  view = new View(document.getElementById("picture"), document.getElementById("legend"), model);
  const size = `${(model.bytes / 1e6).toFixed(1)} MB`;
  document.getElementById("about").textContent =
    `${model.names.length} classes (${model.dataSet}), a network of ${size} that runs in this page. ` +
    "Pictures stay on this device.";
  for (const control of [file, sample]) if (control) control.disabled = false;
  cameraButton.disabled = !reachable;
  if (!reachable) cameraButton.title = "The camera needs a page of https or of this device.";
  listen();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  tell(`Ready after ${seconds} s${model.threads ? "" : ", on one thread"}.`);
}

busy(start);
