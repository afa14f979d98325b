import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import { type ExpectedStream, expectedPackets, type Probe, streamsOf } from "./ffprobe.ts";

/** Real clients that play over RTMP. */
export type RtmpPlayerName =
  | "ffmpeg 5.1"
  | "FFmpeg 8"
  | "rtmpdump"
  | "rtmpsrc"
  | "rtmp2src"
  | "VLC"
  /** What its access module gives, unopened. */
  | "VLC, as it came";

/** A client at work: it writes down what it gets. */
export type RtmpPlayer = {
  readonly child: Child;
  /** Resolves when the client ended by itself, with its exit code. */
  readonly ended: Promise<number | null>;
  /** What it got; after its end. */
  packets(): readonly ExpectedStream[];
  /** Ends it as a user does, and removes what it wrote. */
  close(): Promise<void>;
};

/**
 * Starts a client that plays `url` (`rtmp://…`, or another kind that it knows).
 *
 * @param codecs what connect's fourCcList names: FFmpeg 8 only
 */
export function playWith(
  client: RtmpPlayerName,
  url: string,
  { codecs }: { codecs?: readonly string[] } = {},
): RtmpPlayer {
  const folder = mkdtempSync(join(tmpdir(), "sluice-player-"));
  const file = join(folder, "played.flv");
  const child = start(client, url, { folder, file, codecs });
  return {
    child,
    ended: child.exited.then(({ code }) => code),
    packets: () =>
      client === "FFmpeg 8"
        ? streamsOf(JSON.parse(child.stdout()) as Probe)
        : expectedPackets(file),
    close: async () => {
      await child.stop("SIGTERM", 2000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(
  client: RtmpPlayerName,
  url: string,
  { folder, file, codecs }: { folder: string; file: string; codecs: readonly string[] | undefined },
): Child {
  switch (client) {
    case "ffmpeg 5.1": {
      // All it finds, with the times it is given.
      const input = ["-hide_banner", "-nostdin", "-nostats", "-i", url, "-map", "0", "-copyts"];
      return startChild("ffmpeg", [...input, "-c", "copy", "-f", "flv", file]);
    }
    case "FFmpeg 8": {
      const script = join(import.meta.dirname, "../clients/probe.mjs");
      const named = codecs === undefined ? [] : [codecs.join(",")];
      return startChild(process.execPath, [script, url, ...named]);
    }
    case "rtmpdump":
      return startChild("rtmpdump", ["-q", "-r", url, "--live", "-o", file]);
    case "rtmpsrc":
    case "rtmp2src": {
      const location = client === "rtmpsrc" ? `${url} live=1` : url;
      // Test certificates are self-signed.
      const unchecked = url.startsWith("rtmps:") && client === "rtmp2src";
      const options = unchecked ? ["tls-validation-flags=0"] : [];
      const sink = ["filesink", `location=${file}`, "buffer-mode=unbuffered"];
      return startChild("gst-launch-1.0", [
        "-q",
        client,
        ...options,
        `location=${location}`,
        "!",
        ...sink,
      ]);
    }
    case "VLC":
    case "VLC, as it came": {
      // It does not run as root.
      chmodSync(folder, 0o777);
      const isRoot = process.getuid?.() === 0;
      const nobody = 65_534;
      const out =
        client === "VLC"
          ? ["--sout", `#std{access=file,mux=ffmpeg{mux=flv},dst=${file}}`]
          : ["--demux", "dump", "--demuxdump-file", file];
      return startChild("cvlc", ["-I", "dummy", ...out, url, "vlc://quit"], {
        env: { ...process.env, HOME: folder },
        ...(isRoot ? { uid: nobody, gid: nobody } : {}),
      });
    }
  }
}
