import { expect, test } from "vitest";
import { type KeptPath, masked } from "../../../server/protocol/capture/masked.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test.each<[string, KeptPath, string, string[]]>([
  ["show?key=abc", "all", "show?key=xxx", ["abc"]],
  ["show?key=abc", "none", "xxxx?key=xxx", ["show", "abc"]],
  [
    "live_1_abc?bandwidthtest=true",
    "none",
    "xxxxxxxxxx?bandwidthtest=xxxx",
    ["live_1_abc", "true"],
  ],
  ["show?secret", "all", "show?xxxxxx", ["secret"]],
  ["show?key=a=b/c?d&&x=&e", "all", "show?key=xxxxxxx&&x=&x", ["a=b/c?d", "e"]],
  ["a/b", "none", "x/x", ["a", "b"]],
  ["mp4:a.mp4", "none", "mp4:xxxxx", ["a.mp4"]],
  ["live", "first", "live", []],
  ["/live/inst/?t=1", "first", "/live/xxxx/?t=x", ["inst", "1"]],
  ["rtmp://host:1935/live/inst?t=1", "first", "rtmp://host:1935/live/xxxx?t=x", ["inst", "1"]],
  ["rtmp://host:1935/live/inst?t=1", "all", "rtmp://host:1935/live/inst?t=x", ["1"]],
  ["rtmp://me:pw@host/live", "all", "rtmp://xxxxx@host/live", ["me:pw"]],
  ["rtmp://host?a=b", "all", "rtmp://host?a=x", ["b"]],
  ["ä?key=ö", "none", "xx?key=xx", ["ä", "ö"]],
  ["", "none", "", []],
])("masked(%j) with the path kept: %s", (name, kept, expected, secrets) => {
  const result = masked(name, kept);
  expect(text(result.masked)).toBe(expected);
  expect(text(result.original)).toBe(name);
  expect(result.secrets.map(text)).toEqual(secrets);
});
