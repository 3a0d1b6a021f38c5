// What the exporter appended to the model: a zip archive, the way TFLite stores associated files.

const END = 0x06054b50;
const END_LENGTH = 22;
const ENTRY_LENGTH = 46;
const HEADER_LENGTH = 30;
const LONGEST_COMMENT = 65535;
const DEFLATED = 8;

/**
 * The bytes of an archived file.
 *
 * @param {ArrayBuffer} buffer Of the whole model file.
 * @param {string} name Of the archived file.
 * @returns {Promise<Uint8Array>}
 * @throws {Error} If there is no such file in it.
 */
export async function archived(buffer, name) {
  const view = new DataView(buffer);
  let end = buffer.byteLength - END_LENGTH;
  const least = Math.max(0, end - LONGEST_COMMENT);
  while (end >= least && view.getUint32(end, true) !== END) end--;
  let entry = end >= least ? view.getUint32(end + 16, true) : 0;
  for (let left = end >= least ? view.getUint16(end + 10, true) : 0; left > 0; left--) {
    const [nameLength, extra, comment] = [28, 30, 32].map((at) => view.getUint16(entry + at, true));
    const found = new TextDecoder().decode(new Uint8Array(buffer, entry + ENTRY_LENGTH, nameLength));
    if (found === name) {
      const header = view.getUint32(entry + 42, true);
      const start = header + HEADER_LENGTH + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
      const bytes = new Uint8Array(buffer, start, view.getUint32(entry + 20, true));
      return view.getUint16(entry + 10, true) === DEFLATED ? inflated(bytes) : bytes;
    }
    entry += ENTRY_LENGTH + nameLength + extra + comment;
  }
  throw new Error(`there is no ${name} in it`);
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
