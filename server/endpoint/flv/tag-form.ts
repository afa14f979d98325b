import type { LiveSample } from "../../live/live-sample.ts";
import { ticksToMs } from "../../live/live-track.ts";
import {
  asItCame,
  type FlvBody,
  sampleTag,
  tagLength,
  writeTag,
} from "../../protocol/flv/muxer.ts";
import { flvHeader } from "../../protocol/flv/tag.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { BINARY_MESSAGE, beginMessage } from "../entry/websocket-message.ts";

/** Some of an FLV stream, made once for all who get it, by whatever way. */
export type TagForm = {
  /** One WebSocket message, its header included. */
  readonly message: Buffer;
  /** The FLV in it: the same memory. */
  readonly bytes: Buffer;
};

/** A tag and when it is due: ms on the live stream's timeline. */
export type TimedTag = { readonly body: FlvBody; readonly at: Milliseconds };

/** What begins an FLV stream, and tags; all in one form. */
export function packOpening(
  has: { readonly audio: boolean; readonly video: boolean },
  tags: readonly TimedTag[],
): TagForm {
  return pack(flvHeader(has), tags);
}

/** One tag. */
export const packTag = (body: FlvBody, at: Milliseconds): TagForm => pack(NOTHING, [{ body, at }]);

/** Samples, each as a tag; one that FLV has no form for, or that came in another's tag, is left out. */
export function packSamples(samples: readonly LiveSample[]): TagForm {
  const tags: TimedTag[] = [];
  for (const sample of samples) {
    const body = bodyOf(sample);
    if (body !== undefined) tags.push({ body, at: sample.at });
  }
  return pack(NOTHING, tags);
}

function bodyOf(sample: LiveSample): FlvBody | undefined {
  const { track, original, isSync, isDisposable, data } = sample;
  if (original !== undefined) {
    return original.length === 0 ? undefined : asItCame(track.track.mediaType, original);
  }
  // `dts` may have been moved by a tick, or onto the count of samples: it is shown when it was due.
  const compositionOffset = sample.isVideo
    ? ticksToMs(track, sample.dts + sample.compositionOffset) - sample.at
    : 0;
  return sampleTag(track.track, { compositionOffset, isSync, isDisposable, data }, "enhanced");
}

function pack(prefix: Uint8Array, tags: readonly TimedTag[]): TagForm {
  let length = prefix.length;
  for (const { body } of tags) length += tagLength(body);
  const message = beginMessage(BINARY_MESSAGE, length);
  const bytes = message.subarray(message.length - length);
  bytes.set(prefix);
  let offset = prefix.length;
  for (const { body, at } of tags) {
    const end = offset + tagLength(body);
    writeTag(bytes.subarray(offset, end), body, at);
    offset = end;
  }
  return { message, bytes };
}

const NOTHING = new Uint8Array(0);
