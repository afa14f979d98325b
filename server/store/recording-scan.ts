import type { FileHandle } from "node:fs/promises";
import { ProtocolError } from "../protocol/errors.ts";
import {
  fragmentHeadLength,
  type ReadFragment,
  readFragmentHead,
} from "../protocol/isobmff/fragment-reader.ts";
import { type IndexedTrack, RecordingIndex } from "./recording-index.ts";

/** What a scan needs of a file. */
export type ScannedFile = Pick<FileHandle, "read">;

/** A head of more samples than this is none of ours. */
const LONGEST_HEAD = 4_194_304;
/** Most heads are shorter, and come with the first read. */
const FIRST_READ = 4096;

/**
 * Finds the fragments of a recording by going from one to the next: what an index would have told.
 *
 * @param headLength bytes before the first of them
 * @param length of the file
 * @returns an index of all that are complete, up to the first that is not
 * @throws the system's error
 */
export async function scanRecording(
  file: ScannedFile,
  headLength: number,
  length: number,
  tracks: readonly IndexedTrack[],
): Promise<RecordingIndex> {
  const index = new RecordingIndex(headLength, tracks);
  const known = new Set(tracks.map(({ id }) => id));
  for (;;) {
    const fragment = await readAt(file, index.length);
    if (fragment === undefined || index.length + fragment.length > length) return index;
    if (!known.has(fragment.trackId)) return index;
    index.add([fragment]);
  }
}

/** Whether a fragment begins there, whole or not. */
export const isFragmentAt = async (file: ScannedFile, at: number): Promise<boolean> =>
  fragmentHeadLength(await read(file, at, 8)) !== undefined;

async function readAt(file: ScannedFile, at: number): Promise<ReadFragment | undefined> {
  const first = await read(file, at, FIRST_READ);
  const wanted = fragmentHeadLength(first);
  if (wanted === undefined || wanted > LONGEST_HEAD) return undefined;
  const head = wanted <= first.length ? first.subarray(0, wanted) : await read(file, at, wanted);
  if (head.length < wanted) return undefined;
  try {
    return readFragmentHead(head);
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function read(file: ScannedFile, at: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
