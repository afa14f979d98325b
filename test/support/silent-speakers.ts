import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";

/** Speakers that make no sound but take it at its pace: without any, Firefox's `AudioContext` never begins. */
export type SilentSpeakers = {
  /** What a program that shall use them finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

/** Starts a PulseAudio of its own with a sink that leads nowhere. */
export async function startSilentSpeakers(): Promise<SilentSpeakers> {
  const home = mkdtempSync(join(tmpdir(), "sluice-speakers-"));
  const socket = join(home, "socket");
  const child = startChild(
    "pulseaudio",
    [
      ...["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-level=info"],
      "--load=module-null-sink sink_name=nowhere",
      `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ],
    { env: { ...process.env, HOME: home, PULSE_RUNTIME_PATH: home, XDG_CONFIG_HOME: home } },
  );
  await child.line(/Daemon startup complete/);
  const env = { PULSE_SERVER: `unix:${socket}`, HOME: home };
  // Left alone it takes sound in lumps of two seconds; somebody who listens makes it hurry like a real one.
  const listener = startChild(
    "parec",
    ["--latency-msec=20", "--device=nowhere.monitor", "/dev/null"],
    { env: { ...process.env, ...env } },
  );
  return {
    env,
    stop: async () => {
      await listener.stop("SIGKILL");
      await child.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
