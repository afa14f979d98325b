import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RelayAnswer } from "../../server/endpoint/api/relay-list.ts";
import { expectAccount } from "../support/accounting.ts";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { startChild } from "../support/child.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { refusingServer } from "../support/refusing-server.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function sluice(flags: readonly string[] = []): Promise<RunningSluice> {
  const server = await startSluice(flags);
  closers.push(() => server.stop());
  return server;
}

/** The same for tests that run beside each other. */
async function sluiceUntil(
  finished: (stop: () => Promise<void>) => void,
  flags: readonly string[] = [],
): Promise<RunningSluice> {
  const server = await startSluice(flags);
  finished(() => server.stop());
  return server;
}

const CLASSIC: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };
/** Of which ffmpeg sends no picture behind the end that was asked for. */
const PLAIN: ClipOptions = { video: "h264", audio: "aac" };

async function finished({ child }: Publisher): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`The publisher exited with ${code}\n${child.stderr()}`);
}

const ffmpeg = (clip: ClipOptions, seconds: number): Run => ({
  publish: async (url, beside) =>
    finished(publishWithFfmpeg({ input: await counterClip(clip), url, beside, seconds })),
});

const ffmpeg8 = (clip: ClipOptions, seconds: number): Run => ({
  publish: async (url, beside) =>
    finished(publishWithFfmpeg8({ input: await counterClip(clip), url, beside, seconds })),
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

/** A push begins with the latest sync sample: where it comes late, among others, still with the first. */
const RARELY = { gop: 60 };

/** The publisher's return is the same on every way. */
const runsBy = (scheme: string): Run[] => {
  const clip = { ...CLASSIC, ...RARELY };
  return scheme === "rtmp" ? [ffmpeg(clip, 3), ffmpeg(clip, 2)] : [ffmpeg(clip, 2.5)];
};

/** Published at one server, watched at another. */
const across = (from: RunningSluice, to: RunningSluice): RunningSluice => ({
  ...to,
  rtmpUrl: from.rtmpUrl,
  logs: () => `${from.logs()}\n---\n${to.logs()}`,
});

async function relays(server: RunningSluice): Promise<RelayAnswer[]> {
  const answer = await fetch(server.httpUrl("/api/v1/relays"));
  return (await answer.json()).relays;
}

async function until(
  server: RunningSluice,
  isTrue: (relay: RelayAnswer) => boolean,
  time = 15_000,
): Promise<RelayAnswer> {
  const end = Date.now() + time;
  for (;;) {
    const list = await relays(server);
    const [found] = list.filter(isTrue);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${JSON.stringify(list)}\n${server.logs()}`);
    await sleep(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let certificate: TestCertificate;
let folder: string;
beforeAll(() => {
  certificate = makeCertificate();
  folder = mkdtempSync(join(tmpdir(), "sluice-relay-"));
});
afterAll(() => {
  certificate.remove();
  rmSync(folder, { recursive: true, force: true });
});

const tls = () => ["--tls-cert", certificate.cert, "--tls-key", certificate.key];
const trusts = () => ["--relay-tls-ca", certificate.cert];
/** The same place by another way. */
const by = (scheme: string, server: RunningSluice, path: string) =>
  server.rtmpUrl(path).replace(/^rtmp:/, `${scheme}:`);

describe.concurrent("frame accounting over two servers", { timeout: 60_000 }, () => {
  test.for(["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe"])(
    "pushed by %s",
    async (scheme, { onTestFinished }) => {
      const to = await sluiceUntil(onTestFinished, tls());
      const url = `${by(scheme, to, "live/there")}?key=${to.publishKey}`;
      const from = await sluiceUntil(onTestFinished, [...trusts(), "--push", `live/here=${url}`]);
      const server: RunningSluice = {
        ...across(from, to),
        rtmpUrl: () => from.rtmpUrl("live/here"),
      };
      await accountForBroadcast(server, "live/there", { runs: runsBy(scheme) });
      expect(from.logs()).not.toContain(to.publishKey);
      expect(JSON.stringify(await relays(from))).not.toContain(to.publishKey);
    },
  );

  test.for(["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe"])(
    "pulled by %s, for who watches",
    async (scheme, { onTestFinished }) => {
      const from = await sluiceUntil(onTestFinished, tls());
      const url = by(scheme, from, "live/there");
      const to = await sluiceUntil(onTestFinished, [...trusts(), "--pull", `live/here=${url}`]);
      expect((await relays(to))[0]?.state).toBe("idle");
      const server: RunningSluice = {
        ...across(from, to),
        rtmpUrl: () => from.rtmpUrl("live/there"),
      };
      await accountForBroadcast(server, "live/here", { runs: runsBy(scheme) });
    },
  );

  test.for(["push", "pull"])(
    "%s of Enhanced RTMP: HEVC and Opus, then AV1 and FLAC",
    async (kind, { onTestFinished }) => {
      const other = await sluiceUntil(onTestFinished);
      const own = await sluiceUntil(onTestFinished, [
        `--${kind}`,
        `live/x=${other.rtmpUrl("live/x")}`,
      ]);
      const server = kind === "push" ? across(own, other) : across(other, own);
      await accountForBroadcast(server, "live/x", {
        runs: [
          ffmpeg8({ video: "hevc", audio: "opus", bFrames: 3, ...RARELY }, 3),
          ffmpeg8({ video: "av1", audio: "flac", ...RARELY }, 2),
        ],
      });
    },
  );
});

test("HLS viewers who come first are held until the pull has something for them", async () => {
  const from = await sluice();
  const clip = await counterClip({ ...CLASSIC, gop: 15 });
  const publisher = publishWithFfmpeg({ input: clip, url: from.rtmpUrl("live/x"), loops: 0 });
  closers.push(() => publisher.kill());
  await publisher.child.line(/frame=|Stream mapping/);
  const to = await sluice(["--pull", `live/x=${from.rtmpUrl("live/x")}`]);
  const answer = await fetch(to.httpUrl("/streams/live/x/index.m3u8"));
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("avc1")]);
});

test("a push comes back when its target does, and goes on at the same times", async () => {
  const port = await freePort();
  const flags = ["--rtmp-port", String(port)];
  const before = await startSluice(flags);
  const from = await sluice(["--push", `live/x=${before.rtmpUrl("live/x")}`]);
  const clip = await counterClip(CLASSIC);
  const publisher = publishWithFfmpeg({ input: clip, url: from.rtmpUrl("live/x"), loops: 0 });
  closers.push(() => publisher.kill());
  await until(from, ({ state }) => state === "live");
  await before.stop();
  const { lastError } = await until(from, ({ state }) => state === "waiting");
  expect(lastError?.code).toMatch(/RELAY_CLOSED|RELAY_REFUSED|ECONNRE/);
  const after = await sluice(flags);
  const viewer = new WsViewer(after.wsUrl("live/x"));
  closers.push(() => viewer.close());
  await viewer.until("pictures", (one) => one.coded("video").length > 10);
  expect((await until(from, ({ state }) => state === "live")).lastError).toBeNull();
});

test("a relay is made and ended by the API, at this machine only", async () => {
  const from = await sluice();
  const to = await sluice();
  const clip = await counterClip(CLASSIC);
  const publisher = publishWithFfmpeg({ input: clip, url: from.rtmpUrl("live/x"), loops: 0 });
  closers.push(() => publisher.kill());
  const body = JSON.stringify({
    ...{ kind: "pull", streamPath: "live/y", when: "always" },
    url: `${from.rtmpUrl("live/x")}?token=topsecret`,
  });
  const post = (headers: Record<string, string>) =>
    fetch(to.httpUrl("/api/v1/relays"), { method: "POST", body, headers });
  const elsewhere = { "content-type": "application/json", origin: "http://elsewhere.example" };
  expect((await post(elsewhere)).status).toBe(403);
  const made = await post({ "content-type": "application/json" });
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as RelayAnswer;
  await until(to, ({ state, bytes }) => state === "live" && bytes > 10_000);
  const viewer = new WsViewer(to.wsUrl("live/y"));
  closers.push(() => viewer.close());
  await viewer.until("pictures", (one) => one.coded("video").length > 10);
  const url = to.httpUrl(`/api/v1/relays/${id}`);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  await viewer.until("the end", ({ state }) => state === "ended");
  expect(to.logs()).not.toContain("topsecret");
});

test("a redirect is followed, a refusal told without what is secret", async () => {
  const to = await sluice();
  const redirecting = await refusingServer(() => ({
    ex: { code: 302, redirect: to.rtmpUrl("live") },
  }));
  closers.push(redirecting.close);
  const refusing = await refusingServer(() => ({ description: "No such stream: topsecret" }));
  closers.push(refusing.close);
  const from = await sluice([
    ...["--push", `live/x=${redirecting.rtmpUrl("any/y")}`],
    ...["--push", `live/x=${refusing.rtmpUrl("any/topsecret")}`],
  ]);
  const viewer = new WsViewer(to.wsUrl("live/y"));
  closers.push(() => viewer.close());
  await finished(
    publishWithFfmpeg({
      input: await counterClip(PLAIN),
      url: from.rtmpUrl("live/x"),
      seconds: 2,
    }),
  );
  await viewer.until("the end", ({ state }) => state === "ended");
  expect(viewer.coded("video")).toHaveLength(60);
  expect(from.logs()).toContain("NetConnection.Connect.Rejected: No such stream: ***");
  expect(from.logs()).not.toContain("topsecret");
});

describe("a relay in a circle is refused by name", () => {
  const loop = ({ lastError }: RelayAnswer) => lastError?.code === "RELAY_LOOP";

  test("a push to itself", async () => {
    const port = await freePort();
    const url = `rtmp://localhost:${port}/live/x`;
    const own = await sluice(["--rtmp-port", String(port), "--push", `live/x=${url}`]);
    const viewer = new WsViewer(own.wsUrl("live/x"));
    closers.push(() => viewer.close());
    const clip = await counterClip(PLAIN);
    const done = finished(
      publishWithFfmpeg({ input: clip, url: own.rtmpUrl("live/x"), seconds: 2 }),
    );
    await until(own, (relay) => loop(relay) && relay.state === "refused");
    await done;
    await viewer.until("the end", ({ state }) => state === "ended");
    expect(viewer.coded("video")).toHaveLength(60);
  });

  test("a pull from itself, and two that pull from each other", async () => {
    const port = await freePort();
    const other = await sluice(["--pull", `live/y=rtmp://127.0.0.1:${port}/live/y`]);
    const own = await sluice([
      ...["--rtmp-port", String(port)],
      ...["--pull-always", `live/x=rtmp://127.0.0.1:${port}/live/x`],
      ...["--pull-always", `live/y=${other.rtmpUrl("live/y")}`],
    ]);
    await until(own, (relay) => loop(relay) && relay.streamPath === "live/x");
    await until(other, loop);
  });

  test("a push that comes back over another server, as a newcomer that is refused", async () => {
    const port = await freePort();
    const other = await sluice(["--push", `live/x=rtmp://127.0.0.1:${port}/live/x`]);
    const flags = ["--rtmp-port", String(port), "--push", `live/x=${other.rtmpUrl("live/x")}`];
    const own = await sluice(flags);
    const viewer = new WsViewer(own.wsUrl("live/x"));
    closers.push(() => viewer.close());
    const clip = await counterClip(PLAIN);
    const url = own.rtmpUrl("live/x");
    const done = finished(publishWithFfmpeg({ input: clip, url, seconds: 2 }));
    const relay = await until(other, loop);
    expect(relay.state).toBe("refused");
    await done;
    await viewer.until("the end", ({ state }) => state === "ended");
    expect(viewer.coded("video")).toHaveLength(60);
  });
});

describe("ffmpeg as a server", () => {
  test("a push is what ffmpeg writes", async () => {
    const port = await freePort();
    const out = join(folder, "pushed.flv");
    const target = `rtmp://127.0.0.1:${port}/live/x`;
    const args = ["-hide_banner", "-nostdin", "-y", "-listen", "1", "-i", target];
    const listener = startChild("ffmpeg", [...args, "-c", "copy", out]);
    const from = await sluice(["--push", `live/x=${target}`]);
    const input = await counterClip(CLASSIC);
    const beside = join(folder, "beside.flv");
    await finished(publishWithFfmpeg({ input, url: from.rtmpUrl("live/x"), beside, seconds: 3 }));
    const { code } = await listener.exited;
    expect(code).toBe(0);
    const written = expectedPackets(out);
    for (const { mediaType, frames } of expectedPackets(beside)) {
      const got = written.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
      expectAccount("ffmpeg", [frames], got, { mediaType });
    }
  });

  test("a pull takes what ffmpeg plays", async () => {
    const port = await freePort();
    const source = `rtmp://127.0.0.1:${port}/live/x`;
    const input = await counterClip(CLASSIC);
    const args = ["-hide_banner", "-nostdin", "-re", "-i", input, "-c", "copy"];
    const player = startChild("ffmpeg", [...args, "-f", "flv", "-listen", "1", source]);
    await player.line(/Input #0/);
    const to = await sluice(["--pull", `live/y=${source}`]);
    const viewer = new WsViewer(to.wsUrl("live/y"));
    closers.push(() => viewer.close());
    await player.exited;
    await viewer.until("the end", ({ state }) => state === "ended" || state === "reconnecting");
    const [expected] = expectedPackets(input).filter(({ mediaType }) => mediaType === "video");
    expectAccount("WebSocket viewer", [expected?.frames ?? []], viewer.coded("video"), {
      mediaType: "video",
    });
  });
});
