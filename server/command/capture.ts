import { existsSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join, parse } from "node:path";
import { SettingsError } from "../config/settings.ts";
import type { Clock } from "../live/clock.ts";
import { packageVersion } from "../package-root.ts";
import { Recording, type Sender } from "../protocol/capture/recording.ts";
import { LIMITS } from "../protocol/limits.ts";
import { HandshakeVersion } from "../protocol/rtmp/handshake-version.ts";
import { CaptureWriter } from "../store/capture-writer.ts";
import type { CaptureOptions } from "../tool-config.ts";
import { dial } from "./dial.ts";

/** What surrounds the recording proxy. */
export type CaptureSurroundings = {
  readonly clock: Clock;
  /** Writes to stdout: the ready line and nothing else. */
  readonly print: (text: string) => void;
  /** Tells whoever started it what happens, a line each. */
  readonly tell: (line: string) => void;
  /** Resolves when the process is asked to end. */
  readonly asked: Promise<string>;
};

/**
 * Stands between clients and an RTMP server until it is asked to end; each connection of plain RTMP
 * becomes a file.
 *
 * @throws SettingsError where the port cannot be had, or the file is there already
 */
export async function capture(
  options: CaptureOptions,
  surroundings: CaptureSurroundings,
): Promise<void> {
  const { out } = options;
  if (out !== undefined && existsSync(out))
    throw new SettingsError(`--out: ${out} is there already`);
  const proxy = new CaptureProxy(options, surroundings);
  const port = await proxy.listen();
  surroundings.print(`sluice capture ready rtmp=${port}\n`);
  await surroundings.asked;
  await proxy.close();
}

class CaptureProxy {
  readonly #options: CaptureOptions;
  readonly #surroundings: CaptureSurroundings;
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  #count = 0;

  constructor(options: CaptureOptions, surroundings: CaptureSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#welcome(client);
    });
  }

  listen(): Promise<number> {
    const { port, host } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => {
        const code = "code" in error ? String(error.code) : error.message;
        reject(new SettingsError(`--listen ${port}: cannot listen (${code})`));
      });
      this.#server.listen({ port, host }, () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#connections].map((one) => one.close("the capture was stopped")));
    await closed;
  }

  #welcome(client: Socket): void {
    if (this.#connections.size >= LIMITS.captureConnections) {
      this.#surroundings.tell(`refused: ${this.#connections.size} connections already`);
      client.destroy();
      return;
    }
    this.#count += 1;
    const path = fileName(this.#options.out, this.#count, this.#surroundings.clock.now());
    const connection = new ProxiedConnection(client, path, this.#options, this.#surroundings);
    this.#connections.add(connection);
    void connection.ended.then(() => this.#connections.delete(connection));
  }
}

/** FILE, FILE-2 …; without a name, the time of the connection. */
function fileName(out: string | undefined, count: number, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const { dir, name, ext } = parse(out ?? `sluice-${stamp}.rtmpcap`);
  return count === 1 ? join(dir, name + ext) : join(dir, `${name}-${count}${ext}`);
}

/** A client, the server it wants, and what is written of both. */
class ProxiedConnection {
  /** Resolves when both sides are gone and the file is complete. */
  readonly ended: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #options: CaptureOptions;
  readonly #surroundings: CaptureSurroundings;
  readonly #openedAt: number;
  readonly #path: string;
  #recording: Recording | undefined;
  #writer: CaptureWriter | undefined;
  /** The file is being opened. */
  #opening: Promise<void> | undefined;
  #reason = "";
  #isBegun = false;
  #isFinished = false;
  #cancelLinger: (() => void) | undefined;
  #resolveEnded = (): void => {};

  constructor(
    client: Socket,
    path: string,
    options: CaptureOptions,
    surroundings: CaptureSurroundings,
  ) {
    this.#client = client;
    this.#path = path;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#openedAt = surroundings.clock.now();
    this.#server = dial(options.to);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    client.on("error", (error) => this.#lose(`the client's line: ${error.message}`));
    this.#server.on("error", (error) => this.#lose(`the server's line: ${error.message}`));
    client.on("close", () => this.#onClose());
    this.#server.on("close", () => this.#onClose());
    client.once("data", (bytes) => void this.#begin(bytes));
    client.once("end", () => this.#onEnd("client"));
  }

  /** Ends both lines. */
  close(reason: string): Promise<void> {
    this.#lose(reason);
    return this.ended;
  }

  async #begin(bytes: Buffer): Promise<void> {
    this.#client.pause();
    if (bytes[0] === HandshakeVersion.Plain) {
      this.#opening = this.#open();
      await this.#opening;
    } else {
      const what = "this is no plain RTMP: it goes through, and cannot be recorded";
      this.#surroundings.tell(what);
    }
    this.#forward("client", bytes);
    this.#isBegun = true;
    this.#client.on("data", (more) => this.#forward("client", more));
    this.#server.on("data", (more) => this.#forward("server", more));
    this.#server.once("end", () => this.#onEnd("server"));
    this.#client.resume();
  }

  async #open(): Promise<void> {
    const { blank, keepNames } = this.#options;
    try {
      this.#writer = await CaptureWriter.create(this.#path);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      this.#surroundings.tell(`cannot write ${this.#path} (${code}): not recorded`);
      return;
    }
    this.#recording = new Recording({
      sluice: packageVersion(),
      openedAt: new Date(this.#openedAt).toISOString(),
      transport: "rtmp",
      names: keepNames ? "kept" : "removed",
      blanked: blank,
    });
    this.#writer.write(this.#recording.start());
    this.#surroundings.tell(`recording to ${this.#path}`);
  }

  #forward(sender: Sender, bytes: Buffer): void {
    const [from, to] =
      sender === "client" ? [this.#client, this.#server] : [this.#server, this.#client];
    if (this.#recording !== undefined) {
      this.#writer?.write(this.#recording.take(sender, bytes, this.#elapsed()));
    }
    if (!to.writableEnded && !to.destroyed && !to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
    const writer = this.#writer;
    if (writer !== undefined && writer.unwritten > LIMITS.captureUnwritten) {
      from.pause();
      writer.onDrain(() => from.resume());
    }
  }

  #onEnd(sender: Sender): void {
    this.#reason ||= `the ${sender} closed the connection`;
    if (!this.#isBegun) this.#lose(this.#reason);
    else (sender === "client" ? this.#server : this.#client).end();
    this.#linger();
  }

  /** One side is gone: the other shall not stay for ever. */
  #linger(): void {
    this.#cancelLinger ??= this.#surroundings.clock.after(LIMITS.captureLinger, () => {
      this.#lose(this.#reason);
    });
  }

  #lose(reason: string): void {
    this.#reason ||= reason;
    this.#client.destroy();
    this.#server.destroy();
  }

  #onClose(): void {
    if (!this.#client.destroyed) this.#client.end();
    if (!this.#server.destroyed) this.#server.end();
    if (!this.#client.destroyed || !this.#server.destroyed) this.#linger();
    else if (!this.#isFinished) void this.#finish();
  }

  async #finish(): Promise<void> {
    this.#isFinished = true;
    this.#cancelLinger?.();
    await this.#opening; // both may have gone by then
    const writer = this.#writer;
    const reason = this.#reason || "the connection was lost";
    this.#writer = undefined;
    if (writer !== undefined && this.#recording !== undefined) {
      writer.write(this.#recording.end(reason, this.#elapsed()));
      await writer.end();
      const failure = writer.failure === undefined ? "" : ` (${writer.failure.message})`;
      this.#surroundings.tell(`${writer.path} is complete: ${reason}${failure}`);
    } else {
      this.#surroundings.tell(`connection over: ${reason}`);
    }
    this.#resolveEnded();
  }

  #elapsed(): number {
    return this.#surroundings.clock.now() - this.#openedAt;
  }
}
