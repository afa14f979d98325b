import type { StoredSegment } from "../../live/segment.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { type ByteRange, slicePieces } from "../http/byte-range.ts";

/** Bytes with a name that is never used again for others. */
export type MediaFile = {
  readonly contentType: string;
  readonly byteLength: number;
  /**
   * The bytes of a range: views of what is in memory, or from elsewhere, as fast as they are taken.
   *
   * @throws (while it is read) where they are gone or the disk fails
   */
  read(range: ByteRange): readonly Bytes[] | AsyncIterable<Bytes>;
};

/** A file that is in memory. */
export function fileInMemory(contentType: string, pieces: readonly Bytes[]): MediaFile {
  const byteLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { contentType, byteLength, read: (range) => slicePieces(pieces, range) };
}

/** A file whose bytes an archive has, behind a few that are made here. */
export function fileInArchive(
  contentType: string,
  head: Bytes | undefined,
  stored: StoredSegment,
): MediaFile {
  const headLength = head?.length ?? 0;
  async function* read({ start, end }: ByteRange): AsyncGenerator<Bytes> {
    if (head !== undefined && start < headLength) yield head.subarray(start, end);
    if (end <= headLength) return;
    yield* stored.read(Math.max(0, start - headLength), end - headLength);
  }
  return { contentType, byteLength: headLength + stored.byteLength, read };
}
