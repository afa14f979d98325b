import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectAccount } from "./accounting.ts";
import { decodeWarnings } from "./decode-check.ts";
import { type ExpectedStream, expectedPackets } from "./ffprobe.ts";
import { HlsViewer } from "./hls-viewer.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

/** One run of a publisher: it ends by itself. */
export type Run = {
  /** Resolves at its end; `beside` is a fresh path for the file the same run writes. */
  publish(url: string, beside: string): Promise<void>;
  /** What it sent: read after its end; by default from the file beside, with Debian's ffprobe. */
  expected?(beside: string): readonly ExpectedStream[];
};

export type BroadcastOptions = {
  /** The publisher's runs, one after the other on the same streamPath. */
  readonly runs: readonly Run[];
  /** Which tracks viewers must get; by default every one that was published. */
  readonly mediaTypes?: readonly ("video" | "audio")[];
  /** Open GOPs: a late viewer's first pictures refer to what it has not got. */
  readonly lateDecodes?: boolean;
  /** Also over HLS; default true. */
  readonly hls?: boolean;
};

/**
 * Frame accounting of a whole broadcast: a WebSocket viewer and an HLS viewer wait for it, another
 * WebSocket viewer joins in the middle of the first run, and the publisher comes back for each
 * further run. Throws with the first difference between what was published and what anyone got,
 * with every rule of HLS that was broken, and with what ffmpeg warns of.
 */
export async function accountForBroadcast(
  server: RunningSluice,
  streamPath: string,
  { runs, mediaTypes, lateDecodes = true, hls: withHls = true }: BroadcastOptions,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-beside-"));
  const waiting = new WsViewer(server.wsUrl(streamPath));
  const hls = withHls
    ? new HlsViewer(server.httpUrl(`/streams/${streamPath}/index.m3u8`))
    : undefined;
  let late: WsViewer | undefined;
  try {
    await waiting.until("hello", (viewer) => viewer.state === "waiting");
    const published: (readonly ExpectedStream[])[] = [];
    for (const [index, run] of runs.entries()) {
      const beside = join(folder, `${index}.flv`);
      const before = waiting.frames.length;
      const ended = run.publish(server.rtmpUrl(streamPath), beside);
      if (index === 0) {
        // In the middle of a GOP, when there is a history to be given.
        const middle = "a second and a half of media";
        const reached = waiting.until(middle, (viewer) => duration(viewer) > 1500);
        await Promise.race([reached, ended]); // an encoder that fails tells more than a time-out
        await reached;
        late = new WsViewer(server.wsUrl(streamPath));
      }
      await ended;
      await waiting.until("frames of this run", (viewer) => viewer.frames.length > before);
      await waiting.until("the end of this run", (viewer) => viewer.state !== "live");
      published.push(run.expected?.(beside) ?? expectedPackets(beside));
    }

    const due = mediaTypes ?? published[0]?.map(({ mediaType }) => mediaType) ?? [];
    for (const mediaType of due) {
      const sequences = published.map(
        (streams) => streams.find((stream) => stream.mediaType === mediaType)?.frames ?? [],
      );
      const total = sequences.flat().length;
      expectAccount("WebSocket viewer from the beginning", sequences, waiting.coded(mediaType), {
        mediaType,
      });
      expectAccount("late WebSocket viewer", sequences, late?.coded(mediaType) ?? [], {
        mediaType,
        joined: "late",
      });
      if (hls !== undefined) {
        // What is missing is told by the account, in more words than a timeout has.
        const whole = (viewer: HlsViewer) => viewer.coded(mediaType).length >= total;
        await hls.until("all frames", whole, 15_000).catch(() => {});
        expectAccount("HLS viewer", sequences, hls.coded(mediaType), { mediaType });
        expectDecodes("HLS viewer", mediaType, hls.files(mediaType));
      }
      expectDecodes("WebSocket viewer", mediaType, filesOf(waiting, mediaType));
      if (lateDecodes && late !== undefined) {
        expectDecodes("late WebSocket viewer", mediaType, filesOf(late, mediaType));
      }
    }
    const violations = hls?.violations ?? [];
    if (violations.length > 0) throw new Error(`HLS:\n${[...new Set(violations)].join("\n")}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${streamPath}: ${why}\n\nServer's log:\n${server.logs().slice(-3000)}`);
  } finally {
    await Promise.allSettled([waiting.close(), late?.close(), hls?.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** ms of media that came, by the longest track. */
function duration(viewer: WsViewer): number {
  return Math.max(
    0,
    ...viewer.tracks.map(({ id, timescale }) => {
      const fragments = viewer.fragments(id);
      const span = (fragments.at(-1)?.dts ?? 0) - (fragments[0]?.dts ?? 0);
      return (span / timescale) * 1000;
    }),
  );
}

function filesOf(viewer: WsViewer, mediaType: "video" | "audio"): Uint8Array[] {
  const track = viewer.track(mediaType);
  return track === undefined ? [] : viewer.files(track.id);
}

function expectDecodes(viewer: string, mediaType: string, files: readonly Uint8Array[]): void {
  if (files.length === 0) throw new Error(`${viewer}, ${mediaType}: nothing to decode`);
  for (const [index, file] of files.entries()) {
    const warnings = decodeWarnings(file);
    if (warnings === "") continue;
    throw new Error(`${viewer}, ${mediaType}: ffmpeg warns of file ${index + 1}\n${warnings}`);
  }
}
