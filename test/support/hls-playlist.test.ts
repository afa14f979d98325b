import { expect, test } from "vitest";
import { readMediaPlaylist, readMultivariantPlaylist } from "./hls-playlist.ts";

const MEDIA = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:00.000Z
#EXTINF:2.00000,
s7.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXTINF:1.50000,
s8.m4s
`;

test("readMediaPlaylist reads segments with their maps, dates and discontinuities", () => {
  expect(readMediaPlaylist(MEDIA)).toEqual({
    targetDuration: 2,
    mediaSequence: 7,
    discontinuitySequence: 1,
    ended: false,
    violations: [],
    segments: [
      {
        mediaSequence: 7,
        uri: "s7.m4s",
        duration: 2,
        discontinuity: false,
        gap: false,
        programDateTime: "2026-05-01T10:00:00.000Z",
        map: "init-1.mp4",
      },
      {
        mediaSequence: 8,
        uri: "s8.m4s",
        duration: 1.5,
        discontinuity: true,
        gap: false,
        programDateTime: undefined,
        map: "init-2.mp4",
      },
    ],
  });
});

test.each([
  ["a segment over the target duration", "#EXTINF:2.00000,", "#EXTINF:2.60000,", "over the target"],
  ["a segment without duration", "#EXTINF:1.50000,\n", "", "has no EXTINF"],
  ["media sequence 0", "SEQUENCE:7", "SEQUENCE:0", "EXT-X-MEDIA-SEQUENCE is 0"],
  ["no dates", /#EXT-X-PROGRAM.*\n/, "", "no segment has EXT-X-PROGRAM-DATE-TIME"],
  ["no map", /#EXT-X-MAP.*\n/g, "", "has no EXT-X-MAP"],
  ["a cut line", /\n$/, "", "the last line of a playlist is cut"],
])("readMediaPlaylist tells of %s", (_, pattern, replacement, told) => {
  const { violations } = readMediaPlaylist(MEDIA.replace(pattern, replacement));
  expect(violations.join("\n")).toContain(told);
});

const MULTIVARIANT = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main, first",DEFAULT=YES,AUTOSELECT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio"
v.m3u8
`;

test("readMultivariantPlaylist reads variants and audio renditions", () => {
  const { variants, audio, violations } = readMultivariantPlaylist(MULTIVARIANT);
  expect(violations).toEqual([]);
  expect(audio).toMatchObject([
    { uri: "a.m3u8", group: "audio", name: "Main, first", language: undefined },
  ]);
  expect(variants).toEqual([
    {
      uri: "v.m3u8",
      codecs: "avc1.42c01e,mp4a.40.2",
      hasVideo: true,
      bandwidth: 900_000,
      resolution: "640x360",
      frameRate: 30,
      audioGroup: "audio",
    },
  ]);
});

test.each([
  ["no bandwidth", "BANDWIDTH=900000", "BANDWIDTH=0", "BANDWIDTH is 0"],
  ["no codecs", /CODECS="[^"]*",/, "", "without CODECS"],
  ["no resolution", "RESOLUTION=640x360,", "", "no RESOLUTION"],
  ["a group that is not there", 'GROUP-ID="audio"', 'GROUP-ID="other"', "has no EXT-X-MEDIA"],
])("readMultivariantPlaylist tells of %s", (_, pattern, replacement, told) => {
  const { violations } = readMultivariantPlaylist(MULTIVARIANT.replace(pattern, replacement));
  expect(violations.join("\n")).toContain(told);
});
