import { expect, test } from "vitest";
import { resolveTcUrl } from "../../../server/protocol/rtmp/tc-url.ts";

const present = "rtmps://host:444/live/inst?token=a";

test.each([
  ["rtmp://other:1936/app", "rtmp://other:1936/app"],
  ["//other/app", "rtmps://other/app"],
  ["/app?x=1", "rtmps://host:444/app?x=1"],
  ["app", undefined],
  ["", undefined],
  ["//", undefined],
])("resolveTcUrl makes of %s what Enhanced RTMP says", (named, resolved) => {
  expect(resolveTcUrl(present, named)).toBe(resolved);
});

test("resolveTcUrl resolves nothing against what is no URL", () => {
  expect(resolveTcUrl("live", "/app")).toBeUndefined();
});

test("resolveTcUrl takes no URL that is too long", () => {
  expect(resolveTcUrl(present, `/${"a".repeat(10_000)}`)).toBeUndefined();
});
