import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { networkInterfaces } from "node:os";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { startChild } from "../support/child.ts";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { readMediaPlaylist, readMultivariantPlaylist } from "../support/hls-playlist.ts";
import { Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// The HTTPS port over HTTP/2, by real clients.

let certificate: TestCertificate;
let server: RunningSluice;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  certificate = makeCertificate();
  const { cert, key } = certificate;
  server = await startSluice(["--https-port", "0", "--tls-cert", cert, "--tls-key", key]);
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await server.stop();
  certificate.remove();
});

const url = (path: string, host = "127.0.0.1"): string =>
  `https://${host}:${server.httpsPort}${path}`;

async function publish(streamPath: string): Promise<void> {
  const input = await counterClip({ video: "h264", audio: "aac", seconds: 20 });
  const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl(streamPath), loops: 0 });
  ends.push(() => publisher.stop());
  const one = session();
  const isKnown = async () => (await get(one, "/api/v1/streams")).body.includes(`"${streamPath}"`);
  await eventually("the stream", isKnown);
}

/** @returns what it wrote: the body, then its words for version, status and type */
async function curl(address: string, ...args: string[]): Promise<string> {
  const words = "\\n%{http_version} %{http_code} %{content_type}";
  const common = ["--silent", "--show-error", "--http2", "--cacert", certificate.cert];
  const child = startChild("curl", [...common, "--write-out", words, ...args, address]);
  expect((await child.exited).code, child.stderr()).toBe(0);
  return child.stdout();
}

function session(host = "127.0.0.1"): ClientHttp2Session {
  const one = connect(url("/", host), {
    ca: readFileSync(certificate.cert),
    checkServerIdentity: () => undefined,
  });
  ends.push(() => one.close());
  return one;
}

type Answer = { readonly headers: IncomingHttpHeaders; readonly body: string };

function get(from: ClientHttp2Session, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = from.request({ ":path": path });
    let headers: IncomingHttpHeaders = {};
    let body = "";
    stream.setEncoding("latin1").on("response", (got) => {
      headers = got;
    });
    stream.on("data", (text: string) => {
      body += text;
    });
    stream.on("end", () => resolve({ headers, body }));
    stream.on("error", reject);
  });
}

test("curl takes playlists, a blocked reload, an init segment and parts over HTTP/2", async () => {
  await publish("live/curl");
  const base = url("/streams/live/curl/");
  const index = await curl(`${base}index.m3u8`, "--compressed");
  expect(index).toMatch(/\n2 200 application\/vnd\.apple\.mpegurl$/);
  const [variant] = readMultivariantPlaylist(index.split(/\n2 200 /)[0] ?? "").variants;
  const text = await curl(`${base}${variant?.uri}`, "--compressed");
  expect(text).toMatch(/\n2 200 application\/vnd\.apple\.mpegurl$/);
  // What comes next, as a player in low latency asks for it.
  const { parts, hints } = readMediaPlaylist(text.split(/\n2 200 /)[0] ?? "");
  const last = parts.at(-1);
  const query = `_HLS_msn=${last?.mediaSequence}&_HLS_part=${(last?.partIndex ?? 0) + 1}`;
  const next = await curl(`${base}${variant?.uri}?${query}`, "--compressed");
  expect(next).toMatch(/\n2 200 application\/vnd\.apple\.mpegurl$/);
  const map = /#EXT-X-MAP:URI="([^"]+)"/.exec(next)?.[1];
  for (const uri of [map, last?.uri, hints.get("PART")]) {
    expect(await curl(`${base}${uri}`)).toMatch(/\n2 200 video\/mp4$/);
    expect(await curl(`${base}${uri}`, "--head")).toMatch(/\n2 200 video\/mp4$/);
  }
});

test("curl takes pages, API, FLV without end, and errors over HTTP/2", async () => {
  await publish("live/others");
  expect(await curl(url("/watch/live/others"))).toMatch(/\n2 200 text\/html; charset=utf-8$/);
  expect(await curl(url("/api/v1/streams"))).toMatch(/\n2 200 application\/json/);
  expect(await curl(url("/healthz"))).toBe("ok\n\n2 200 text/plain; charset=utf-8");
  expect(await curl(url("/assets/none.js"))).toMatch(/\n2 404 text\/html/);
  const post = ["--request", "POST", "--data", "{}"];
  expect(await curl(url("/api/v1/relays"), ...post)).toMatch(/\n2 4\d\d application\/json/);
  const flv = startChild("curl", [
    ...["--silent", "--http2", "--cacert", certificate.cert, "--max-time", "2"],
    ...["--output", "/dev/null", "--write-out", "%{http_version} %{http_code} %{size_download}"],
    url("/streams/live/others/live.flv"),
  ]);
  await flv.exited;
  const [version, status, size] = flv.stdout().split(" ");
  expect([version, status]).toEqual(["2", "200"]);
  expect(Number(size)).toBeGreaterThan(10_000);
  const noViewers = async () => {
    const { streams } = JSON.parse((await get(session(), "/api/v1/streams")).body);
    const found = streams.find((one: { path: string }) => one.path === "live/others");
    return found?.viewers.flv === 0;
  };
  await eventually("that the viewer has left", noViewers);
});

test("events come as they happen", async () => {
  const stream = session().request({ ":path": "/api/v1/events" });
  ends.push(() => stream.close());
  let got = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    got += text;
  });
  await eventually("the first event", async () => got.startsWith("event: streams\ndata: {"));
  await publish("live/event");
  await eventually("the next", async () => got.includes('"live/event"'));
});

test("the publish key is shown over HTTP/2 to this machine itself, and to no other", async () => {
  const shown = async (host: string) => (await get(session(host), "/api/v1/streams")).body;
  expect(await shown("127.0.0.1")).toContain(server.publishKey);
  // Who comes by another address is another, as far as anybody can tell.
  const [outside] = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  if (outside === undefined) return;
  const body = await shown(outside.address);
  expect(JSON.parse(body)).toHaveProperty("streams");
  expect(body).not.toContain(server.publishKey);
});

test("100 blocked reloads wait on one session for the next part, and get it", async () => {
  await publish("live/hundred");
  const base = "/streams/live/hundred/";
  const one = session();
  const index = await get(one, `${base}index.m3u8`);
  const [variant] = readMultivariantPlaylist(index.body).variants;
  const playlist = `${base}${variant?.uri}`;
  const { parts } = readMediaPlaylist((await get(one, playlist)).body);
  const last = parts.at(-1);
  const query = `_HLS_msn=${last?.mediaSequence}&_HLS_part=${(last?.partIndex ?? 0) + 2}`;
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => get(one, `${playlist}?${query}&n=${n}`)),
  );
  for (const { headers, body } of answers) {
    expect(headers[":status"]).toBe(200);
    expect(readMediaPlaylist(body).parts.length).toBeGreaterThan(parts.length);
  }
  const part = await get(
    one,
    `${base}${readMediaPlaylist(answers[0]?.body ?? "").parts.at(-1)?.uri}`,
  );
  expect(part.headers[":status"]).toBe(200);
  expect(part.body.slice(4, 8)).toBe("moof");
});

test("Chromium plays HLS over HTTP/2", async () => {
  await publish("live/chromium");
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY, "--ignore-certificate-errors"] });
  ends.push(() => browser.close());
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const screen = await Screen.of(page);
  await page.goto(url("/watch/live/chromium?transport=hls"), { waitUntil: "commit" });
  await screen.untilPicture("a picture", ({ counter }) => counter !== undefined, 30_000);
  await screen.untilStats(
    "a player that is live by HLS",
    ({ engine, state }) => engine === "hls.js" && state === "live",
  );
  const loaded = await page.evaluate<[string, string][]>(
    `performance.getEntries().filter(({ nextHopProtocol }) => nextHopProtocol)
      .map(({ name, nextHopProtocol }) => [new URL(name).pathname, nextHopProtocol])`,
  );
  const names = loaded.map(([path]) => path).join("\n");
  expect(names).toMatch(/\/watch\/live\/chromium\n/);
  expect(names).toMatch(/\/assets\/.*\.js/);
  expect(names).toMatch(/\.m3u8/);
  expect(names).toMatch(/\.m4s/);
  expect(loaded.filter(([, protocol]) => protocol !== "h2")).toEqual([]);
});
