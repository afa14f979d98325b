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
  expect(readMediaPlaylist(MEDIA)).toMatchObject({
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

const LOW_LATENCY = `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES="a\tb"
#EXT-X-DATERANGE:ID="c",START-DATE="2026-05-01T10:00:00.000Z",X-A="1,2"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:00.000Z
#EXT-X-PART:DURATION=0.5,URI="p1.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="p2.m4s"
#EXTINF:1.00000,
s10.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXT-X-PART:DURATION=0.45,URI="p3.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p4.m4s"
#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=11,LAST-PART=1
`;

test("readMediaPlaylist reads parts, hints, reports and what was skipped", () => {
  const playlist = readMediaPlaylist(LOW_LATENCY);
  expect(playlist.violations).toEqual([]);
  expect(playlist).toMatchObject({
    partTarget: 0.5,
    skipped: 3,
    removedDateRanges: ["a", "b"],
    independentSegments: true,
    reports: [{ uri: "a.m3u8", lastMsn: 11, lastPart: 1 }],
  });
  expect(playlist.segments).toMatchObject([{ mediaSequence: 10, uri: "s10.m4s", map: undefined }]);
  expect(playlist.parts).toMatchObject([
    { mediaSequence: 10, partIndex: 0, uri: "p1.m4s", independent: true },
    { mediaSequence: 10, partIndex: 1, uri: "p2.m4s", independent: false },
    { mediaSequence: 11, partIndex: 0, uri: "p3.m4s", discontinuity: true, map: "init-2.mp4" },
  ]);
  expect(playlist.hints.get("PART")).toBe("p4.m4s");
  expect(playlist.serverControl.get("CAN-BLOCK-RELOAD")).toBe("YES");
  expect(playlist.dateRanges[0]?.get("X-A")).toBe("1,2");
});

test.each([
  ["a part that is too long", "DURATION=0.45", "DURATION=0.501", "is over PART-TARGET"],
  [
    "a short part",
    'DURATION=0.5,URI="p2',
    'DURATION=0.4,URI="p1b"\n#EXT-X-PART:DURATION=0.1,URI="p2',
    "is shorter",
  ],
  ["parts without a target", /#EXT-X-PART-INF.*\n/, "", "without EXT-X-PART-INF"],
  ["parts that are no segment", "EXTINF:1.00000", "EXTINF:1.10000", "and its parts 1"],
  [
    "a date behind a part",
    '#EXT-X-PART:DURATION=0.5,URI="p2',
    '#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:00Z\n#EXT-X-PART:DURATION=0.5,URI="p2',
    "behind the first part",
  ],
  ["a short hold back", "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.4", "PART-HOLD-BACK is too short"],
  ["a short skip boundary", "UNTIL=12", "UNTIL=11", "CAN-SKIP-UNTIL is too short"],
  ["a hint at the end", /$/, "#EXT-X-ENDLIST\n", "EXT-X-PRELOAD-HINT with EXT-X-ENDLIST"],
])("readMediaPlaylist tells of %s", (_, pattern, replacement, told) => {
  const { violations } = readMediaPlaylist(LOW_LATENCY.replace(pattern, replacement));
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
      subtitleGroup: undefined,
      closedCaptions: undefined,
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
