import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccount } from "../support/accounting.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { decodeWarnings } from "../support/decode-check.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets, watchWith } from "../support/ffprobe.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { listRecordings, recordingFile, untilRecorded } from "../support/recordings.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// What is on the disk is read by FFmpeg, and compared with what it read of the file that the publisher
// wrote beside, frame by frame.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-recordings-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VIDEO: ClipOptions = { video: "h264", audio: "aac", bFrames: 2, gop: 50 };
const FRAMES_A_SECOND = 30;

function lastBox(path: string): string {
  const bytes = readFileSync(path);
  let type = "";
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    type = bytes.toString("latin1", at + 4, at + 8);
  }
  return type;
}

describe("a recording", () => {
  let server: RunningSluice;
  let records: string;
  beforeAll(async () => {
    records = join(folder, "whole");
    server = await startSluice(["--record", "live/*", "--record-dir", records]);
  });
  afterAll(() => server.stop());

  test.each<[string, ClipOptions, "ffprobe" | "ffmpeg8"]>([
    ["H.264 with B-frames and AAC", VIDEO, "ffprobe"],
    ["H.264 alone", { video: "h264", audio: "none" }, "ffprobe"],
    ["MP3 alone", { video: "none", audio: "mp3" }, "ffprobe"],
    ["H.264 and MP3", { video: "h264", audio: "mp3" }, "ffprobe"],
    ["HEVC and Opus", { video: "hevc", audio: "opus", bFrames: 2 }, "ffmpeg8"],
    ["AV1 and FLAC", { video: "av1", audio: "flac" }, "ffmpeg8"],
  ])("of %s has every frame, as a file and as HLS", async (name, options, by) => {
    const streamPath = `live/${name.replace(/\W+/g, "-")}`;
    const beside = join(folder, `${name}.flv`);
    const input = await counterClip({ ...options, seconds: 4 });
    const publish = by === "ffprobe" ? publishWithFfmpeg : publishWithFfmpeg8;
    const publisher = publish({ input, url: server.rtmpUrl(streamPath), beside });
    expect((await publisher.child.exited).code).toBe(0);
    const isOver = ({ state }: { state: string }) => state === "complete";
    const recording = await untilRecorded(server, streamPath, "the end", isOver);
    const file = recordingFile(records, recording);
    expect(lastBox(file)).toBe("mfra");
    expect(await decodeWarnings(readFileSync(file))).toBe("");
    const published = expectedPackets(beside, by);
    const recorded = expectedPackets(file, by);
    const url = server.httpUrl(`/recordings/${recording.id}/index.m3u8`);
    const { streams: played } = await watchWith(by, url);
    for (const { mediaType, frames } of published) {
      const of = (streams: typeof published) =>
        streams.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
      const settings = { mediaType, atLeast: frames.length };
      expectAccount("recording.mp4", [frames], of(recorded), settings);
      // FFmpeg gives the time of a packed segment to frames of the one before that it has not read yet.
      const rounding = options.audio === "mp3" ? 100 : 0;
      expectAccount("index.m3u8", [frames], of(played), { ...settings, rounding });
    }
    expect(Math.abs(recording.duration - 4)).toBeLessThan(0.2);
  });

  test("is started and stopped by request, in the middle of a broadcast", async () => {
    const input = await counterClip({ ...VIDEO, seconds: 4 });
    const streamPath = "other/requested";
    const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl(streamPath), loops: 0 });
    const ask = (path: string, body?: object) =>
      fetch(server.httpUrl(`/api/v1/recordings${path}`), {
        method: "POST",
        ...(body && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      });
    await expect
      .poll(async () => (await ask("", { streamPath })).status, { timeout: 20_000 })
      .toBe(201);
    const long = ({ duration }: { duration: number }) => duration > 1;
    const { id } = await untilRecorded(server, streamPath, "a second", long);
    expect(await (await ask(`/${id}/stop`)).json()).toMatchObject({ state: "complete", id });
    await publisher.stop();
    expect(
      (await fetch(server.httpUrl(`/api/v1/recordings/${id}`), { method: "DELETE" })).status,
    ).toBe(204);
    const left = await listRecordings(server);
    expect(left.some((one) => one.id === id)).toBe(false);
  });
});

test("kill -9 costs no more than the interval, and the next start finishes the file", async () => {
  const records = join(folder, "killed");
  const flags = ["--record", "**", "--record-dir", records];
  const server = await startSluice(flags);
  const input = await counterClip({ ...VIDEO, seconds: 4 });
  const beside = join(folder, "killed.flv");
  const url = server.rtmpUrl("live/killed");
  const viewer = new WsViewer(server.wsUrl("live/killed"));
  const publisher = publishWithFfmpeg({ input, url, beside, loops: 0 });
  await viewer.until("some seconds", (one) => one.coded("video").length > 170, 30_000);
  const [before] = await listRecordings(server);
  if (before === undefined) throw new Error("Nothing is recorded");
  await server.child.stop("SIGKILL");
  await publisher.stop();
  await viewer.close();
  const file = recordingFile(records, before);
  const counts: number[] = [];
  const check = async () => {
    // ffprobe tells of the sample that a fragment lacks the end of, and nothing else.
    expect(await decodeWarnings(readFileSync(file))).toBe("");
    const recorded = expectedPackets(file);
    for (const { mediaType, frames } of expectedPackets(beside)) {
      const got = recorded.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
      expectAccount("the file", [frames], got, { mediaType, left: "early", atLeast: 30 });
      if (mediaType === "video") counts.push(got.length);
    }
  };
  await check();
  const seen = viewer.coded("video").length;
  expect(seen - (counts[0] ?? 0)).toBeLessThanOrEqual(FRAMES_A_SECOND);

  const next = await startSluice(flags);
  try {
    const isOver = ({ state }: { state: string }) => state === "complete";
    const after = await untilRecorded(next, "live/killed", "its end", isOver);
    expect(after).toMatchObject({ id: before.id, reason: "crash" });
    await check();
    expect(counts[1]).toBe(counts[0]);
    expect(lastBox(file)).toBe("mfra");
    expect(after.duration).toBeGreaterThan(4.5);
  } finally {
    await next.stop();
    rmSync(server.dataDir, { recursive: true, force: true });
  }
});

test.runIf(process.getuid?.() === 0)(
  "a full disk ends the recording and nothing else",
  async () => {
    const disk = join(folder, "small");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk]);
    const server = await startSluice(["--record", "**", "--record-dir", join(disk, "records")]);
    const viewer = new WsViewer(server.wsUrl("live/full"));
    try {
      const input = await counterClip({ ...VIDEO, seconds: 4 });
      const beside = join(folder, "full.flv");
      const url = server.rtmpUrl("live/full");
      const publisher = publishWithFfmpeg({ input, url, beside, loops: 2 });
      const long = ({ duration }: { duration: number }) => duration > 1.5;
      await untilRecorded(server, "live/full", "a second", long);
      const isFull = (): boolean => {
        try {
          appendFileSync(join(disk, "filler"), Buffer.alloc(65_536));
          return false;
        } catch {
          return true;
        }
      };
      while (!isFull()) {} // until nothing more fits
      const failed = ({ state }: { state: string }) => state === "failed";
      const recording = await untilRecorded(server, "live/full", "its failure", failed);
      expect(recording).toMatchObject({ failure: { code: "RECORDING_DISK_FULL" } });
      expect(server.logs()).toMatch(/"level":"error"[^\n]*"code":"RECORDING_DISK_FULL"/);
      expect((await publisher.child.exited).code).toBe(0);
      await viewer.until("the end", ({ state }) => state !== "live");
      const file = recordingFile(join(disk, "records"), recording);
      expect(await decodeWarnings(readFileSync(file))).toBe("");
      const recorded = expectedPackets(file);
      for (const { mediaType, frames } of expectedPackets(beside)) {
        const atLeast = frames.length;
        expectAccount("the viewer", [frames], viewer.coded(mediaType), { mediaType, atLeast });
        const got = recorded.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
        expectAccount("the file", [frames], got, { mediaType, left: "early", atLeast: 30 });
      }
    } finally {
      await viewer.close();
      await server.stop();
      execFileSync("umount", [disk]);
    }
  },
);
