import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LIMITS } from "../../server/protocol/limits.ts";
import { FrameFlag } from "../../server/protocol/wire/frame.ts";
import { expectAccount } from "../support/accounting.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { eventually, PROBED, ServerProbe } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { type ArrivedFrame, WsViewer } from "../support/ws-viewer.ts";

const HEALTHY = 10;
const BITRATE = 6000; // kb/s of video
const MIB = 2 ** 20;
const STREAM = "live/slow";

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-slow-"));
  const flags = ["--log-level", "debug", "--grace-period", "1"];
  server = await startSluice(flags, { env: PROBED });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("three viewers of 6 Mb/s stop reading: it costs them, and ten others nothing", async () => {
  const probe = new ServerProbe(server);
  const heldBefore = await probe.held();
  const input = makeClip(join(folder, "six-megabits.flv"));
  const beside = join(folder, "beside.flv");
  const watch = () => new WsViewer(server.wsUrl(STREAM), { keepPayloads: false });
  const [brief, long, dead, reference] = [watch(), watch(), watch(), watch()];
  const healthy = [reference, ...Array.from({ length: HEALTHY - 1 }, watch)];
  const everybody = [brief, long, dead, ...healthy];
  await Promise.all(everybody.map((viewer) => viewer.until("hello", (v) => v.state !== undefined)));
  dead.pause();

  const url = server.rtmpUrl(STREAM);
  const publisher = publishWithFfmpeg({ input, url, beside, loops: 0 });
  /** Resolves when everybody else has got so much more of the broadcast. */
  const mediaPasses = async (seconds: number) => {
    const due = pictures(reference).length + seconds * 30;
    await reference.until(`${seconds} s of media`, (viewer) => pictures(viewer).length >= due);
  };
  await mediaPasses(1);
  brief.pause();
  long.pause();

  // On loopback the system takes megabytes for somebody who reads nothing before the server notices:
  // a pause counts from there.
  const stuckSince = new Map<WsViewer, number>();
  await eventually("unsent bytes for all three", async () => {
    const unsent = await probe.unsent();
    for (const viewer of [brief, long, dead]) {
      const isStuck = (unsent[viewer.localPort ?? 0] ?? 0) > 0;
      if (isStuck && !stuckSince.has(viewer)) stuckSince.set(viewer, performance.now());
    }
    return stuckSince.size === 3;
  });
  const viewersLeft = () => server.logs().match(/"viewer left"/g)?.length ?? 0;
  expect(viewersLeft()).toBe(0);

  // Two seconds and a little: then its oldest unsent picture is too old.
  await mediaPasses(LIMITS.viewerBacklogTime / 1000 + 1);
  brief.resume();
  const briefLoss = await lossOf(brief);
  await mediaPasses(3);
  const heldWhileStuck = await probe.held();
  long.resume();
  const longLoss = await lossOf(long);

  await server.child.line(/"viewer left"/);
  const silence = performance.now() - (stuckSince.get(dead) ?? 0);
  expect(silence).toBeGreaterThan(LIMITS.viewerSilence - 2000); // it is looked after each second
  expect(silence).toBeLessThan(LIMITS.viewerSilence + 3000);
  await mediaPasses(1);
  expect(viewersLeft()).toBe(1);
  expect(await publisher.stop()).toBe(255); // ffmpeg's way to say that it was told to stop
  const due = expectedPackets(beside);
  const rest = everybody.filter((viewer) => viewer !== dead);
  await Promise.all(rest.map((viewer) => viewer.until("the end", (v) => v.state === "ended")));

  for (const { mediaType, frames } of due) {
    for (const [index, viewer] of healthy.entries()) {
      expectAccount(`healthy viewer ${index}`, [frames], viewer.coded(mediaType), { mediaType });
    }
  }
  for (const viewer of healthy) expect(viewer.received("dropped")).toEqual([]);

  const sound = due.find(({ mediaType }) => mediaType === "audio")?.frames ?? [];
  const video = reference.track("video");
  for (const [name, viewer, loss] of [
    ["briefly paused viewer", brief, briefLoss],
    ["long paused viewer", long, longLoss],
  ] as const) {
    // Sound went on: all of it fitted.
    expectAccount(name, [sound], viewer.coded("audio"), { mediaType: "audio" });
    expect(loss.trackId).toBe(video?.id);
    // One loss may be told in pieces, where the viewer got stuck again before the next picture.
    const told = viewer.received("dropped").reduce((sum, { samples }) => sum + samples, 0);
    expect(told).toBeGreaterThanOrEqual(loss.samples);
    expect(viewer.missing(loss.trackId)).toBe(told);
    for (const { before, after } of gaps(pictures(viewer))) {
      expect(after.flags & FrameFlag.Sync, `after ${before.sequenceNumber}`).toBe(FrameFlag.Sync);
    }
    // What did come is what everybody got.
    const all = new Map(pictures(reference).map((frame) => [frame.sequenceNumber, frame]));
    for (const { sequenceNumber, hash, dts } of pictures(viewer)) {
      expect(all.get(sequenceNumber)).toMatchObject({ hash, dts });
    }
  }
  expect(long.missing(longLoss.trackId)).toBeGreaterThan(brief.missing(briefLoss.trackId));

  // The HLS window, the history, and no more than its limits allow for each who does not read.
  const window = due.flatMap(({ frames }) => frames).reduce((sum, { size }) => sum + size, 0);
  const backlogs = 2 * (LIMITS.viewerBacklog + LIMITS.viewerSoundBacklog);
  expect(heldWhileStuck - heldBefore).toBeLessThan(window + backlogs + 8 * MIB);
  await Promise.all(everybody.map((viewer) => viewer.close()));
  expect(dead.closed).toBeDefined();
  await eventually("all memory back", async () => (await probe.held()) - heldBefore < 4 * MIB);
});

const pictures = (viewer: WsViewer): ArrivedFrame[] =>
  viewer.fragments(viewer.track("video")?.id ?? -1);

/** Waits until a viewer is told of a loss, which comes before the picture with which it goes on. */
async function lossOf(viewer: WsViewer): Promise<{ trackId: number; samples: number }> {
  let gapsBefore = 0;
  await viewer.until("a loss that is told", () => {
    if (viewer.received("dropped").length > 0) return true;
    gapsBefore = gaps(pictures(viewer)).length;
    return false;
  });
  expect(gapsBefore).toBe(0);
  await viewer.until("the next picture", () => gaps(pictures(viewer)).length > 0);
  const [dropped] = viewer.received("dropped");
  if (dropped === undefined) throw new Error("No loss was told");
  return dropped;
}

/** Where sequence numbers leave some out. */
function gaps(frames: readonly ArrivedFrame[]): { before: ArrivedFrame; after: ArrivedFrame }[] {
  return frames.flatMap((after, index) => {
    const before = frames[index - 1];
    const follows = before === undefined || after.sequenceNumber === before.sequenceNumber + 1;
    return follows ? [] : [{ before, after }];
  });
}

/** Noise that compresses badly, so that the rate is what it says; a sync sample each second. */
function makeClip(path: string): string {
  const picture = "testsrc2=size=640x360:rate=30,noise=alls=40:allf=t,format=yuv420p";
  const tone = "sine=frequency=330:sample_rate=48000";
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone];
  const rate = ["-b:v", `${BITRATE}k`, "-maxrate", `${BITRATE}k`, "-bufsize", `${BITRATE / 2}k`];
  const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30"];
  const args = ["-v", "error", ...inputs, ...codec, ...rate, "-c:a", "aac", "-t", "4", path];
  const { status, stderr } = spawnSync("ffmpeg", args);
  if (status !== 0) throw new Error(`Cannot make the clip: ${stderr}`);
  return path;
}
