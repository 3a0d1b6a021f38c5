// A picture on the network's canvas, by the rule of docs/prediction.md: what is larger than the model's images is scaled
// down, each pixel the mean of what it covers; it lies at the top left, the rest is padding.

const STRIP_PIXELS = 1 << 20;

let strip;

/**
 * The size at which an image fits a limit: its own, or the largest of its aspect that does.
 *
 * @param {number} height
 * @param {number} width
 * @param {[number, number]} limit Height and width.
 * @returns {[number, number]} Height and width; halves are rounded up.
 */
export function fittedSize(height, width, [high, wide]) {
  if (height <= high && width <= wide) return [height, width];
  if (height * wide > width * high) return [high, Math.max(1, Math.floor((2 * width * high + height) / (2 * height)))];
  return [Math.max(1, Math.floor((2 * height * wide + width) / (2 * width))), wide];
}

/**
 * A picture on a model's canvas.
 *
 * @param {CanvasImageSource} picture
 * @param {number} height Of the picture.
 * @param {number} width Of the picture.
 * @param {Model} model
 * @returns {{canvas: Uint8Array, height: number, width: number}} RGB, and the size that the picture takes on it.
 */
export function placed(picture, height, width, model) {
  const [high, wide] = fittedSize(height, width, model.limit);
  const fits = high === height && wide === width;
  const small = fits ? own(picture, height, width) : shrunk(picture, height, width, high, wide);
  const canvas = new Uint8Array(model.height * model.width * 3);
  const padding = model.about.pad_value.map((value) => Math.floor(value + 0.5));
  for (let at = 0; at < canvas.length; at += 3) canvas.set(padding, at);
  for (let row = 0; row < high; row++) {
    canvas.set(small.subarray(row * wide * 3, (row + 1) * wide * 3), row * model.width * 3);
  }
  return { canvas, height: high, width: wide };
}

/** Rows of a picture as RGBA, transparency over white; a strip at a time, since browsers limit a canvas. */
function* strips(picture, height, width) {
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
  strip ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  strip.canvas.width = width;
  strip.canvas.height = rows;
  strip.fillStyle = "white";
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    strip.fillRect(0, 0, width, count);
    strip.drawImage(picture, 0, top, width, count, 0, 0, width, count);
    yield { top, count, rgba: strip.getImageData(0, 0, width, count).data };
  }
}

function own(picture, height, width) {
  const rgb = new Uint8Array(height * width * 3);
  let to = 0;
  for (const { rgba } of strips(picture, height, width)) {
    for (let at = 0; at < rgba.length; at += 4) {
      rgb[to++] = rgba[at];
      rgb[to++] = rgba[at + 1];
      rgb[to++] = rgba[at + 2];
    }
  }
  return rgb;
}

/** First down the columns, then along the rows, as TensorFlow does it; 8 bits are rounded to the even one of two. */
function shrunk(picture, height, width, high, wide) {
  const down = spans(height, high);
  const lower = new Float32Array(high * width * 3);
  let first = 0;
  for (const { top, count, rgba } of strips(picture, height, width)) {
    while (down[first].start + down[first].weights.length <= top) first++;
    for (let row = first; row < high && down[row].start < top + count; row++) {
      const { start, weights } = down[row];
      const last = Math.min(start + weights.length, top + count);
      for (let from = Math.max(start, top); from < last; from++) {
        addRow(lower, row * width * 3, rgba, (from - top) * width * 4, width, weights[from - start]);
      }
    }
  }
  const across = spans(width, wide);
  const small = new Uint8ClampedArray(high * wide * 3);
  for (let row = 0, to = 0; row < high; row++) {
    for (const { start, weights } of across) {
      let [red, green, blue] = [0, 0, 0];
      for (let tap = 0, at = (row * width + start) * 3; tap < weights.length; tap++, at += 3) {
        red += weights[tap] * lower[at];
        green += weights[tap] * lower[at + 1];
        blue += weights[tap] * lower[at + 2];
      }
      small[to++] = Math.fround(red);
      small[to++] = Math.fround(green);
      small[to++] = Math.fround(blue);
    }
  }
  return small;
}

function addRow(to, at, rgba, from, width, weight) {
  for (const end = from + width * 4; from < end; from += 4, at += 3) {
    to[at] += weight * rgba[from];
    to[at + 1] += weight * rgba[from + 1];
    to[at + 2] += weight * rgba[from + 2];
  }
}

/** For each position of a shorter line, which of the longer one's count, and how much: a triangle of its scale. */
function spans(have, wanted) {
  const scale = have / wanted;
  return Array.from({ length: wanted }, (_, position) => {
    const middle = (position + 0.5) * scale;
    const start = Math.max(0, Math.ceil(middle - scale - 0.5));
    const end = Math.min(have - 1, Math.floor(middle + scale - 0.5));
    const weights = Float32Array.from({ length: end - start + 1 }, (_, tap) =>
      Math.max(0, 1 - Math.abs(start + tap + 0.5 - middle) / scale),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}
