import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runReplay, startCapture } from "../support/capture.ts";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// A broadcast is captured on its way to one server and played to another.

let folder: string;
let first: RunningSluice;
let second: RunningSluice;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-capture-"));
  [first, second] = await Promise.all([
    startSluice(["--local-publish", "off"]),
    startSluice(["--local-publish", "off"]),
  ]);
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = ({ rtmpPort }: RunningSluice): string => `rtmp://127.0.0.1:${rtmpPort}`;

type Received = {
  readonly [mediaType in "video" | "audio"]: readonly (readonly [string, number])[];
};

/** Everything a viewer gets of a broadcast that happens meanwhile: hash and size of each frame. */
async function received(
  server: RunningSluice,
  streamPath: string,
  broadcast: () => Promise<void>,
): Promise<Received> {
  const viewer = new WsViewer(server.wsUrl(streamPath));
  try {
    await viewer.until("hello", ({ state }) => state === "waiting");
    await broadcast();
    await viewer.until("the end", ({ frames, state }) => frames.length > 0 && state === "ended");
    const of = (mediaType: "video" | "audio") =>
      viewer.coded(mediaType).map(({ hash, size }) => [hash, size] as const);
    return { video: of("video"), audio: of("audio") };
  } finally {
    await viewer.close();
  }
}

/** Publishes three seconds through a capture; what a viewer of the first server got. */
async function captured(name: string, file: string, flags: readonly string[]): Promise<Received> {
  const input = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
  const capture = await startCapture(urlOf(first), file, flags);
  const frames = await received(first, `live/${name}`, async () => {
    const url = `rtmp://127.0.0.1:${capture.port}/live/${name}?key=${first.publishKey}`;
    const { child } = publishWithFfmpeg({ input, url, seconds: 3 });
    expect((await child.exited).code).toBe(0);
  });
  await capture.stop();
  return frames;
}

const sizes = (frames: Received) => ({
  video: frames.video.map(([, size]) => size),
  audio: frames.audio.map(([, size]) => size),
});

describe.concurrent("sluice capture and replay", { timeout: 60_000 }, () => {
  test("the same frames reach a viewer of another server, under another name and key", async () => {
    const file = join(folder, "whole.rtmpcap");
    const before = await captured("whole", file, []);
    expect(before.video.length).toBeGreaterThan(60);

    const content = readFileSync(file).toString("latin1");
    expect(content).not.toContain(first.publishKey.slice(0, 4));
    expect(content).not.toContain("whole");

    const to = `${urlOf(second)}/live/again`;
    const after = await received(second, "live/again", async () => {
      const began = performance.now();
      const { code, output } = await runReplay(file, to, ["--key", second.publishKey]);
      expect(output).toContain("live/again is now published");
      expect(code).toBe(0);
      expect(performance.now() - began).toBeGreaterThan(2500); // at its own pace
    });
    expect(after).toEqual(before);
  });

  test("--blank keeps count and sizes; the name is kept where it is wanted; it goes as fast as it can", async () => {
    const file = join(folder, "blank.rtmpcap");
    const before = await captured("blank", file, ["--blank", "--keep-names"]);
    const after = await received(second, "live/blank", async () => {
      const flags = ["--key", second.publishKey, "--speed", "max"];
      const { code, output } = await runReplay(file, urlOf(second), flags);
      expect(code, output).toBe(0);
    });
    expect(sizes(after)).toEqual(sizes(before));
    const hashes = new Set(before.video.map(([hash]) => hash));
    expect(after.video.filter(([hash]) => hashes.has(hash))).toEqual([]);
  });

  test("the server keeps what came encrypted in the clear, and without its key", async () => {
    const captures = join(folder, "captures");
    const keeping = await startSluice(["--capture-dir", captures]);
    let before: Received;
    try {
      before = await received(keeping, "live/kept", async () => {
        const input = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
        const url = `rtmpe://127.0.0.1:${keeping.rtmpPort}/live/kept?key=${keeping.publishKey}`;
        const { child } = publishWithFfmpeg8({ input, url, seconds: 3 });
        expect((await child.exited).code).toBe(0);
      });
    } finally {
      await keeping.stop();
    }
    const [file = ""] = readdirSync(captures);
    const path = join(captures, file);
    const kept = readFileSync(path).toString("latin1");
    expect(kept).toContain("kept?key=xxxx");
    expect(kept).not.toContain(keeping.publishKey.slice(0, 4));
    const after = await received(second, "live/kept", async () => {
      const flags = ["--key", second.publishKey, "--speed", "max"];
      const { code, output } = await runReplay(path, urlOf(second), flags);
      expect(code, output).toBe(0);
    });
    expect(after).toEqual(before);
  });

  test("a refusal is told, and is the exit code; so is a file that is no capture", async () => {
    const file = join(folder, "refused.rtmpcap");
    await captured("refused", file, []);
    const refused = await runReplay(file, urlOf(second), ["--speed", "max"]);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("refused: NetStream.Publish.Denied");

    const clip = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
    const wrong = await runReplay(clip, urlOf(second));
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain("it is no capture");
  });

  test("clients that leave at once leave no open file behind", async () => {
    const files = mkdtempSync(join(folder, "left-"));
    const capture = await startCapture(urlOf(first), join(files, "left.rtmpcap"));
    const clients = Array.from({ length: 10 }, () => {
      const socket = connect(capture.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write("\x03", () => socket.resetAndDestroy());
      return once(socket, "close");
    });
    await Promise.all(clients);
    await capture.child.line(/(?:left\S* is complete[\s\S]*){10}/);
    await capture.stop();
    const ends = readdirSync(files).map((name) => readFileSync(join(files, name), "latin1"));
    expect(ends.filter((text) => text.endsWith('"lost":{}}')).length).toBe(10);
  });

  test("what a stranger's capture says of itself does not drive the terminal", async () => {
    const file = join(folder, "stranger.rtmpcap");
    const information = Buffer.from(' { "sluice": "\x1b]0;mine\x07" }');
    const head = Buffer.from([0, 0, 0, information.length, 0, 0, 0, 0]);
    writeFileSync(file, Buffer.concat([Buffer.from("SLUICAP\x01"), head, information]));
    const { output } = await runReplay(file, urlOf(second));
    expect(output).toContain("\\u001b]0;mine\\u0007");
    expect(output).not.toContain("\x1b");
  });
});
