import { type Bytes, join, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { Blanking } from "./blank.ts";
import {
  type CaptureInformation,
  RecordType,
  writeCaptureEnd,
  writeCaptureHeader,
  writeRecord,
} from "./capture-file.ts";
import { CleanedStream } from "./cleaned-stream.ts";
import { Secrets } from "./secrets.ts";

/** Why a capture ends before its connection does. */
const HELD_LIMIT = "CAPTURE_HELD";
const FILE_LIMIT = "CAPTURE_FILE";

/** Which side bytes came from. */
export type Sender = "client" | "server";

/** Bytes as they came, held until they are settled. */
type Waiting = {
  readonly sender: Sender;
  readonly at: number;
  readonly bytes: OwnBytes;
  /** Where they begin in their stream. */
  readonly start: number;
};

/** One side, and how much of it is known and settled. */
type Side = { readonly stream: CleanedStream; length: number; settled: number };

/**
 * Makes a capture of one connection: bytes of both sides in, bytes of the file out, without keys.
 * Records keep the order and the times in which the bytes came.
 *
 * A side whose chunks cannot be read is recorded up to there: nobody could say where its keys are.
 */
export class Recording {
  readonly #sides: { readonly [sender in Sender]: Side };
  readonly #header: OwnBytes;
  readonly #maxBytes: number;
  #waiting: Waiting[] = [];
  #held = 0;
  #written = 0;
  #isOver = false;

  /** @param maxBytes how long the file may become; then it ends */
  constructor(
    information: CaptureInformation,
    { maxBytes = LIMITS.captureFile }: { maxBytes?: number } = {},
  ) {
    const secrets = new Secrets({ keepNames: information.names === "kept" });
    const side = (sender: Sender): Side => {
      const blanking = information.blanked ? new Blanking() : undefined;
      return { stream: new CleanedStream({ sender, secrets, blanking }), length: 0, settled: 0 };
    };
    this.#sides = { client: side("client"), server: side("server") };
    this.#header = writeCaptureHeader(information);
    this.#maxBytes = maxBytes;
  }

  /** Whether nothing more is recorded. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The file's first bytes. */
  start(): OwnBytes {
    return this.#header;
  }

  /**
   * @param bytes the next of one side, from its first byte on; they are copied
   * @param at ms since the connection was opened
   * @returns what can be written to the file now
   */
  take(sender: Sender, bytes: Bytes, at: number): OwnBytes {
    const side = this.#sides[sender];
    if (this.#isOver || bytes.length === 0 || side.stream.failure !== undefined) return NO_BYTES;
    const copy = new Uint8Array(bytes);
    this.#waiting.push({ sender, at, bytes: copy, start: side.length });
    side.length += copy.length;
    this.#held += copy.length;
    try {
      side.settled = side.stream.push(copy);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#waiting = []; // there may be secrets in it
      return this.end(wordsOf(error), at);
    }
    if (this.#held > LIMITS.captureHeld) {
      return this.end(`${HELD_LIMIT}: ${this.#held} bytes wait for the end of a message`, at);
    }
    const records = this.#release();
    if (this.#written <= this.#maxBytes) return records;
    return join([records, this.end(`${FILE_LIMIT}: this is ${this.#written} bytes long`, at)]);
  }

  /** The last bytes of the file. @param reason for people */
  end(reason: string, at: number): OwnBytes {
    if (this.#isOver) return NO_BYTES;
    this.#isOver = true;
    const lost: { [sender in Sender]?: string } = {};
    for (const sender of ["client", "server"] as const) {
      const side = this.#sides[sender];
      side.settled = side.stream.end();
      if (side.stream.failure !== undefined) lost[sender] = wordsOf(side.stream.failure);
    }
    return join([this.#release(), writeCaptureEnd(at, { reason, lost })]);
  }

  /** In the order in which they came: what waits holds up what came later. */
  #release(): OwnBytes {
    const records: OwnBytes[] = [];
    let released = 0;
    for (const { sender, at, bytes, start } of this.#waiting) {
      const { stream, settled } = this.#sides[sender];
      const isLast = this.#isOver || stream.failure !== undefined;
      if (settled - start < bytes.length && !isLast) break;
      released += 1;
      this.#held -= bytes.length;
      const type = sender === "client" ? RecordType.Client : RecordType.Server;
      const end = Math.min(settled - start, bytes.length);
      for (let from = 0; from < end; from += LIMITS.captureRecord) {
        const payload = bytes.subarray(from, Math.min(end, from + LIMITS.captureRecord));
        records.push(writeRecord({ type, at, payload }));
      }
    }
    if (released > 0) this.#waiting = this.#waiting.slice(released);
    const bytes = join(records);
    this.#written += bytes.length;
    return bytes;
  }
}

const wordsOf = ({ code, message }: ProtocolError): string => `${code}: ${message}`;
