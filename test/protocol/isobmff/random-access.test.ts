import { expect, test } from "vitest";
import { movieFragmentRandomAccess } from "../../../server/protocol/isobmff/random-access.ts";
import { hex } from "../../support/hex.ts";

test("movieFragmentRandomAccess writes what FFmpeg 5.1 writes for three GOPs (frag_keyframe)", () => {
  const points = [
    { time: 0, moofOffset: 0x30a },
    { time: 0x2800, moofOffset: 0x1ad5 },
    { time: 0x5000, moofOffset: 0x3056 },
  ];
  expect(movieFragmentRandomAccess([{ trackId: 1, points }])).toEqual(hex`
    00000069 6d667261
      00000051 74667261 01000000 00000001 00000000 00000003
        0000000000000000 000000000000030a 01 01 01
        0000000000002800 0000000000001ad5 01 01 01
        0000000000005000 0000000000003056 01 01 01
      00000010 6d66726f 00000000 00000069`);
});

test("movieFragmentRandomAccess says its own length at its end, whatever tracks there are", () => {
  const points = Array.from({ length: 7 }, (_, index) => ({
    time: 2 ** 40 + index,
    moofOffset: 2 ** 45 + index,
  }));
  const tables = [
    { trackId: 1, points },
    { trackId: 2, points: [] },
    { trackId: 9, points: points.slice(0, 1) },
  ];
  for (let count = 0; count <= tables.length; count += 1) {
    const bytes = movieFragmentRandomAccess(tables.slice(0, count));
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(bytes.length - 4)).toBe(bytes.length);
    expect(view.getUint32(0)).toBe(bytes.length);
  }
});
