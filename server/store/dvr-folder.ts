import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { open, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "../protocol/bytes/bytes.ts";

/** A file that is open for reading. */
export type DvrFile = {
  /** @returns how many bytes were read, 0 at its end */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
};

/** What an archive needs of a disk. All reject with the system's error. */
export type DvrDisk = {
  /** Makes a new file; nothing of it stays where that fails. */
  write(name: string, pieces: readonly Bytes[]): Promise<void>;
  open(name: string): Promise<DvrFile>;
  remove(name: string): Promise<void>;
};

/** Folders of our own: of a life of a stream. Whatever else lies beside them is left alone. */
const OWN_NAME = /^[0-9a-f]{20}$/;

/** Buffers of one gathered write: systems take 1024. */
const PIECES_AT_ONCE = 512;

/**
 * A folder of segments: what earlier processes left in it is of no use any more, and to be cleared.
 *
 * Files are named `LIFE/NAME`, where LIFE is 20 hexadecimal digits.
 */
export class DvrFolder implements DvrDisk {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(name: string, pieces: readonly Bytes[]): Promise<void> {
    const path = join(this.#folder, name);
    const file = await open(path, "wx", 0o600).catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return open(path, "wx", 0o600);
    });
    try {
      for (let first = 0; first < pieces.length; first += PIECES_AT_ONCE) {
        let left = pieces.slice(first, first + PIECES_AT_ONCE);
        while (left.length > 0) left = without(left, (await file.writev(left)).bytesWritten);
      }
    } catch (error) {
      await unlink(path).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
  }

  async open(name: string): Promise<DvrFile> {
    const file = await open(join(this.#folder, name), "r");
    return {
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      close: () => file.close(),
    };
  }

  async remove(name: string): Promise<void> {
    const path = join(this.#folder, name);
    await unlink(path);
    await rmdir(dirname(path)).catch(() => {}); // the last one closes the door
  }

  /** Removes all files of ours. @returns why it could not; undefined where it could */
  clear(): string | undefined {
    try {
      for (const name of readdirSync(this.#folder)) {
        if (OWN_NAME.test(name)) rmSync(join(this.#folder, name), { recursive: true, force: true });
      }
    } catch (error) {
      if (codeOf(error) !== "ENOENT") return codeOf(error);
    }
    return undefined;
  }
}

/** What of these is not written yet. */
function without(pieces: readonly Bytes[], written: number): Bytes[] {
  let done = written;
  let index = 0;
  for (const piece of pieces) {
    if (done < piece.length) break;
    done -= piece.length;
    index += 1;
  }
  const [first, ...rest] = pieces.slice(index);
  return first === undefined ? [] : [first.subarray(done), ...rest];
}

/** @returns the system's name of what went wrong, such as ENOSPC */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
