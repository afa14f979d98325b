import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, type OwnBytes, u32, u64 } from "../../../server/protocol/bytes/bytes.ts";
import { box, fullBox } from "../../../server/protocol/isobmff/box.ts";
import {
  type FragmentHeadOptions,
  fragmentHead,
  mediaSegmentHead,
  movedFragmentHead,
  movieFragmentHead,
  redeclare,
  sampleFlags,
} from "../../../server/protocol/isobmff/media-segment.ts";
import { hex } from "../../support/hex.ts";
import { inspectBoxes, inspectFragment } from "../../support/inspect.ts";

const keyFrame: FragmentHeadOptions = {
  ...{ trackId: 1, sequenceNumber: 1, mediaType: "video" },
  ...{ dts: 0, compositionOffset: 7200, duration: 3000, size: 3383 },
  ...{ isSync: true, isDisposable: false },
};

test("fragmentHead writes the reference's worked example", () => {
  expect(fragmentHead(keyFrame)).toEqual(hex`
    00000068 6d6f6f66                                                          // moof
      00000010 6d666864 00000000 00000001                                      // mfhd
      00000050 74726166                                                        // traf
        0000001c 74666864 00020038 00000001 00000bb8 00000d37 02000000         // tfhd
        00000014 74666474 01000000 0000000000000000                            // tfdt
        00000018 7472756e 01000801 00000001 00000070 00001c20                  // trun
    00000d3f 6d646174                                                          // mdat`);
});

test("redeclare makes of a fragment the same with another duration, where it lies in other memory", () => {
  const message = new Uint8Array(400);
  const head = fragmentHead(keyFrame);
  message.set(head, 17);
  redeclare(message.subarray(17, 17 + head.length), 450_000);
  const { length } = head;
  expect(message.subarray(17, 17 + length)).toEqual(
    fragmentHead({ ...keyFrame, duration: 450_000 }),
  );
});

test("fragmentHead of sound has no composition offset", () => {
  const head = fragmentHead({ ...keyFrame, mediaType: "audio", compositionOffset: 0 });
  expect(head).toHaveLength(108);
  expect(head.subarray(80)).toEqual(
    hex`00000014 7472756e 01000001 00000001 0000006c 00000d3f 6d646174`,
  );
});

test.each([
  ["a sync sample", true, false, 0x0200_0000],
  ["a sync sample that nothing refers to", true, true, 0x0200_0000],
  ["an inter picture", false, false, 0x0101_0000],
  ["a disposable picture", false, true, 0x0181_0000],
])("sampleFlags of %s", (_name, isSync, isDisposable, flags) => {
  expect(sampleFlags(isSync, isDisposable)).toBe(flags);
});

/** The same head, composed of boxes. */
function composed(options: FragmentHeadOptions): OwnBytes {
  const isVideo = options.mediaType === "video";
  const moof = (dataOffset: number): OwnBytes =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, u32(options.sequenceNumber)),
      box(
        "traf",
        fullBox(
          "tfhd",
          0,
          0x02_0038,
          u32(options.trackId),
          u32(options.duration),
          u32(options.size),
          u32(sampleFlags(options.isSync, options.isDisposable)),
        ),
        fullBox("tfdt", 1, 0, u64(options.dts)),
        fullBox(
          "trun",
          1,
          isVideo ? 0x801 : 1,
          u32(1),
          u32(dataOffset),
          ...(isVideo ? [u32(options.compositionOffset)] : []),
        ),
      ),
    );
  const mdat = concat(u32(options.size + 8), hex`6d646174`);
  return concat(moof(moof(0).length + 8), mdat);
}

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anySample = fc.record({
  duration: uint32,
  size: fc.nat(100),
  isSync: fc.boolean(),
  isDisposable: fc.boolean(),
  compositionOffset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
});
const anyTrack = fc.record({
  trackId: fc.integer({ min: 1, max: 0xffff }),
  sequenceNumber: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  mediaType: fc.constantFrom("video", "audio"),
});
// mux.js gives times beyond 2^53 - 1 as bigint; the edges of 32 bits and of it are tried often.
const anyTime = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

test("fragmentHead equals the composed form, and mux.js reads back what was meant", () => {
  const holds = fc.property(anyTrack, anySample, anyTime, (track, sample, dts) => {
    const options = { ...track, ...sample, dts };
    const head = fragmentHead(options);
    expect(head).toEqual(composed(options));
    const isVideo = track.mediaType === "video";
    expect(inspectFragment(concat(head, new Uint8Array(sample.size)))).toEqual({
      types: ["moof", "mdat"],
      sequenceNumber: track.sequenceNumber,
      trackId: track.trackId,
      baseDataOffsetIsMoof: true,
      baseMediaDecodeTime: dts,
      dataOffset: head.length,
      defaults: {
        duration: sample.duration,
        size: sample.size,
        flags: sampleFlags(sample.isSync, sample.isDisposable),
      },
      samples: [isVideo ? { compositionTimeOffset: sample.compositionOffset } : {}],
      dataLength: sample.size,
    });
  });
  fc.assert(holds);
});

test("mediaSegmentHead is what mux.js reads of it", () => {
  const samples = fc.array(anySample, { minLength: 1, maxLength: 20 });
  const holds = fc.property(anyTrack, samples, anyTime, (track, samples, baseMediaDecodeTime) => {
    const head = mediaSegmentHead({ ...track, baseMediaDecodeTime, samples });
    const dataLength = samples.reduce((sum, { size }) => sum + size, 0);
    const isVideo = track.mediaType === "video";
    expect(inspectFragment(concat(head, new Uint8Array(dataLength)))).toMatchObject({
      types: ["moof", "mdat"],
      sequenceNumber: track.sequenceNumber,
      trackId: track.trackId,
      baseDataOffsetIsMoof: true,
      baseMediaDecodeTime,
      dataOffset: head.length,
      defaults: isVideo ? {} : { flags: 0x0200_0000 },
      samples: samples.map(({ duration, size, isSync, isDisposable, compositionOffset }) =>
        isVideo
          ? {
              ...{ duration, size, compositionTimeOffset: compositionOffset },
              flags: {
                dependsOn: isSync ? 2 : 1,
                isDependedOn: !isSync && isDisposable ? 2 : 0,
                isNonSyncSample: isSync ? 0 : 1,
              },
            }
          : { duration, size },
      ),
      dataLength,
    });
  });
  fc.assert(holds);
});

test("mediaSegmentHead of one video sample says all in trun", () => {
  const { trackId, sequenceNumber, mediaType, ...sample } = keyFrame;
  const head = mediaSegmentHead({
    ...{ trackId, sequenceNumber, mediaType, baseMediaDecodeTime: 0 },
    samples: [sample],
  });
  expect(head).toEqual(hex`
    00000068 6d6f6f66
      00000010 6d666864 00000000 00000001
      00000050 74726166
        00000010 74666864 00020000 00000001
        00000014 74666474 01000000 0000000000000000
        00000024 7472756e 01000f01 00000001 00000070 00000bb8 00000d37 02000000 00001c20
    00000d3f 6d646174`);
});

describe("movieFragmentHead", () => {
  const video = {
    trackId: 1,
    mediaType: "video",
    baseMediaDecodeTime: 900_000,
    samples: [
      { duration: 3000, size: 700, isSync: true, isDisposable: false, compositionOffset: 6000 },
    ],
  } as const;
  const audio = {
    trackId: 2,
    mediaType: "audio",
    baseMediaDecodeTime: 2 ** 33,
    samples: [
      { duration: 1024, size: 30, isSync: true, isDisposable: false, compositionOffset: 0 },
      { duration: 1024, size: 50, isSync: true, isDisposable: false, compositionOffset: 0 },
    ],
  } as const;

  test("holds the samples of several tracks, one track's behind another's", () => {
    const head = movieFragmentHead(7, [video, audio]);
    const [moof, mdat] = inspectBoxes(concat(head, new Uint8Array(780)));
    expect(mdat).toMatchObject({ type: "mdat", size: 788 });
    const [mfhd, ...trafs] = moof?.boxes ?? [];
    expect(mfhd).toMatchObject({ type: "mfhd", sequenceNumber: 7 });
    const part = (index: number, type: string) =>
      trafs[index]?.boxes?.find((box) => box.type === type);
    expect(trafs.map((traf) => traf.type)).toEqual(["traf", "traf"]);
    expect(part(0, "tfdt")).toMatchObject({ baseMediaDecodeTime: 900_000 });
    expect(part(1, "tfdt")).toMatchObject({ baseMediaDecodeTime: 2 ** 33 });
    expect(part(0, "trun")).toMatchObject({ dataOffset: head.length });
    expect(part(1, "trun")).toMatchObject({ dataOffset: head.length + 700 });
  });

  test("of one track is the head of a segment", () => {
    expect(movieFragmentHead(3, [video])).toEqual(
      mediaSegmentHead({ ...video, sequenceNumber: 3 }),
    );
  });

  test("can be moved to other times and another number, and nothing else of it changes", () => {
    const moved = movedFragmentHead(movieFragmentHead(7, [video, audio]), 9, (trackId, time) =>
      trackId === 1 ? time - 900_000 : time + 5,
    );
    expect(moved).toEqual(
      movieFragmentHead(9, [
        { ...video, baseMediaDecodeTime: 0 },
        { ...audio, baseMediaDecodeTime: 2 ** 33 + 5 },
      ]),
    );
  });
});
