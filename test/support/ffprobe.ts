import { execFileSync } from "node:child_process";
import type { CodedFrame } from "./accounting.ts";
import { startChild } from "./child.ts";
import { FFMPEG8_PROBE, probeWithFfmpeg8 } from "./node-av.ts";

/** Streams and packets as FFmpeg tells them: times in ms, packets in the order of the file. */
export type Probe = {
  readonly streams: readonly {
    readonly index: number;
    readonly type: string;
    readonly codec: string;
  }[];
  readonly packets: readonly {
    readonly stream: number;
    readonly dts: number;
    readonly pts: number;
    readonly size: number;
    readonly key: boolean;
    /** MD5 of the payload. */
    readonly hash: string;
  }[];
};

/** One elementary stream of a file, as it was published. */
export type ExpectedStream = {
  readonly mediaType: "video" | "audio";
  /** FFmpeg's name: `h264`, `ac3`. */
  readonly codec: string;
  readonly frames: readonly CodedFrame[];
};

const HALF_OF_31_BITS = 2 ** 30;

/**
 * What a viewer must receive, read by FFmpeg (never by our own code) from a file that an encoder
 * wrote beside its RTMP output. FLV timestamps that wrap at 31 or 32 bits are straightened out.
 *
 * @param by `ffprobe` is Debian's; `ffmpeg8` reads Enhanced FLV
 */
export function expectedPackets(
  path: string,
  by: "ffprobe" | "ffmpeg8" = "ffprobe",
): ExpectedStream[] {
  return streamsOf(by === "ffprobe" ? probeWithFfprobe(path) : probeWithFfmpeg8(path));
}

/**
 * What FFmpeg gets of a live output until that ends.
 *
 * @param by as above
 * @returns its pictures and sound, and the codecs of what else it finds
 */
export async function watchWith(
  by: "ffprobe" | "ffmpeg8",
  url: string,
): Promise<{ streams: ExpectedStream[]; others: string[] }> {
  const child =
    by === "ffprobe"
      ? startChild("ffprobe", [...FFPROBE, url])
      : startChild(process.execPath, [FFMPEG8_PROBE, url]);
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`${by} exited with ${code}\n${child.stderr()}`);
  const text = child.stdout();
  const probe = by === "ffprobe" ? readFfprobe(text) : (JSON.parse(text) as Probe);
  const others = probe.streams.filter(({ type }) => type !== "video" && type !== "audio");
  return { streams: streamsOf(probe), others: others.map(({ codec }) => codec) };
}

/** The elementary streams in what FFmpeg tells. */
export function streamsOf({ streams, packets }: Probe): ExpectedStream[] {
  return streams
    .filter(({ type }) => type === "video" || type === "audio")
    .map(({ index, type, codec }) => {
      let last: number | undefined;
      const frames = packets
        .filter(({ stream }) => stream === index)
        .map(({ dts, pts, size, key, hash }): CodedFrame => {
          const at = last === undefined ? dts : last + nearestStep(dts - last);
          last = at;
          return { dts: at, compositionOffset: nearestStep(pts - dts), size, isSync: key, hash };
        });
      return { mediaType: type === "video" ? "video" : "audio", codec, frames };
    });
}

const FFPROBE = [
  ...["-v", "error", "-show_streams", "-show_packets", "-show_data_hash", "MD5"],
  ...["-of", "json"],
];

function probeWithFfprobe(path: string): Probe {
  const text = execFileSync("ffprobe", [...FFPROBE, path], {
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return readFfprobe(text.toString());
}

function readFfprobe(text: string): Probe {
  const probe = JSON.parse(text) as {
    streams: { index: number; codec_type: string; codec_name: string; time_base: string }[];
    packets: {
      stream_index: number;
      dts?: number;
      pts?: number;
      size: string;
      flags: string;
      data_hash: string;
    }[];
  };
  const tick = new Map(
    probe.streams.map(({ index, time_base }) => {
      const [numerator = 1, denominator = 1000] = time_base.split("/").map(Number);
      return [index, (numerator * 1000) / denominator];
    }),
  );
  return {
    streams: probe.streams.map(({ index, codec_type, codec_name }) => ({
      index,
      type: codec_type,
      codec: codec_name,
    })),
    packets: probe.packets.map((packet) => {
      const ms = tick.get(packet.stream_index) ?? 1;
      return {
        stream: packet.stream_index,
        dts: (packet.dts ?? packet.pts ?? Number.NaN) * ms,
        pts: (packet.pts ?? packet.dts ?? Number.NaN) * ms,
        size: Number(packet.size),
        key: packet.flags.startsWith("K"),
        hash: packet.data_hash.replace(/^MD5:/, ""),
      };
    }),
  };
}

/** A step between neighbours is small: a great one is FLV's clock that wrapped, and FFmpeg's guess. */
function nearestStep(step: number): number {
  let near = step;
  while (near > HALF_OF_31_BITS) near -= 2 ** 31;
  while (near < -HALF_OF_31_BITS) near += 2 ** 31;
  return near;
}
