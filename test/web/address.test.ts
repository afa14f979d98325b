import { expect, test } from "vitest";
import { addressOf, locateSource } from "../../web/address.ts";

test("addressOf keeps the prefix and the scheme, and escapes the path", () => {
  const address = addressOf(new URL("https://h/p/"), "live/a b?");
  expect(address.webSocket).toBe("wss://h/p/streams/live/a%20b%3F/ws");
  expect(address.playlist).toBe("https://h/p/streams/live/a%20b%3F/index.m3u8");
  expect(address.list).toBe("https://h/p/api/v1/streams");
});

test("addressOf takes what lets the viewer in along", () => {
  const { webSocket, playlist } = addressOf(new URL("http://h/"), "live/a", "x&y");
  expect(webSocket).toBe("ws://h/streams/live/a/ws?token=x%26y");
  expect(playlist).toBe("http://h/streams/live/a/index.m3u8?token=x%26y");
});

test("addressOf marks what is not to be counted as a viewer", () => {
  const { webSocket } = addressOf(new URL("http://h/"), "live/a", "", true);
  expect(webSocket).toBe("ws://h/streams/live/a/ws?preview=1");
  const { playlist } = addressOf(new URL("http://h/"), "live/a", "x", true);
  expect(playlist).toBe("http://h/streams/live/a/index.m3u8?token=x&preview=1");
});

test.each([
  { source: "http://a/streams/live/x", base: "http://a/", streamPath: "live/x" },
  { source: "http://a/p/streams/live/x/", base: "http://a/p/", streamPath: "live/x" },
  { source: "http://a/streams/live/x/index.m3u8", base: "http://a/", streamPath: "live/x" },
  { source: "http://a/streams/live/ws", base: "http://a/", streamPath: "live/ws" },
  { source: "http://a/streams/deep/live/x/ws?t=1", base: "http://a/", streamPath: "deep/live/x" },
  { source: "http://a/streams/live/%C3%A4", base: "http://a/", streamPath: "live/ä" },
])("locateSource finds $streamPath in $source", ({ source, base, streamPath }) => {
  const found = locateSource(new URL(source));
  expect(found?.base.href).toBe(base);
  expect(found?.streamPath).toBe(streamPath);
});

test.each(["http://a/", "http://a/streams/live", "http://a/watch/live/x"])(
  "locateSource finds no stream in %s",
  (source) => {
    expect(locateSource(new URL(source))).toBeUndefined();
  },
);
