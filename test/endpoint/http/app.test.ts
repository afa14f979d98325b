import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../../server/endpoint/http/app.ts";
import { createAssets } from "../../../server/endpoint/http/assets.ts";
import { createLog } from "../../../server/log.ts";

const page = (name: string) =>
  `<!doctype html><base href="../../"><title>${name}</title><script src="assets/x.js"></script>`;

let publicDir: string;
let server: Server;
let isReady = true;
const logged: string[] = [];

beforeAll(async () => {
  publicDir = mkdtempSync(join(tmpdir(), "sluice-public-"));
  for (const folder of ["build/assets", "assets", "demo"])
    mkdirSync(join(publicDir, folder), { recursive: true });
  writeFileSync(join(publicDir, "index.html"), page("wall"));
  writeFileSync(
    join(publicDir, "watch.html"),
    `<html lang="en">${page("watch")}<h1>{{streamPath}}</h1>{{head}}<sluice-player data-fill="player"></sluice-player>`,
  );
  writeFileSync(
    join(publicDir, "embed.html"),
    `<html lang="en">${page("embed")}<sluice-player data-fill="player"></sluice-player>`,
  );
  writeFileSync(join(publicDir, "recordings.html"), page("recordings"));
  writeFileSync(join(publicDir, "build/assets", "watch.js"), "// watch");
  writeFileSync(join(publicDir, "build/assets", "chunk-hls-AETAVX4A.js"), "// hls");
  writeFileSync(join(publicDir, "build", "player.js"), "// player");
  writeFileSync(join(publicDir, "build", "embed.js"), "// embed");
  for (const name of ["player.js", "assets/chunk-hls-AETAVX4A.js"]) {
    const path = join(publicDir, "build", name);
    writeFileSync(`${path}.br`, brotliCompressSync(`// ${name}, packed`));
    writeFileSync(`${path}.gz`, gzipSync(`// ${name}, packed`));
  }
  writeFileSync(join(publicDir, "build/assets", ".secret"), "hidden");
  writeFileSync(join(publicDir, "assets", "icon.svg"), "<svg/>");
  writeFileSync(join(publicDir, "demo", "clip.flv"), "FLV");
  const api = express.Router();
  api.get("/ok", (_request, response) => void response.json({ ok: true }));
  api.get("/broken", () => {
    throw new Error("secret detail");
  });
  const app = createApp({
    publicDir,
    outputs: [
      (request, response, next) => {
        if (request.path.endsWith(".m3u8")) response.end("#EXTM3U");
        else next();
      },
      (request, response, next) => {
        if (request.path.endsWith("/live.flv")) response.end("FLV");
        else next();
      },
    ],
    api,
    embedOrigins: ["self", "https://*.example.com"],
    isReady: () => isReady,
    log: createLog({ level: "info", format: "json", write: (line) => void logged.push(line) }),
  });
  const assets = createAssets(publicDir);
  server = createServer((request, response) =>
    assets(request, response, () => app(request, response)),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(publicDir, { recursive: true });
});

/** Asks for a path exactly as it is written. */
async function get(path: string, { method = "GET", headers = {} } = {}) {
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
  request.end();
  const [response] = await once(request, "response");
  let text = "";
  for await (const piece of response) text += piece;
  return { status: response.statusCode as number, headers: response.headers, text };
}

describe("createApp serves pages", () => {
  test.each([
    ["/", "wall", "./"],
    ["/?x=/a/b/c", "wall", "./"],
    ["/recordings", "recordings", "./"],
    ["/watch/live/demo", "watch", "../../"],
    ["/watch/live/demo?t=1/2", "watch", "../../"],
    ["/watch/a/b/c", "watch", "../../../"],
    ["/watch/live/demo/", "watch", "../../../"],
    ["/watch/live/caf%C3%A9", "watch", "../../"],
  ])("%s, with its base", async (path, title, base) => {
    const { status, text, headers } = await get(path);
    expect(status).toBe(200);
    expect(text).toContain(`<title>${title}</title>`);
    expect(text).toContain(`<base href="${base}">`);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(headers["content-security-policy"]).toContain(
      "default-src 'self'; media-src 'self' blob:",
    );
    expect(headers["x-powered-by"]).toBeUndefined();
    const again = await get(path, { headers: { "if-none-match": headers.etag } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });

  test.each([
    ["/watch/live/demo", "streams/live/demo"],
    ["/watch/a/b/c/?x", "streams/a/b/c"],
    ["/watch/live/caf%C3%A9%3F", "streams/live/caf%C3%A9%3F"],
    [`/watch/live/'"><script>`, "streams/live/&#39;%22%3E%3Cscript%3E"],
    ["/watch/live/$&{{head}}", "streams/live/%24%26%7B%7Bhead%7D%7D"],
  ])("%s names its stream", async (path, src) => {
    expect((await get(path)).text).toContain(
      `<sluice-player src="${src}" autoplay controls></sluice-player>`,
    );
  });

  test.each([
    "/watch",
    "/watch/demo",
    "/recordings/",
    `/watch/live/${"x".repeat(300)}`,
    "/index.html",
    "/demo/clip.flv",
    "/nothing",
  ])("but none at %s", async (path) => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(404);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(text).toContain("There is nothing at this address");
  });

  test("and does not choke on addresses that cannot be read", async () => {
    for (const path of ["/watch/%E0%A4%A/x", "/watch/live/%"]) {
      const { status, text } = await get(path);
      expect(status).toBe(400);
      expect(text).not.toMatch(/Error|node_modules|at /);
    }
    for (const path of [
      "/%E0%A4%A",
      "/assets/%",
      "/assets/../../package.json",
      "/assets/%2e%2e/x",
    ]) {
      expect((await get(path)).status).toBeGreaterThanOrEqual(400);
      expect((await get(path)).status).toBeLessThan(500);
    }
  });
});

describe("createApp serves /watch", () => {
  const host = "tv.example";

  test("with what other sites ask for", async () => {
    const headers = { host, "x-forwarded-proto": "https", "x-forwarded-prefix": "/p" };
    const { text, headers: answered } = await get("/watch/live/demo?muted&latency=250", {
      headers,
    });
    const page = "https://tv.example/p/watch/live/demo";
    expect(text).toContain(`<meta property="og:url" content="${page}">`);
    expect(text).toContain('name="twitter:player" content="https://tv.example/p/embed/live/demo');
    const [, oembed = ""] = /json\+oembed" href="([^"]*)"/.exec(text) ?? [];
    const discovered = new URL(oembed.replaceAll("&#38;", "&"));
    expect(discovered.pathname).toBe("/p/api/v1/oembed");
    expect(discovered.searchParams.get("url")).toBe(page);
    expect(text).toContain(
      '<sluice-player src="streams/live/demo" autoplay muted controls latency="250">',
    );
    expect(answered["vary"]).toMatch(/X-Forwarded-Host/);
    expect(answered["content-security-policy"]).toContain("frame-ancestors 'self'");
  });

  test("in the language that the browser prefers, or its address asks for", async () => {
    const headers = { "accept-language": "ar-EG, en;q=0.5" };
    expect((await get("/watch/live/demo", { headers })).text).toContain(
      '<html lang="ar" dir="rtl">',
    );
    const { text } = await get("/embed/live/demo?lang=de-CH", { headers });
    expect(text).toContain('<html lang="de" dir="ltr">');
    expect(text).toContain('lang="de-CH"></sluice-player>');
  });

  test("without them where nobody says who we are", async () => {
    const { text } = await get("/watch/live/demo", { headers: { host: '"><script>' } });
    expect(text).not.toMatch(/<script>|og:url|oembed/);
    expect(text).toContain('<meta property="og:title" content="live/demo · live">');
  });

  test("with names as text", async () => {
    const { text } = await get("/watch/live/%3Cimg%20src=x%3E%22");
    expect(text).toContain("<h1>live/&#60;img src=x&#62;&#34;</h1>");
    expect(text).not.toMatch(/<img/);
  });
});

describe("createApp serves /embed", () => {
  test("to frames of whom the settings name", async () => {
    const { status, text, headers } = await get("/embed/live/demo?controls=0&token=s%22x");
    expect(status).toBe(200);
    expect(text).toContain('<sluice-player src="streams/live/demo" token="s&#34;x">');
    expect(headers["content-security-policy"]).toMatch(
      /; frame-ancestors 'self' https:\/\/\*\.example\.com$/,
    );
    expect(headers["cache-control"]).toBe("private, no-store");
    expect((await get("/embed/live/demo")).headers["cache-control"]).toBe("no-cache");
  });

  test("with a poster from elsewhere, and from nowhere else", async () => {
    const { text, headers } = await get("/embed/live/demo?poster=https://img.example/a.jpg");
    expect(text).toContain('poster="https://img.example/a.jpg"');
    expect(headers["content-security-policy"]).toMatch(
      /img-src 'self' http:\/\/127\.0\.0\.1:\d+ data: blob: https:\/\/img\.example;/,
    );
  });

  test("which may load what is ours in a sandbox, too, where it has no origin", async () => {
    const sent = { host: "tv.example", "x-forwarded-proto": "https" };
    const { headers } = await get("/embed/live/demo", { headers: sent });
    const policy = headers["content-security-policy"];
    expect(policy).toContain("default-src 'self' https://tv.example;");
    expect(policy).toContain("base-uri 'self' https://tv.example;");
    const unknown = await get("/embed/live/demo", { headers: { host: "a; script-src *" } });
    expect(unknown.headers["content-security-policy"]).toContain("default-src 'self';");
  });

  test.each(["/embed", "/embed/demo", "/embed/live/%2e%2e", "/embed/live/a%2Fb"])(
    "and nothing at %s",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe("createApp serves assets", () => {
  test("to be kept where the name has a hash", async () => {
    const { status, headers } = await get("/assets/chunk-hls-AETAVX4A.js");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  test.each(["player", "embed"])("and %s.js, to pages of anywhere", async (name) => {
    const { status, headers, text } = await get(`/${name}.js?v=1`);
    expect(status).toBe(200);
    expect(text).toContain(`// ${name}`);
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers["cross-origin-resource-policy"]).toBe("cross-origin");
  });

  test("to be asked for again where it has none", async () => {
    const { headers } = await get("/assets/watch.js");
    expect(headers["cache-control"]).toBe("no-cache");
    const again = await get("/assets/watch.js", { headers: { "if-none-match": headers.etag } });
    expect(again.status).toBe(304);
    expect((await get("/assets/icon.svg")).headers["content-type"]).toBe("image/svg+xml");
  });

  test.each([
    { path: "/player.js", accept: "gzip, deflate, br", coding: "br" },
    { path: "/player.js?v=1", accept: "gzip", coding: "gzip" },
    { path: "/assets/chunk-hls-AETAVX4A.js", accept: "br", coding: "br" },
    { path: "/assets/chunk-hls-AETAVX4A.js", accept: "identity", coding: undefined },
    { path: "/assets/watch.js", accept: "br", coding: undefined }, // nobody packed it
  ])("$path as $coding for who accepts $accept", async ({ path, accept, coding }) => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { "accept-encoding": accept },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-encoding") ?? undefined).toBe(coding);
    expect(response.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
    const isImmutable = response.headers.get("cache-control")?.includes("immutable");
    expect(isImmutable).toBe(path.includes("AETAVX4A"));
    expect(/packed/.test(await response.text())).toBe(coding !== undefined);
  });

  test.each(["/assets/", "/assets/.secret", "/assets/nothing.js"])("not %s", async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe("createApp answers", () => {
  test("for its health", async () => {
    expect(await get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    expect((await get("/readyz")).status).toBe(200);
    isReady = false;
    expect((await get("/readyz")).status).toBe(503);
    expect((await get("/healthz")).status).toBe(200);
    isReady = true;
  });

  test("for each output, and for a WebSocket address without an upgrade", async () => {
    expect((await get("/streams/live/demo/index.m3u8")).text).toBe("#EXTM3U");
    expect((await get("/streams/live/demo/ws")).status).toBe(426);
    expect((await get("/streams/live/demo/live.flv")).text).toBe("FLV");
    expect((await get("/streams/live/demo/live.ogg")).status).toBe(404);
  });

  test("for the API in JSON, failures included, without their insides", async () => {
    expect((await get("/api/v1/ok")).text).toBe('{"ok":true}');
    const missing = await get("/api/v2/x");
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.text).error.code).toBe("NOT_FOUND");
    const broken = await get("/api/v1/broken");
    expect(broken.status).toBe(500);
    expect(JSON.parse(broken.text).error.code).toBe("INTERNAL");
    expect(broken.text).not.toContain("secret detail");
    expect(logged.join("")).toContain("secret detail");
  });

  test("to HEAD without a body, and to nothing else", async () => {
    const head = await get("/", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect((await get("/", { method: "POST" })).status).toBe(404);
  });
});
