import { expect, test } from "vitest";
import { withTightTarget } from "../../../web/engine/hls-playlist.ts";

const playlist = (target: number, ...durations: number[]) =>
  [
    "#EXTM3U",
    `#EXT-X-TARGETDURATION:${target}`,
    ...durations.map((d) => `#EXTINF:${d.toFixed(5)},`),
  ]
    .join("\n")
    .concat("\n");

test.each([
  { declared: 10, durations: [2, 2, 1.833], tight: 2 },
  { declared: 10, durations: [2.1], tight: 3 },
  { declared: 10, durations: [9.7, 2], tight: 10 },
  { declared: 10, durations: [0.2], tight: 1 },
  { declared: 4, durations: [4.4], tight: 4 }, // rounds to 4: the bound holds
  { declared: 10, durations: [], tight: 10 },
])("withTightTarget makes $tight of $declared for $durations", ({ declared, durations, tight }) => {
  expect(withTightTarget(playlist(declared, ...durations))).toBe(playlist(tight, ...durations));
});

test("withTightTarget leaves a multivariant playlist as it is", () => {
  const text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nt1.m3u8\n";
  expect(withTightTarget(text)).toBe(text);
});
