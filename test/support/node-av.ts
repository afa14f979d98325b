import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { startChild } from "./child.ts";
import type { Publisher, PublishOptions } from "./ffmpeg.ts";
import type { Probe } from "./ffprobe.ts";

const CLIENTS = join(import.meta.dirname, "../clients");

/**
 * Publishes files with FFmpeg 8 (`test/clients/publish.mjs`) in real time: Enhanced RTMP, and plain
 * RTMP as a newer FFmpeg writes it.
 */
export function publishWithFfmpeg8(
  options: PublishOptions & {
    /** More files, whose streams are added: of several of a kind it makes multitrack. */
    readonly moreInputs?: readonly string[];
    /** What connect's fourCcList names. */
    readonly codecs?: readonly string[];
    /** 1 is real time, 0 as fast as the server takes it. */
    readonly rate?: number;
  },
): Publisher {
  const args = [join(CLIENTS, "publish.mjs"), "--output", options.url];
  for (const input of [options.input, ...(options.moreInputs ?? [])]) args.push("--input", input);
  if (options.beside !== undefined) args.push("--beside", options.beside);
  if (options.loops !== undefined) args.push("--loops", String(options.loops));
  if (options.seconds !== undefined) args.push("--seconds", String(options.seconds));
  if (options.startMs !== undefined) args.push("--start-ms", String(options.startMs));
  if (options.rate !== undefined) args.push("--rate", String(options.rate));
  if (options.codecs !== undefined) args.push("--codecs", options.codecs.join(","));
  const child = startChild(process.execPath, args);
  return {
    child,
    beside: options.beside,
    stop: () => child.stop("SIGTERM"),
    kill: async () => {
      await child.stop("SIGKILL");
    },
  };
}

/** Prints the packets of a file or URL as FFmpeg 8 reads them. */
export const FFMPEG8_PROBE = join(CLIENTS, "probe.mjs");

/** The packets of a file as FFmpeg 8 reads them: for Enhanced FLV, which Debian's ffprobe cannot. */
export function probeWithFfmpeg8(path: string): Probe {
  const args = [FFMPEG8_PROBE, path];
  const stdio = ["ignore", "pipe", "ignore"] as const; // it warns of timestamps that wrap
  const text = execFileSync(process.execPath, args, { maxBuffer: 2 ** 28, stdio: [...stdio] });
  return JSON.parse(text.toString()) as Probe;
}
