import { expect, test } from "vitest";
import { tagBody } from "../../../server/endpoint/rtmp/play-item.ts";
import { hex } from "../../support/hex.ts";
import { audioTrack, sampleAt, videoTrack } from "../../support/live-samples.ts";

test("tagBody says when a picture is shown, also where its decode time was moved on the timeline", () => {
  // Its encoder stepped 40 ms back, and the timeline went on by a tick behind 1040 ms.
  const moved = { at: 1000, dts: 1040 * 90 + 1, compositionOffset: 40 * 90 - 1 };
  expect(tagBody(sampleAt(videoTrack(), 1000, moved))?.head).toEqual(hex`27 01 000050`);
  const asSent = { at: 1000, dts: 1000 * 90, compositionOffset: 80 * 90 };
  expect(tagBody(sampleAt(videoTrack(), 1000, asSent))?.head).toEqual(hex`27 01 000050`);
});

test("tagBody passes on the tag that a sample came in, once where several came in it", () => {
  const original = hex`72 d5d5`;
  expect(tagBody(sampleAt(audioTrack(), 0, { original }))?.data).toBe(original);
  expect(tagBody(sampleAt(audioTrack(), 20, { original: new Uint8Array(0) }))).toBeUndefined();
});
