import { type FileHandle, open } from "node:fs/promises";
import type { PlainResponse } from "../http/exchange.ts";
import type { Piece } from "./track-layout.ts";

/**
 * Sends pieces of a file as fast as they are taken, and reads no more of it than that. A file that is
 * removed meanwhile is read to its end; one that cannot be read breaks the response off.
 *
 * @param chunk bytes that are read at a time
 * @returns when all is sent, or nobody takes it any more
 */
export async function sendPieces(
  taker: Taker,
  path: string,
  pieces: Iterable<Piece>,
  chunk: number,
): Promise<void> {
  const { response } = taker;
  let file: FileHandle | undefined;
  try {
    for (const piece of pieces) {
      if ("bytes" in piece) {
        await taker.give(piece.bytes);
        continue;
      }
      file ??= await open(path, "r");
      const end = piece.offset + piece.length;
      for (let at = piece.offset; at < end && !taker.isGone; ) {
        const wanted = Math.min(chunk, end - at);
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (bytesRead === 0) throw new Error("The file ends before it should");
        at += bytesRead;
        await taker.give(buffer.subarray(0, bytesRead));
      }
    }
    if (!taker.isGone) response.end();
  } catch {
    // The length was promised: to break off is the only way left to say so.
    response.destroy();
  } finally {
    await file?.close().catch(() => {});
  }
}

/**
 * Whoever takes the bytes, at his own pace. It is made before anything is waited for: that a response
 * was closed is said once.
 */
export class Taker {
  readonly response: PlainResponse;
  isGone = false;
  /** Goes on: there is room again, or nobody left. */
  #wake: () => void = () => {};

  constructor(response: PlainResponse) {
    this.response = response;
    response.once("close", () => {
      this.isGone = true;
      this.#wake();
    });
  }

  async give(bytes: Uint8Array): Promise<void> {
    if (this.isGone || this.response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.response.once("drain", resolve);
      if (this.isGone) resolve();
    });
  }
}

/**
 * Reads a piece of a file that is small enough for memory.
 *
 * @throws the system's error
 */
export async function readPiece(
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
