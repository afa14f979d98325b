import { describe, expect, test } from "vitest";
import {
  answerOEmbed,
  type OEmbedWorld,
  oembedSchema,
} from "../../../server/endpoint/api/oembed.ts";

const world: OEmbedWorld = {
  base: new URL("https://tv.example/p/"),
  mayWatch: (streamPath) => streamPath !== "live/secret",
  sizeOf: (streamPath) => (streamPath === "live/tall" ? { width: 1080, height: 1920 } : undefined),
};
const ask = (query: Record<string, string>, given: Partial<OEmbedWorld> = {}) =>
  answerOEmbed(new URLSearchParams(query), { ...world, ...given });
const PAGE = "https://tv.example/p/watch/live/demo";

describe("answerOEmbed", () => {
  test("gives an iframe of the player", () => {
    const answer = ask({ url: PAGE, format: "json" });
    expect(oembedSchema.parse(answer)).toEqual({
      version: "1.0",
      type: "video",
      title: "live/demo",
      provider_name: "Sluice",
      provider_url: "https://tv.example/p/",
      cache_age: 3600,
      width: 1280,
      height: 720,
      html: '<iframe src="https://tv.example/p/embed/live/demo" width="1280" height="720" title="live/demo" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen loading="lazy" frameborder="0"></iframe>',
    });
  });

  test.each([
    ["live/demo", { maxwidth: "640" }, [640, 360]],
    ["live/demo", { maxwidth: "640", maxheight: "180" }, [320, 180]],
    ["live/demo", { maxwidth: "4000", maxheight: "4000" }, [1280, 720]],
    ["live/tall", { maxheight: "640" }, [360, 640]],
    ["live/tall", { maxwidth: "1" }, [1, 1]],
  ])("fits %s into %o", (streamPath, bounds, [width, height]) => {
    const url = `https://tv.example/p/watch/${streamPath}`;
    expect(ask({ url, ...bounds })).toMatchObject({ width, height });
  });

  test("hands switches of the page's query on, and no token", () => {
    const url = `${PAGE}?latency=250&autoplay&token=topsecret&lang=%22%3E%3Cscript%3E&x=1`;
    const answer = ask({ url });
    const html = "html" in answer ? answer.html : "";
    expect(html).toContain(
      'src="https://tv.example/p/embed/live/demo?autoplay=&#38;latency=250&#38;lang=%22%3E%3Cscript%3E"',
    );
    expect(JSON.stringify(answer)).not.toMatch(/topsecret|x=1|<script/);
  });

  test.each([
    "https://tv.example/p/embed/live/demo",
    "http://tv.example:8080/p/watch/live/demo",
    "https://tv.example/p/watch/live/demo/",
    "https://tv.example/p/watch/live/d%C3%A9mo#x",
  ])("knows %s", (url) => {
    expect(ask({ url })).toMatchObject({ type: "video" });
  });

  test.each([
    "https://evil.example/p/watch/live/demo",
    "https://tv.example/watch/live/demo",
    "https://tv.example/p/",
    "https://tv.example/p/recordings/live/demo",
    "https://tv.example/p/watch/demo",
    "https://tv.example/p/watch/live//demo",
    "https://tv.example/p/watch/live/a%2Fb",
    "https://tv.example/p/watch/live/%E0%A4%A",
    "javascript://tv.example/p/watch/live/demo",
    `https://tv.example/p/watch/live/${"x".repeat(300)}`,
  ])("knows nothing of %s", (url) => {
    expect(ask({ url })).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  test.each([
    [{}, 400],
    [{ url: "demo" }, 400],
    [{ url: `${PAGE}?${"x".repeat(5000)}` }, 400],
    [{ url: PAGE, maxwidth: "-1" }, 400],
    [{ url: PAGE, maxheight: "1e3" }, 400],
    [{ url: PAGE, format: "xml" }, 501],
    [{ url: "https://tv.example/p/watch/live/secret" }, 401],
  ])("refuses %o", (query, status) => {
    expect(ask(query as Record<string, string>)).toMatchObject({ status });
  });

  test("knows no page where it is not known who we are", () => {
    expect(ask({ url: PAGE }, { base: undefined })).toMatchObject({ status: 404 });
  });
});
