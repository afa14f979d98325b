import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectAccount } from "../support/accounting.ts";
import { AUTOPLAY, chromiumDriver, readShown } from "../support/browser.ts";
import { startChild } from "../support/child.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { tagsOf, WebSocketTaker } from "../support/endless-viewer.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { type ExpectedStream, expectedPackets, watchWith } from "../support/ffprobe.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// live.flv and live.mp4 with the players they are for. What FFmpeg reads of them is compared with what
// it read of the file that the publisher wrote beside, frame by frame.

const SECONDS = 4;
const H264_AAC: ClipOptions = { video: "h264", audio: "aac", bFrames: 2 };
const MPEGTS_JS = createRequire(import.meta.url).resolve("mpegts.js");

let server: RunningSluice;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-outputs-"));
  server = await startSluice(["--grace-period", "3", "--log-level", "debug"]);
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (name: string, resource: string): string =>
  server.httpUrl(`/streams/live/${name}/${resource}`);

type Listed = {
  readonly path: string;
  readonly uptimeSeconds: number;
  readonly viewers: { readonly flv: number; readonly mp4: number };
};

async function listed(name: string): Promise<Listed | undefined> {
  const response = await fetch(server.httpUrl("/api/v1/streams"));
  const { streams } = (await response.json()) as { streams: Listed[] };
  return streams.find(({ path }) => path === `live/${name}`);
}

const untilOnAir = (name: string, seconds: number): Promise<void> =>
  eventually(
    `${seconds} s of ${name}`,
    async () => ((await listed(name))?.uptimeSeconds ?? 0) >= seconds,
  );

/** Resolves when so many have come to watch, whether anything is on air or not. */
const untilWaiting = (name: string, count: number): Promise<void> =>
  eventually(`${count} viewers of ${name}`, () => {
    const lines = server.logs().split("\n");
    const came = lines.filter(
      (line) => line.includes(`"live/${name}"`) && line.includes("viewer came"),
    );
    return came.length >= count;
  });

async function finished({ child }: Publisher): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`The publisher exited with ${code}\n${child.stderr()}`);
}

/** Every frame that was published is there, in order; of who came late, all since it joined. */
function expectAll(
  viewer: string,
  due: readonly ExpectedStream[],
  got: readonly ExpectedStream[],
  joined: "before" | "late" = "before",
): void {
  const order = (streams: readonly ExpectedStream[]) =>
    streams.map(({ mediaType, codec }) => `${mediaType} ${codec}`).sort();
  expect(order(got), viewer).toEqual(order(due));
  for (const mediaType of ["video", "audio"] as const) {
    const ofKind = (streams: readonly ExpectedStream[]) =>
      streams.filter((stream) => stream.mediaType === mediaType);
    for (const [index, { frames }] of ofKind(due).entries()) {
      const received = ofKind(got)[index]?.frames ?? [];
      expectAccount(viewer, [frames], received, { mediaType, joined, atLeast: 20 });
    }
  }
}

describe.concurrent("every frame reaches", () => {
  test.each<{ name: string; clip: ClipOptions; by: "ffprobe" | "ffmpeg8"; resources: string[] }>([
    {
      name: "h264-aac",
      clip: H264_AAC,
      by: "ffprobe",
      resources: ["live.flv", "live.mp4", "live.flv?enhanced=0"],
    },
    {
      name: "h264-mp3",
      clip: { video: "h264", audio: "mp3" },
      by: "ffprobe",
      resources: ["live.flv", "live.mp4"],
    },
    {
      name: "aac",
      clip: { video: "none", audio: "aac" },
      by: "ffprobe",
      resources: ["live.flv", "live.mp4"],
    },
    {
      name: "hevc-opus",
      clip: { video: "hevc", audio: "opus", bFrames: 2 },
      by: "ffmpeg8",
      resources: ["live.flv", "live.mp4"],
    },
    {
      name: "av1-flac",
      clip: { video: "av1", audio: "flac" },
      by: "ffmpeg8",
      resources: ["live.flv", "live.mp4"],
    },
    {
      name: "vp9-eac3",
      clip: { video: "vp9", audio: "eac3" },
      by: "ffmpeg8",
      resources: ["live.flv", "live.mp4"],
    },
  ])("$by, of $name", async ({ name, clip, by, resources }) => {
    const input = await counterClip({ ...clip, seconds: SECONDS });
    const beside = join(folder, `${name}.flv`);
    const early = resources.map((resource) => watchWith(by, urlOf(name, resource)));
    await untilWaiting(name, early.length);
    const url = server.rtmpUrl(`live/${name}`);
    const publish = by === "ffprobe" ? publishWithFfmpeg : publishWithFfmpeg8;
    const publisher = publish({ input, url, beside, loops: 0 });
    await untilOnAir(name, 1);
    const late = resources.map((resource) => watchWith(by, urlOf(name, resource)));
    await untilWaiting(name, early.length + late.length);
    await untilOnAir(name, 2 + ((await listed(name))?.uptimeSeconds ?? 0));
    await publisher.stop();
    const due = expectedPackets(beside, by).map((stream) => ({
      ...stream,
      frames: stream.frames.filter(({ size }) => size > 0), // FFmpeg's AC-3 parser's own
    }));
    for (const [index, resource] of resources.entries()) {
      expectAll(`early ${resource}`, due, (await early[index])?.streams ?? []);
      expect((await early[index])?.others).toEqual([]); // onMetaData is no subtitle
      expectAll(`late ${resource}`, due, (await late[index])?.streams ?? [], "late");
    }
  });

  test("FFmpeg 8, of a broadcast of several tracks", async () => {
    const [input, more] = await Promise.all([
      counterClip({ ...H264_AAC, seconds: SECONDS }),
      counterClip({ video: "h264", audio: "aac", width: 320, height: 180, seconds: SECONDS }),
    ]);
    const beside = join(folder, "several.flv");
    const url = server.rtmpUrl("live/several");
    const all = watchWith("ffmpeg8", urlOf("several", "live.flv?tracks=all"));
    const first = watchWith("ffprobe", urlOf("several", "live.flv"));
    const second = watchWith("ffprobe", urlOf("several", "live.mp4?tracks=3,4"));
    await untilWaiting("several", 3);
    await finished(publishWithFfmpeg8({ input, moreInputs: [more], url, beside }));
    const due = expectedPackets(beside, "ffmpeg8");
    expect(due).toHaveLength(4);
    expectAll("all tracks", due, (await all).streams);
    const [firsts, seconds] = [0, 1].map((index) =>
      (["video", "audio"] as const).flatMap((kind) => {
        const stream = due.filter(({ mediaType }) => mediaType === kind)[index];
        return stream === undefined ? [] : [stream];
      }),
    );
    expectAll("first tracks", firsts ?? [], (await first).streams);
    expectAll("other tracks", seconds ?? [], (await second).streams);
  });

  test("ffprobe, over the return of an encoder whose line was lost", async () => {
    const input = await counterClip({ ...H264_AAC, seconds: SECONDS });
    const url = server.rtmpUrl("live/returns");
    const got = ["live.flv", "live.mp4"].map((resource) =>
      watchWith("ffprobe", urlOf("returns", resource)),
    );
    await untilWaiting("returns", 2);
    const beside = join(folder, "returns.flv");
    const lost = publishWithFfmpeg({ input, url });
    await untilOnAir("returns", 1);
    await lost.kill();
    await finished(publishWithFfmpeg({ input, url, beside }));
    const due = expectedPackets(beside);
    for (const [index, viewer] of ["live.flv", "live.mp4"].entries()) {
      const streams = (await got[index])?.streams ?? [];
      for (const { mediaType, frames } of due) {
        const received = streams.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
        expect(received.length).toBeGreaterThan(frames.length);
        expectAccount(viewer, [frames], received.slice(-frames.length), { mediaType });
      }
    }
  });
});

test("over WebSocket comes the FLV that comes over HTTP", async () => {
  const input = await counterClip({ ...H264_AAC, seconds: SECONDS });
  const beside = join(folder, "socket.flv");
  const url = urlOf("socket", "live.flv").replace("http", "ws");
  const viewer = new WebSocketTaker(url);
  ends.push(async () => viewer.leave());
  await untilWaiting("socket", 1);
  await finished(publishWithFfmpeg({ input, url: server.rtmpUrl("live/socket"), beside }));
  await viewer.until("the end", ({ closed }) => closed !== undefined);
  expect(viewer.closed?.code).toBe(1000);
  const tags = tagsOf(viewer.body);
  const frames = expectedPackets(beside).flatMap((stream) => stream.frames);
  expect(tags).toHaveLength(1 + 2 + frames.length); // onMetaData, two configurations
});

test.each(["live.flv", "live.mp4"])(
  "ffplay plays %s, and ends with the broadcast",
  async (resource) => {
    const name = `ffplay-${resource.slice(5)}`;
    const input = await counterClip({ ...H264_AAC, seconds: SECONDS });
    const args = ["-nodisp", "-autoexit", "-hide_banner", "-stats", urlOf(name, resource)];
    const ffplay = startChild("ffplay", args, {
      env: { ...process.env, SDL_AUDIODRIVER: "dummy", SDL_VIDEODRIVER: "dummy" },
    });
    ends.push(() => ffplay.stop("SIGKILL"));
    await untilWaiting(name, 1);
    await finished(publishWithFfmpeg({ input, url: server.rtmpUrl(`live/${name}`) }));
    expect((await ffplay.exited).code, ffplay.stderr()).toBe(0);
    // Its clock, in seconds: FLV has the live stream's, MP4 begins at 0.
    const clock = [...ffplay.stderr().matchAll(/([\d.]+) [MA]-[VA]?/g)].map(([, at]) => Number(at));
    const begin = resource === "live.flv" ? 10 : 0;
    expect(Math.max(...clock)).toBeGreaterThan(begin + SECONDS - 1);
    expect(Math.max(...clock)).toBeLessThan(begin + SECONDS + 1);
  },
);

describe("Chromium plays", () => {
  let browser: Browser;
  let publisher: Publisher;

  beforeAll(async () => {
    const input = await counterClip({ video: "h264", audio: "aac", seconds: 20 });
    publisher = publishWithFfmpeg({ input, url: server.rtmpUrl("live/chromium"), loops: 0 });
    browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  });
  afterAll(async () => {
    await browser.close();
    await publisher.stop();
  });

  async function emptyPage(): Promise<Page> {
    const context = await browser.newContext();
    ends.push(() => context.close());
    const page = await context.newPage();
    await page.goto(server.httpUrl("/healthz")); // of our origin, and nothing else
    return page;
  }

  /** Waits until pictures with growing numbers are shown. */
  async function untilPlaying(page: Page): Promise<void> {
    const seen = new Set<number>();
    await eventually("ten different pictures", async () => {
      const { counter } = (await readShown(page)) ?? {};
      if (counter !== undefined) seen.add(counter);
      return seen.size >= 10;
    });
  }

  test("live.mp4 in a bare video element", async () => {
    const page = await emptyPage();
    await page.evaluate(`(() => {
      const video = document.createElement("video");
      video.autoplay = true;
      video.src = "/streams/live/chromium/live.mp4";
      document.body.append(video);
    })()`);
    await untilPlaying(page);
    const sound = "document.querySelector('video').webkitAudioDecodedByteCount";
    expect(await page.evaluate<number>(sound)).toBeGreaterThan(0);
    expect((await listed("chromium"))?.viewers.mp4).toBe(1);
    await page.close();
    await eventually("its leaving", async () => (await listed("chromium"))?.viewers.mp4 === 0);
  });

  test.each(["http", "ws"])("live.flv by mpegts.js over %s", async (scheme) => {
    const page = await emptyPage();
    await page.addScriptTag({ path: MPEGTS_JS });
    const url = urlOf("chromium", "live.flv").replace("http", scheme);
    await page.evaluate(`(() => {
      const video = document.createElement("video");
      document.body.append(video);
      window.errors = [];
      const player = mpegts.createPlayer({ type: "flv", isLive: true, url: ${JSON.stringify(url)} });
      player.on(mpegts.Events.ERROR, (...what) => window.errors.push(what.join()));
      player.attachMediaElement(video);
      player.load();
      player.play();
    })()`);
    await untilPlaying(page);
    const sound = "document.querySelector('video').webkitAudioDecodedByteCount";
    expect(await page.evaluate<number>(sound)).toBeGreaterThan(0);
    expect(await page.evaluate<string[]>("window.errors")).toEqual([]);
    expect((await listed("chromium"))?.viewers.flv).toBe(1);
    await page.close();
    await eventually("its leaving", async () => (await listed("chromium"))?.viewers.flv === 0);
  });
});
