import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AccountingOptions, expectAccount } from "../support/accounting.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { vp8Tags, withUnits } from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { decodeWarnings } from "../support/decode-check.ts";
import { reportMessages, seiUnit } from "../support/encoder-report.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { type ExpectedStream, expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, type Tag, writeFlvFile } from "../support/flv-file.ts";
import { hex } from "../support/hex.ts";
import { Layout, multitrack } from "../support/multitrack-tags.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { Broadcast, Screen } from "../support/screen.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// Enhanced RTMP v2: by FFmpeg 8.1 where it sends it, else constructed from what encoders made.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-enhanced-"));
  server = await startSluice();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

/** Somebody who gets every track from the beginning. */
async function everything(streamPath: string): Promise<WsViewer> {
  const viewer = new WsViewer(`${server.wsUrl(streamPath)}?tracks=1,2,3,4,5`);
  await viewer.until("hello", ({ state }) => state === "waiting");
  return viewer;
}

const untilOver = (viewer: WsViewer) =>
  viewer.until("the end", ({ state }) => state !== "live" && state !== "waiting", 30_000);

async function account(
  viewer: WsViewer,
  expected: readonly ExpectedStream[],
  { decodes = true, ...options }: Partial<AccountingOptions> & { decodes?: boolean } = {},
): Promise<void> {
  const count = { video: 0, audio: 0 };
  for (const { mediaType, codec, frames } of expected) {
    const index = count[mediaType];
    count[mediaType] += 1;
    const got = viewer.coded(mediaType, index);
    const due = { mediaType, atLeast: 30, ...options } as const;
    expectAccount(`${mediaType} ${index} (${codec})`, [frames], got, due);
    if (!decodes) continue;
    const [file = hex``] = viewer.files(viewer.trackEver(mediaType, index)?.id ?? 0);
    expect([codec, await decodeWarnings(file)]).toEqual([codec, ""]);
  }
}

/** Tags over a socket, at their pace. */
async function publish(streamPath: string, tags: readonly Tag[]): Promise<void> {
  const publisher = await TagPublisher.open(server.rtmpUrl(streamPath));
  await publisher.play(tags);
  await publisher.finish();
}

async function ffmpeg8(url: string, clips: readonly ClipOptions[]): Promise<ExpectedStream[]> {
  const [input = "", ...moreInputs] = await Promise.all(clips.map(counterClip));
  const beside = join(folder, `${clips.length}.flv`);
  const { child } = publishWithFfmpeg8({ input, moreInputs, url, beside });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`FFmpeg exited with ${code}\n${child.stderr()}`);
  // At its end FFmpeg writes the classic end of H.264, and reads that as another stream.
  return expectedPackets(beside, "ffmpeg8").filter(({ frames }) => frames.length > 0);
}

async function streamsListed(): Promise<{ path: string }[]> {
  const answer = await fetch(server.httpUrl("/api/v1/streams"));
  return ((await answer.json()) as { streams: { path: string }[] }).streams;
}

const H264: ClipOptions = { video: "h264", audio: "aac" };

describe.concurrent("Enhanced RTMP", { timeout: 60_000 }, () => {
  test("FFmpeg 8.1: two videos, one of them HDR, and three sounds, one of them 5.1", async () => {
    const viewer = await everything("live/five");
    const expected = await ffmpeg8(server.rtmpUrl("live/five"), [
      { video: "hevc", audio: "opus", channels: 6, hdr: true, bFrames: 2 },
      { video: "h264", audio: "flac", width: 320, height: 180 },
      { video: "none", audio: "ac3" },
    ]);
    await untilOver(viewer);
    expect(expected.map(({ codec }) => codec)).toEqual(["hevc", "opus", "h264", "flac", "ac3"]);
    await account(viewer, expected);
    const tracks = [0, 1].map((index) => viewer.trackEver("video", index));
    expect(tracks[0]).toMatchObject({
      codec: expect.stringMatching(/^hvc1\.2\./),
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    });
    expect(tracks[1]).not.toHaveProperty("colour.transfer", 16);
    expect(viewer.trackEver("audio", 0)).toMatchObject({
      ...{ codec: "opus", channels: 6 },
      channelLayout: ["FL", "FR", "FC", "LFE", "BL", "BR"],
    });
    await viewer.close();
  });

  test("HDR of FFmpeg 8.1 is told in the multivariant playlist", async () => {
    const viewer = await everything("live/hdr");
    const published = ffmpeg8(server.rtmpUrl("live/hdr"), [
      { video: "hevc", audio: "none", hdr: true },
      { video: "h264", audio: "none", width: 320, height: 180 },
    ]);
    await viewer.until("three seconds", (one) => one.coded("video").length > 90, 30_000);
    const playlist = await (await fetch(server.httpUrl("/streams/live/hdr/index.m3u8"))).text();
    expect(playlist.match(/RESOLUTION=\d+x\d+|VIDEO-RANGE=\w+/g)).toEqual([
      ...["RESOLUTION=640x360", "VIDEO-RANGE=PQ", "RESOLUTION=320x180", "VIDEO-RANGE=SDR"],
    ]);
    await published;
    await viewer.close();
  });

  test("constructed: two tracks in one message", async () => {
    const files = [
      await counterClip({ ...H264, audio: "none", bFrames: 2 }),
      await counterClip({ ...H264, audio: "none", bFrames: 2, width: 320, height: 180 }),
    ];
    const viewer = await everything("live/many-tracks");
    await publish("live/many-tracks", multitrack(files.map(readFlvFile), Layout.ManyTracks));
    await untilOver(viewer);
    await account(
      viewer,
      files.flatMap((file) => expectedPackets(file)),
    );
    await viewer.close();
  });

  test("constructed: two tracks of different codecs in one message", async () => {
    const h264 = await counterClip({ ...H264, audio: "none" });
    const hevc = join(folder, "hevc.flv");
    const input = await counterClip({ video: "hevc", audio: "none", width: 320, height: 180 });
    const unused = join(folder, "unused.flv");
    await publishWithFfmpeg8({ input, url: unused, beside: hevc, rate: 0 }).child.exited;
    const viewer = await everything("live/many-codecs");
    await publish(
      "live/many-codecs",
      multitrack([readFlvFile(h264), readFlvFile(hevc)], Layout.ManyTracksManyCodecs),
    );
    await untilOver(viewer);
    await account(viewer, [...expectedPackets(h264), ...expectedPackets(hevc, "ffmpeg8")]);
    await viewer.close();
  });

  test("constructed: VP8", async () => {
    const ivf = join(folder, "vp8.ivf");
    const source = await counterClip({ ...H264, audio: "none" });
    const vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "30"];
    const args = ["-v", "error", "-y", "-i", source, "-an", ...vp8, "-b:v", "500k", ivf];
    expect(spawnSync("ffmpeg", args).status).toBe(0);
    const viewer = await everything("live/vp8");
    await publish("live/vp8", vp8Tags(readFileSync(ivf), 30));
    await untilOver(viewer);
    expect(viewer.trackEver("video")).toMatchObject({
      ...{ codec: "vp08.00.30.08", width: 640, height: 360 },
      mimeTypes: ['video/mp4; codecs="vp08.00.30.08"'],
    });
    // IVF counts pictures, RTMP milliseconds.
    await account(viewer, expectedPackets(ivf), { rounding: 1 });
    await viewer.close();
  });

  test("constructed: what OBS reports among its pictures is listed, and stays among them", async () => {
    const clip = await counterClip({ ...H264, audio: "none" });
    const tags = withUnits(readFlvFile(clip), (key) => {
      const at = (ms: number) => new Date(Date.now() - 80 + ms).toISOString();
      return reportMessages({
        times: [at(0), at(12), at(15), at(50)],
        session: [key === 0 ? 0 : 30, 0, 0, key === 0 ? 0 : 30],
        rendition: [key === 0 ? 0 : 30, 0, key === 0 ? 0 : 30],
      }).map((message) => seiUnit(hex`06`, message));
    });
    const file = join(folder, "reporting.flv");
    writeFlvFile(file, tags);
    const viewer = await everything("live/reporting");
    const published = publish("live/reporting", tags);
    await viewer.until("three seconds", (one) => one.coded("video").length > 91, 30_000);
    const listed = (await streamsListed()).find(({ path }) => path === "live/reporting");
    expect(listed).toMatchObject({
      encoder: {
        delays: { render: 12, encode: 3, total: 50 },
        frames: { rendered: 90, lagged: 0, dropped: 0, output: 90 },
        renditions: [{ trackIndex: 0, input: 90, skipped: 0, output: 90 }],
      },
    });
    const { encoder } = listed as unknown as { encoder: { clock: { offset: number } } };
    // Sent by the same clock some milliseconds ago: the reports were made when the tags were.
    expect(encoder.clock.offset).toBeGreaterThan(0);
    await published;
    await untilOver(viewer);
    // OBS puts them behind the picture, where ffmpeg says of every one that it does not read it.
    await account(viewer, expectedPackets(file), { decodes: false });
    await viewer.close();
  });

  test("constructed: a publisher that is asked to reconnect goes on without a gap", async () => {
    const clip = await counterClip(H264);
    const tags = readFlvFile(clip);
    const viewer = await everything("live/moving");
    const first = await TagPublisher.open(server.rtmpUrl("live/moving"), { reconnects: true });
    const middle = tags.findIndex(
      ({ kind, timestamp, payload }) =>
        kind === "video" && timestamp >= 2000 && payload[0] === 0x17 && payload[1] === 1,
    );
    const headers = tags.filter(({ payload, kind }) => kind !== "data" && payload[1] === 0);
    const began = first.play(tags.slice(0, middle));
    await viewer.until("a second", (one) => one.coded("video").length > 30);
    const answer = await fetch(server.httpUrl("/api/v1/streams/live/moving/reconnect"), {
      method: "POST",
    });
    expect(await answer.json()).toMatchObject({ publishers: [{ asked: true }] });
    expect(await first.askedToReconnect).toContain("/live");
    await began;
    // As the specification wants it: the new connection stands before the old one is left.
    const second = await TagPublisher.open(server.rtmpUrl("live/moving"));
    for (const header of headers) await second.send({ ...header, timestamp: 2000 });
    await second.play(tags.slice(middle));
    first.leave();
    await second.finish();
    await untilOver(viewer);
    await account(viewer, expectedPackets(clip));
    expect(viewer.received("state").map(({ state }) => state)).toEqual(["live", "ended"]);
    expect(viewer.frames.filter(({ flags }) => (flags & 2) !== 0)).toHaveLength(2); // the first two
    await viewer.close();
  });
});

test("a relay that is asked to reconnect goes on without a gap", async () => {
  const clip = await counterClip(H264);
  const viewer = await everything("live/relayed");
  const url = `${server.rtmpUrl("live/relayed")}`;
  const from = await startSluice(["--push", `live/here=${url}`]);
  try {
    const { child } = publishWithFfmpeg({ input: clip, url: from.rtmpUrl("live/here") });
    await viewer.until("a second", (one) => one.coded("video").length > 30, 30_000);
    const answer = await fetch(server.httpUrl("/api/v1/streams/live/relayed/reconnect"), {
      method: "POST",
    });
    expect(await answer.json()).toMatchObject({ publishers: [{ asked: true }] });
    await viewer.until("two seconds more", (one) => one.coded("video").length > 91, 30_000);
    const [, ...told] = server.logs().split('"streamPath":"live/relayed"');
    expect(told.filter((line) => line.includes('"msg":"publishing"'))).toHaveLength(2);
    await child.exited;
    await untilOver(viewer);
    await account(viewer, expectedPackets(clip), { joined: "late" });
    expect(viewer.received("state").map(({ state }) => state)).toEqual(["live", "ended"]);
    expect(viewer.frames.filter(({ flags }) => (flags & 2) !== 0)).toHaveLength(2);
  } finally {
    await from.stop();
    await viewer.close();
  }
}, 60_000);

test("Chromium shows AV1 in HDR with sound in 5.1, as FFmpeg 8.1 sends them", async () => {
  const frames = 600;
  const clip = { video: "av1", audio: "opus", channels: 6, hdr: true } as const;
  const input = await counterClip({ ...clip, seconds: frames / 30 });
  const streamPath = "live/chromium";
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state === "waiting");
  const broadcast = new Broadcast(viewer, { frames, firstCounter: 0 });
  const publisher = publishWithFfmpeg8({ input, url: server.rtmpUrl(streamPath), loops: 0 });
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  try {
    await viewer.until("media", (one) => one.coded("video").length > 0, 20_000);
    const page = await (await browser.newContext()).newPage();
    const screen = await Screen.of(page);
    await page.goto(server.httpUrl(`/watch/${streamPath}`), { waitUntil: "commit" });
    await screen.untilSteady(broadcast, (delay) => delay < 600);
    const { codecs, errors } = await screen.stats();
    expect([codecs, errors]).toEqual([[expect.stringMatching(/^av01\..*\.10$/), "opus"], 0]);
  } finally {
    await browser.close();
    await publisher.stop();
    await viewer.close();
  }
}, 120_000);
