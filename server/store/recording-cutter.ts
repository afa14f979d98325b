import type { LiveSample } from "../live/live-sample.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "../live/live-track.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";

/** Samples of one track that go into one fragment. */
export type CutFragment = {
  readonly live: LiveTrack;
  /** At least one. */
  readonly samples: readonly LiveSample[];
  /** How long each of them lasts, in ticks. */
  readonly durations: readonly number[];
};

/** How fragments are cut. */
export type CutterSettings = {
  /** No sample waits here for longer than this much media: what a loss of power may cost. */
  readonly interval: Milliseconds;
  /** Samples of more bytes than this do not wait. */
  readonly bytes: number;
};

type Lane = { live: LiveTrack; samples: LiveSample[] };

/**
 * Cuts the samples of a live stream into fragments of one track each, all tracks at the same moments.
 *
 * One track leads: the first video track, without one the first audio track. It is cut at a sync sample
 * where there is one, so that whoever reads by fragments can begin there. The others follow a little
 * later, when each has come as far. The newest sample of each track waits for its successor, since only
 * that tells how long it lasts.
 */
export class FragmentCutter {
  readonly #settings: CutterSettings;
  readonly #lanes = new Map<number, Lane>();
  /** Where what waits here begins. */
  #begin: Milliseconds | undefined;
  /** How far any track has come, and when that was. */
  #newest: Milliseconds = Number.NEGATIVE_INFINITY;
  #newestArrival: Milliseconds = 0;
  /** A moment at which all tracks are to be cut, once they have come there. */
  #cut: Milliseconds | undefined;
  #bytes = 0;

  constructor(settings: CutterSettings) {
    this.#settings = settings;
  }

  /** Of samples that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The tracks that gave samples, with what they were called last. */
  get tracks(): readonly LiveTrack[] {
    return [...this.#lanes.values()].map(({ live }) => live);
  }

  /** The earliest moment of all that waits, as decoded or as shown. */
  get earliest(): Milliseconds {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { samples } of this.#lanes.values()) {
      for (const { track, dts, compositionOffset } of samples) {
        earliest = Math.min(earliest, ticksToMs(track, dts + Math.min(0, compositionOffset)));
      }
    }
    return earliest;
  }

  /** @returns fragments that are complete with this sample: the leading track's first */
  push(sample: LiveSample): readonly CutFragment[] {
    const { track } = sample;
    const at = ticksToMs(track, sample.dts);
    const lane = this.#lanes.get(track.id) ?? { live: track, samples: [] };
    this.#lanes.set(track.id, lane);
    lane.live = track;
    lane.samples.push(sample);
    this.#bytes += sample.data.length;
    this.#begin ??= at;
    if (at >= this.#newest) {
      this.#newest = at;
      this.#newestArrival = sample.serverTime;
    }
    this.#cut ??= this.#cutAt(lane, sample, at);
    const cut = this.#cut;
    return cut !== undefined && this.#isReached(cut) ? this.#take(cut) : [];
  }

  /** @returns all that still waits: nothing follows it */
  finish(): readonly CutFragment[] {
    const fragments = this.#inOrder().flatMap(({ live, samples }) =>
      samples.length === 0 ? [] : [fragment(live, samples, lastStep(samples))],
    );
    this.#lanes.clear();
    this.#bytes = 0;
    return fragments;
  }

  #cutAt(lane: Lane, sample: LiveSample, at: Milliseconds): Milliseconds | undefined {
    const { interval, bytes } = this.#settings;
    const elapsed = at - (this.#begin ?? at);
    if (elapsed <= 0) return undefined;
    if (this.#bytes > bytes || elapsed >= interval) return at;
    if (lane !== this.#inOrder()[0]) return undefined;
    if (elapsed >= interval * (1 - PATIENCE)) return at;
    const first = lane.samples[0];
    const isEntry = sample.isVideo && sample.isSync && first !== sample;
    return isEntry && (elapsed >= interval / 2 || first?.isSync === false) ? at : undefined;
  }

  /** Whether every track that still gives samples has come to a cut, or has had time to. */
  #isReached(cut: Milliseconds): boolean {
    const { interval, bytes } = this.#settings;
    if (this.#bytes > bytes || this.#newest - cut >= interval * PATIENCE) return true;
    for (const { samples } of this.#lanes.values()) {
      const last = samples.at(-1);
      if (last === undefined) continue;
      const at = ticksToMs(last.track, last.dts);
      const isSilent = samples.length === 1 && at < (this.#begin ?? at);
      if (!isSilent && at < cut - TOLERANCE) return false;
    }
    return true;
  }

  #take(cut: Milliseconds): readonly CutFragment[] {
    this.#cut = undefined;
    this.#begin = cut;
    const fragments: CutFragment[] = [];
    for (const lane of this.#inOrder()) {
      const { live, samples } = lane;
      const behind = samples.findIndex(
        ({ track, dts }) => ticksToMs(track, dts) >= cut - TOLERANCE,
      );
      const before = behind < 0 ? samples.length : behind;
      const successor = samples[before];
      const last = samples[before - 1];
      if (last === undefined) continue;
      let taken = before;
      let lasts = (successor?.dts ?? 0) - last.dts;
      if (successor === undefined) {
        // What has stood still for so long is worth more on disk than its length.
        const stood = this.#newestArrival - last.serverTime;
        if (stood > this.#settings.interval) lasts = Math.max(1, msToTicks(last.track, stood));
        else taken -= 1;
      }
      const fragmentSamples = samples.slice(0, taken);
      if (fragmentSamples.length === 0) continue;
      lane.samples = samples.slice(taken);
      if (taken < before) lasts = last.dts - (fragmentSamples.at(-1)?.dts ?? 0);
      for (const { data } of fragmentSamples) this.#bytes -= data.length;
      fragments.push(fragment(live, fragmentSamples, lasts));
    }
    return fragments;
  }

  #inOrder(): Lane[] {
    return [...this.#lanes.values()].sort((a, b) => rank(a.live) - rank(b.live));
  }
}

/** This part of the interval is for the tracks that follow. */
const PATIENCE = 0.25;

/** Tracks are not stamped to the tick alike: a sample this close before a cut lies behind it. */
const TOLERANCE: Milliseconds = 1;

/** The last sample of all is taken to last as long as the one before, within reason. */
const LONGEST_LAST: Milliseconds = 1000;

const rank = ({ id, track }: LiveTrack): number =>
  (track.mediaType === "video" ? 0 : 1_000_000) + id;

function lastStep(samples: readonly LiveSample[]): number {
  const last = samples.at(-1);
  if (last === undefined) return 1;
  const step = last.isVideo ? last.step : last.duration;
  return Math.max(1, Math.min(step, msToTicks(last.track, LONGEST_LAST)));
}

const fragment = (live: LiveTrack, samples: readonly LiveSample[], lasts: number): CutFragment => ({
  live,
  samples,
  durations: samples.map(({ dts }, index) => (samples[index + 1]?.dts ?? dts + lasts) - dts),
});
