import { createReadStream } from "node:fs";
import type { Socket } from "node:net";
import { SettingsError } from "../config/settings.ts";
import type { Clock } from "../live/clock.ts";
import { type Answer, AnswerReader, isRefusal } from "../protocol/capture/answers.ts";
import { CaptureReader, type CaptureRecord, RecordType } from "../protocol/capture/capture-file.ts";
import {
  ReplayedHandshake,
  type ReplayedHandshakeOptions,
} from "../protocol/capture/replayed-handshake.ts";
import { ReplayedStream } from "../protocol/capture/replayed-stream.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ReplayOptions } from "../tool-config.ts";
import { dial } from "./dial.ts";

/** What surrounds a replay. */
export type ReplaySurroundings = {
  readonly clock: Clock;
  readonly crypto: ReplayedHandshakeOptions;
  /** Says what happens, a line each. */
  readonly print: (text: string) => void;
  /** Resolves when the process is asked to end. */
  readonly asked: Promise<string>;
};

/**
 * Plays the client's side of a capture to a server, and prints what it answers.
 *
 * @returns whether the server took all of it
 * @throws SettingsError where the file is no capture
 */
export async function replay(
  options: ReplayOptions,
  surroundings: ReplaySurroundings,
): Promise<boolean> {
  const replaying = new Replaying(options, surroundings);
  void surroundings.asked.then(() => replaying.stop("asked to end"));
  try {
    for await (const record of recordsOf(options.file)) {
      if (!(await replaying.take(record))) break;
    }
    return await replaying.finish();
  } finally {
    replaying.stop("over");
  }
}

/** The records of a file, as they are read: the file may be larger than memory. */
async function* recordsOf(file: string): AsyncGenerator<CaptureRecord> {
  const reader = new CaptureReader();
  let isCapture = false;
  try {
    for await (const bytes of createReadStream(file)) {
      for (const record of reader.push(bytes as Buffer)) {
        isCapture = true;
        yield record;
      }
    }
  } catch (error) {
    if (error instanceof ProtocolError && error.code.startsWith("CAPTURE_")) {
      throw new SettingsError(`replay: ${file}: ${error.message}`);
    }
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new SettingsError(`replay: cannot read ${file} (${String(error.code)})`);
  }
  if (!isCapture) throw new SettingsError(`replay: ${file} is no capture, or an empty one`);
}

/** One capture on its way to a server. */
class Replaying {
  readonly #options: ReplayOptions;
  readonly #surroundings: ReplaySurroundings;
  readonly #stream: ReplayedStream;
  /** What the server answered then, and now. */
  readonly #recordedAnswers = new AnswerReader();
  readonly #answers = new AnswerReader();
  #due = 0;
  #had = 0;
  #socket: Socket | undefined;
  /** When the capture's own clock stood at 0. */
  #began = 0;
  #sent = 0;
  /** Why nothing more is sent. */
  #over: string | undefined;
  #isRefused = false;
  /** Who waits for something to happen. */
  #wake = (): void => {};

  constructor(options: ReplayOptions, surroundings: ReplaySurroundings) {
    const { origin, app, streamName } = options.to;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#stream = new ReplayedStream({ origin, app, streamName, key: options.key });
  }

  /** @returns whether there is any use in more */
  async take({ type, at, payload }: CaptureRecord): Promise<boolean> {
    switch (type) {
      case RecordType.Information:
        this.#surroundings.print(`capture ${printable(new TextDecoder().decode(payload))}\n`);
        return true;
      case RecordType.Server:
        this.#due += this.#recordedAnswers.push(payload).length;
        return this.#over === undefined;
      case RecordType.Client:
        await this.#client(payload, at);
        return this.#over === undefined;
      case RecordType.End:
        if (this.#socket !== undefined) await this.#untilDue(at);
        return this.#over === undefined;
      default:
        return true; // of a later version
    }
  }

  /** Ends the connection and says how it went. @returns whether the server took all of it */
  async finish(): Promise<boolean> {
    const { clock, print } = this.#surroundings;
    const socket = this.#socket;
    const tookAll = this.#over === undefined && socket !== undefined;
    if (tookAll) {
      socket.end();
      await this.#until(() => this.#over !== undefined, LIMITS.replayLinger);
    }
    const seconds = socket === undefined ? 0 : (clock.now() - this.#began) / 1000;
    print(`sent ${this.#sent} bytes in ${seconds.toFixed(2)} s\n`);
    const isTaken = tookAll && !this.#isRefused;
    const outcome = isTaken ? "the server took all of it" : (this.#over ?? "nothing to send");
    print(`${outcome}\n`);
    return isTaken;
  }

  /** Lets the line go. */
  stop(reason: string): void {
    this.#end(reason);
    this.#socket?.destroy();
  }

  async #client(bytes: Uint8Array, at: number): Promise<void> {
    const chunks = this.#stream.push(bytes);
    if (this.#socket === undefined) {
      const { firstPackets } = this.#stream;
      if (firstPackets === undefined) return;
      await this.#connect(firstPackets);
      this.#began = this.#surroundings.clock.now() - at / this.#options.speed;
    }
    await this.#untilDue(at);
    // A client says some things only when the server has answered others.
    await this.#until(() => this.#had >= this.#due, LIMITS.replayAnswerTime);
    this.#due = Math.min(this.#due, this.#had); // what was not answered once is not waited for again
    await this.#send(chunks);
  }

  async #connect(firstPackets: Uint8Array): Promise<void> {
    const handshake = new ReplayedHandshake(firstPackets, this.#surroundings.crypto);
    const socket = dial(this.#options.to);
    this.#socket = socket;
    let isShaken = false;
    socket.on("connect", () => socket.write(handshake.start()));
    socket.on("data", (bytes) => {
      const answer = isShaken ? undefined : handshake.receive(bytes);
      if (answer !== undefined) {
        isShaken = true;
        socket.write(answer);
      }
      for (const one of this.#answers.push(bytes)) this.#hear(one);
      this.#wake();
    });
    socket.on("drain", () => this.#wake());
    socket.on("error", (error) => this.#end(error.message));
    socket.on("end", () => this.#end("the server closed the connection"));
    socket.on("close", () => this.#end("the server closed the connection"));
    const isIn = await this.#until(() => isShaken, LIMITS.handshakeTime);
    if (!isIn) this.#end("the server did not answer the handshake");
    else this.#surroundings.print(`connected to ${this.#options.to.origin}\n`);
  }

  #hear(answer: Answer): void {
    this.#had += 1;
    const { name, level, code, description } = answer;
    const words = [level, code, description].filter((text) => text !== "").join(" ");
    this.#surroundings.print(`server: ${name}${words === "" ? "" : ` ${printable(words)}`}\n`);
    if (!isRefusal(answer)) return;
    this.#isRefused = true;
    this.#end(`refused: ${printable(`${code} ${description}`)}`.trimEnd());
  }

  #end(reason: string): void {
    this.#over ??= reason;
    this.#wake();
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (bytes.length === 0 || socket === undefined || this.#over !== undefined) return;
    this.#sent += bytes.length;
    if (socket.write(bytes)) return;
    await this.#until(() => !socket.writableNeedDrain, Number.POSITIVE_INFINITY);
  }

  /** Waits for the moment in which the capture has this time. */
  async #untilDue(at: number): Promise<void> {
    const { speed } = this.#options;
    if (speed === Number.POSITIVE_INFINITY) return;
    const wait = this.#began + at / speed - this.#surroundings.clock.now();
    if (wait > 0) await this.#until(() => false, wait);
  }

  /** @returns whether it became true in time, before the end of it all */
  async #until(isTrue: () => boolean, time: number): Promise<boolean> {
    let isLate = false;
    const cancel =
      time === Number.POSITIVE_INFINITY
        ? () => {}
        : this.#surroundings.clock.after(time, () => {
            isLate = true;
            this.#wake();
          });
    while (!isTrue() && !isLate && this.#over === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    cancel();
    return isTrue();
  }
}

const LONGEST_TEXT = 2000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A stranger's text, who may have sent the capture: it must not drive somebody's terminal. */
const printable = (text: string): string =>
  text
    .slice(0, LONGEST_TEXT)
    .replace(
      CONTROL_CHARACTERS,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
