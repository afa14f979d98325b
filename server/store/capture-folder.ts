import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../live/clock.ts";
import type { Log } from "../log.ts";
import { Recording, type Sender } from "../protocol/capture/recording.ts";
import { CaptureWriter } from "./capture-writer.ts";

/** What bounds a folder of captures; sizes in bytes. */
export type CaptureFolderLimits = {
  readonly captureDirFile: number;
  readonly captureDirFiles: number;
  readonly captureUnwritten: number;
};

/** What a folder of captures is made of. */
export type CaptureFolderOptions = {
  readonly folder: string;
  /** Of the program. */
  readonly version: string;
  readonly clock: Clock;
  readonly limits: CaptureFolderLimits;
  readonly log: Log;
};

/** The folder cannot be used: one line for people. */
export class CaptureFolderError extends Error {
  override readonly name = "CaptureFolderError";
}

/** Names of our own: the time of the connection, and its number. Others are left alone. */
const OWN_NAME = /^sluice-\d{8}T\d{9}Z-\d+\.rtmpcap$/;

/** Keeps captures of the latest RTMP connections, for who looks for a fault. */
export class CaptureFolder {
  readonly #options: CaptureFolderOptions;
  /** Names of the captures that are being written. */
  readonly #open = new Set<string>();
  #count = 0;

  /** @throws CaptureFolderError where the folder cannot be made */
  constructor(options: CaptureFolderOptions) {
    this.#options = options;
    try {
      mkdirSync(options.folder, { mode: 0o700 });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      if (code === "EEXIST" && statSync(options.folder).isDirectory()) return;
      throw new CaptureFolderError(`--capture-dir: cannot make ${options.folder} (${code})`);
    }
  }

  /**
   * Begins to keep what one connection says, without its keys.
   *
   * @returns undefined where as many are being written as may be kept
   */
  begin({ transport, openedAt }: { transport: string; openedAt: number }): OneCapture | undefined {
    const { folder, version, limits, log } = this.#options;
    if (this.#open.size >= limits.captureDirFiles) return undefined;
    this.#removeOldest();
    this.#count += 1;
    const opened = new Date(openedAt).toISOString();
    const name = `sluice-${opened.replace(/[-:.]/g, "")}-${this.#count}.rtmpcap`;
    this.#open.add(name);
    const writer = CaptureWriter.begin(join(folder, name));
    const names = "kept"; // with us they are public
    const information = { sluice: version, openedAt: opened, transport, names } as const;
    const recording = new Recording(
      { ...information, blanked: false },
      { maxBytes: limits.captureDirFile },
    );
    const onEnd = (failure: Error | undefined): void => {
      this.#open.delete(name);
      if (failure === undefined) log.debug("capture written", { file: writer.path });
      else log.warn(`capture lost: ${failure.message}`, { code: "CAPTURE_WRITE" });
    };
    return new OneCapture(recording, writer, { ...this.#options, openedAt, onEnd });
  }

  /** Makes room for one more; whose connection lasts stays. */
  #removeOldest(): void {
    const { folder, limits, log } = this.#options;
    try {
      const names = readdirSync(folder).filter((name) => OWN_NAME.test(name));
      const excess = names.length + 1 - limits.captureDirFiles;
      const over = names.filter((name) => !this.#open.has(name)).sort();
      for (const name of over.slice(0, Math.max(0, excess))) rmSync(join(folder, name));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`captures cannot be removed: ${reason}`, { code: "CAPTURE_WRITE" });
    }
  }
}

type OneCaptureOptions = CaptureFolderOptions & {
  readonly openedAt: number;
  /** Called once, when the file is complete or cannot be. */
  readonly onEnd: (failure: Error | undefined) => void;
};

/** One connection that is kept. */
export class OneCapture {
  readonly #recording: Recording;
  readonly #writer: CaptureWriter;
  readonly #options: OneCaptureOptions;
  #written: Promise<void> | undefined;

  constructor(recording: Recording, writer: CaptureWriter, options: OneCaptureOptions) {
    this.#recording = recording;
    this.#writer = writer;
    this.#options = options;
    writer.write(recording.start());
  }

  client(bytes: Uint8Array): void {
    this.#take("client", bytes);
  }

  server(bytes: Uint8Array): void {
    this.#take("server", bytes);
  }

  /** @returns when the file is complete, or cannot be */
  end(reason: string): Promise<void> {
    if (this.#written !== undefined) return this.#written;
    this.#writer.write(this.#recording.end(reason, this.#elapsed));
    this.#written = this.#writer.end().then(() => this.#options.onEnd(this.#writer.failure));
    return this.#written;
  }

  #take(sender: Sender, bytes: Uint8Array): void {
    if (this.#written !== undefined) return;
    this.#writer.write(this.#recording.take(sender, bytes, this.#elapsed));
    if (this.#writer.unwritten > this.#options.limits.captureUnwritten) {
      void this.end("the disk does not take it");
    } else if (this.#recording.isOver) void this.end("");
  }

  get #elapsed(): number {
    const { clock, openedAt } = this.#options;
    return clock.now() - openedAt;
  }
}
