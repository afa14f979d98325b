import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BroadcastAccount, Run } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { type Tag, writeFlvFile } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";

/** First line of what a program says about its version. */
export function versionOf(command: string, pattern: RegExp, args = ["--version"]): string {
  // VLC does not even tell its version to root.
  const user = command === "vlc" && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const options = { encoding: "utf8", timeout: 10_000, ...user } as const;
  const { stdout, stderr } = spawnSync(command, args, options);
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? "of unknown version";
}

export const FFMPEG: string = `ffmpeg ${versionOf("ffmpeg", /version (\d+\.\d+)/, ["-version"])}`;
export const FFMPEG_8 = "FFmpeg 8.1 (node-av)";
export const TEST_CLIENT = "the test's own client";
export const CURL: string = `curl ${versionOf("curl", /^curl (\S+)/)} (librtmp)`;
export const RTMPDUMP: string = `rtmpdump ${versionOf("rtmpdump", /RTMPDump v(\d+\.\d+)/i, ["-h"])}`;
export const GSTREAMER: string = `GStreamer ${versionOf("gst-launch-1.0", /GStreamer (\d+\.\d+\.\d+)/)}`;
export const VLC: string = `VLC ${versionOf("vlc", /VLC (?:media player |version )?(\d+\.\d+\.\d+)/)}`;
export const OBS: string = `OBS Studio ${versionOf("obs", /OBS Studio - (\d+\.\d+\.\d+)/)}`;

/** Resolves at the end of a publisher that ends by itself; throws what it complained of. */
export async function finished({ child }: Publisher): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`The publisher exited with ${code}\n${child.stderr()}`);
}

/** A clip in a loop, published by Debian's ffmpeg (or another build of it). */
export const ffmpeg = (
  clip: ClipOptions,
  seconds: number,
  { startMs = 0, build }: { startMs?: number; build?: string } = {},
): Run => ({
  publish: async (url, beside) => {
    const input = await counterClip(clip);
    const common = { input, url, beside, seconds, startMs, loops: 0 };
    await finished(publishWithFfmpeg(build === undefined ? common : { ...common, ffmpeg: build }));
  },
});

/** The same by FFmpeg 8. */
export const ffmpeg8 = (clip: ClipOptions, seconds: number, startMs = 0): Run => ({
  publish: async (url, beside) => {
    const input = await counterClip(clip);
    await finished(publishWithFfmpeg8({ input, url, beside, seconds, startMs, loops: 0 }));
  },
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

/** A constructed capture, over a socket; ffprobe reads what is expected from a file of the same tags. */
export function constructed(tags: readonly Tag[], folder: string): Run {
  const source = join(folder, `${randomUUID()}.flv`);
  writeFlvFile(source, tags);
  return {
    publish: async (url) => {
      const publisher = await TagPublisher.open(url);
      await publisher.play(tags);
      await publisher.finish();
    },
    expected: () => expectedPackets(source),
  };
}

/** A classic clip as one file of this length, for clients that play a file to its end. */
export async function fileOf(clip: ClipOptions, seconds: number, folder: string): Promise<string> {
  const input = await counterClip(clip);
  const path = join(folder, `${seconds}-seconds-${JSON.stringify(clip).replace(/\W+/g, "-")}.flv`);
  if (existsSync(path)) return path; // others are reading it
  const args = ["-v", "error", "-y", "-stream_loop", "-1", "-i", input, "-c", "copy"];
  const { status, stderr } = spawnSync("ffmpeg", [...args, "-t", String(seconds), path]);
  if (status !== 0) throw new Error(`Cannot make ${path}: ${stderr}`);
  return path;
}

/** An account in the words of a table. */
export function inWords({ frames, lateFrames }: BroadcastAccount): string {
  const kinds = { video: "pictures", audio: "sound frames" } as const;
  const told = (["video", "audio"] as const).flatMap((mediaType) => {
    const count = frames[mediaType];
    if (count === undefined) return [];
    return [`${count} ${kinds[mediaType]} (late: ${lateFrames[mediaType] ?? 0})`];
  });
  return told.join(", ");
}
