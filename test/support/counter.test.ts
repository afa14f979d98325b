import fc from "fast-check";
import { expect, test } from "vitest";
import { drawCounter, readCounter, stripHeight } from "./counter.ts";

const SIZES = [
  [640, 360],
  [320, 180],
  [1280, 720],
  [426, 240],
  [854, 480],
] as const;

/** The whole picture as a canvas gives it: the blocks above, `below` in grey beneath. */
function rgba(counter: number, width: number, height: number, below = 90): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(width * height * 4).fill(below);
  drawCounter(counter, width, height).forEach((level, index) => {
    pixels.fill(level, index * 4, index * 4 + 3);
  });
  return pixels;
}

test.each(SIZES)("readCounter reads what drawCounter drew at %d x %d", (width, height) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffff }), (counter) => {
      expect(readCounter(rgba(counter, width, height), width, height)).toBe(counter);
    }),
    { numRuns: 5 },
  );
});

test("readCounter reads a picture with noise, soft edges and video levels", () => {
  const [width, height] = [320, 180];
  let seed = 1;
  const noise = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return (seed % 81) - 40;
  };
  for (const counter of [0, 1, 0xffffff, 0x555555, 123_456]) {
    const sharp = rgba(counter, width, height);
    const soft = sharp.map((level, index) => {
      const left = sharp[index - 4] ?? level;
      const right = sharp[index + 4] ?? level;
      return 16 + ((left + level + right) / 3) * 0.86 + noise();
    });
    expect(readCounter(soft, width, height)).toBe(counter);
  }
});

test("readCounter takes grey and RGB as well", () => {
  const [width, height] = [640, 360];
  const grey = new Uint8Array(width * height);
  grey.set(drawCounter(77, width, height));
  expect(readCounter(grey, width, height)).toBe(77);
  expect(
    readCounter(
      Uint8Array.from({ length: grey.length * 3 }, (_, index) => grey[Math.floor(index / 3)] ?? 0),
      width,
      height,
    ),
  ).toBe(77);
});

test.each([0, 128, 255])("readCounter finds no number in an even picture of level %d", (level) => {
  expect(readCounter(new Uint8Array(640 * 360).fill(level), 640, 360)).toBeUndefined();
});

test("readCounter finds no number where a block is turned over", () => {
  const [width, height] = [640, 360];
  for (let bit = 0; bit < 32; bit += 1) {
    const pixels = rgba(1_000_003, width, height);
    const rows = stripHeight(height);
    for (let y = 0; y < rows / 2; y += 1) {
      for (let x = 0; x < width / 16; x += 1) {
        const row = y + (bit < 16 ? 0 : rows / 2);
        const at = (row * width + x + ((bit % 16) * width) / 16) * 4;
        for (let colour = 0; colour < 3; colour += 1)
          pixels[at + colour] = 255 - (pixels[at + colour] ?? 0);
      }
    }
    expect(readCounter(pixels, width, height)).toBeUndefined();
  }
});

test("readCounter works from its own source, as a page evaluates it", () => {
  const evaluated: unknown = new Function(`return (${readCounter})`)();
  expect(evaluated).toBeTypeOf("function");
  const read = evaluated as typeof readCounter;
  expect(read(rgba(4711, 320, 180), 320, 180)).toBe(4711);
});
