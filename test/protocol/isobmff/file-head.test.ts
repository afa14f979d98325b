import fc from "fast-check";
import { expect, test } from "vitest";
import { aacTrack } from "../../../server/protocol/codec/aac.ts";
import { avcTrack } from "../../../server/protocol/codec/avc.ts";
import { readBoxes } from "../../../server/protocol/isobmff/box-reader.ts";
import { finishedHead, trackInitSegment } from "../../../server/protocol/isobmff/file-head.ts";
import { fileHead, initSegment } from "../../../server/protocol/isobmff/init-segment.ts";
import { hex } from "../../support/hex.ts";
import { inspectBoxes, inspectInitSegment } from "../../support/inspect.ts";
import * as vectors from "../codec/vectors.ts";

const video = { trackId: 1, timescale: 90_000, track: avcTrack(0, vectors.AVC_X264).track };
const audio = { trackId: 2, timescale: 48_000, track: aacTrack(0, hex`1190`).track };
const ROOM = 400;
const head = fileHead([video, audio], { createdAt: Date.UTC(2026, 0, 1), indexRoom: ROOM });
const types = (bytes: Uint8Array) => readBoxes(bytes).map(({ type }) => type);
const index = (count: number) => ({
  ...{ trackId: 1, timescale: 90_000, earliestPresentationTime: 6000 },
  subsegments: Array.from({ length: count }, () => ({ size: 1000, duration: 90_000 })),
});
const durations = new Map([
  [1, 61_500],
  [2, 61_470],
]);

test("fileHead has room for what is known in the end, and says when it was made", () => {
  expect(types(head)).toEqual(["ftyp", "moov", "free"]);
  const [, moov] = inspectBoxes(head);
  const mvhd = moov?.boxes?.find(({ type }) => type === "mvhd");
  expect(mvhd).toMatchObject({ creationTime: new Date(Date.UTC(2026, 0, 1)), duration: 0 });
});

test("finishedHead writes durations and an index into it, and is as long", () => {
  const finished = finishedHead(head, { durations, index: index(20) });
  expect(finished).toHaveLength(head.length);
  expect(types(finished)).toEqual(["ftyp", "moov", "sidx", "free"]);
  const [, moov, sidx, free] = inspectBoxes(finished);
  const find = (boxes: typeof moov, ...path: string[]): typeof moov =>
    path.reduce((box, type) => box?.boxes?.find((one) => one.type === type), boxes);
  expect(find(moov, "mvhd")).toMatchObject({ duration: 61_500 });
  expect(find(moov, "trak", "tkhd")).toMatchObject({ trackId: 1, duration: 61_500 });
  expect(moov?.boxes?.filter(({ type }) => type === "trak")[1]?.boxes?.[0]).toMatchObject({
    ...{ type: "tkhd", trackId: 2, duration: 61_470 },
  });
  expect(find(moov, "mvex", "mehd")).toMatchObject({ size: 20 });
  expect(sidx).toMatchObject({ firstOffset: free?.size, earliestPresentationTime: 6000 });
  expect(sidx?.["references"]).toHaveLength(20);
});

test("finishedHead of a finished head is the same, and of an unfinished one leaves no trace", () => {
  const once = finishedHead(head, { durations, index: index(20) });
  expect(finishedHead(once, { durations, index: index(20) })).toEqual(once);
  const undone = finishedHead(once, { durations: new Map(), index: undefined });
  expect(undone).toEqual(finishedHead(head, { durations: new Map(), index: undefined }));
});

test("finishedHead tells all of the file however long it is", () => {
  const holds = fc.property(fc.integer({ min: 1, max: 5000 }), (count) => {
    const finished = finishedHead(head, { durations, index: index(count) });
    const [, , sidx, free] = inspectBoxes(finished);
    const references = sidx?.["references"] as {
      referencedSize: number;
      subsegmentDuration: number;
    }[];
    const sum = (pick: (one: (typeof references)[number]) => number) =>
      references.reduce((total, one) => total + pick(one), 0);
    expect(sum(({ referencedSize }) => referencedSize)).toBe(1000 * count);
    expect(sum(({ subsegmentDuration }) => subsegmentDuration)).toBe(90_000 * count);
    expect((sidx?.size ?? 0) + (free?.size ?? 0)).toBe(ROOM);
  });
  fc.assert(holds, { numRuns: 30 });
});

test("finishedHead has no index where a stretch is longer than a reference can say", () => {
  const { subsegments, ...rest } = index(2);
  for (const sizes of [[2 ** 31], [2 ** 32 + 5], Array.from({ length: 100 }, () => 2 ** 31 - 1)]) {
    const long = sizes.map((size) => ({ size, duration: 1 }));
    const finished = finishedHead(head, { durations, index: { ...rest, subsegments: long } });
    expect(types(finished)).toEqual(["ftyp", "moov", "free"]);
  }
  const longest = [...subsegments, { size: 2 ** 31 - 1, duration: 1 }];
  const finished = finishedHead(head, { durations, index: { ...rest, subsegments: longest } });
  expect(types(finished)).toEqual(["ftyp", "moov", "sidx", "free"]);
});

test("trackInitSegment is one track's own, the same before and after the end", () => {
  const finished = finishedHead(head, { durations, index: index(20) });
  for (const options of [video, audio]) {
    const of = trackInitSegment(head, options.trackId);
    expect(of).toEqual(trackInitSegment(finished, options.trackId));
    const read = inspectInitSegment(of ?? new Uint8Array());
    const own = inspectInitSegment(initSegment(options));
    expect(read.sampleEntry).toEqual(own.sampleEntry);
    expect(read).toMatchObject({ trackId: own.trackId, extendsTrackId: own.trackId });
    expect(read).toMatchObject({ durations: own.durations, hasMovieExtendsHeader: false });
  }
  expect(trackInitSegment(head, 3)).toBeUndefined();
});
