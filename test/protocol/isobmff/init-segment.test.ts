import { describe, expect, test } from "vitest";
import { type Bytes, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { aacTrack } from "../../../server/protocol/codec/aac.ts";
import { ac3Track, eac3Track } from "../../../server/protocol/codec/ac3.ts";
import { av1Track } from "../../../server/protocol/codec/av1.ts";
import { avcTrack } from "../../../server/protocol/codec/avc.ts";
import { flacTrack } from "../../../server/protocol/codec/flac.ts";
import { hevcTrack } from "../../../server/protocol/codec/hevc.ts";
import { mp3Track, readMpegAudioHeader } from "../../../server/protocol/codec/mp3.ts";
import { opusTrack } from "../../../server/protocol/codec/opus.ts";
import { vp8Track } from "../../../server/protocol/codec/vp8.ts";
import { vp9Track } from "../../../server/protocol/codec/vp9.ts";
import { vvcTrack } from "../../../server/protocol/codec/vvc.ts";
import { initSegment, initSegmentOf } from "../../../server/protocol/isobmff/init-segment.ts";
import { displayWidth } from "../../../server/protocol/isobmff/movie.ts";
import type { Track } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";
import { inspectBoxes, inspectInitSegment } from "../../support/inspect.ts";
import * as vectors from "../codec/vectors.ts";

const mp3 = (frame: Bytes): Track => {
  const header = readMpegAudioHeader(frame);
  if (header === undefined) throw new Error("The vector is no MP3 frame");
  return mp3Track(0, header);
};

const aac = aacTrack(0, hex`1190`).track;
const avc = avcTrack(0, vectors.AVC_X264).track;
const hevc = hevcTrack(0, vectors.HEVC_X265).track;

describe.each<{ name: string; track: Track; entry: string; child: Bytes }>([
  { name: "AVC", track: avc, entry: "avc1", child: hex`00000037 61766343 ${vectors.AVC_X264}` },
  {
    name: "HEVC",
    track: hevc,
    entry: "hvc1",
    child: hex`00000077 68766343 ${hevc.configuration}`,
  },
  {
    name: "AV1",
    track: av1Track(0, vectors.AV1_LIBAOM),
    entry: "av01",
    child: hex`00000019 61763143 ${vectors.AV1_LIBAOM}`,
  },
  {
    name: "VP9",
    track: vp9Track(0, vectors.VP9_LIBVPX, vectors.VP9_LIBVPX_KEY_FRAME),
    entry: "vp09",
    child: hex`00000014 76706343 ${vectors.VP9_LIBVPX}`,
  },
  {
    name: "VP8",
    track: vp8Track(0, hex``, vectors.VP8_LIBVPX_KEY_FRAME),
    entry: "vp08",
    child: hex`00000014 76706343 01000000 00 0b 82 02 02 02 0000`,
  },
  {
    name: "VVC",
    track: vvcTrack(0, vectors.VVC_RECORD).track,
    entry: "vvc1",
    child: hex`0000005c 76766343 00000000 ${vectors.VVC_RECORD}`,
  },
  {
    name: "AAC",
    track: aac,
    entry: "mp4a",
    child: hex`00000027 65736473 00000000 // ES_Descriptor, DecoderConfig, AudioSpecificConfig, SL
      0319 000000  0411 40 15 000000 00000000 00000000  0502 1190  0601 02`,
  },
  {
    name: "MP3",
    track: mp3(vectors.MP3_48000),
    entry: "mp4a",
    child: hex`00000023 65736473 00000000 0315 000000 040d 6b 15 000000 00000000 00000000 0601 02`,
  },
  {
    name: "MP3 of MPEG-2",
    track: mp3(vectors.MP3_22050),
    entry: "mp4a",
    child: hex`00000023 65736473 00000000 0315 000000 040d 69 15 000000 00000000 00000000 0601 02`,
  },
  {
    name: "Opus",
    track: opusTrack(0, vectors.OPUS_HEAD),
    entry: "Opus",
    child: hex`00000013 644f7073 00 01 0138 0000bb80 0000 00`,
  },
  {
    name: "FLAC",
    track: flacTrack(0, vectors.FLAC_STREAM_INFO),
    entry: "fLaC",
    child: hex`00000032 64664c61 00000000 80 000022 ${vectors.FLAC_STREAM_INFO}`,
  },
  {
    name: "AC-3",
    track: ac3Track(0, vectors.AC3_SURROUND),
    entry: "ac-3",
    child: hex`0000000b 64616333 103de0`,
  },
  {
    name: "E-AC-3",
    track: eac3Track(0, vectors.EAC3_SURROUND),
    entry: "ec-3",
    child: hex`0000000d 64656333 0e00200f00`,
  },
])("initSegment of $name", ({ track, entry, child }) => {
  const timescale = track.mediaType === "video" ? 90_000 : track.sampleRate;
  const bytes = initSegment({ trackId: 7, timescale, track });

  test("is what mux.js reads of it", () => {
    const { sampleEntry, ...inspected } = inspectInitSegment(bytes);
    const isVideo = track.mediaType === "video";
    expect(inspected).toEqual({
      brands: ["iso6", "cmfc", "mp41"],
      hasMovieExtendsHeader: false,
      durations: [0, 0, 0],
      trackId: 7,
      extendsTrackId: 7,
      timescale,
      language: "und",
      handler: isVideo ? "vide" : "soun",
      width: isVideo ? track.width : 0,
      height: isVideo ? track.height : 0,
      sampleCounts: [0, 0, 0, 0],
    });
    expect(sampleEntry.type).toBe(entry);
  });

  test("carries the configuration in its sample entry", () => {
    const at = indexOf(bytes, child);
    expect(at).toBeGreaterThan(0);
    const fixed = track.mediaType === "video" ? 86 : 36;
    const start = at - fixed;
    expect(String.fromCharCode(...bytes.subarray(start + 4, start + 8))).toBe(entry);
    const view = new DataView(bytes.buffer, start);
    if (track.mediaType === "video") {
      expect([view.getUint16(32), view.getUint16(34)]).toEqual([track.width, track.height]);
    } else {
      expect(view.getUint16(24)).toBe(track.channels);
      expect(view.getUint32(32)).toBe(track.sampleRate * 2 ** 16);
    }
  });
});

test("initSegment of AVC is what mux.js reads of its configuration", () => {
  const { sampleEntry } = inspectInitSegment(initSegment({ trackId: 1, timescale: 1, track: avc }));
  expect(sampleEntry).toMatchObject({
    ...{ dataReferenceIndex: 1, width: 322, height: 182, horizresolution: 72, vertresolution: 72 },
    ...{ frameCount: 1, depth: 24 },
    config: [
      {
        ...{ type: "avcC", avcProfileIndication: 100, avcLevelIndication: 13 },
        ...{ lengthSizeMinusOne: 3, sps: [{ length: 26 }], pps: [{ length: 6 }] },
      },
    ],
  });
});

test("initSegment of AAC is what mux.js reads of its descriptors", () => {
  const bytes = initSegment({ trackId: 1, timescale: 48_000, track: aac });
  expect(inspectInitSegment(bytes).sampleEntry).toMatchObject({
    ...{ channelcount: 2, samplesize: 16, samplerate: 48_000 },
    streamDescriptor: {
      type: "esds",
      decoderConfig: {
        objectProfileIndication: 0x40,
        streamType: 5,
        decoderConfigDescriptor: {
          ...{ tag: 5, length: 2 },
          ...{ audioObjectType: 2, samplingFrequencyIndex: 3, channelConfiguration: 2 },
        },
      },
    },
  });
});

test("initSegment gives an SPS that rules reordering out the field that says so", () => {
  const sps = vectors.AVC_SPS_WITHOUT_VUI;
  const { track } = avcTrack(0, hex`01 42001e ff e1 0009 ${sps} 01 0004 68ce3c80`);
  const bytes = initSegment({ trackId: 1, timescale: 90_000, track });
  expect(indexOf(bytes, sps)).toBe(-1);
  expect(indexOf(bytes, hex`67 42001e 95a8280f6806d0402150`)).toBeGreaterThan(0);
  expect(track.configuration.subarray(8, 17)).toEqual(sps);
});

test("initSegment says pixel aspect, colour and the width that results", () => {
  const { track } = avcTrack(0, vectors.AVC_X264_INTERLACED);
  const bytes = initSegment({ trackId: 1, timescale: 90_000, track });
  expect(inspectInitSegment(bytes)).toMatchObject({ width: 1024, height: 576 });
  expect(indexOf(bytes, hex`00000010 70617370 00000040 0000002d`)).toBeGreaterThan(0);
  expect(indexOf(bytes, hex`00000013 636f6c72 6e636c78 0005 0006 0005 00`)).toBeGreaterThan(0);
});

test("initSegment says the language, in BCP 47 where three letters are too few", () => {
  const languages = (language: string): unknown => {
    const bytes = initSegment({ trackId: 1, timescale: 48_000, track: aac, language });
    const elng = indexOf(bytes, hex`656c6e67`);
    const { language: code } = inspectInitSegment(bytes);
    const tag = elng === -1 ? undefined : readText(bytes.subarray(elng + 8));
    return [code, tag];
  };
  expect(languages("deu")).toEqual(["deu", undefined]);
  expect(languages("de-CH")).toEqual(["deu", "de-CH"]);
});

test("initSegment tells no sample rate that 16 bits cannot hold", () => {
  const bytes = initSegment({
    trackId: 1,
    timescale: 96_000,
    track: { ...aac, sampleRate: 96_000 },
  });
  expect(inspectInitSegment(bytes).sampleEntry).toMatchObject({ samplerate: 0 });
});

test("initSegment writes boxes that fill each other", () => {
  const bytes = initSegment({ trackId: 1, timescale: 90_000, track: avc });
  const boxes = inspectBoxes(bytes);
  expect(boxes.map(({ type }) => type)).toEqual(["ftyp", "moov"]);
  expect(boxes.reduce((sum, { size }) => sum + size, 0)).toBe(bytes.length);
});

const indexOf = (bytes: Bytes, part: Bytes): number => Buffer.from(bytes).indexOf(part);

const readText = (bytes: Bytes): string =>
  String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));

test.each([
  { bits: 24, rate: 48_000, told: 48_000 },
  { bits: 16, rate: 96_000, told: 48_000 },
  { bits: 32, rate: 352_800, told: 44_100 },
])("initSegment of FLAC tells $bits bits at $rate Hz as they fit", ({ bits, rate, told }) => {
  const streamInfo = Uint8Array.from(vectors.FLAC_STREAM_INFO);
  streamInfo.set(u32(rate * 4096 + (1 << 9) + ((bits - 1) << 4)), 10);
  const track = flacTrack(0, streamInfo);
  expect(track.sampleRate).toBe(rate);
  const bytes = initSegment({ trackId: 1, timescale: rate, track });
  const entry = Buffer.from(bytes).indexOf("fLaC") + 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset + entry);
  expect(view.getUint16(18)).toBe(bits);
  expect(view.getUint32(24)).toBe(told * 0x1_0000);
});

test("displayWidth is the width in square pixels", () => {
  expect(displayWidth(avcTrack(0, vectors.AVC_X264).track)).toBe(avc.width);
  const interlaced = avcTrack(0, vectors.AVC_X264_INTERLACED).track;
  expect(displayWidth(interlaced)).toBe(Math.round((interlaced.width * 64) / 45));
});

test("initSegmentOf holds several tracks, each as it is alone", () => {
  const tracks = [
    { trackId: 3, timescale: 90_000, track: avc },
    { trackId: 1, timescale: 48_000, track: aac, language: "de" },
  ];
  const boxesOf = (bytes: Bytes, ...path: string[]) =>
    path.reduce(
      (boxes, type) => boxes.filter((box) => box.type === type).flatMap((box) => box.boxes ?? []),
      inspectBoxes(bytes),
    );
  const together = boxesOf(initSegmentOf(tracks), "moov");
  const alone = tracks.map((track) => boxesOf(initSegment(track), "moov"));
  const ofType = (boxes: typeof together, type: string) => boxes.filter((box) => box.type === type);
  expect(ofType(together, "trak")).toEqual(alone.flatMap((boxes) => ofType(boxes, "trak")));
  expect(boxesOf(initSegmentOf(tracks), "moov", "mvex")).toEqual(
    tracks.flatMap((track) => boxesOf(initSegment(track), "moov", "mvex")),
  );
  expect(ofType(together, "mvhd")).toEqual([expect.objectContaining({ nextTrackId: 4 })]);
  // CMAF has one track in a file.
  const [ftyp] = inspectBoxes(initSegmentOf(tracks));
  expect(JSON.stringify(ftyp)).not.toContain("cmfc");
});

test("initSegment carries colour, mastering display and light level", () => {
  const track: Track = {
    ...hevc,
    colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    masteringDisplay: {
      ...{ red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
      ...{ whitePoint: [0.3127, 0.329], maxLuminance: 1000, minLuminance: 0.005 },
    },
    contentLight: { maxCll: 1000, maxFall: 400 },
  };
  const bytes = Buffer.from(initSegment({ trackId: 1, timescale: 90_000, track }));
  // nclx; green, blue, red and white in 0.00002, luminance in 0.0001 cd/m² (as in H.265 §D.3.28)
  const boxes = hex`00000013 636f6c72 6e636c78 0009 0010 0009 00
    00000020 6d646376 33c2 86c4 1d4c 0bb8 84d0 3e80 3d13 4042 00989680 00000032
    0000000c 636c6c69 03e8 0190`;
  expect(bytes.includes(Buffer.from(boxes))).toBe(true);
});
