import type { Bytes } from "../protocol/bytes/bytes.ts";

/** A file as a recording needs it; `FileHandle` of Node is one. */
export type RecordingHandle = {
  writev(
    pieces: readonly Uint8Array[],
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
};

/** Opens a new file that only its owner reads; called once, when there is something to write. */
export type OpenRecording = () => Promise<RecordingHandle>;

/** Why a recording could not go on. */
export type RecordingFailure = {
  readonly code: "RECORDING_DISK_FULL" | "RECORDING_WRITE" | "RECORDING_SLOW" | "RECORDING_LIMIT";
  /** For people. */
  readonly message: string;
};

/** Bytes that go into the file together. */
type Batch = {
  readonly pieces: readonly Bytes[];
  readonly length: number;
  /** They lie in the file: others may read them. */
  readonly onWritten: () => void;
};

/**
 * The file of one recording, written behind the live lane's back: what is appended waits in memory, and
 * goes to the disk as fast as that takes it, with what came meanwhile in one go. After each time the
 * disk is asked to have it for good.
 */
export class RecordingFile {
  readonly #open: OpenRecording;
  readonly #onFailure: (failure: RecordingFailure) => void;
  #handle: Promise<RecordingHandle> | undefined;
  #queue: Batch[] = [];
  #unwritten = 0;
  #length = 0;
  #running: Promise<void> | undefined;
  #failure: RecordingFailure | undefined;

  /** @param onFailure called once; nothing more is written then */
  constructor(open: OpenRecording, onFailure: (failure: RecordingFailure) => void) {
    this.#open = open;
    this.#onFailure = onFailure;
  }

  /** One that is there and has so many bytes, to be finished. */
  static of(handle: RecordingHandle, length: number): RecordingFile {
    const file = new RecordingFile(
      () => Promise.resolve(handle),
      () => {},
    );
    file.#handle = Promise.resolve(handle);
    file.#length = length;
    return file;
  }

  /** Bytes that the disk has not taken yet. */
  get unwritten(): number {
    return this.#unwritten;
  }

  get failure(): RecordingFailure | undefined {
    return this.#failure;
  }

  /** @param pieces are read later, and must not change */
  append(pieces: readonly Bytes[], onWritten: () => void = () => {}): void {
    if (this.#failure !== undefined) return;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#queue.push({ pieces, length, onWritten });
    this.#unwritten += length;
    this.#running ??= this.#run();
  }

  /** Nothing more is to be written; what waits is let go. */
  fail(failure: RecordingFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#queue = [];
    this.#unwritten = 0;
    this.#onFailure(failure);
  }

  /**
   * Ends the file: all that was appended is in it, `end` behind that, and `head` where it begins. After
   * a failure the file keeps what it has, whole batches only, and gets what of the rest is possible.
   *
   * @param parts asked for when everything is written
   * @returns how long the file is now; undefined where there is none
   */
  async finish(
    parts: () => { readonly head: Bytes; readonly end: Bytes } | undefined,
  ): Promise<number | undefined> {
    await this.#running;
    const handle = await this.#handle?.catch(() => undefined);
    if (handle === undefined) return undefined;
    const length = this.#length;
    try {
      if (this.#failure !== undefined) await handle.truncate(length);
      const { head, end } = parts() ?? {};
      if (end !== undefined) await this.#finishWith(handle, end);
      if (head !== undefined) await writeHead(handle, head);
    } catch (error) {
      if (this.#failure === undefined) this.fail(failureOf(error));
    } finally {
      await handle.close().catch(() => {});
    }
    return this.#length;
  }

  async #finishWith(handle: RecordingHandle, end: Bytes): Promise<void> {
    const length = this.#length;
    try {
      await writeAll(handle, [end], length);
      this.#length = length + end.length;
    } catch (error) {
      await handle.truncate(length);
      if (this.#failure === undefined) this.fail(failureOf(error));
    }
    await handle.datasync();
  }

  async #run(): Promise<void> {
    try {
      this.#handle ??= this.#open();
      const handle = await this.#handle;
      while (this.#queue.length > 0 && this.#failure === undefined) {
        const batches = this.#queue;
        this.#queue = [];
        const length = batches.reduce((sum, batch) => sum + batch.length, 0);
        await writeAll(
          handle,
          batches.flatMap(({ pieces }) => pieces),
          this.#length,
        );
        this.#length += length;
        this.#unwritten = Math.max(0, this.#unwritten - length);
        for (const { onWritten } of batches) onWritten();
        await handle.datasync();
      }
    } catch (error) {
      this.fail(failureOf(error));
    } finally {
      this.#running = undefined;
    }
  }
}

/**
 * First what lies in the room of the index, behind its own first 8 bytes: whoever reads the file then
 * still skips all of it. Only then the few bytes that make it count, so that a loss of power leaves a
 * whole head of one kind or the other.
 */
async function writeHead(handle: RecordingHandle, head: Bytes): Promise<void> {
  const room = startOfRoom(head);
  if (room === undefined) return;
  await writeAll(handle, [head.subarray(room + 8)], room + 8);
  await handle.datasync();
  await writeAll(handle, [head.subarray(0, room + 8)], 0);
  await handle.datasync();
}

/** Where the first box behind `moov` lies. */
function startOfRoom(head: Bytes): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let at = view.getUint32(0); // ftyp
  at += view.getUint32(at); // moov
  return at + 8 <= head.length ? at : undefined;
}

/** As many buffers as one call takes on every system. */
const MOST_PIECES = 512;

async function writeAll(
  handle: RecordingHandle,
  pieces: readonly Bytes[],
  position: number,
): Promise<void> {
  let at = position;
  for (let first = 0; first < pieces.length; first += MOST_PIECES) {
    let left = pieces.slice(first, first + MOST_PIECES).filter(({ length }) => length > 0);
    while (left.length > 0) {
      const { bytesWritten } = await handle.writev(left, at);
      if (bytesWritten === 0) throw Object.assign(new Error("nothing written"), { code: "ENOSPC" });
      at += bytesWritten;
      left = behind(left, bytesWritten);
    }
  }
}

/** What is left of pieces when some bytes of them are written. */
function behind(pieces: readonly Bytes[], written: number): Bytes[] {
  let skip = written;
  const left: Bytes[] = [];
  for (const piece of pieces) {
    if (skip < piece.length) left.push(skip === 0 ? piece : piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return left;
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

function failureOf(error: unknown): RecordingFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return FULL.has(code)
    ? { code: "RECORDING_DISK_FULL", message: `the disk is full (${code})` }
    : { code: "RECORDING_WRITE", message: `the disk failed (${code})` };
}
