import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
import { audioConfig, videoConfig } from "../../../web/webcodecs/codec-config.ts";
import { hex } from "../../support/hex.ts";

const track = (codec: string, configuration: Uint8Array, more: Partial<AnnouncedTrack> = {}) =>
  ({
    id: 1,
    mediaType: "video",
    codec,
    mimeTypes: [],
    configuration: 1,
    decoderConfiguration: Buffer.from(configuration).toString("base64"),
    timescale: 90_000,
    language: "und",
    name: "",
    ...more,
  }) satisfies AnnouncedTrack;

const avcC = hex`01 42c01e ff e1 0004 6742c01e 01 0002 68ce`;

test("videoConfig describes H.264 and HEVC by their records, and asks for little delay", () => {
  expect(videoConfig(track("avc1.42c01e", avcC, { width: 640, height: 360 }))).toEqual({
    codec: "avc1.42c01e",
    codedWidth: 640,
    codedHeight: 360,
    description: avcC,
    optimizeForLatency: true,
  });
  expect(videoConfig(track("hvc1.1.6.L93.B0", hex`01 02`)).description).toEqual(hex`01 02`);
});

test.each([
  ["av01.0.04M.08", "av01.0.04M.08"],
  ["vp09.00.10.08", "vp09.00.10.08"],
  ["vp08.00.10.08", "vp8"],
])("videoConfig names %s as WebCodecs does, without a description", (codec, name) => {
  expect(videoConfig(track(codec, hex`81 04`))).toEqual({ codec: name, optimizeForLatency: true });
});

test("videoConfig says how samples become light, in the words of WebCodecs", () => {
  const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
  expect(videoConfig(track("av01.0.04M.10", hex`81`, { colour })).colorSpace).toEqual({
    primaries: "bt2020",
    transfer: "pq",
    matrix: "bt2020-ncl",
    fullRange: false,
  });
  const strange = { primaries: 2, transfer: 99, matrix: 2, fullRange: true };
  expect(videoConfig(track("av01", hex`81`, { colour: strange })).colorSpace).toMatchObject({
    primaries: null,
    transfer: null,
  });
});

const sound = { mediaType: "audio", sampleRate: 48_000, channels: 2 } as const;
const STREAMINFO = hex`1000 1000 00000e 001a2b 0bb802f0 00000000 00000000000000000000000000000000`;

test.each([
  { name: "AAC by its AudioSpecificConfig", codec: "mp4a.40.2", bytes: hex`1190`, told: hex`1190` },
  { name: "MP3 by nothing", codec: "mp3", bytes: hex``, told: undefined },
  {
    name: "stereo Opus by nothing",
    codec: "opus",
    bytes: hex`00 02 0138 0000bb80 0000 00`,
    told: undefined,
  },
  {
    name: "5.1 Opus by its head (RFC 7845 §5.1), in its byte order",
    codec: "opus",
    bytes: hex`00 06 0138 0000bb80 fff0 01 04 02 00 04 01 02 03 05`,
    told: hex`4f70757348656164 01 06 3801 80bb0000 f0ff 01 04 02 00 04 01 02 03 05`,
  },
  {
    name: "FLAC by its magic and STREAMINFO as a last block (RFC 9639 §8)",
    codec: "flac",
    bytes: STREAMINFO,
    told: Uint8Array.from([...hex`664c6143 80 000022`, ...STREAMINFO]),
  },
])("audioConfig describes $name", ({ codec, bytes, told }) => {
  const config = audioConfig(track(codec, bytes, sound));
  expect(config).toMatchObject({ codec, sampleRate: 48_000, numberOfChannels: 2 });
  expect(config.description).toEqual(told);
});
