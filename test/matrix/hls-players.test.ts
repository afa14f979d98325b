import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { expectAccount } from "../support/accounting.ts";
import { startChild } from "../support/child.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets, watchWith } from "../support/ffprobe.ts";
import { type HlsPlayerName, playInBrowser } from "../support/hls-players.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { FFMPEG, FFMPEG_8, VLC } from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SECONDS } from "./seconds.ts";

// Players of HLS, as people have them.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-hls-players-"));
  chmodSync(folder, 0o777); // VLC does not run as root
  server = await startSluice(["--grace-period", "2"]);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const WHAT = "H.264 with B-frames, AAC";
/** A player comes when there are some segments. */
const BEFORE = 8;

/** @param more seconds behind the end of the row */
async function publish(
  name: string,
  more: number,
  before = BEFORE,
): Promise<{ publisher: Publisher; beside: string }> {
  const seconds = before + SECONDS + more;
  const clip: ClipOptions = { video: "h264", audio: "aac", bFrames: 2, seconds };
  const beside = join(folder, `${name}.flv`);
  const url = server.rtmpUrl(`live/${name}`);
  const publisher = publishWithFfmpeg({ input: await counterClip(clip), url, beside });
  const api = server.httpUrl("/api/v1/streams");
  const isKnown = async () => (await (await fetch(api)).text()).includes(`"live/${name}"`);
  await eventually("the stream", isKnown);
  await sleep(before * 1000);
  return { publisher, beside };
}

const describeRow = ({ task }: TestContext, client: string, more: Partial<Row> = {}): Row => {
  const row: Row = { table: "hls-players", client, published: WHAT, ...more };
  task.meta.row = row;
  return row;
};

test.for<[HlsPlayerName, string, string?]>([
  ["hls.js", "hls.js in Chromium"],
  [
    "Shaka Player",
    "Shaka Player in Chromium",
    "manifest.hls.ignoreManifestTimestampsInSegmentsMode: true; without it Shaka leaves out pictures now and then, since it compares sums of durations exactly",
  ],
  ["native", "Chromium's own player"],
])("%s plays", async ([player, client, notes], context) => {
  const row = describeRow(context, client, notes === undefined ? {} : { notes });
  const name = player.toLowerCase().replace(/[^a-z]+/g, "-");
  // A player that does not know parts is three target durations behind.
  const before = player === "native" ? 45 : BEFORE;
  const { publisher } = await publish(name, 20, before);
  try {
    const streamPath = `live/${name}`;
    const account = await playInBrowser(player, server, { streamPath, seconds: SECONDS });
    const { counters, decoded, dropped, complaints, stalls, latency } = account;
    const [first = 0] = counters;
    const last = counters.at(-1) ?? 0;
    // Chromium's own knows no parts, and reloads seldom: what it does is told, not judged.
    const isJudged = player !== "native";
    const stood = stalls === 0 ? "" : `, stood still ${stalls} times`;
    const told = `${counters.length} of ${last - first + 1} pictures seen, ${decoded} decoded, ${dropped} late${stood}`;
    context.task.meta.row = {
      ...row,
      account: latency === undefined ? told : `${told}; ${latency.toFixed(2)} s behind`,
    };
    expect(complaints).toEqual([]);
    if (isJudged) expect(stalls).toBe(0);
    expect(counters.filter((counter, index) => counter < (counters[index - 1] ?? 0))).toEqual([]);
    // The test looks at pictures as they are shown, and may miss some; the decoder has each.
    if (isJudged) expect(decoded).toBeGreaterThanOrEqual(last - first + 1);
    expect(last - first).toBeGreaterThan((SECONDS - 2) * 30);
  } finally {
    await publisher.stop();
  }
});

test.for([
  [FFMPEG, "ffprobe"],
  [FFMPEG_8, "ffmpeg8"],
] as const)("%s plays", async ([client, by], context) => {
  const row = describeRow(context, client);
  const { publisher, beside } = await publish(by, 0);
  const url = server.httpUrl(`/streams/live/${by}/index.m3u8`);
  const quiet = startChild("ffmpeg", ["-nostdin", "-v", "warning", "-i", url, "-f", "null", "-"]);
  const { streams } = await watchWith(by, url);
  expect((await quiet.exited).code).toBe(0);
  // It reads the init segment again with each segment of a live playlist, and says so.
  const told = quiet.stderr().replace(/^.*Found duplicated MOOV Atom. Skipped it\n/gm, "");
  expect(told).toBe("");
  await publisher.child.exited;
  const counts = expectedPackets(beside).map(({ mediaType, frames }) => {
    const got = streams.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
    expectAccount(client, [frames], got, { mediaType, joined: "late" });
    return `${got.length} of ${frames.length} ${mediaType === "video" ? "pictures" : "sound frames"}`;
  });
  context.task.meta.row = { ...row, account: counts.join(", ") };
});

test("VLC plays", async (context) => {
  const row = describeRow(context, VLC);
  const { publisher } = await publish("vlc", 10);
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  const heard = join(folder, "heard.wav");
  const sound = ["--aout=afile", `--audiofile-file=${heard}`];
  const url = server.httpUrl("/streams/live/vlc/index.m3u8");
  const vlc = startChild("cvlc", ["-vv", "-I", "dummy", "--vout=dummy", ...sound, url], {
    env: { ...process.env, HOME: folder },
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  try {
    await vlc.line(/Received first picture/, 30_000);
    await sleep(SECONDS * 1000);
    const lines = vlc.stderr().split("\n");
    const isTold = (line: string) =>
      /\b(adaptive|mp4|avcodec|packetizer|demux|decoder|stream).* (error|warning):/i.test(line) ||
      /sequence discontinuity detected \d+ != [1-9]/.test(line);
    // An init segment has no samples: those tables are empty. An AAC decoder's first frame gives none.
    const isUsual = (line: string) =>
      /no chunk defined|STTS table of 0 entries|faad decoder warning: decoded zero/.test(line);
    const complaints = lines.filter((line) => isTold(line) && !isUsual(line));
    context.task.meta.row = { ...row, account: `${SECONDS} s` };
    expect(complaints).toEqual([]);
  } finally {
    await vlc.stop("SIGKILL");
    await publisher.stop();
  }
});
