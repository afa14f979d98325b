import { expect, test } from "vitest";
import { asWebAudioOrders } from "../../../web/webcodecs/speakers.ts";

const AAC = "mp4a.40.2";
const half = Math.fround(Math.SQRT1_2);

test.each([
  { name: "mono", codec: AAC, given: [1], order: [1] },
  { name: "stereo", codec: AAC, given: [1, 2], order: [1, 2] },
  { name: "3.0, with its centre", codec: AAC, given: [1, 2, 3], order: [1, 2, 3, 0, 0, 0] },
  { name: "quad", codec: "opus", given: [1, 2, 3, 4], order: [1, 2, 3, 4] },
  {
    name: "4.0 of AAC, with one behind",
    codec: AAC,
    given: [1, 2, 3, 1],
    order: [1, 2, 3, 0, half, half],
  },
  { name: "5.0", codec: AAC, given: [1, 2, 3, 4, 5], order: [1, 2, 3, 0, 4, 5] },
  { name: "5.1", codec: AAC, given: [1, 2, 3, 4, 5, 6], order: [1, 2, 3, 4, 5, 6] },
  { name: "6.1", codec: AAC, given: [1, 2, 3, 4, 1, 0, 0], order: [1, 2, 3, 4, half, half] },
  { name: "7.1", codec: AAC, given: [1, 2, 3, 4, 1, 1, 0, 0], order: [1, 2, 3, 4, half, half] },
])("asWebAudioOrders knows $name", ({ codec, given, order }) => {
  const planes = given.map((value) => new Float32Array([value]));
  const ordered = asWebAudioOrders(planes, codec);
  expect(ordered.map(([value]) => value)).toEqual(order);
  // They are handed over: memory can be, once.
  expect(new Set(ordered.map(({ buffer }) => buffer)).size).toBe(order.length);
});
