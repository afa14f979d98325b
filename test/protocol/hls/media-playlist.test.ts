import { describe, expect, test } from "vitest";
import {
  dateRangeText,
  type MediaPlaylist,
  mediaPlaylist,
  openSegmentText,
  type PlaylistPart,
  type PlaylistSegment,
  segmentText,
} from "../../../server/protocol/hls/media-playlist.ts";
import { readMediaPlaylist } from "../../support/hls-playlist.ts";

const start = Date.UTC(2026, 4, 1, 10);

const part = (number: number, fields: Partial<PlaylistPart> = {}): PlaylistPart => ({
  uri: `t1-x-p${number}.m4s`,
  duration: 0.2,
  isIndependent: false,
  ...fields,
});

const segment = (number: number, fields: Partial<PlaylistSegment> = {}): PlaylistSegment => ({
  uri: `t1-x-${number}.m4s`,
  duration: 2.002,
  programDateTime: start + (number - 41) * 2002,
  isDiscontinuity: false,
  isGap: false,
  map: "t1-x-i1.mp4",
  parts: [],
  ...fields,
});

const playlist = (fields: Partial<MediaPlaylist> = {}): MediaPlaylist => ({
  control: { targetDuration: 10, partTarget: 200 },
  hasParts: true,
  isIndependent: false,
  mediaSequence: 41,
  discontinuitySequence: 0,
  skipped: undefined,
  dateRanges: [],
  segments: [segmentText(segment(41), { map: true, parts: false })],
  hints: {},
  reports: [],
  isEnded: false,
  ...fields,
});

test("mediaPlaylist writes a sliding window with parts near its edge", () => {
  const changed = { isDiscontinuity: true, map: "t1-x-i2.mp4" };
  const text = mediaPlaylist(
    playlist({
      isIndependent: true,
      discontinuitySequence: 3,
      dateRanges: [
        dateRangeText({
          id: 'cue "1"',
          startDate: start + 500,
          attributes: [
            ["CLASS", '"cue"'],
            ["DURATION", "1.5"],
          ],
        }),
      ],
      segments: [
        segmentText(segment(41), { map: true, parts: false }),
        segmentText(segment(42, { isGap: true }), { map: false, parts: true }),
        segmentText(
          segment(43, {
            ...changed,
            duration: 0.36,
            parts: [part(91, { isIndependent: true }), part(92, { duration: 0.16 })],
          }),
          { map: true, parts: true },
        ),
        openSegmentText(
          {
            ...segment(44),
            parts: [part(93, { isIndependent: true, duration: 18_000 / 90_000 })],
          },
          { map: false },
        ),
      ],
      hints: { part: "t1-x-p94.m4s", map: "t1-x-i3.mp4" },
      reports: [
        { uri: "t2.m3u8", lastMsn: 44, lastPart: 0 },
        { uri: "text-cc1.m3u8", lastMsn: 43, lastPart: undefined },
      ],
    }),
  );
  expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:10
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:10
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=60,CAN-SKIP-DATERANGES=YES,HOLD-BACK=30,PART-HOLD-BACK=0.6
#EXT-X-PART-INF:PART-TARGET=0.2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-DATERANGE:ID="cue  1 ",START-DATE="2026-05-01T10:00:00.500Z",CLASS="cue",DURATION=1.5
#EXT-X-MAP:URI="t1-x-i1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:00.000Z
#EXTINF:2.002000,
t1-x-41.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:02.002Z
#EXT-X-GAP
#EXTINF:2.002000,
t1-x-42.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="t1-x-i2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:04.004Z
#EXT-X-PART:DURATION=0.200000,URI="t1-x-p91.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.160000,URI="t1-x-p92.m4s"
#EXTINF:0.360000,
t1-x-43.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:06.006Z
#EXT-X-PART:DURATION=0.200000,URI="t1-x-p93.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="t1-x-i3.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="t1-x-p94.m4s"
#EXT-X-RENDITION-REPORT:URI="t2.m3u8",LAST-MSN=44,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI="text-cc1.m3u8",LAST-MSN=43
`);
  expect(readMediaPlaylist(text).violations).toEqual([]);
});

test("mediaPlaylist ends with EXT-X-ENDLIST, and nothing is hinted behind it", () => {
  const text = mediaPlaylist(
    playlist({
      isEnded: true,
      hints: { part: "t1-x-p94.m4s" },
      reports: [{ uri: "t2.m3u8", lastMsn: 44, lastPart: 0 }],
    }),
  );
  expect(text.endsWith("t1-x-41.m4s\n#EXT-X-ENDLIST\n")).toBe(true);
});

describe("mediaPlaylist promises", () => {
  test("the same of text, which has no parts", () => {
    const text = mediaPlaylist(playlist({ hasParts: false }));
    expect(text).not.toContain("EXT-X-PART-INF");
    expect(text).toContain("PART-HOLD-BACK=0.6");
  });

  test("no parts where the presentation has none", () => {
    const control = { targetDuration: 10, partTarget: undefined };
    const text = mediaPlaylist(playlist({ control }));
    expect(text).not.toContain("PART");
  });

  test.each([
    [201, "PART-TARGET=0.201", "PART-HOLD-BACK=0.603"],
    [1000, "PART-TARGET=1", "PART-HOLD-BACK=3"],
    [334, "PART-TARGET=0.334", "PART-HOLD-BACK=1.002"],
  ])("with parts of %s ms", (partTarget, inf, holdBack) => {
    const text = mediaPlaylist(playlist({ control: { targetDuration: 10, partTarget } }));
    expect(text).toContain(`#EXT-X-PART-INF:${inf}\n`);
    expect(text).toContain(`,${holdBack}\n`);
  });

  test("what a delta update leaves out", () => {
    const skipped = { segments: 7, removedDateRanges: undefined };
    expect(mediaPlaylist(playlist({ skipped }))).toContain("\n#EXT-X-SKIP:SKIPPED-SEGMENTS=7\n");
    const none = { segments: 7, removedDateRanges: [] };
    expect(mediaPlaylist(playlist({ skipped: none }))).toContain(
      '\n#EXT-X-SKIP:SKIPPED-SEGMENTS=7,RECENTLY-REMOVED-DATERANGES=""\n',
    );
    const two = { segments: 7, removedDateRanges: ["a\tb", "c"] };
    expect(mediaPlaylist(playlist({ skipped: two }))).toContain(
      '\n#EXT-X-SKIP:SKIPPED-SEGMENTS=7,RECENTLY-REMOVED-DATERANGES="a b\tc"\n',
    );
  });
});

test("segmentText never rounds a part over PART-TARGET", () => {
  for (let ticks = 17_900; ticks <= 18_000; ticks += 1) {
    const lines = openSegmentText(
      { ...segment(1), parts: [part(1, { duration: ticks / 90_000 })] },
      { map: false },
    );
    expect(Number(/DURATION=([\d.]+)/.exec(lines)?.[1])).toBeLessThanOrEqual(0.2);
  }
});

test("segmentText has no EXT-X-MAP for packed audio", () => {
  expect(segmentText(segment(1, { map: undefined }), { map: true, parts: true })).not.toContain(
    "EXT-X-MAP",
  );
});
