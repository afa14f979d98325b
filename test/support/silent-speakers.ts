import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BeepListener } from "./beep-listener.ts";
import { startChild } from "./child.ts";

/** Hz of what is listened to. */
const RATE = 48_000;

/** What the listener is given is of this long ago (ms). */
const LATENCY = 20;

/** Speakers that make no sound but take it at its pace: without any, Firefox's `AudioContext` never begins. */
export type SilentSpeakers = {
  /** What a program that shall use them finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Notes beeps that come out from now on. @param tone Hz @param onBeep takes ms since 1970 */
  hear(tone: number, onBeep: (at: number) => void): void;
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
  const format = [`--rate=${RATE}`, "--channels=1", "--format=s16le", "--raw"];
  const listener = spawn(
    "parec",
    [`--latency-msec=${LATENCY}`, "--device=nowhere.monitor", ...format],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const endListener = () => listener.kill("SIGKILL");
  process.once("exit", endListener);
  let take: (samples: Int16Array) => void = () => undefined;
  let odd = Buffer.alloc(0);
  listener.stdout.on("data", (bytes: Buffer) => {
    const all = Buffer.concat([odd, bytes]);
    const length = all.length >> 1;
    odd = all.subarray(length * 2);
    take(Int16Array.from({ length }, (_, index) => all.readInt16LE(index * 2)));
  });
  return {
    env,
    hear: (tone, onBeep) => {
      const listening = new BeepListener({ tone, rate: RATE }, (ago) =>
        onBeep(performance.timeOrigin + performance.now() - LATENCY - ago),
      );
      take = (samples) => listening.push(samples);
    },
    stop: async () => {
      process.off("exit", endListener);
      const ended = new Promise((resolve) => listener.once("close", resolve));
      endListener();
      await ended;
      await child.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
