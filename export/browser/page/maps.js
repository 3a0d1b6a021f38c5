// What a network gives for its canvas: scores, at its own stride perhaps, or labels.

const single = Math.fround;

/** In 32 bits, as TensorFlow computes it. */
function mixed(first, second, weight) {
  return single(first + single(single(second - first) * weight));
}

/**
 * The two neighbours of each position of a longer line, and the weight of the second.
 *
 * @param {number} wanted Length of the longer line.
 * @param {number} have
 * @param {(position: number) => number} sourceOf Where a position lies on the shorter line.
 */
function tapsOf(wanted, have, sourceOf) {
  const [first, second] = [new Uint32Array(wanted), new Uint32Array(wanted)];
  const weight = new Float32Array(wanted);
  for (let position = 0; position < wanted; position++) {
    const source = Math.min(Math.max(sourceOf(position), 0), have - 1);
    first[position] = Math.floor(source);
    second[position] = Math.min(first[position] + 1, have - 1);
    weight[position] = source - first[position];
  }
  return { first, second, weight };
}

/** Of a picture: centres of pixels lie at halves. */
export function taps(wanted, have) {
  const scale = single(have / wanted);
  return tapsOf(wanted, have, (position) => single(single((position + 0.5) * scale) - 0.5));
}

/** Of a network's maps: the corners of both lie at each other. */
function alignedTaps(wanted, have) {
  const scale = wanted > 1 ? single((have - 1) / (wanted - 1)) : 0;
  return tapsOf(wanted, have, (position) => single(position * scale));
}

/** Scores of each class, enlarged where they are asked for. */
export class Scores {
  /**
   * @param {Float32Array} data By row, column and class.
   * @param {[number, number, number]} shape Rows, columns and classes.
   * @param {[number, number]} canvas Height and width of the canvas whose corners are those of the scores.
   */
  constructor(data, [rows, columns, classes], canvas) {
    Object.assign(this, { data, wide: columns, classes });
    this.rows = alignedTaps(canvas[0], rows);
    this.columns = alignedTaps(canvas[1], columns);
    this.every = rows === canvas[0] && columns === canvas[1] ? [...Array(classes).keys()] : null;
    this.found = [];
  }

  /** The best class of each pixel of the canvas's top left. */
  best(height, width) {
    const best = new Uint16Array(height * width);
    for (let row = 0, to = 0; row < height; row++) {
      for (let column = 0; column < width; column++, to++) {
        const labels = this.candidates(row, column);
        best[to] = labels.length === 1 ? labels[0] : largest(labels, (label) => this.score(row, column, label));
      }
    }
    return best;
  }

  /** The best class between four pixels of the canvas. */
  between(_, [top, bottom, left, right], across, along) {
    const lists = [this.candidates(top, left), this.candidates(top, right)];
    lists.push(this.candidates(bottom, left), this.candidates(bottom, right));
    const same = lists.every((list) => list === lists[0]);
    const labels = same ? lists[0] : [...new Set(lists.flat())].sort((one, other) => one - other);
    return largest(labels, (label) => {
      const upper = mixed(this.score(top, left, label), this.score(top, right, label), across);
      return mixed(upper, mixed(this.score(bottom, left, label), this.score(bottom, right, label), across), along);
    });
  }

  score(row, column, label) {
    const { data, wide, classes, rows, columns } = this;
    const [top, bottom] = [rows.first[row] * wide, rows.second[row] * wide];
    const [left, right] = [columns.first[column], columns.second[column]];
    const across = columns.weight[column];
    const upper = mixed(data[(top + left) * classes + label], data[(top + right) * classes + label], across);
    const lower = mixed(data[(bottom + left) * classes + label], data[(bottom + right) * classes + label], across);
    return mixed(upper, lower, rows.weight[row]);
  }

  /** Inside a cell a class lies between its corners, so one whose largest is below another's least cannot win. */
  candidates(row, column) {
    if (this.every) return this.every;
    const [top, left] = [this.rows.first[row], this.columns.first[column]];
    return (this.found[top * this.wide + left] ??= this.ofCell(row, column));
  }

  ofCell(row, column) {
    const [rows, columns] = [this.rows, this.columns].map((taps, axis) => {
      const position = axis === 0 ? row : column;
      return [taps.first[position], taps.second[position]];
    });
    const starts = rows.flatMap((y) => columns.map((x) => (y * this.wide + x) * this.classes));
    const labels = [...Array(this.classes).keys()];
    const corners = labels.map((label) => starts.map((start) => this.data[start + label]));
    const least = Math.max(...corners.map((values) => Math.min(...values)));
    return labels.filter((label) => Math.max(...corners[label]) >= least);
  }
}

/** Labels alone; each counts as a score of 1, so that enlarged outlines are smooth. */
export class Labels {
  /**
   * @param {Int32Array} data By row and column.
   * @param {number} wide How many columns it has.
   */
  constructor(data, wide) {
    Object.assign(this, { data, wide });
  }

  best(height, width) {
    const best = new Uint16Array(height * width);
    for (let row = 0; row < height; row++) {
      best.set(this.data.subarray(row * this.wide, row * this.wide + width), row * width);
    }
    return best;
  }

  between({ best, width }, [top, bottom, left, right], across, along) {
    const corners = [top * width + left, top * width + right, bottom * width + left, bottom * width + right];
    const around = corners.map((corner) => best[corner]);
    return largest([...around].sort((one, other) => one - other), (label) => {
      const [one, two, three, four] = around.map((other) => Number(other === label));
      return mixed(mixed(one, two, across), mixed(three, four, across), along);
    });
  }
}

/** The first of the labels with the largest score. */
function largest(labels, scoreOf) {
  let [found, high] = [labels[0], -Infinity];
  for (const label of labels) {
    const score = scoreOf(label);
    if (score > high) [found, high] = [label, score];
  }
  return found;
}
