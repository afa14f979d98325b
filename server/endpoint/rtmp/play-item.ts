import type { Deliverable } from "../../live/lane.ts";
import type { DataEvent } from "../../live/live-observer.ts";
import { LiveSample } from "../../live/live-sample.ts";
import { ticksToMs } from "../../live/live-track.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { asItCame, type FlvBody, sampleTag, scriptDataTag } from "../../protocol/flv/muxer.ts";
import type { Milliseconds, OpaqueFrame } from "../../protocol/media/sample.ts";
import type { MediaType } from "../../protocol/media/track.ts";
import { type ChunkedMessage, chunkedMessage } from "../../protocol/rtmp/chunk-encoder.ts";
import { PLAY_CHUNK_SIZE } from "../../protocol/rtmp/server-session.ts";

/** What is played beside samples: data messages, and frames that are passed on unopened. */
export type Passage = Deliverable & {
  /** ms on the live stream's timeline. */
  readonly at: Milliseconds;
  readonly timestamp: Milliseconds;
  /** Of a frame. */
  readonly mediaType: MediaType | undefined;
  readonly body: FlvBody;
};

/** One message of what is played. */
export type PlayItem = LiveSample | Passage;

/** FFmpeg takes onMetaData of any other time for a track of text. */
const METADATA_TIME = 0;

/** Ids beside those of tracks, which count from 1. */
const DATA = { id: 0 };
const opaqueTrack = (frame: OpaqueFrame): { id: number } => ({
  id: -(2 * frame.trackIndex + (frame.mediaType === "video" ? 1 : 2)),
});

/** A data message of a broadcast, unchanged; undefined where it took something back. */
export function dataPassage({ name, at, body }: DataEvent): Passage | undefined {
  if (body.length === 0) return undefined;
  return {
    ...{ track: DATA, isVideo: false, isSync: true, data: body, at, mediaType: undefined },
    timestamp: name === "onMetaData" ? METADATA_TIME : at,
    body: scriptDataTag(body),
  };
}

/** A frame that is passed on unopened. */
export const opaquePassage = (frame: OpaqueFrame): Passage => ({
  track: opaqueTrack(frame),
  isVideo: frame.mediaType === "video",
  isSync: frame.isSync,
  data: frame.tag,
  at: frame.dts,
  timestamp: frame.dts,
  mediaType: frame.mediaType,
  body: asItCame(frame.mediaType, frame.tag),
});

/**
 * The body of the tag in which a sample, or what passes beside, is sent. Readers of classic FLV are
 * sent only those whose header is classic.
 *
 * @returns undefined where there is no form for it
 */
export function tagBody(item: PlayItem): FlvBody | undefined {
  if (!(item instanceof LiveSample)) return item.body;
  const { track, original, isSync, isDisposable, data } = item;
  if (original !== undefined) {
    // Empty where an earlier sample has the tag they both came in.
    return original.length === 0 ? undefined : asItCame(track.track.mediaType, original);
  }
  // `dts` is never that of the picture before, as the encoder's may be: shown is when it was due.
  const compositionOffset = item.isVideo
    ? ticksToMs(track, item.dts + item.compositionOffset) - item.at
    : 0;
  return sampleTag(track.track, { compositionOffset, isSync, isDisposable, data }, "enhanced");
}

/**
 * Makes the message in which an item is sent, in chunks of PLAY_CHUNK_SIZE.
 *
 * @returns undefined where there is no form for it
 */
export function playMessage(
  messageStreamId: number,
  item: PlayItem | undefined,
): ChunkedMessage | undefined {
  const body = item && tagBody(item);
  if (item === undefined || body === undefined) return undefined;
  const at = item instanceof LiveSample ? item.at : item.timestamp;
  return bodyMessage(body, { messageStreamId, at, chunkStreamId: chunkStreamOf(item) });
}

/** Any tag body as a message, at a moment of the timeline. */
export function bodyMessage(
  { typeId, head, data }: FlvBody,
  on: { messageStreamId: number; chunkStreamId: number; at: Milliseconds },
): ChunkedMessage {
  const { messageStreamId, chunkStreamId, at } = on;
  const timestamp = Math.round(at) >>> 0; // modulo 2^32
  const message = { chunkStreamId, timestamp, typeId, messageStreamId, payload: data };
  return chunkedMessage(message, head, PLAY_CHUNK_SIZE);
}

/** Bytes that are whole messages already, and go in one piece. */
export const inOnePiece = (bytes: ChunkedMessage["bytes"]): ChunkedMessage => ({
  ...{ chunkStreamId: NO_CHUNK_STREAM, bytes },
  ...{ firstChunk: bytes.length, laterChunk: bytes.length },
});

/** Chunk streams of one byte: up to 63. Those of control and commands are 2, 3 and 5. */
const DATA_CHUNK_STREAM = 4;
const OPAQUE_CHUNK_STREAM = { audio: 6, video: 7 } as const;
const FIRST_TRACK_CHUNK_STREAM = 8;
const TRACK_CHUNK_STREAMS = 56;
const NO_CHUNK_STREAM = 0;

/** Each track has a chunk stream of its own, so that one does not wait for another. */
export const trackChunkStream = (trackId: number): number =>
  FIRST_TRACK_CHUNK_STREAM + ((trackId - 1) % TRACK_CHUNK_STREAMS);

/** The chunk stream an item goes on. */
export function chunkStreamOf(item: PlayItem): number {
  if (item instanceof LiveSample) return trackChunkStream(item.track.id);
  const { mediaType } = item;
  return mediaType === undefined ? DATA_CHUNK_STREAM : OPAQUE_CHUNK_STREAM[mediaType];
}

/** onMetaData for a newcomer. */
export const metadataMessage = (body: Bytes, messageStreamId: number): ChunkedMessage =>
  bodyMessage(scriptDataTag(body), {
    ...{ messageStreamId, at: METADATA_TIME },
    chunkStreamId: DATA_CHUNK_STREAM,
  });
