import { expect, test } from "vitest";
import {
  type AudioRendition,
  type InStreamCaptions,
  multivariantPlaylist,
  type TextRendition,
  type VideoRendition,
} from "../../../server/protocol/hls/multivariant-playlist.ts";
import { readMultivariantPlaylist } from "../../support/hls-playlist.ts";

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

/** The playlist of pictures and sound, and of text where there is some. */
const written = (
  videos: readonly VideoRendition[],
  audios: readonly AudioRendition[],
  texts: readonly TextRendition[] = [],
  captions: readonly InStreamCaptions[] = [],
): string => multivariantPlaylist({ videos, audios, texts, captions });

test("multivariantPlaylist writes video with its audio group", () => {
  expect(written([video], [audio])).toBe(`#EXTM3U
#EXT-X-VERSION:10
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="t2.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2343000,AVERAGE-BANDWIDTH=1790800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
t1.m3u8
`);
});

test("multivariantPlaylist tells the range of every variant once one has more than SDR", () => {
  const small: VideoRendition = { ...video, uri: "t3.m3u8" };
  const text = written([{ ...video, videoRange: "PQ" }, small], []);
  expect(text.match(/VIDEO-RANGE=\w+/g)).toEqual(["VIDEO-RANGE=PQ", "VIDEO-RANGE=SDR"]);
  expect(written([video, small], [])).not.toContain("VIDEO-RANGE");
});

test("multivariantPlaylist gives sound alone a variant of its own, without a group", () => {
  const playlist = written([], [{ ...audio, codecs: ["mp3"] }]);
  expect(playlist).toBe(`#EXTM3U
#EXT-X-VERSION:10
#EXT-X-STREAM-INF:BANDWIDTH=143000,AVERAGE-BANDWIDTH=140800,CODECS="mp4a.40.34"
t2.m3u8
`);
});

test("multivariantPlaylist gives a picture without sound no group", () => {
  const { variants, violations } = readMultivariantPlaylist(written([video], []));
  expect(violations).toEqual([]);
  expect(variants).toMatchObject([{ codecs: "avc1.64001f", audioGroup: undefined }]);
});

test("multivariantPlaylist names languages, keeps names apart, and counts the largest of a group", () => {
  const others: AudioRendition[] = [
    { ...audio, language: "en" },
    { ...audio, language: "pt-BR", uri: "t3.m3u8", codecs: ["mp4a.40.5"], peakBitrate: 510_000 },
    { ...audio, name: 'a "quoted"\r\nname', uri: "t4.m3u8", channels: 6 },
  ];
  const playlist = written([video], others);
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
  } = readMultivariantPlaylist(written([video, low], audios));
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
  expect(written([runts], [])).toContain("BANDWIDTH=1100,AVERAGE-BANDWIDTH=1100,");
  const nothing = { ...video, peakBitrate: 0, averageBitrate: 0 };
  expect(written([nothing], [])).toContain("BANDWIDTH=1,AVERAGE-BANDWIDTH=1,");
});

test("multivariantPlaylist keeps apart the names that it writes, not those it was given", () => {
  const names = ['a"b', "a b", "a\tb"];
  const playlist = written(
    [video],
    names.map((name, index) => ({ ...audio, name, uri: `t${index + 2}.m3u8` })),
  );
  const read = readMultivariantPlaylist(playlist);
  expect(read.audio.map(({ name }) => name)).toEqual(["a b", "a b 2", "a b 3"]);
});

const english: TextRendition = {
  uri: "text-cc1.m3u8",
  name: "English",
  language: "en",
  isCaptions: true,
};

test("multivariantPlaylist names text on every variant, and captions in the pictures likewise", () => {
  const low = { ...video, uri: "t5.m3u8" };
  const german = { ...english, uri: "text-text-de.m3u8", language: "de", isCaptions: false };
  const captions = [
    { instreamId: "CC1", name: "CC1", language: "en" },
    { instreamId: "SERVICE1", name: "Service 1", language: "und" },
  ];
  const playlist = written([video, low], [audio], [english, german], captions);
  expect(playlist.split("\n").filter((line) => /SUBTITLES,|CLOSED-CAPTIONS,/.test(line))).toEqual([
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",URI="text-cc1.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English 2",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="text-text-de.m3u8"',
    '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC1",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC1"',
    '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="Service 1",DEFAULT=NO,AUTOSELECT=NO,INSTREAM-ID="SERVICE1"',
  ]);
  const { variants, violations } = readMultivariantPlaylist(playlist);
  expect(violations).toEqual([]);
  expect(variants.map((one) => [one.subtitleGroup, one.closedCaptions])).toEqual([
    ["text", "captions"],
    ["text", "captions"],
  ]);
});

test("multivariantPlaylist names text beside sound alone", () => {
  const { variants, subtitles, violations } = readMultivariantPlaylist(
    written([], [audio], [english]),
  );
  expect(violations).toEqual([]);
  expect(subtitles).toHaveLength(1);
  expect(variants).toMatchObject([{ uri: "t2.m3u8", subtitleGroup: "text" }]);
});
