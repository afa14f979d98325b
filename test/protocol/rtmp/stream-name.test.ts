import fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { resolveStreamName } from "../../../server/protocol/rtmp/stream-name.ts";

const resolve = (app: string, name: string, tcUrl = "") => resolveStreamName({ app, name, tcUrl });

test.each([
  { by: "ffmpeg", app: "live", name: "key", path: "live/key", query: {} },
  {
    by: "ffmpeg, three parts",
    app: "live/inst",
    name: "key?x=1",
    path: "live/inst/key",
    query: { x: "1" },
  },
  { by: "ffmpeg, four parts", app: "a/b", name: "c/key", path: "a/b/c/key", query: {} },
  { by: "rtmpdump, four parts", app: "a/b/c", name: "key", path: "a/b/c/key", query: {} },
  {
    by: "ffmpeg, a slash in the query",
    app: "live/key?x=a",
    name: "b",
    path: "live/key/b",
    query: { x: "a" },
  },
  {
    ...{ by: "OBS, a query at the server", app: "live?token=a", name: "k?x=1" },
    ...{ path: "live/k", query: { token: "a", x: "1" } },
  },
  { by: "OBS, a slash at the end", app: "a/b/c/", name: "k", path: "a/b/c/k", query: {} },
  { by: "no key", app: "live/show", name: "", path: "live/show", query: {} },
  {
    by: "a query for a name",
    app: "live/show",
    name: "?key=s",
    path: "live/show",
    query: { key: "s" },
  },
  { by: "the default instance", app: "live/_definst_", name: "k", path: "live/k", query: {} },
  { by: "a file name of MP4", app: "live", name: "mp4:k.mp4", path: "live/k.mp4", query: {} },
  { by: "a file name of FLV", app: "live", name: "flv:a/k", path: "live/a/k", query: {} },
  { by: "quotation marks", app: '"live"', name: "'k'", path: "live/k", query: {} },
  {
    by: "encoded values",
    app: "live",
    name: "k?key=a%2Fb%20c+d",
    path: "live/k",
    query: { key: "a/b c+d" },
  },
  { by: "broken encoding", app: "live", name: "k?key=50%", path: "live/k", query: { key: "50%" } },
  {
    by: "a parameter without value",
    app: "live",
    name: "k?a&&b=",
    path: "live/k",
    query: { a: "", b: "" },
  },
  {
    by: "equals signs in a value",
    app: "live",
    name: "k?key=ab==",
    path: "live/k",
    query: { key: "ab==" },
  },
])("resolveStreamName: $by", ({ app, name, path, query }) => {
  expect(resolve(app, name)).toEqual({ streamPath: path, query });
});

test("resolveStreamName takes the URL's path where there is no application", () => {
  const { streamPath } = resolve("", "k", '"rtmp://host:1935/live/inst?key=u"');
  expect(streamPath).toBe("live/inst/k");
});

test("resolveStreamName lets the name's query win over the application's over the URL's", () => {
  const { query } = resolve("live?a=app&b=app", "k?a=name", "rtmp://h/live?a=url&b=url&c=url");
  expect(query).toEqual({ a: "name", b: "app", c: "url" });
});

test("resolveStreamName takes __proto__ for a name like any other", () => {
  const { query } = resolve("live", "k?__proto__=x");
  expect(Object.entries(query)).toEqual([["__proto__", "x"]]);
});

test.each([
  { name: "one part", app: "live", key: "" },
  { name: "nothing", app: "", key: "" },
  { name: "dots for a part", app: "live", key: "../k" },
  { name: "a dot for a part", app: "live", key: "." },
  { name: "spaces", app: "live", key: "my show?key=SECRET" },
  { name: "percent signs", app: "live", key: "a%2fb" },
  { name: "letters beyond ASCII", app: "live", key: "übung" },
  { name: "too long a name", app: "live", key: "k".repeat(300) },
  { name: "too long a query", app: "live", key: `k?key=${"SECRET".repeat(1000)}` },
])("resolveStreamName refuses $name, and keeps the query to itself", ({ app, key }) => {
  const error = (() => {
    try {
      return resolve(app, key);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toMatchObject({ code: "RTMP_STREAM_NAME", scope: "message" });
  expect(error).toHaveProperty("message", expect.not.stringContaining("SECRET"));
});

test("resolveStreamName gives a path of safe parts, or a ProtocolError", () => {
  const holds = fc.property(fc.string(), fc.string(), fc.string(), (app, name, tcUrl) => {
    try {
      const { streamPath } = resolve(app, name, tcUrl);
      expect(streamPath).toMatch(/^[\w.~-]+(\/[\w.~-]+)+$/);
      expect(streamPath.split("/")).not.toContain("..");
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  });
  fc.assert(holds, { numRuns: 300 });
});

test.each([
  ["app", 40_000],
  ["app", 4_000],
  ["name", 4_000],
  ["tcUrl", 4_000],
] as const)("resolveStreamName walks over %s once, %d quotes within it too", (field, count) => {
  const text = `a${'"'.repeat(count)}b`;
  const before = performance.now();
  for (let time = 0; time < 50; time += 1) {
    expect(() => resolveStreamName({ app: "", name: "", tcUrl: "", [field]: text })).toThrow(
      expect.objectContaining({ code: "RTMP_STREAM_NAME" }),
    );
  }
  // Where each quote begins a walk of its own these take seconds.
  expect(performance.now() - before).toBeLessThan(200);
});
