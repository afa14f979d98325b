import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, ticksToMs } from "./live-track.ts";
import type { Rendition } from "./segment.ts";
import { type Cut, TrackSegmenter } from "./track-segmenter.ts";

/** How segments are cut and how many are kept. */
export type SegmenterSettings = {
  /** A segment ends at the first sync sample after about this long … */
  readonly segment: Milliseconds;
  /** … and in any case before it is longer than this. */
  readonly longestSegment: Milliseconds;
  readonly part: Milliseconds;
  /** Segments of this much time are kept, and no more bytes than that, all tracks together. */
  readonly window: Milliseconds;
  readonly windowBytes: number;
};

/** No segment takes more of the window's bytes than this, whatever its clock says. */
const LARGEST_OF_WINDOW = 0.25;

/** A GOP that is a little short of the wished length is not doubled. */
const SHORTEST_OF_WISHED = 0.9;

/**
 * Cuts the samples of a live stream into parts and segments, the same stretches of time in every
 * rendition under the same numbers.
 *
 * One track leads (the first video track, without one the first audio track): it decides where a
 * segment ends, and the others follow at their next sample, other video tracks at a sync sample of
 * their own where one is to be expected before the next cut. The newest sample of each track waits
 * here for its successor, because HLS wants exact durations. A new configuration of any track and
 * a new epoch end the segment of all, and mark a discontinuity.
 */
export class Segmenter {
  readonly #settings: SegmenterSettings;
  readonly #listeners = new Set<() => void>();
  readonly #tracks = new Map<number, TrackSegmenter>();
  #cuts: Cut[] = [];
  #nextSequence = 1;
  #discontinuities = 0;

  constructor(settings: SegmenterSettings) {
    this.#settings = settings;
  }

  /**
   * Tells when a segment became complete or a rendition went.
   *
   * @returns takes the listener out again
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Renditions that have at least one complete segment, video first, then by track number; also
   * those of retired tracks, for who still plays them.
   */
  get renditions(): readonly Rendition[] {
    return [...this.#tracks.values()]
      .filter((track) => track.segments.length > 0)
      .sort((a, b) => rank(a.track) - rank(b.track));
  }

  /**
   * The longest a part may be, ms, whole; undefined until it is known, and then for as long as the
   * live stream lives (EXT-X-PART-INF).
   */
  get partTarget(): Milliseconds | undefined {
    return undefined;
  }

  /** Where the window begins by the clock (ms since 1970); undefined before there is a segment. */
  get oldestDate(): Milliseconds | undefined {
    let oldest: Milliseconds | undefined;
    for (const { segments } of this.#tracks.values()) {
      const date = segments[0]?.programDateTime;
      if (date !== undefined && (oldest === undefined || date < oldest)) oldest = date;
    }
    return oldest;
  }

  /** Whether every track that gives samples has a complete segment. */
  get isReady(): boolean {
    const tracks = [...this.#tracks.values()].filter((track) => !track.isRetired);
    return tracks.length > 0 && tracks.every((track) => track.segments.length > 0);
  }

  push(sample: LiveSample): void {
    const known = this.#tracks.get(sample.track.id);
    const track = known ?? new TrackSegmenter(sample.track, this.#settings.part);
    if (known === undefined) this.#tracks.set(sample.track.id, track);
    const at = ticksToMs(sample.track, sample.dts);
    const lastCut = this.#cuts.at(-1);
    const isLeading = this.#leader() === track;
    if (lastCut === undefined) {
      this.#cut(sample, at, false);
    } else if (this.#breaks(track, sample, lastCut)) {
      this.#cut(sample, at, true);
    } else {
      const { segment, longestSegment, windowBytes } = this.#settings;
      const isLongEnough = at - lastCut.at >= segment * SHORTEST_OF_WISHED;
      const isTooLong = at + track.stepOf(sample) - lastCut.at > longestSegment;
      const isTooLarge = track.openBytes > windowBytes * LARGEST_OF_WINDOW;
      const isWished = isLeading && sample.isSync && isLongEnough;
      if (isWished || isTooLong || isTooLarge) this.#cut(sample, at, false);
    }
    const { segment, longestSegment } = this.#settings;
    const patience = segment * SHORTEST_OF_WISHED;
    const following = isLeading ? undefined : { patience, longestSegment };
    if (!track.push(sample, at, this.#cuts, following)) return;
    for (const other of this.#tracks.values()) other.skip(this.#cuts, at);
    this.#tidy();
    this.#tell();
  }

  /** The broadcast is over for now: what waits for a successor becomes the end of a segment. */
  finish(): void {
    const tracks = [...this.#tracks.values()];
    const end = Math.max(...tracks.map((track) => track.end));
    for (const track of tracks) track.finish(end, this.#cuts);
    this.#tidy();
    this.#tell();
  }

  /**
   * The track gives nothing for now: newcomers are not to know of it. What it gave stays until it
   * leaves the window, with gaps behind it.
   */
  retire(trackId: number): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.isRetired = true;
    this.#tell();
  }

  /** The track is gone, with all it gave. */
  remove(trackId: number): void {
    this.#tracks.delete(trackId);
    this.#tell();
  }

  /**
   * Whether a discontinuity is to begin with this sample: a new configuration, a publisher's
   * return, or a jump of the clock, which waits for a sync sample of the leading track.
   */
  #breaks(track: TrackSegmenter, sample: LiveSample, lastCut: Cut): boolean {
    if (track.breaksAfter(lastCut, sample)) return true;
    if (sample.epoch.index <= lastCut.epoch.index) return false;
    const isOpen = [...this.#tracks.values()].some((other) => other.isOpen);
    return !isOpen || (sample.isSync && this.#leader() === track);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #leader(): TrackSegmenter | undefined {
    let leader: TrackSegmenter | undefined;
    for (const track of this.#tracks.values()) {
      if (track.isRetired) continue;
      if (leader === undefined || rank(track.track) < rank(leader.track)) leader = track;
    }
    return leader;
  }

  #cut(sample: LiveSample, at: Milliseconds, isDiscontinuity: boolean): void {
    const mediaSequence = this.#nextSequence;
    const discontinuitySequence = this.#discontinuities;
    this.#nextSequence += 1;
    if (isDiscontinuity) this.#discontinuities += 1;
    const { epoch } = sample;
    this.#cuts.push({ at, mediaSequence, epoch, isDiscontinuity, discontinuitySequence });
  }

  /** Forgets cuts that every track has passed, and segments that left the window. */
  #tidy(): void {
    const tracks = [...this.#tracks.values()];
    const passed = Math.min(...tracks.map((track) => track.mediaSequence));
    const firstNeeded = this.#cuts.findIndex((cut) => cut.mediaSequence >= passed);
    if (firstNeeded > 0) this.#cuts = this.#cuts.slice(firstNeeded);
    if (this.#cuts.length > MAX_CUTS) this.#cuts = this.#cuts.slice(-MAX_CUTS);
    const { window, windowBytes } = this.#settings;
    const bytes = tracks.reduce((sum, track) => sum + track.bytes, 0);
    for (const track of tracks) {
      track.trim(window, bytes > windowBytes ? (track.bytes * windowBytes) / bytes : track.bytes);
    }
  }
}

const MAX_CUTS = 64;

const rank = (track: LiveTrack): number =>
  (track.track.mediaType === "video" ? 0 : 1_000_000) + track.id;
