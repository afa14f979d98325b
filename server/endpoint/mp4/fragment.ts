import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import { type Bytes, NO_BYTES } from "../../protocol/bytes/bytes.ts";
import { initSegmentOf } from "../../protocol/isobmff/init-segment.ts";
import {
  movedFragmentHead,
  movieFragmentHead,
  type SegmentSample,
} from "../../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** What of one track is in a fragment; times in ticks. */
type TrackSpan = {
  readonly track: LiveTrack;
  readonly from: number;
  readonly to: number;
  /** Of its first and last sample, as the live stream counts them. */
  readonly first: number;
  readonly last: number;
  /** A break of the live stream's timeline lies before it. */
  readonly isDiscontinuity: boolean;
};

/** A piece of a file, made once for all who get it. */
export type Mp4Form =
  | {
      readonly type: "init";
      readonly bytes: Bytes;
      /** Where the file's own time begins on the live stream's; unknown before its first sample. */
      readonly begin: Milliseconds | undefined;
    }
  | {
      readonly type: "fragment";
      /** With the live stream's times. */
      readonly head: Bytes;
      readonly spans: readonly TrackSpan[];
      /** The samples themselves, as they are. */
      readonly data: readonly Bytes[];
    };

/** The init segment of a file of these tracks. */
export const packInit = (
  tracks: readonly LiveTrack[],
  begin: Milliseconds | undefined,
): Mp4Form => ({
  type: "init",
  bytes: initSegmentOf(
    tracks.map(({ id, timescale, track, language }) => ({
      trackId: id,
      timescale,
      track,
      language,
    })),
  ),
  begin,
});

/** One fragment of some samples, those of each track together, a picture before its sound. */
export function packFragment(samples: readonly LiveSample[]): Mp4Form {
  // By its number: a track is another value once it has another name.
  const byTrack = new Map<number, { live: LiveTrack; ofTrack: LiveSample[] }>();
  for (const sample of samples) {
    const known = byTrack.get(sample.track.id);
    if (known === undefined) {
      byTrack.set(sample.track.id, { live: sample.track, ofTrack: [sample] });
    } else known.ofTrack.push(sample);
  }
  const groups = [...byTrack.values()].sort(
    ({ live: a }, { live: b }) => rank(a) - rank(b) || a.id - b.id,
  );
  const spans: TrackSpan[] = [];
  const runs = groups.map(({ live, ofTrack }) => {
    const run = runOf(ofTrack);
    const from = ofTrack[0]?.dts ?? 0;
    spans.push({
      track: live,
      from,
      to: run.reduce((time, { duration }) => time + duration, from),
      first: ofTrack[0]?.sequenceNumber ?? 0,
      last: ofTrack.at(-1)?.sequenceNumber ?? 0,
      isDiscontinuity: ofTrack.some(({ isDiscontinuity }) => isDiscontinuity),
    });
    const { mediaType } = live.track;
    return { trackId: live.id, mediaType, baseMediaDecodeTime: from, samples: run };
  });
  return {
    type: "fragment",
    head: samples.length === 0 ? NO_BYTES : movieFragmentHead(1, runs),
    spans,
    data: groups.flatMap(({ ofTrack }) => ofTrack.map(({ data }) => data)),
  };
}

/**
 * A file has true durations, as far as they are known: VLC adds them up, and looks at `tfdt` only
 * where the numbers of fragments leave one out. A picture is sent before its duration is known, and
 * has that of the one before: so the sum is never wrong by more than one step.
 */
const runOf = (samples: readonly LiveSample[]): SegmentSample[] =>
  samples.map((sample, index) => {
    const next = samples[index + 1];
    const last = sample.isVideo ? sample.step : sample.duration;
    return {
      duration: next === undefined ? last : next.dts - sample.dts,
      size: sample.data.length,
      isSync: sample.isSync,
      isDisposable: sample.isDisposable,
      compositionOffset: sample.compositionOffset,
    };
  });

const rank = ({ track }: LiveTrack): number => (track.mediaType === "video" ? 0 : 1);

/** How far sound may lie from where its durations lead: its clock is set right in such steps. */
const TOLERANCE: Milliseconds = 20;

/**
 * Writes one viewer's file: its times begin at 0 and its fragments are numbered from 1. Only their
 * heads are made for each viewer. Where something was left out, or the broadcast has a break, a number
 * is left out too.
 */
export class FileWriter {
  #begin: Milliseconds | undefined;
  #sequenceNumber = 0;
  /** What came last of each track. */
  readonly #before = new Map<number, TrackSpan>();

  /** @returns what is to be written, in order */
  write(form: Mp4Form): readonly Bytes[] {
    if (form.type === "init") {
      this.#begin = form.begin;
      return [form.bytes];
    }
    const { head, spans, data } = form;
    if (spans.length === 0) return [];
    const begin = this.#begin ?? beginOf(spans);
    this.#begin = begin;
    this.#sequenceNumber += this.#follows(spans) ? 1 : 2;
    const beginOfTrack = new Map<number, number>();
    for (const { track } of spans) {
      beginOfTrack.set(track.id, Math.round((begin * track.timescale) / 1000));
    }
    // Of what came out of order at the very beginning, a little may lie before it.
    const moved = movedFragmentHead(head, this.#sequenceNumber % 2 ** 32, (trackId, time) =>
      Math.max(0, time - (beginOfTrack.get(trackId) ?? 0)),
    );
    return [moved, ...data];
  }

  /** Whether a player that adds up durations comes to where this fragment begins. */
  #follows(spans: readonly TrackSpan[]): boolean {
    let follows = true;
    for (const span of spans) {
      const { track, first, from, isDiscontinuity } = span;
      const before = this.#before.get(track.id);
      this.#before.set(track.id, span);
      if (before === undefined) continue;
      const isAway = (Math.abs(from - before.to) * 1000) / track.timescale > TOLERANCE;
      const isSetRight = track.track.mediaType === "audio" && isAway;
      if (isDiscontinuity || first !== before.last + 1 || isSetRight) follows = false;
    }
    return follows;
  }
}

function beginOf(spans: readonly TrackSpan[]): Milliseconds {
  let begin = Number.POSITIVE_INFINITY;
  for (const { track, from } of spans) begin = Math.min(begin, (from * 1000) / track.timescale);
  return begin;
}
