// A mask as the PNG file that `deeplab-tf segment` writes: class ids, with the classes' colours as its palette.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const [GREY, PALETTE] = [0, 3];

const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * A label map as a PNG file: 8 bits and a palette, or of more than 256 classes 16 bits.
 *
 * @param {Uint16Array} labels
 * @param {number} height
 * @param {number} width
 * @param {[number, number, number][]} colors Of the classes.
 * @returns {Promise<Blob>}
 */
export async function maskFile(labels, height, width, colors) {
  const bytes = colors.length > 256 ? 2 : 1;
  const rows = new DataView(new ArrayBuffer(height * (1 + width * bytes)));
  for (let row = 0, to = 0, from = 0; row < height; row++) {
    // The filter of the row: none.
    to++;
    for (let column = 0; column < width; column++, from++, to += bytes) {
      if (bytes === 1) rows.setUint8(to, labels[from]);
      else rows.setUint16(to, labels[from]);
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8 * bytes);
  header.setUint8(9, bytes === 1 ? PALETTE : GREY);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const parts = [Uint8Array.from(SIGNATURE), chunk("IHDR", new Uint8Array(header.buffer))];
  if (bytes === 1) parts.push(chunk("PLTE", Uint8Array.from(colors.flat())));
  parts.push(chunk("IDAT", new Uint8Array(await new Response(packed).arrayBuffer())), chunk("IEND", new Uint8Array()));
  return new Blob(parts, { type: "image/png" });
}

function chunk(kind, content) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(content, 8);
  let sum = 0xffffffff;
  for (const byte of bytes.subarray(4, -4)) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  view.setUint32(bytes.length - 4, ~sum);
  return bytes;
}
