import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { drawCounter, stripHeight } from "./counter.ts";

/** What a test clip shall be. Every field but the two codecs has a default. */
export type ClipOptions = {
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly seconds?: number;
  readonly video: "h264" | "hevc" | "av1" | "vp9" | "none";
  readonly audio: "aac" | "mp3" | "opus" | "flac" | "ac3" | "eac3" | "none";
  /** Pictures from one sync sample to the next. */
  readonly gop?: number;
  /** H.264 and HEVC: pictures that are coded after one that is shown later. */
  readonly bFrames?: number;
  /** H.264 and HEVC: pictures may refer across the sync sample. */
  readonly openGop?: boolean;
  /** Kilobits a second of video. */
  readonly bitrate?: number;
  /** The number drawn on the first picture. */
  readonly firstCounter?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** HEVC and AV1: 10 bits, BT.2020 and PQ. */
  readonly hdr?: true;
  /** It goes round without a seam, at 48 kHz and a multiple of `ROUND` seconds: sound and picture last equally long. */
  readonly isRound?: true;
};

/** So many seconds are a whole number of frames of every codec's sound: of 21 1/3, 24, 32 and 96 ms. */
export const ROUND = 24;

/** Samples of a frame. */
const SAMPLES = {
  aac: 1_024,
  mp3: 1_152,
  opus: 960,
  flac: 4_608,
  ac3: 1_536,
  eac3: 1_536,
} as const;

const CACHE = join(import.meta.dirname, "../.cache/clips");
/** Part of each clip's name: a change of the drawing makes new ones. */
const DRAWING = 1;

const DEFAULTS = {
  width: 640,
  height: 360,
  frameRate: 30,
  seconds: 4,
  gop: 30,
  bFrames: 0,
  openGop: false,
  bitrate: 800,
  firstCounter: 0,
  sampleRate: 48_000,
  channels: 2,
} as const;

type Clip = Required<Omit<ClipOptions, "hdr" | "isRound">> & Pick<ClipOptions, "hdr" | "isRound">;

/**
 * Makes a clip that a machine can read: a counter in black and white blocks (`counter.ts`) above a
 * moving picture, and a tone that beeps each second. Made once, then kept in `test/.cache`.
 *
 * @returns its path: FLV where classic FLV holds both codecs, else MP4
 */
export function counterClip(options: ClipOptions): Promise<string> {
  const clip: Clip = { ...DEFAULTS, ...options };
  const key = JSON.stringify([DRAWING, Object.entries(clip).sort()]);
  const made = making.get(key) ?? makeClip(clip, key);
  making.set(key, made);
  return made;
}

/** Tests that run side by side ask for the same clip. */
const making = new Map<string, Promise<string>>();

async function makeClip(clip: Clip, key: string): Promise<string> {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 16);
  const name = `${clip.video}-${clip.audio}-${hash}`;
  const extension = isClassic(clip) ? "flv" : "mp4";
  const path = join(CACHE, `${name}.${extension}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = join(CACHE, `${name}.${randomUUID()}.${extension}`);
  try {
    await encode(clip, unfinished);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}

const isClassic = (clip: Clip): boolean =>
  ["h264", "none"].includes(clip.video) && ["aac", "mp3", "none"].includes(clip.audio);

async function encode(clip: Clip, path: string): Promise<void> {
  const { width, height, frameRate, seconds } = clip;
  const strip = stripHeight(height);
  const inputs: string[] = [];
  if (clip.video !== "none") {
    inputs.push("-f", "rawvideo", "-pix_fmt", "gray", "-s", `${width}x${strip}`);
    inputs.push("-r", String(frameRate), "-i", "pipe:0");
    inputs.push("-f", "lavfi", "-i", `testsrc2=size=${width}x${height}:rate=${frameRate}`);
  }
  if (clip.audio !== "none") {
    const tone = `sine=frequency=330:beep_factor=4:sample_rate=${clip.sampleRate}`;
    inputs.push("-f", "lavfi", "-i", tone);
  }
  const pixels = clip.hdr === true ? "yuv420p10le" : "yuv420p";
  const graph =
    clip.video === "none"
      ? ["-map", "0:a"]
      : ["-filter_complex", `[1:v][0:v]overlay=shortest=1,format=${pixels}[v]`, "-map", "[v]"];
  if (clip.video !== "none" && clip.audio !== "none") graph.push("-map", "2:a");
  const args = ["-v", "error", "-y", ...inputs, ...graph, ...videoArguments(clip)];
  args.push(...audioArguments(clip), "-t", String(seconds), ...roundArguments(clip), path);

  const ffmpeg = spawn("ffmpeg", args, { stdio: ["pipe", "ignore", "pipe"] });
  let complaint = "";
  ffmpeg.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  // ffmpeg may end first: then its exit code tells, not the pipe.
  ffmpeg.stdin.on("error", () => {});
  const exit = once(ffmpeg, "exit");
  if (clip.video !== "none") {
    for (let index = 0; index < Math.ceil(frameRate * seconds); index += 1) {
      const pixels = drawCounter(clip.firstCounter + index, width, height);
      if (ffmpeg.stdin.write(pixels)) continue;
      await Promise.race([once(ffmpeg.stdin, "drain").catch(() => exit), exit]);
      if (ffmpeg.exitCode !== null) break;
    }
  }
  ffmpeg.stdin.end();
  const [code] = (await exit) as [number | null];
  if (code !== 0) throw new Error(`Cannot make ${path}: ffmpeg exited with ${code}\n${complaint}`);
}

function videoArguments(clip: Clip): string[] {
  const { gop, bFrames, openGop, bitrate } = clip;
  const rate = ["-b:v", `${bitrate}k`, "-maxrate", `${bitrate}k`, "-bufsize", `${bitrate}k`];
  const group = ["-g", String(gop), "-keyint_min", String(gop)];
  switch (clip.video) {
    case "none":
      return [];
    case "h264": {
      const profile = bFrames === 0 ? "baseline" : "high";
      const x264 = `scenecut=0:open-gop=${openGop ? 1 : 0}:b-adapt=0`;
      const codec = ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", profile];
      return [...codec, "-bf", String(bFrames), "-x264-params", x264, ...group, ...rate];
    }
    case "hevc": {
      const x265 = [
        "log-level=error:scenecut=0:b-adapt=0",
        `keyint=${gop}:min-keyint=${gop}:bframes=${bFrames}:open-gop=${openGop ? 1 : 0}`,
      ].join(":");
      const codec = ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", ...PQ(clip)];
      return [...codec, "-x265-params", x265, ...rate];
    }
    case "av1": {
      const codec = ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8"];
      return [...codec, "-row-mt", "1", ...PQ(clip), ...group, "-b:v", `${bitrate}k`];
    }
    case "vp9": {
      const codec = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];
      return [...codec, ...group, "-b:v", `${bitrate}k`];
    }
  }
}

const PQ = ({ hdr }: Clip): string[] =>
  hdr === true
    ? ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]
    : [];

/** Encoders begin with sound before the first, and end with what is left. */
function roundArguments({ isRound, audio, seconds, sampleRate }: Clip): string[] {
  if (isRound !== true || audio === "none") return [];
  const frames = (seconds * sampleRate) / SAMPLES[audio];
  return ["-frames:a", String(frames), "-bsf:a", "setts=pts=PTS-STARTPTS:dts=DTS-STARTDTS"];
}

function audioArguments(clip: Clip): string[] {
  const encoders = {
    aac: ["-c:a", "aac", "-b:a", "96k"],
    mp3: ["-c:a", "libmp3lame", "-b:a", "96k"],
    opus: ["-c:a", "libopus", "-b:a", "64k"],
    flac: ["-c:a", "flac", "-strict", "-2"],
    ac3: ["-c:a", "ac3", "-b:a", "192k"],
    eac3: ["-c:a", "eac3", "-b:a", "192k"],
  };
  return clip.audio === "none" ? [] : [...encoders[clip.audio], "-ac", String(clip.channels)];
}
