import { type Child, startChild } from "./child.ts";

/** A publisher at work, ours or theirs. */
export type Publisher = {
  readonly child: Child;
  /** Where the same run wrote the same packets, as FLV; complete after `stop` or `exited`. */
  readonly beside: string | undefined;
  /** Ends as a user ends it (unpublish, then close) and resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends without a word: the line just breaks. */
  kill(): Promise<void>;
};

export type PublishOptions = {
  /** The file to publish. */
  readonly input: string;
  readonly url: string;
  /** A file for the same packets, written by the same run. */
  readonly beside?: string;
  /** How often the file is played; 0: until stopped. */
  readonly loops?: number;
  /** Stops after so much media. */
  readonly seconds?: number;
  /** The first timestamp in ms. */
  readonly startMs?: number;
  /** Another build than the one on the PATH. */
  readonly ffmpeg?: string;
};

/**
 * Publishes a file with Debian's ffmpeg in real time, without touching its packets. With `beside`
 * the tee muxer sends each packet to both.
 */
export function publishWithFfmpeg(options: PublishOptions): Publisher {
  const { input, url, beside, loops = 1, seconds, startMs, ffmpeg = "ffmpeg" } = options;
  const args = ["-hide_banner", "-nostdin", "-nostats", "-re"];
  if (loops !== 1) args.push("-stream_loop", String(loops - 1));
  args.push("-i", input, "-map", "0", "-c", "copy");
  if (seconds !== undefined) args.push("-t", String(seconds));
  if (startMs !== undefined) args.push("-output_ts_offset", `${startMs}ms`);
  args.push(...output(url, beside));
  return publisher(startChild(ffmpeg, args), beside);
}

/**
 * Encodes and publishes in one run, as an encoder does.
 *
 * @param source arguments up to the codecs: `["-re", "-f", "lavfi", "-i", "testsrc2", "-c:v", …]`
 */
export function encodeWithFfmpeg({
  source,
  url,
  beside,
}: {
  source: readonly string[];
  url: string;
  beside?: string;
}): Publisher {
  const args = ["-hide_banner", "-nostdin", "-nostats", ...source, "-flags", "+global_header"];
  return publisher(startChild("ffmpeg", [...args, ...output(url, beside)]), beside);
}

function output(url: string, beside: string | undefined): string[] {
  if (beside === undefined) return ["-flvflags", "no_duration_filesize", "-f", "flv", url];
  return [
    "-f",
    "tee",
    `[f=flv:flvflags=no_duration_filesize]${url}|[f=flv:flvflags=no_duration_filesize]${beside}`,
  ];
}

function publisher(child: Child, beside: string | undefined): Publisher {
  return {
    child,
    beside,
    stop: () => child.stop("SIGINT"), // as `q`: it writes the trailer and says goodbye
    kill: async () => {
      await child.stop("SIGKILL");
    },
  };
}
