import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { HlsViewer } from "../support/hls-viewer.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

const MAIN = join(import.meta.dirname, "../../dist/server/main.js");
const FREE_PORTS = ["--rtmp-port", "0", "--http-port", "0"];

let folder: string;
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-command-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command as a user starts it, with a data directory of the test's. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const dataDir = ["--data-dir", join(folder, "data")];
  return startChild(process.execPath, [MAIN, ...dataDir, ...args], {
    env: { ...process.env, ...env },
    cwd: folder,
  });
}

describe.concurrent("what cannot be done stops the start with one line, and exit code 2", () => {
  test.each<[string, () => readonly string[], RegExp, NodeJS.ProcessEnv?]>([
    ["an unknown flag", () => ["--rtmp-prot", "1935"], /--rtmp-prot/],
    ["a flag that does nothing yet", () => ["--admin-token", "x"], /--admin-token/],
    ["TLS without a certificate", () => ["--rtmps-port", "0"], /--rtmps-port.*--tls-cert/],
    [
      "a certificate that is not there",
      () => [...FREE_PORTS, "--tls-cert", join(folder, "none.pem"), "--tls-key", MAIN],
      /--tls-cert.*none\.pem.*ENOENT/,
    ],
    ["an unknown command", () => ["publish"], /publish.*serve/],
    ["a port that is none", () => ["--rtmp-port", "70000"], /--rtmp-port.*70000.*65535/],
    ["a port without a number", () => ["--http-port"], /--http-port/],
    ["one port for both", () => ["--rtmp-port", "9000", "--http-port", "9000"], /9000/],
    ["neither on nor off", () => ["--local-publish", "maybe"], /--local-publish.*maybe.*on or off/],
    ["an unknown variable", () => FREE_PORTS, /SLUICE_RTMP_PROT/, { SLUICE_RTMP_PROT: "1935" }],
    [
      "a wrong variable",
      () => ["--http-port", "0"],
      /SLUICE_RTMP_PORT.*x/,
      { SLUICE_RTMP_PORT: "x" },
    ],
    ["no such settings file", () => ["--config", join(folder, "missing.yaml")], /missing\.yaml/],
    ["a folder for a settings file", () => ["--config", folder], /EISDIR/],
    [
      "a settings file that is no YAML",
      () => ["--config", file("broken.yaml", "rtmp-port: [1935\n")],
      /broken\.yaml, line \d/,
    ],
    [
      "an unknown setting in the file",
      () => ["--config", file("unknown.yaml", "rtmp-prot: 1935\n")],
      /rtmp-prot.*unknown\.yaml/,
    ],
    [
      "a wrong setting in the file",
      () => ["--config", file("wrong.yaml", "http-port: many\n")],
      /http-port.*wrong\.yaml.*many/,
    ],
    [
      "a data directory below a file",
      () => [...FREE_PORTS, "--data-dir", join(file("no-folder", ""), "data")],
      /--data-dir.*no-folder/,
    ],
    [
      "a publish key that is none",
      () => {
        const dataDir = join(folder, "bad-key");
        mkdirSync(dataDir);
        writeFileSync(join(dataDir, "publish.key"), "short\n");
        return [...FREE_PORTS, "--data-dir", dataDir];
      },
      /publish\.key/,
    ],
    [
      "an address of somebody else",
      () => [...FREE_PORTS, "--host", "203.0.113.7"],
      /--host.*203\.0\.113\.7/,
    ],
  ])("%s", async (_, args, told, env) => {
    const child = start(args(), env);
    expect(await child.exited).toEqual({ code: 2, signal: null });
    expect(child.stdout()).toBe("");
    expect(child.stderr()).toMatch(/^sluice: [^\n]+\n$/);
    expect(child.stderr()).toMatch(told);
  });

  test.each([
    ["--rtmp-port", "--http-port"],
    ["--http-port", "--rtmp-port"],
  ])("%s is taken", async (taken, free) => {
    const other = createServer().listen(0);
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const child = start([taken, port, free, "0"]);
    expect(await child.exited).toEqual({ code: 2, signal: null });
    expect(child.stdout()).toBe("");
    expect(child.stderr()).toMatch(/^sluice: [^\n]+\n$/);
    expect(child.stderr()).toContain(`${taken} ${port}`);
    other.close();
  });
});

test("flags beat the environment, which beats the file", async () => {
  const unused = async (): Promise<number> => {
    const probe = createServer().listen(0);
    await once(probe, "listening");
    const address = probe.address();
    probe.close();
    await once(probe, "close");
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  };
  const [byEnvironment, byFlag] = [await unused(), await unused()];
  const settings = `rtmp-port: 1\nhttp-port: 1\nlog-format: json\n`;
  const child = start(["--http-port", String(byFlag)], {
    SLUICE_CONFIG: file("settings.yaml", settings),
    SLUICE_RTMP_PORT: String(byEnvironment),
    SLUICE_HTTP_PORT: "1",
  });
  await child.line(/^sluice ready/m);
  expect(child.stdout()).toBe(`sluice ready rtmp=${byEnvironment} http=${byFlag}\n`);
  expect(await child.stop()).toBe(0);
});

test("--help and --version print to stdout, and that is all", async () => {
  const [help, version] = [start(["--help"]), start(["--version"])];
  expect(await help.exited).toEqual({ code: 0, signal: null });
  expect(help.stdout()).toContain("--rtmp-port");
  expect(help.stderr()).toBe("");
  expect(await version.exited).toEqual({ code: 0, signal: null });
  expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("a start makes a key for its owner alone, names its file, and answers when ready", async () => {
  const server = await startSluice();
  expect(server.child.stdout()).toMatch(/^sluice ready rtmp=\d+ http=\d+\n$/);
  const path = join(server.dataDir, "publish.key");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await server.child.line(/publish\.key/);
  expect(server.logs()).not.toContain(readFileSync(path, "utf8").trim());
  for (const address of ["/healthz", "/readyz"]) {
    expect((await fetch(server.httpUrl(address))).status).toBe(200);
  }
  await server.stop();
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s with publishers and viewers of every kind: exit code 0 within 10 s",
  async (signal) => {
    const server = await startSluice();
    const clip = await counterClip({ video: "h264", audio: "aac" });
    const viewer = new WsViewer(server.wsUrl("live/going"), { keepPayloads: false });
    const stuck = new WsViewer(server.wsUrl("live/going"), { keepPayloads: false });
    const hls = new HlsViewer(server.httpUrl("/streams/live/going/index.m3u8"));
    const ffmpeg = publishWithFfmpeg({ input: clip, url: server.rtmpUrl("live/going"), loops: 0 });
    const constructed = await TagPublisher.open(server.rtmpUrl("live/another"));
    const [half, nothing] = [
      await RawConnection.open(server.rtmpPort),
      await RawConnection.open(server.httpPort),
    ];
    half.send(Uint8Array.of(3, 0, 0, 0));
    const events = await fetch(server.httpUrl("/api/v1/events"));
    await viewer.until("pictures", ({ frames }) => frames.length > 60);
    stuck.pause();
    await hls.until("a segment", ({ renditions }) =>
      renditions.some(({ segments }) => segments.length > 0),
    );

    const began = performance.now();
    expect(await server.child.stop(signal, 10_000)).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await viewer.until("the close", ({ closed }) => closed !== undefined);
    expect(viewer.closed?.code).toBe(1001);
    expect(await ffmpeg.child.exited).not.toMatchObject({ code: 0 });
    await expect(constructed.finish()).rejects.toThrow();
    await Promise.all([half.closed, nothing.closed, stuck.close()]);
    await Promise.allSettled([hls.close(), events.body?.cancel()]);
    rmSync(server.dataDir, { recursive: true, force: true });
  },
);

test("demo publishes the bundled clip to itself, and publishes for ever", async () => {
  const child = start(["demo", ...FREE_PORTS]);
  const [, , httpPort] = await child.line(/^sluice ready rtmp=(\d+) http=(\d+)/m);
  const viewer = new WsViewer(`ws://127.0.0.1:${httpPort}/streams/live/demo/ws`);
  await viewer.until("picture and sound", ({ tracks, frames }) => {
    return tracks.length === 2 && frames.length > 60;
  });
  await viewer.close();
  expect(await child.stop()).toBe(0);
});
