import type { Bytes } from "../../protocol/bytes/bytes.ts";

/** Bytes `start` up to `end`, which is not included. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * Reads a `Range` header (RFC 9110 §14.1.2).
 *
 * @returns undefined where the whole is to be sent: no header, one we need not follow (several
 *   ranges, other units, nonsense); "unsatisfiable" where nothing of it is there
 */
export function readRange(
  header: string | undefined,
  length: number,
): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(header ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const wanted = Number(last);
    if (wanted === 0) return "unsatisfiable";
    return { start: Math.max(0, length - wanted), end: length };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= length) return "unsatisfiable";
  return { start, end: last === "" ? length : Math.min(Number(last) + 1, length) };
}

/** @returns the pieces, or views of them, that lie in `range` of all of them in order */
export function slicePieces(pieces: readonly Bytes[], { start, end }: ByteRange): Bytes[] {
  const slices: Bytes[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, piece.length);
    if (from < to)
      slices.push(from === 0 && to === piece.length ? piece : piece.subarray(from, to));
    offset += piece.length;
    if (offset >= end) break;
  }
  return slices;
}
