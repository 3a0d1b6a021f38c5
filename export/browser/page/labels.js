// Labels at the size of the picture: scores, not labels, are enlarged, by the rule of docs/prediction.md.

import { taps } from "./maps.js";

/**
 * The label of each pixel of a picture.
 *
 * @param {Result} result What the network gave.
 * @param {number} height At which labels are wanted.
 * @param {number} width At which labels are wanted.
 * @returns {Uint16Array} By row and column.
 */
export function labelsAt(result, height, width) {
  result.best ??= result.map.best(result.height, result.width);
  return height === result.height && width === result.width ? result.best : enlarged(result, height, width);
}

/**
 * Which fraction of the pixels each class has.
 *
 * @param {Uint16Array} labels
 * @param {number} classes
 * @returns {{label: number, share: number}[]} Those that occur, largest first.
 */
export function sharesOf(labels, classes) {
  const counts = new Uint32Array(classes);
  for (let at = 0; at < labels.length; at++) counts[labels[at]]++;
  const found = [...counts.keys()].filter((label) => counts[label]);
  return found
    .map((label) => ({ label, share: counts[label] / labels.length }))
    .sort((one, other) => other.share - one.share);
}

/** A class that is best at all four neighbours of a pixel is best there too, so only the others are interpolated. */
function enlarged(result, height, width) {
  const { best, map } = result;
  const rows = taps(height, result.height);
  const columns = taps(width, result.width);
  const labels = new Uint16Array(height * width);
  for (let row = 0, to = 0; row < height; row++) {
    const [first, second, along] = [rows.first[row], rows.second[row], rows.weight[row]];
    const [top, bottom] = [first * result.width, second * result.width];
    for (let column = 0; column < width; column++, to++) {
      const [left, right] = [columns.first[column], columns.second[column]];
      const label = best[top + left];
      const same = label === best[top + right] && label === best[bottom + left] && label === best[bottom + right];
      labels[to] = same ? label : map.between(result, [first, second, left, right], columns.weight[column], along);
    }
  }
  return labels;
}
