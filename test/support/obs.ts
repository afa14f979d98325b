import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { type Child, startChild } from "./child.ts";
import { readRtmpUrl } from "./rtmp-transport.ts";

const WIDTH = 640;
const HEIGHT = 360;

/**
 * OBS Studio on a virtual screen, with a profile and a scene of its own: a clip in a loop, 30
 * pictures a second, x264 and AAC. It records with the stream's own encoders, so the recording holds
 * what was streamed, and a little before and after it.
 */
export class Obs {
  readonly #home: string;
  readonly #screen: Child;
  readonly #obs: Child;
  readonly #socket: WebSocket;
  #requests = 0;

  private constructor(home: string, screen: Child, obs: Child, socket: WebSocket) {
    this.#home = home;
    this.#screen = screen;
    this.#obs = obs;
    this.#socket = socket;
  }

  /**
   * @param options.url `rtmp://HOST:PORT/APP/NAME`, or `rtmps`
   * @param options.trusted a certificate in a file: the only one it trusts. As root only: it sees
   *   another `/etc/ssl/certs` then, which nobody else does.
   */
  static async start({
    clip,
    url,
    trusted,
  }: {
    clip: string;
    url: string;
    trusted?: string | undefined;
  }): Promise<Obs> {
    const home = mkdtempSync(join(tmpdir(), "sluice-obs-"));
    const port = await freePort();
    writeConfiguration(home, { clip, url, port });
    // -displayfd lets the X server choose a number nobody else has.
    const screen = startChild("Xvfb", [
      ...["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
    ]);
    const [, display] = await screen.line(/^(\d+)\n/);
    const command = ["obs", "--multi", "--minimize-to-tray"];
    if (trusted !== undefined) {
      const certificates = join(home, "certificates");
      mkdirSync(certificates);
      copyFileSync(trusted, join(certificates, "trusted.pem"));
      const script = 'mount --bind "$0" /etc/ssl/certs && exec "$@"';
      command.unshift("unshare", "--mount", "sh", "-c", script, certificates);
    }
    const [program = "obs", ...args] = command;
    const obs = startChild(program, args, {
      env: {
        ...process.env,
        HOME: home,
        XDG_CONFIG_HOME: join(home, ".config"),
        XDG_RUNTIME_DIR: join(home, "run"),
        DISPLAY: `:${display}`,
        QT_QPA_PLATFORM: "xcb",
        LIBGL_ALWAYS_SOFTWARE: "1",
      },
    });
    await obs.line(/Server started successfully on port/, 60_000);
    const socket = await identify(port);
    return new Obs(home, screen, obs, socket);
  }

  /** Streams for so long, recording all the while; the recording is moved to `beside`. */
  async publish(seconds: number, beside: string): Promise<void> {
    await this.#request("StartRecord");
    await this.#obs.line(/Recording Start/);
    const streaming = this.#count(/Streaming Start/g);
    await this.#request("StartStream");
    await this.#until("the stream's start", () => this.#count(/Streaming Start/g) > streaming);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const stopped = this.#count(/Streaming Stop/g);
    await this.#request("StopStream");
    await this.#until("the stream's stop", () => this.#count(/Streaming Stop/g) > stopped);
    const recorded = this.#count(/Recording Stop/g);
    await this.#request("StopRecord");
    await this.#until("the recording's stop", () => this.#count(/Recording Stop/g) > recorded);
    const folder = join(this.#home, "recordings");
    const [recording = ""] = readdirSync(folder);
    renameSync(join(folder, recording), beside);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#obs.stop("SIGINT", 5000);
    await this.#screen.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #count(pattern: RegExp): number {
    return `${this.#obs.stdout()}${this.#obs.stderr()}`.match(pattern)?.length ?? 0;
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    for (let waited = 0; !holds(); waited += 50) {
      if (waited > 20_000) {
        throw new Error(`Waited for ${what} of OBS\n${this.#obs.stdout().slice(-3000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** obs-websocket 5: a request, and its answer. */
  #request(requestType: string): Promise<void> {
    this.#requests += 1;
    const requestId = String(this.#requests);
    return new Promise((resolve, reject) => {
      const listen = (data: Buffer) => {
        const { op, d } = JSON.parse(data.toString()) as {
          op: number;
          d: { requestId?: string; requestStatus?: { result: boolean; comment?: string } };
        };
        if (op !== 7 || d.requestId !== requestId) return;
        this.#socket.off("message", listen);
        if (d.requestStatus?.result === true) resolve();
        else reject(new Error(`OBS refuses ${requestType}: ${d.requestStatus?.comment}`));
      };
      this.#socket.on("message", listen);
      this.#socket.send(JSON.stringify({ op: 6, d: { requestType, requestId } }));
    });
  }
}

function identify(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, "obswebsocket.json");
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data: Buffer) => {
      const { op } = JSON.parse(data.toString()) as { op: number };
      if (op === 0) socket.send(JSON.stringify({ op: 1, d: { rpcVersion: 1 } }));
      if (op === 2) resolve(socket);
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function writeConfiguration(
  home: string,
  { clip, url, port }: { clip: string; url: string; port: number },
): void {
  const base = join(home, ".config/obs-studio");
  const profile = join(base, "basic/profiles/matrix");
  for (const folder of [profile, join(base, "basic/scenes"), join(home, "recordings")]) {
    mkdirSync(folder, { recursive: true });
  }
  mkdirSync(join(home, "run"), { mode: 0o700 });
  writeFileSync(
    join(base, "global.ini"),
    ini({
      General: { FirstRun: true, EnableAutoUpdates: false, ConfirmOnExit: false },
      BasicWindow: { SysTrayEnabled: false, WarnBeforeStoppingStream: false },
      Basic: {
        Profile: "matrix",
        ProfileDir: "matrix",
        SceneCollection: "matrix",
        SceneCollectionFile: "matrix",
      },
      OBSWebSocket: {
        FirstLoad: false,
        ServerEnabled: true,
        ServerPort: port,
        AuthRequired: false,
      },
    }),
  );
  writeFileSync(
    join(profile, "basic.ini"),
    ini({
      General: { Name: "matrix" },
      Video: {
        ...{ BaseCX: WIDTH, BaseCY: HEIGHT, OutputCX: WIDTH, OutputCY: HEIGHT },
        ...{ FPSType: 0, FPSCommon: 30 },
      },
      Audio: { SampleRate: 48_000, ChannelSetup: "Stereo" },
      Output: { Mode: "Simple", DelayEnable: false },
      SimpleOutput: {
        FilePath: join(home, "recordings"),
        RecFormat: "flv",
        RecQuality: "Stream",
        ...{ VBitrate: 1500, ABitrate: 128, StreamEncoder: "x264", Preset: "veryfast" },
        ...{ UseAdvanced: true, x264Settings: "keyint=60 bframes=2" },
      },
    }),
  );
  const { tcUrl: server, streamName: key } = readRtmpUrl(url);
  writeFileSync(
    join(profile, "service.json"),
    JSON.stringify({ type: "rtmp_custom", settings: { server, key, use_auth: false } }),
  );
  const item = {
    ...{ id: 1, name: "Clip", visible: true, align: 5, bounds_type: 0, rot: 0 },
    ...{ pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 } },
  };
  writeFileSync(
    join(base, "basic/scenes/matrix.json"),
    JSON.stringify({
      name: "matrix",
      current_scene: "Scene",
      current_program_scene: "Scene",
      scene_order: [{ name: "Scene" }],
      sources: [
        { id: "scene", name: "Scene", settings: { id_counter: 1, items: [item] } },
        {
          id: "ffmpeg_source",
          name: "Clip",
          mixers: 255,
          volume: 1,
          settings: { local_file: clip, is_local_file: true, looping: true },
        },
      ],
    }),
  );
}

function ini(sections: {
  [section: string]: { [key: string]: string | number | boolean };
}): string {
  return Object.entries(sections)
    .map(([section, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key}=${value}`);
      return `[${section}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}
