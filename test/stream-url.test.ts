import { expect, test } from "vitest";
import { readStreamUrl } from "../server/stream-url.ts";

test.each([
  ["/streams/live/demo/index.m3u8", "live/demo", "index.m3u8"],
  ["/streams/live/demo/ws?x=/y", "live/demo", "ws"],
  ["/streams/a/b/c/t1.m3u8", "a/b/c", "t1.m3u8"],
  ["/streams/live/%64emo/ws", "live/demo", "ws"],
])("readStreamUrl reads %s", (target, streamPath, resource) => {
  expect(readStreamUrl(target)).toEqual({ streamPath, resource });
});

test.each([
  "",
  "/",
  "/streams/",
  "/streams/live/index.m3u8",
  "/streams/live//index.m3u8",
  "/streams/live/demo/",
  "/streams/live/%2f/ws",
  "/streams/live/caf%C3%A9/ws", // nobody can publish it
  "/streams/live/%00/ws",
  "/streams/live/%E0%A4%A/ws",
  `/streams/live/${"x".repeat(300)}/ws`,
  "/watch/live/demo/ws",
])("readStreamUrl finds no stream in %s", (target) => {
  expect(readStreamUrl(target)).toBeUndefined();
});
