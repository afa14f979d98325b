import { expect, test } from "vitest";
import {
  type AudioRendition,
  mediaPlaylist,
  multivariantPlaylist,
  type PlaylistSegment,
  type VideoRendition,
} from "../../../server/protocol/hls/playlist.ts";
import { readMediaPlaylist, readMultivariantPlaylist } from "../../support/hls-playlist.ts";

const video: VideoRendition = {
  uri: "t1.m3u8",
  codecs: ["avc1.64001f"],
  peakBitrate: 2_000_000,
  averageBitrate: 1_500_000,
  width: 1280,
  height: 720,
  frameRate: 30_000 / 1001,
};
const audio: AudioRendition = {
  uri: "t2.m3u8",
  codecs: ["mp4a.40.2"],
  peakBitrate: 130_000,
  averageBitrate: 128_000,
  name: "Audio",
  language: "und",
  channels: 2,
};

test("multivariantPlaylist writes video with its audio group", () => {
  expect(multivariantPlaylist([video], [audio])).toBe(`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="t2.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2343000,AVERAGE-BANDWIDTH=1790800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
t1.m3u8
`);
});

test("multivariantPlaylist tells the range of every variant once one has more than SDR", () => {
  const small: VideoRendition = { ...video, uri: "t3.m3u8" };
  const text = multivariantPlaylist([{ ...video, videoRange: "PQ" }, small], []);
  expect(text.match(/VIDEO-RANGE=\w+/g)).toEqual(["VIDEO-RANGE=PQ", "VIDEO-RANGE=SDR"]);
  expect(multivariantPlaylist([video, small], [])).not.toContain("VIDEO-RANGE");
});

test("multivariantPlaylist gives sound alone a variant of its own, without a group", () => {
  const playlist = multivariantPlaylist([], [{ ...audio, codecs: ["mp3"] }]);
  expect(playlist).toBe(`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-STREAM-INF:BANDWIDTH=143000,AVERAGE-BANDWIDTH=140800,CODECS="mp4a.40.34"
t2.m3u8
`);
});

test("multivariantPlaylist gives a picture without sound no group", () => {
  const { variants, violations } = readMultivariantPlaylist(multivariantPlaylist([video], []));
  expect(violations).toEqual([]);
  expect(variants).toMatchObject([{ codecs: "avc1.64001f", audioGroup: undefined }]);
});

test("multivariantPlaylist names languages, keeps names apart, and counts the largest of a group", () => {
  const others: AudioRendition[] = [
    { ...audio, language: "en" },
    { ...audio, language: "pt-BR", uri: "t3.m3u8", codecs: ["mp4a.40.5"], peakBitrate: 510_000 },
    { ...audio, name: 'a "quoted"\r\nname', uri: "t4.m3u8", channels: 6 },
  ];
  const playlist = multivariantPlaylist([video], others);
  const read = readMultivariantPlaylist(playlist);
  expect(read.violations).toEqual([]);
  const group = "audio";
  expect(read.audio).toMatchObject([
    { uri: "t2.m3u8", group, name: "Audio", language: "en", isDefault: true, channels: "2" },
    { uri: "t3.m3u8", group, name: "Audio 2", language: "pt-BR", isDefault: false },
    { uri: "t4.m3u8", group, name: "a  quoted   name", language: undefined, channels: "6" },
  ]);
  expect(read.variants).toMatchObject([
    { codecs: "avc1.64001f,mp4a.40.2,mp4a.40.5", bandwidth: Math.ceil(2_510_000 * 1.1) },
  ]);
  expect(playlist.match(/AUTOSELECT=YES/g)).toHaveLength(2);
});

test("multivariantPlaylist has a group for each codec, and a variant for each picture with each group", () => {
  const low: VideoRendition = {
    ...video,
    uri: "t5.m3u8",
    peakBitrate: 500_000,
    averageBitrate: 400_000,
    width: 640,
    height: 360,
  };
  const audios: AudioRendition[] = [
    { ...audio, language: "en" },
    { ...audio, language: "de", uri: "t3.m3u8", codecs: ["ac-3"], peakBitrate: 400_000 },
    { ...audio, language: "en", uri: "t4.m3u8", codecs: ["ac-3"], peakBitrate: 390_000 },
    { ...audio, language: "fr", uri: "t6.m3u8", codecs: ["mp3"] },
  ];
  const {
    audio: members,
    variants,
    violations,
  } = readMultivariantPlaylist(multivariantPlaylist([video, low], audios));
  expect(violations).toEqual([]);
  expect(members.map(({ group, uri, isDefault }) => [group, uri, isDefault])).toEqual([
    ["audio-mp4a", "t2.m3u8", true],
    ["audio-ac-3", "t3.m3u8", true],
    ["audio-ac-3", "t4.m3u8", false],
    ["audio-mp3", "t6.m3u8", true],
  ]);
  const facts = variants.map(({ uri, audioGroup, codecs, bandwidth }) => [
    ...[uri, audioGroup, codecs, bandwidth],
  ]);
  expect(facts).toEqual([
    ["t1.m3u8", "audio-mp4a", "avc1.64001f,mp4a.40.2", 2_343_000],
    ["t5.m3u8", "audio-mp4a", "avc1.64001f,mp4a.40.2", 693_000],
    ["t1.m3u8", "audio-ac-3", "avc1.64001f,ac-3", 2_640_000],
    ["t5.m3u8", "audio-ac-3", "avc1.64001f,ac-3", 990_000],
    ["t1.m3u8", "audio-mp3", "avc1.64001f,mp4a.40.34", 2_343_000],
    ["t5.m3u8", "audio-mp3", "avc1.64001f,mp4a.40.34", 693_000],
  ]);
});

test("multivariantPlaylist never writes a BANDWIDTH below the average, or of zero", () => {
  const runts = { ...video, peakBitrate: 10, averageBitrate: 1000 };
  expect(multivariantPlaylist([runts], [])).toContain("BANDWIDTH=1100,AVERAGE-BANDWIDTH=1100,");
  const nothing = { ...video, peakBitrate: 0, averageBitrate: 0 };
  expect(multivariantPlaylist([nothing], [])).toContain("BANDWIDTH=1,AVERAGE-BANDWIDTH=1,");
});

const start = Date.UTC(2026, 4, 1, 10);
const segment = (number: number, fields: Partial<PlaylistSegment> = {}): PlaylistSegment => ({
  uri: `t1-x-${number}.m4s`,
  duration: 2.002,
  programDateTime: start + (number - 41) * 2002,
  isDiscontinuity: false,
  isGap: false,
  isIndependent: true,
  map: "t1-x-i1.mp4",
  ...fields,
});

test("mediaPlaylist writes a sliding window", () => {
  const playlist = mediaPlaylist({
    targetDuration: 10,
    mediaSequence: 41,
    discontinuitySequence: 3,
    segments: [
      segment(41),
      segment(42, { isGap: true, isIndependent: false }),
      segment(43, { isDiscontinuity: true, map: "t1-x-i2.mp4", duration: 181_181 / 90_000 }),
    ],
  });
  expect(playlist).toBe(`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="t1-x-i1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:00.000Z
#EXTINF:2.00200,
t1-x-41.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:02.002Z
#EXT-X-GAP
#EXTINF:2.00200,
t1-x-42.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="t1-x-i2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:04.004Z
#EXTINF:2.01312,
t1-x-43.m4s
`);
  expect(readMediaPlaylist(playlist).violations).toEqual([]);
});

test("mediaPlaylist claims independent segments only where all that are listed are", () => {
  const window = (isIndependent: boolean) =>
    mediaPlaylist({
      targetDuration: 10,
      mediaSequence: 41,
      discontinuitySequence: 0,
      segments: [segment(41), segment(42, { isIndependent })],
    });
  expect(window(true)).toContain("#EXT-X-INDEPENDENT-SEGMENTS");
  expect(window(false)).not.toContain("#EXT-X-INDEPENDENT-SEGMENTS");
});

test("mediaPlaylist repeats EXT-X-MAP behind a discontinuity and has none for packed audio", () => {
  const list = (segments: PlaylistSegment[]) =>
    mediaPlaylist({ targetDuration: 10, mediaSequence: 1, discontinuitySequence: 0, segments });
  const same = list([segment(1), segment(2), segment(3, { isDiscontinuity: true })]);
  expect(same.match(/EXT-X-MAP/g)).toHaveLength(2);
  expect(list([segment(1, { map: undefined, uri: "t2-x-1.mp3" })])).not.toContain("EXT-X-MAP");
});

test("multivariantPlaylist keeps apart the names that it writes, not those it was given", () => {
  const names = ['a"b', "a b", "a\tb"];
  const playlist = multivariantPlaylist(
    [video],
    names.map((name, index) => ({ ...audio, name, uri: `t${index + 2}.m3u8` })),
  );
  const read = readMultivariantPlaylist(playlist);
  expect(read.audio.map(({ name }) => name)).toEqual(["a b", "a b 2", "a b 3"]);
});
