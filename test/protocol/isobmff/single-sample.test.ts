import { expect, test } from "vitest";
import { avcTrack } from "../../../server/protocol/codec/avc.ts";
import { singleSampleHead } from "../../../server/protocol/isobmff/single-sample.ts";
import { type InspectedBox, inspectBoxes } from "../../support/inspect.ts";
import * as vectors from "../codec/vectors.ts";

const { track } = avcTrack(0, vectors.AVC_X264);

function find(boxes: readonly InspectedBox[], ...path: string[]): InspectedBox {
  const [type, ...rest] = path;
  const box = boxes.find((one) => one.type === type);
  if (box === undefined) throw new Error(`There is no ${type}`);
  return rest.length === 0 ? box : find(box.boxes ?? [], ...rest);
}

test("singleSampleHead makes a file of one picture, without fragments, that lies where it says", () => {
  const sample = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
  const head = singleSampleHead({ timescale: 90_000, track, size: sample.length });
  const file = Buffer.concat([head, sample]);
  const boxes = inspectBoxes(file);
  expect(boxes.map(({ type, size }) => [type, size])).toEqual([
    ["ftyp", 28],
    ["moov", head.length - 28 - 8],
    ["mdat", sample.length + 8],
  ]);
  const moov = find(boxes, "moov");
  expect(moov.boxes?.map(({ type }) => type)).toEqual(["mvhd", "trak"]);
  const timed = (box: InspectedBox) => ({ timescale: box["timescale"], duration: box["duration"] });
  expect(timed(find(boxes, "moov", "mvhd"))).toEqual({ timescale: 1000, duration: 1000 });
  expect(find(boxes, "moov", "trak", "tkhd")["duration"]).toBe(1000);
  const mdhd = timed(find(boxes, "moov", "trak", "mdia", "mdhd"));
  expect(mdhd).toEqual({ timescale: 90_000, duration: 90_000 });
  const table = (type: string) => find(boxes, "moov", "trak", "mdia", "minf", "stbl", type);
  expect(table("stsd")["sampleDescriptions"]).toMatchObject([{ type: "avc1", width: track.width }]);
  expect(table("stts")["timeToSamples"]).toEqual([{ sampleCount: 1, sampleDelta: 90_000 }]);
  expect(table("stsc")["sampleToChunks"]).toEqual([
    { firstChunk: 1, samplesPerChunk: 1, sampleDescriptionIndex: 1 },
  ]);
  expect(table("stsz")["entries"]).toEqual([sample.length]);
  expect(table("stco")["chunkOffsets"]).toEqual([head.length]);
});
