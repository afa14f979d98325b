/*
 * A picture that a machine can read: a number in black and white blocks across the top quarter,
 * large and redundant enough to outlive compression and scaling.
 *
 * Two rows of sixteen blocks, most significant bit first, white is 1: 24 bits of counter, then
 * 8 bits of CRC (polynomial 0x07, begun with 0x5a so that an even picture is no number).
 */

/** Blocks in a row. */
const COLUMNS = 16;

/** @returns rows of pixels that the blocks take of a picture so high: even, for 4:2:0 */
export const stripHeight = (height: number): number => Math.floor(height / 8) * 2;

/** @returns the top `stripHeight(height)` rows of the picture, 8-bit grey */
export function drawCounter(counter: number, width: number, height: number): Uint8Array {
  const rows = stripHeight(height);
  const pixels = new Uint8Array(width * rows);
  const code = BigInt(counter & 0xffffff) * 256n + BigInt(checksum(counter & 0xffffff));
  for (let y = 0; y < rows; y += 1) {
    const row = y < rows / 2 ? 0 : 1;
    for (let x = 0; x < width; x += 1) {
      const bit = row * COLUMNS + Math.floor((x * COLUMNS) / width);
      if (((code >> BigInt(31 - bit)) & 1n) === 1n) pixels[y * width + x] = 255;
    }
  }
  return pixels;
}

/**
 * Reads the number from a picture. It refers to nothing outside of itself, so that its source can
 * be evaluated in a page: `` `(${readCounter})(imageData.data, width, height)` ``.
 *
 * @param pixels rows of the whole picture, or at least of its top quarter: RGBA, RGB or grey
 * @param height of the whole picture
 * @returns undefined where the picture shows no valid number
 */
export function readCounter(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
): number | undefined {
  const rows = Math.floor(height / 8) * 2;
  const samplesPerPixel =
    pixels.length >= width * height * 4 ? 4 : pixels.length >= width * height * 3 ? 3 : 1;
  const colours = Math.min(samplesPerPixel, 3);
  let crc = 0x5a;
  let counter = 0;
  let check = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    const left = ((bit % 16) * width) / 16;
    const top = (Math.floor(bit / 16) * rows) / 2;
    // The inner half of the block: edges are soft after compression and scaling.
    let sum = 0;
    let count = 0;
    for (let y = Math.floor(top + rows / 8); y < top + (rows * 3) / 8; y += 1) {
      for (let x = Math.ceil(left + width / 64); x < left + (width * 3) / 64; x += 1) {
        const at = (y * width + x) * samplesPerPixel;
        for (let colour = 0; colour < colours; colour += 1) sum += pixels[at + colour] ?? 0;
        count += colours;
      }
    }
    const level = sum / count;
    if (!(level < 104 || level > 151)) return undefined; // neither black nor white
    const value = level > 127 ? 1 : 0;
    if (bit < 24) {
      counter = counter * 2 + value;
      crc ^= value << 7;
      crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
    } else {
      check = check * 2 + value;
    }
  }
  return check === crc ? counter : undefined;
}

function checksum(counter: number): number {
  let crc = 0x5a;
  for (let bit = 23; bit >= 0; bit -= 1) {
    crc ^= ((counter >> bit) & 1) << 7;
    crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}
