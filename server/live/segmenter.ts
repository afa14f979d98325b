import type { Milliseconds } from "../protocol/media/sample.ts";
import type { MediaType } from "../protocol/media/track.ts";
import type { Cut, Following } from "./cut.ts";
import { CutList } from "./cut-list.ts";
import { ExpectedTracks } from "./expected-tracks.ts";
import { GopWatch } from "./gop-watch.ts";
import { ListedFrom } from "./listed-from.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, ticksToMs } from "./live-track.ts";
import { choosePartTarget, SHORTEST_OF_TARGET } from "./part-target.ts";
import type { Rendition, SegmentArchive } from "./segment.ts";
import type { TimedEvent } from "./timed-event.ts";
import { TrackSegmenter, type TrackSettings } from "./track-segmenter.ts";

/** How segments are cut and how many are kept. */
export type SegmenterSettings = {
  /** A segment ends at the first sync sample after about this long … */
  readonly segment: Milliseconds;
  /** … and in any case before EXTINF would be rounded to more than this: whole seconds. */
  readonly longestSegment: Milliseconds;
  /** How long a part is meant to be: see `choosePartTarget`. */
  readonly part: Milliseconds;
  /** Segments of this much time are kept … */
  readonly window: Milliseconds;
  /** … of which so much is to be listed, the rest still being downloaded; absent: all of it. */
  readonly listed?: Milliseconds;
  /** No more bytes than this are kept in memory, all tracks together. */
  readonly windowBytes: number;
  /** Where older segments go; absent: all are kept in memory. */
  readonly archive?: SegmentArchive;
  /** With an archive: so much is kept in memory, too … */
  readonly memory?: Milliseconds;
  /** … and so much of what it could not take. */
  readonly unstored?: Milliseconds;
  /** … and what is there at the end, for so long. */
  readonly linger?: Milliseconds;
};

/** Which live stream it is, for an archive. */
export type SegmentedLife = { readonly streamPath: string; readonly life: string };

/** Bits a second that an encoder announced. */
export type DeclaredBitrates = { readonly [type in MediaType]?: number };

/** No segment takes more of the window's bytes than this, whatever its clock says. */
const LARGEST_OF_WINDOW = 0.25;

/** A GOP that is a little short of the wished length is not doubled. */
const SHORTEST_OF_WISHED = 0.9;

/** A segment may be so much longer than its bound: EXTINF is rounded, and followers lag a little. */
const ROUNDING: Milliseconds = 300;

/** A pause longer than so many of the longest segments is no gap, but a break. */
const MOST_PAUSES = 3;

/** PART-TARGET is chosen before more than this has come, whoever is still expected. */
const LONGEST_WAIT: Milliseconds = 2000;

/**
 * Cuts the samples of a live stream into parts and segments, the same stretches of time in every
 * rendition under the same numbers.
 *
 * One track leads (the first video track, without one the first audio track): it decides where a
 * segment ends, and the others follow at their next sample, other video tracks at a sync sample of
 * their own where one is to be expected before the next cut. The newest picture waits here for its
 * successor, because HLS wants exact durations. A new configuration of any track and a new epoch end
 * the segment of all, and mark a discontinuity.
 *
 * A part that was published is never taken back: what is moved over a cut is what no part has yet.
 */
export class Segmenter {
  readonly #settings: SegmenterSettings;
  readonly #trackSettings: TrackSettings;
  readonly #listeners = new Set<() => void>();
  readonly #tracks = new Map<number, TrackSegmenter>();
  readonly #expected = new ExpectedTracks();
  readonly #gops: GopWatch;
  readonly #cuts = new CutList();
  readonly #listedFrom: ListedFrom;
  #declared: DeclaredBitrates = {};
  #partTarget: Milliseconds | undefined;
  /** Something was published that nobody has been told of. */
  #hasNews = false;

  constructor(settings: SegmenterSettings, ofStream: SegmentedLife = { streamPath: "", life: "" }) {
    this.#settings = settings;
    const { window, memory = window, unstored = window, linger = 0, archive } = settings;
    const { streamPath, life } = ofStream;
    this.#gops = new GopWatch(settings.longestSegment + ROUNDING);
    this.#listedFrom = new ListedFrom(settings.listed ?? window);
    this.#trackSettings = {
      window: {
        ...{ window, memory, unstored, linger },
        ...(archive && {
          keep: (segment, observer) => archive.keep(streamPath, life, segment, observer),
        }),
        onLoss: () => this.#onLoss(),
      },
      targetDuration: settings.longestSegment,
      partTarget: () => this.#partTarget,
      declaredBitrate: ({ track }) =>
        track.trackIndex === 0 ? (this.#declared[track.mediaType] ?? 0) : 0,
    };
  }

  /**
   * Tells when a part or a segment became complete or a rendition went.
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
   * Renditions that have at least one part, video first, then by track number; also those of retired
   * tracks, for who still plays them.
   */
  get renditions(): readonly Rendition[] {
    return [...this.#tracks.values()]
      .filter(hasSomething)
      .sort((a, b) => rank(a.track) - rank(b.track));
  }

  /**
   * The longest a part may be, ms, whole; undefined until it is known, and then for as long as the
   * live stream lives (EXT-X-PART-INF).
   */
  get partTarget(): Milliseconds | undefined {
    return this.#partTarget;
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

  /**
   * Where playlists begin: a number for all renditions, never smaller than it was. What lies before
   * can still be downloaded by who was told of it.
   */
  get firstListed(): number {
    return this.#listedFrom.first;
  }

  /**
   * Whether every track that gives samples has a part, and none that was announced is to be expected
   * any moment.
   */
  get isReady(): boolean {
    const tracks = [...this.#tracks.values()].filter((track) => !track.isRetired);
    return tracks.length > 0 && tracks.every(hasSomething) && !this.#expected.isWaiting;
  }

  /** The encoder's key frames are further apart than a segment may be long. */
  get isGopLong(): boolean {
    return this.#gops.isLong;
  }

  /** A track was announced: newcomers wait for it for a moment. */
  expect(trackId: number): void {
    if (!this.#tracks.has(trackId)) this.#expected.add(trackId);
  }

  /** Sound, or pictures, were announced, and no track of them yet: the first playlists wait for one, too. */
  expectSome(mediaType: MediaType): void {
    const tracks = [...this.#tracks.values()];
    const isThere = tracks.some(({ track }) => track.track.mediaType === mediaType);
    if (this.#partTarget === undefined && !isThere) this.#expected.add(mediaType);
  }

  /** What was announced will not come, or cannot be played. */
  expectNone(mediaType: MediaType): void {
    this.#expected.remove(mediaType);
  }

  /** What the encoder says of its rates, for as long as nothing better is known. */
  declare(bitrates: DeclaredBitrates): void {
    this.#declared = bitrates;
  }

  push(sample: LiveSample): void {
    this.#expected.remove(sample.track.id);
    this.#expected.remove(sample.track.track.mediaType);
    const known = this.#tracks.get(sample.track.id);
    const track = known ?? new TrackSegmenter(sample.track, this.#trackSettings);
    if (known === undefined) this.#tracks.set(sample.track.id, track);
    const at = ticksToMs(sample.track, sample.dts);
    this.#expected.pass(at);
    const before = { parts: track.nextPart, closed: track.closed };
    const isLeading = this.#leader() === track;
    this.#cutAt(track, sample, at, isLeading);
    track.push(sample, at, this.#cuts.all, isLeading ? undefined : this.#following());
    if (this.#partTarget === undefined) this.#choosePartTarget(false);
    const isClosed = track.closed !== before.closed;
    if (isClosed) for (const other of this.#tracks.values()) other.skip(this.#cuts.all, at);
    if (isClosed) this.#tidy();
    if (isClosed || track.nextPart !== before.parts || this.#hasNews) this.#tell();
  }

  /**
   * Something was said in between: it goes into the parts of every video rendition, and where there is
   * none, of every audio rendition.
   */
  event(event: TimedEvent): void {
    const tracks = [...this.#tracks.values()].filter((track) => !track.isRetired);
    const videos = tracks.filter(({ track }) => track.track.mediaType === "video");
    for (const { events } of videos.length > 0 ? videos : tracks) events.push(event);
  }

  /** The broadcast is over for now: what waits for a successor becomes the end of a segment. */
  finish(): void {
    this.#choosePartTarget(true);
    const tracks = [...this.#tracks.values()];
    const end = Math.max(...tracks.map((track) => track.end));
    for (const track of tracks) track.finish(end, this.#cuts.all);
    this.#gops.pause();
    this.#tidy();
    this.#tell();
  }

  /**
   * The track gives nothing for now: newcomers are not to know of it. What it gave stays until it
   * leaves the window, with gaps behind it.
   */
  retire(trackId: number): void {
    this.#expected.remove(trackId);
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.isRetired = true;
    this.#tell();
  }

  /** The track is gone, with all it gave. */
  remove(trackId: number): void {
    this.#expected.remove(trackId);
    this.#tracks.get(trackId)?.window.close();
    this.#tracks.delete(trackId);
    this.#tell();
  }

  /** Ends the segment of all before this sample, where that is due. */
  #cutAt(track: TrackSegmenter, sample: LiveSample, at: Milliseconds, isLeading: boolean): void {
    const { segment, longestSegment, windowBytes } = this.#settings;
    const lastCut = this.#cuts.last;
    if (lastCut === undefined) {
      this.#cut(sample, at, false);
      return;
    }
    if (isLeading && sample.isVideo && sample.isSync) this.#gops.sync(at);
    if (this.#breaks(track, sample, lastCut)) {
      this.#cut(sample, at, true);
      return;
    }
    const longest = longestSegment + ROUNDING;
    const begun = this.#bridge(track, lastCut, at, longest);
    if (begun === undefined) {
      this.finish();
      this.#cut(sample, at, true);
      return;
    }
    const opened = track.mediaSequence === begun.mediaSequence ? track.openedAt : begun.at;
    const isTooLong = at + track.stepOf(sample) - Math.min(begun.at, opened) > longest;
    const isTooLarge = track.openBytes > windowBytes * LARGEST_OF_WINDOW;
    const length = at - begun.at;
    // Sound alone can be cut anywhere: where a part ends anyhow.
    const isGoodPlace = sample.isVideo || track.isAtPartEnd || length >= segment;
    const isWished =
      isLeading && sample.isSync && length >= segment * SHORTEST_OF_WISHED && isGoodPlace;
    if (!isWished && !isTooLong && !isTooLarge) return;
    if (isTooLong && !isWished && isLeading && sample.isVideo) this.#gops.cutWithin();
    this.#cut(sample, at, false);
  }

  /**
   * Cuts where a pause would make a segment too long: before the picture that stands still, and again
   * as long as nothing comes.
   *
   * @returns the last cut; undefined where the pause is too long for that
   */
  #bridge(
    track: TrackSegmenter,
    lastCut: Cut,
    at: Milliseconds,
    longest: Milliseconds,
  ): Cut | undefined {
    let last = lastCut;
    const pause = at - Math.max(lastCut.at, track.newestAt ?? lastCut.at);
    if (pause > MOST_PAUSES * longest) return undefined;
    const { newestAt } = track;
    if (at - last.at > longest && newestAt !== undefined && newestAt > last.at) {
      last = this.#cutLike(last, newestAt);
    }
    while (at - last.at > longest) last = this.#cutLike(last, last.at + longest - ROUNDING);
    return last;
  }

  #cutLike({ epoch }: Cut, at: Milliseconds): Cut {
    return this.#cut({ epoch }, at, false);
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

  #following(): Following {
    const { segment, longestSegment, part } = this.#settings;
    const lastCut = this.#cuts.last;
    return {
      patience: segment * SHORTEST_OF_WISHED,
      reach: this.#partTarget ?? part,
      longestSegment,
      leaderAt: this.#leader()?.newestAt ?? Number.POSITIVE_INFINITY,
      cutsFrom: (lastCut?.at ?? 0) + segment * SHORTEST_OF_WISHED,
    };
  }

  /** Chooses it once the leading track shows its pace; all that waited for it is published then. */
  #choosePartTarget(isLast: boolean): void {
    const leader = this.#leader();
    if (this.#partTarget !== undefined || leader === undefined) return;
    const { part } = this.#settings;
    const tracks = [...this.#tracks.values()];
    if (!isLast) {
      const isEnough = leader.held >= part * SHORTEST_OF_TARGET && !this.#expected.isWaiting;
      const waited = Math.max(...tracks.map(({ held }) => held));
      if (!isEnough && waited < LONGEST_WAIT) return;
    }
    const others = tracks.filter((track) => track !== leader).map(({ timing }) => timing);
    this.#partTarget = choosePartTarget(
      part,
      leader.timing,
      others.filter((timing) => timing !== undefined),
    );
    for (const track of tracks) track.publish();
    this.#hasNews = true;
  }

  #tell(): void {
    this.#hasNews = false;
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

  #cut({ epoch }: Pick<LiveSample, "epoch">, at: Milliseconds, isDiscontinuity: boolean): Cut {
    // What is cut off is complete: it cannot wait any longer for the length of its parts.
    if (this.#cuts.last !== undefined) this.#choosePartTarget(true);
    return this.#cuts.add(epoch, at, isDiscontinuity);
  }

  /** Forgets cuts that every track has passed, and segments that left the window. */
  #tidy(): void {
    const tracks = [...this.#tracks.values()].sort((a, b) => rank(a.track) - rank(b.track));
    this.#cuts.forget(Math.min(...tracks.map((track) => track.mediaSequence)));
    const { windowBytes } = this.#settings;
    const windows = tracks.map(({ window }) => window);
    const bytes = windows.reduce((sum, window) => sum + window.bytes, 0);
    for (const window of windows) {
      window.trim(bytes > windowBytes ? (window.bytes * windowBytes) / bytes : window.bytes);
    }
    const leading = windows.find(({ segments }) => segments.length > 0);
    if (leading !== undefined) this.#listedFrom.move(leading, bytes / windowBytes);
  }

  /** What is listed is less than it was, without any segment being new. */
  #onLoss(): void {
    for (const { window } of this.#tracks.values()) this.#listedFrom.atLeast(window.leavingBefore);
    this.#tell();
  }
}

const hasSomething = (track: TrackSegmenter): boolean =>
  track.segments.length > 0 || track.open !== undefined;

const rank = (track: LiveTrack): number =>
  (track.track.mediaType === "video" ? 0 : 1_000_000) + track.id;
