import type { Bytes } from "../protocol/bytes/bytes.ts";
import { mediaSegmentHead } from "../protocol/isobmff/media-segment.ts";
import type { TimedSample } from "./pending-samples.ts";
import type { Part } from "./segment.ts";

/**
 * Makes a part of at least one sample. Nothing is copied: its pieces are the samples' own bytes
 * behind a head.
 *
 * @param events boxes that stand before the head; packed audio has no place for them
 */
export function makePart(
  samples: readonly [TimedSample, ...TimedSample[]],
  number: number,
  partIndex: number,
  events: readonly Bytes[] = [],
): Part {
  const [first] = samples;
  const data = samples.map(({ sample }) => sample.data);
  const isBare = first.sample.track.track.codec === "mp3"; // HLS carries it as packed audio
  const pieces: Bytes[] = isBare ? data : [...events, headOf(samples, number), ...data];
  return {
    number,
    partIndex,
    start: first.start,
    duration: samples.reduce((sum, { duration }) => sum + duration, 0),
    samples: samples.length,
    isIndependent: samples.some(({ sample }) => sample.isSync),
    pieces,
    byteLength: pieces.reduce((sum, piece) => sum + piece.length, 0),
  };
}

/** @param number of the part: VLC takes fragments that are not counted one by one for a break */
function headOf(samples: readonly [TimedSample, ...TimedSample[]], number: number): Bytes {
  const [{ sample: first, start }] = samples;
  return mediaSegmentHead({
    trackId: first.track.id,
    sequenceNumber: number,
    baseMediaDecodeTime: start,
    mediaType: first.track.track.mediaType,
    samples: samples.map(({ sample, start: decodedAt, duration }) => ({
      duration,
      size: sample.data.length,
      isSync: sample.isSync,
      isDisposable: sample.isDisposable,
      // A picture is shown when it was to be shown, wherever it was moved to.
      compositionOffset: sample.compositionOffset + (sample.isVideo ? sample.dts - decodedAt : 0),
    })),
  });
}
