import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";

/** What to publish; each returns at the end of its file. */
export type FilePublication = {
  /** An FLV file with H.264 and AAC. */
  readonly input: string;
  readonly url: string;
  /** Where the same run writes the same stream. */
  readonly beside: string;
  /** How long the file lasts. */
  readonly seconds: number;
};

/** FFmpeg of 2018: a very old writer of the same flow; undefined where its package has no build. */
export function ffmpegOf2018(): string | undefined {
  const clients = createRequire(join(import.meta.dirname, "../clients/package.json"));
  try {
    return clients.resolve("@ffmpeg-installer/linux-x64/ffmpeg");
  } catch {
    return undefined;
  }
}

/** GStreamer, through one muxer to the server and to a file. */
export async function publishWithGStreamer(
  sink: "rtmp2sink" | "rtmpsink",
  { input, url, beside }: FilePublication,
): Promise<void> {
  const location = sink === "rtmp2sink" ? url : `${url} live=1`;
  // Test certificates are self-signed; librtmp does not look.
  const unchecked =
    sink === "rtmp2sink" && url.startsWith("rtmps:") ? " tls-validation-flags=0" : "";
  const pipeline = [
    `filesrc location=${input} ! flvdemux name=d`,
    "d.video ! queue ! h264parse ! flvmux name=m streamable=true ! tee name=t",
    `t. ! queue ! ${sink} sync=true${unchecked} location="${location}"`,
    `t. ! queue ! filesink location=${beside}`,
    "d.audio ! queue ! aacparse ! m.",
  ];
  await finished(startChild("gst-launch-1.0", ["-e", ...words(pipeline.join(" "))]));
}

/** curl sends the file itself, at the rate of its bytes. */
export async function publishWithCurl({ input, url, seconds }: FilePublication): Promise<void> {
  const rate = String(Math.ceil(statSync(input).size / seconds));
  await finished(startChild("curl", ["-sS", "--limit-rate", rate, "-T", input, url]));
}

/** VLC, through two muxers of the same kind; it does not run as root. */
export async function publishWithVlc({ input, url, beside }: FilePublication): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-vlc-"));
  chmodSync(folder, 0o777);
  const [source, copy] = [join(folder, "input.flv"), join(folder, "beside.flv")];
  try {
    copyFileSync(input, source);
    chmodSync(source, 0o644);
    const flv = "mux=ffmpeg{mux=flv}";
    const outputs = [
      `dst=std{access=rtmp,${flv},dst=${url}}`,
      `dst=std{access=file,${flv},dst=${copy}}`,
    ];
    const args = [
      "-I",
      "dummy",
      source,
      "--sout",
      `#duplicate{${outputs.join(",")}}`,
      "vlc://quit",
    ];
    const isRoot = process.getuid?.() === 0;
    const nobody = 65_534;
    await finished(
      startChild("cvlc", args, {
        env: { ...process.env, HOME: folder },
        ...(isRoot ? { uid: nobody, gid: nobody } : {}),
      }),
    );
    copyFileSync(copy, beside);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function finished(child: Child): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) {
    throw new Error(`The publisher exited with ${code}\n${child.stdout()}${child.stderr()}`);
  }
}

/** A command line as a shell would cut it: by spaces, but not between quotation marks. */
const words = (line: string): string[] =>
  [...line.matchAll(/"[^"]*"|\S*"[^"]*"|\S+/g)].map(([word]) => word);
