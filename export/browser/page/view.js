// A picture with the classes' colours over it, and the list of the classes that occur.

import { sharesOf } from "./labels.js";

const WIDTHS_OF_A_CONTOUR = 400;

/** A picture that is shown, with its labels at the size at which it is shown. */
export class View {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} legend The list to fill.
   * @param {Model} model
   */
  constructor(canvas, legend, model) {
    Object.assign(this, { canvas, legend, model });
    this.drawing = canvas.getContext("2d");
    this.photo = document.createElement("canvas").getContext("2d");
    this.colors = document.createElement("canvas").getContext("2d");
  }

  /** Draws a picture, CanvasImageSource, at the size of its labels, and lists its classes. */
  show(picture, labels, height, width, weight) {
    for (const { canvas } of [this.drawing, this.photo, this.colors]) [canvas.height, canvas.width] = [height, width];
    this.photo.drawImage(picture, 0, 0, width, height);
    this.colors.putImageData(this.colored(labels, height, width), 0, 0);
    this.blend(weight);
    this.list(sharesOf(labels, this.model.names.length));
  }

  /** Draws again with another weight of the colours, 0-1. */
  blend(weight) {
    this.drawing.globalAlpha = 1;
    this.drawing.drawImage(this.photo.canvas, 0, 0);
    this.drawing.globalAlpha = weight;
    this.drawing.drawImage(this.colors.canvas, 0, 0);
  }

  /** A class whose colour is black leaves the picture as it is; a white line parts the classes. */
  colored(labels, height, width) {
    const pixels = new Uint32Array(height * width);
    const packed = this.model.colors.map(([red, green, blue]) =>
      red || green || blue ? ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0 : 0,
    );
    const line = Math.max(1, Math.round(Math.min(height, width) / WIDTHS_OF_A_CONTOUR));
    for (let row = 0, at = 0; row < height; row++) {
      const down = row < height - line ? line * width : 0;
      for (let column = 0; column < width; column++, at++) {
        const label = labels[at];
        const right = column < width - line ? line : 0;
        const edge = label !== labels[at + down] || label !== labels[at + right];
        pixels[at] = edge ? 0xffffffff : packed[label];
      }
    }
    return new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  }

  list(shares) {
    const { names, colors } = this.model;
    const texts = shares.map(({ label, share }) => [label, percent(share)]);
    this.found = texts.map(([label, share]) => `${names[label]} ${share}`).join(", ");
    this.canvas.setAttribute("aria-label", `Picture with its classes coloured: ${this.found}`);
    this.legend.replaceChildren(
      ...texts.map(([label, share]) => {
        const swatch = element("span", "swatch");
        swatch.style.background = `rgb(${colors[label].join(" ")})`;
        const row = element("li", "");
        row.append(swatch, element("span", "name", names[label]), element("span", "share", share));
        return row;
      }),
    );
  }
}

function percent(share) {
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

function element(kind, name, text = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
}
