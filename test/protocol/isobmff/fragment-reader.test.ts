import fc from "fast-check";
import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import {
  fragmentHeadLength,
  readFragmentHead,
} from "../../../server/protocol/isobmff/fragment-reader.ts";
import { mediaSegmentHead } from "../../../server/protocol/isobmff/media-segment.ts";

const anySample = fc.record({
  duration: fc.integer({ min: 1, max: 90_000 }),
  size: fc.integer({ min: 0, max: 100_000 }),
  isSync: fc.boolean(),
  isDisposable: fc.boolean(),
  compositionOffset: fc.integer({ min: -9000, max: 9000 }),
});
const anyFragment = fc.record({
  trackId: fc.integer({ min: 1, max: 50 }),
  sequenceNumber: fc.integer({ min: 1, max: 1e6 }),
  baseMediaDecodeTime: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  mediaType: fc.constantFrom("video" as const, "audio" as const),
  samples: fc.array(anySample, { minLength: 1, maxLength: 20 }),
});

test("readFragmentHead reads what mediaSegmentHead wrote", () => {
  const holds = fc.property(anyFragment, (options) => {
    const head = mediaSegmentHead(options);
    expect(fragmentHeadLength(head)).toBe(head.length);
    const [first] = options.samples;
    const isVideo = options.mediaType === "video";
    const size = options.samples.reduce((sum, sample) => sum + sample.size, 0);
    expect(readFragmentHead(head)).toEqual({
      trackId: options.trackId,
      time: options.baseMediaDecodeTime,
      duration: options.samples.reduce((sum, sample) => sum + sample.duration, 0),
      samples: options.samples.length,
      isSync: isVideo ? first?.isSync : true,
      compositionOffset: isVideo ? first?.compositionOffset : 0,
      firstSize: first?.size,
      headLength: head.length,
      length: head.length + size,
    });
  });
  fc.assert(holds, { numRuns: 50 });
});

test("readFragmentHead never reads past what it is given, and says what is wrong", () => {
  const head = mediaSegmentHead({
    ...{ trackId: 1, sequenceNumber: 1, baseMediaDecodeTime: 0, mediaType: "video" },
    samples: [{ duration: 1, size: 9, isSync: true, isDisposable: false, compositionOffset: 0 }],
  });
  const holds = fc.property(
    fc.integer({ min: 0, max: head.length - 1 }),
    fc.integer({ min: 0, max: 255 }),
    (at, value) => {
      const broken = concat(head);
      broken[at] = value;
      try {
        readFragmentHead(broken);
      } catch (error) {
        expect(error instanceof ProtocolError || error instanceof RangeError).toBe(true);
      }
    },
  );
  fc.assert(holds, { numRuns: 300 });
  expect(fragmentHeadLength(new Uint8Array(8))).toBeUndefined();
});
