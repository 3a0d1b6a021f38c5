// Labels at the size of the picture: scores, not labels, are enlarged, by the rule of docs/prediction.md.

const single = Math.fround;

/**
 * The label of each pixel of a picture.
 *
 * @param {Result} result What the network gave.
 * @param {number} height At which labels are wanted.
 * @param {number} width At which labels are wanted.
 * @returns {Uint16Array} By row and column.
 */
export function labelsAt(result, height, width) {
  result.best ??= bestOf(result);
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

function bestOf({ data, classes, stride, height, width }) {
  const best = new Uint16Array(height * width);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to++) {
      const pixel = row * stride + column;
      if (classes === 0) {
        best[to] = data[pixel];
        continue;
      }
      let at = pixel * classes;
      let high = data[at];
      for (let label = 1; label < classes; label++) {
        if (data[++at] > high) {
          high = data[at];
          best[to] = label;
        }
      }
    }
  }
  return best;
}

/** A class that is best at all four neighbours of a pixel is best there too, so only the others are interpolated. */
function enlarged(result, height, width) {
  const { best } = result;
  const rows = taps(height, result.height);
  const columns = taps(width, result.width);
  const between = result.classes ? betweenScores : betweenLabels;
  const labels = new Uint16Array(height * width);
  for (let row = 0, to = 0; row < height; row++) {
    const top = rows.first[row] * result.width;
    const bottom = rows.second[row] * result.width;
    const along = rows.weight[row];
    for (let column = 0; column < width; column++, to++) {
      const left = columns.first[column];
      const right = columns.second[column];
      const label = best[top + left];
      const same = label === best[top + right] && label === best[bottom + left] && label === best[bottom + right];
      labels[to] = same
        ? label
        : between(result, [rows.first[row], rows.second[row], left, right], columns.weight[column], along);
    }
  }
  return labels;
}

/** The two neighbours of each position of a longer line, and the weight of the second; centres lie at halves. */
function taps(wanted, have) {
  const scale = single(have / wanted);
  const [first, second] = [new Uint32Array(wanted), new Uint32Array(wanted)];
  const weight = new Float32Array(wanted);
  for (let position = 0; position < wanted; position++) {
    const source = Math.min(Math.max(single(single((position + 0.5) * scale) - 0.5), 0), have - 1);
    first[position] = Math.floor(source);
    second[position] = Math.min(first[position] + 1, have - 1);
    weight[position] = source - first[position];
  }
  return { first, second, weight };
}

function betweenScores({ data, classes, stride }, [top, bottom, left, right], across, along) {
  let [one, two] = [(top * stride + left) * classes, (top * stride + right) * classes];
  let [three, four] = [(bottom * stride + left) * classes, (bottom * stride + right) * classes];
  let [found, high] = [0, -Infinity];
  for (let label = 0; label < classes; label++) {
    const upper = mixed(data[one++], data[two++], across);
    const lower = mixed(data[three++], data[four++], across);
    const score = mixed(upper, lower, along);
    if (score > high) [found, high] = [label, score];
  }
  return found;
}

/** Where there are no scores each label counts as a score of 1, so that outlines are smooth. */
function betweenLabels({ best, width }, [top, bottom, left, right], across, along) {
  const corners = [top * width + left, top * width + right, bottom * width + left, bottom * width + right];
  const around = corners.map((corner) => best[corner]);
  let [found, high] = [0, -1];
  for (const label of [...around].sort((one, other) => one - other)) {
    const [one, two, three, four] = around.map((other) => Number(other === label));
    const score = mixed(mixed(one, two, across), mixed(three, four, across), along);
    if (score > high) [found, high] = [label, score];
  }
  return found;
}

/** In 32 bits, as TensorFlow computes it. */
function mixed(first, second, weight) {
  return single(first + single(single(second - first) * weight));
}
