import { expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { encodeAmf3 } from "../../../server/protocol/amf3/encode.ts";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { readColourInfo, withColour } from "../../../server/protocol/flv/colour-info.ts";
import type { VideoTrack } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";

/** What FFmpeg 8.1 wrote of HEVC with BT.2020, PQ. */
const FFMPEG_PQ = hex`02 0009 636f6c6f72496e666f 03 000b 636f6c6f72436f6e666967 03
  0017 7472616e736665724368617261637465726973746963 73 00 4030000000000000
  0012 6d6174726978436f656666696369656e7473 00 4022000000000000
  000e 636f6c6f725072696d6172696573 00 4022000000000000 000009 000009`;

const PQ = { primaries: 9, transfer: 16, matrix: 9 };
const hdrMdcv = {
  ...{ redX: 0.68, redY: 0.32, greenX: 0.265, greenY: 0.69, blueX: 0.15, blueY: 0.06 },
  ...{ whitePointX: 0.3127, whitePointY: 0.329, maxLuminance: 1000, minLuminance: 0.005 },
};
const display = {
  ...{ red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
  ...{ whitePoint: [0.3127, 0.329], maxLuminance: 1000, minLuminance: 0.005 },
};
const colorConfig = {
  ...{ bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 },
};

test.each([
  { name: "what FFmpeg 8.1 writes", body: FFMPEG_PQ, info: PQ },
  {
    name: "what FFmpeg writes of every SDR stream",
    body: encodeAmf0("colorInfo", { colorConfig: {} }),
    info: {},
  },
  {
    name: "what OBS 32 writes: luminances alone, of which no box can be made",
    body: encodeAmf0("colorInfo", {
      colorConfig,
      hdrMdcv: { maxLuminance: 1000, minLuminance: 0 },
    }),
    info: PQ,
  },
  {
    name: "everything there is",
    body: encodeAmf0("colorInfo", { colorConfig, hdrMdcv, hdrCll: { maxCLL: 1000, maxFall: 400 } }),
    info: { ...PQ, masteringDisplay: display, contentLight: { maxCll: 1000, maxFall: 400 } },
  },
  { name: "AMF3", body: encodeAmf3("colorInfo", { colorConfig }), info: PQ },
  {
    name: "AMF3 behind its marker",
    body: concat(encodeAmf0("colorInfo"), hex`11`, encodeAmf3({ colorConfig })),
    info: PQ,
  },
  { name: "a reset", body: encodeAmf0("colorInfo", undefined), info: {} },
  { name: "a reset by {}", body: encodeAmf0("colorInfo", {}), info: {} },
  { name: "a name without a value", body: encodeAmf0("colorInfo"), info: {} },
  { name: "a pair behind another", body: encodeAmf0("other", 1, "colorInfo", {}), info: {} },
  { name: "another pair alone", body: encodeAmf0("other", "colorInfo"), info: undefined },
  { name: "nothing", body: hex``, info: undefined },
  {
    name: "numbers that mean nothing",
    body: encodeAmf0("colorInfo", {
      colorConfig: {
        ...{ colorPrimaries: 256, transferCharacteristics: 1.5, matrixCoefficients: 2 },
      },
      hdrMdcv: { ...hdrMdcv, redX: -1 },
      hdrCll: { maxCLL: 0, maxFall: Number.NaN },
    }),
    info: {},
  },
])("readColourInfo reads $name", ({ body, info }) => {
  expect(readColourInfo(body)).toEqual(info);
});

test("readColourInfo refuses more than metadata may be", () => {
  expect(() => readColourInfo(new Uint8Array(65_537))).toThrow(
    expect.objectContaining({ code: "FLV_METADATA", kind: "limit" }),
  );
});

const track: VideoTrack = {
  ...{ mediaType: "video", trackIndex: 0, codec: "hevc", codecString: "hvc1.2.4.L30.90" },
  ...{ configuration: hex``, width: 64, height: 48 },
};

test("withColour goes before what the bitstream says, and leaves the rest of it", () => {
  const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: true };
  expect(withColour({ ...track, colour }, { primaries: 9, transfer: 18 })).toEqual({
    ...track,
    colour: { primaries: 9, transfer: 18, matrix: 1, fullRange: true },
  });
  expect(withColour(track, { transfer: 16 })).toMatchObject({
    colour: { primaries: 2, transfer: 16, matrix: 2, fullRange: false },
  });
  expect(withColour(track, {})).toBe(track);
});
