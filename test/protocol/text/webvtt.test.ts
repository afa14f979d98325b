import fc from "fast-check";
import { expect, test } from "vitest";
import { cueText, timestamp, webVttSegment } from "../../../server/protocol/text/webvtt.ts";

test("a segment's own time begins where X-TIMESTAMP-MAP says, on the clock of tfdt", () => {
  const cue = { start: 12_500.25, end: 14_000, text: "a\nb", settings: "line:80%" };
  const next = { ...cue, start: 13_999.6, end: 15_000, settings: "" };
  expect(webVttSegment(12_000.4, [cue, next])).toBe(`WEBVTT
X-TIMESTAMP-MAP=MPEGTS:1080000,LOCAL:00:00:00.000

00:00:00.500 --> 00:00:02.000 line:80%
a
b

00:00:02.000 --> 00:00:03.000
a
b

`);
});

test("the clock wraps at 2^33 ticks of 90 kHz", () => {
  const wrap = 2 ** 33 / 90; // ms, a little over 26 h
  expect(webVttSegment(Math.ceil(wrap), [])).toBe(
    `WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:${Math.ceil(wrap) * 90 - 2 ** 33},LOCAL:00:00:00.000\n\n`,
  );
});

test.each([
  [0, "00:00:00.000"],
  [-3, "00:00:00.000"],
  [3_599_999.6, "01:00:00.000"],
  [360_000_123, "100:00:00.123"],
])("%d ms is %s", (ms, text) => {
  expect(timestamp(ms)).toBe(text);
});

test.each([
  ["a < b & c > d", "a &lt; b &amp; c &gt; d"],
  ["one\r\n\r\n  two\n\n", "one\ntwo"],
  ["00:01 --> 00:02", "00:01 --&gt; 00:02"],
  ["<c.x>a</c>\u0000\u001b[1m", "&lt;c.x&gt;a&lt;/c&gt;  [1m"],
  ["0123456789ABCDEF", "0123456789ABCDE"],
  ["0123456789ABCD😀", "0123456789ABCD"],
])("text by strangers, %j, is cue text", (text, expected) => {
  expect(cueText(text, 15)).toBe(expected);
});

test("no text makes a cue end early or another one begin", () => {
  const holds = fc.property(fc.stringMatching(/^[\s<>&a-]{0,30}$/), (text) => {
    const cue = cueText(text, 100);
    expect(cue).not.toMatch(/\n\n|^\n|\n$|-->|[<>]|\r/);
  });
  fc.assert(holds);
});
