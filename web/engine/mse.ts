import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import { type Frame, FrameFlag, FrameType } from "../../server/protocol/wire/frame.ts";
import { GopCache } from "./gop-cache.ts";
import type { MsePlayback } from "./mse-playback.ts";
import { isContinuation, type Plan, type PlannedTrack, planTracks } from "./plan.ts";

/** With only one kind of track announced, the other is waited for this long (ms). */
const GRACE = 100;

/** History longer than this (ms of arrival) says that no other track is about to come. */
const OLD_ENOUGH = 300;

/** Tracks remembered, announced ones included. */
const MOST_KNOWN = 32;

/** History that has not come within this long (ms) is not waited for. */
const HISTORY_WITHIN = 3_000;

/** A track this far (seconds) behind the other gives nothing: it is played without. */
const SILENT = { audio: 1.2, video: 3 } as const;

/** Rebuilding follows rebuilding no sooner than this (ms). */
const BETWEEN_REBUILDS = 700;

/** What is known of one announced track. */
type Source = {
  track: AnnouncedTrack;
  init: Bytes | undefined;
  /** Announced with another configuration: its init segment is on the way. */
  isChanging: boolean;
  /** The newest frame handed on, to find the place again after a new connection. */
  last: { readonly dts: number; readonly serverTime: number } | undefined;
  /** After a new connection: frames up to `last` are known already. */
  isResuming: boolean;
  hasMetLast: boolean;
  isSilent: boolean;
};

/** What the feed asks of the player. */
export type FeedHost = {
  readonly canPlay: (mimeType: string) => boolean;
  readonly canChangeType: boolean;
  /** Makes a playback of these tracks on a free `<video>`: it takes the stage when it is ready. */
  build(plan: readonly PlannedTrack[]): MsePlayback;
  /** Whether a playback may be built now: MSE rests for a while after many errors. */
  mayBuild(): boolean;
  now(): number;
};

/**
 * From the WebSocket's messages to a MediaSource: chooses the tracks, keeps what a new MediaSource
 * needs to begin with, and replaces the playback where its buffers cannot take what comes.
 */
export class MseFeed {
  readonly #host: FeedHost;
  readonly #cache = new GopCache();
  #sources = new Map<number, Source>();
  readonly #known = new Map<number, Source>();
  #playback: MsePlayback | undefined;
  #plan: Plan = { tracks: [], unsupported: [] };
  #firstInitAt: number | undefined;
  #history = 0;
  #historyFrom = 0;
  #connectedAt = 0;
  #builtAt = Number.NEGATIVE_INFINITY;
  #mustRebuild = false;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  /** The tracks chosen, and those this browser cannot play. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Whether what comes now is older than the moment of joining. */
  get isHistory(): boolean {
    return this.#history > 0;
  }

  /** A new connection: what it sends may begin before what is known. */
  reconnected(): void {
    this.#connectedAt = this.#host.now();
    this.#cache.clear();
    this.#history = 0;
    for (const source of [...this.#known.values(), ...this.#sources.values()]) {
      source.isResuming = source.last !== undefined;
      source.hasMetLast = false;
    }
  }

  /** All tracks as they are now. */
  announce(tracks: readonly AnnouncedTrack[]): void {
    for (const [id, source] of this.#sources) this.#known.set(id, source);
    this.#sources = new Map();
    for (const track of tracks) {
      const known = this.#known.get(track.id);
      if (known !== undefined && known.track.timescale === track.timescale) {
        this.#sources.set(track.id, known);
        known.isChanging ||= known.track.configuration !== track.configuration;
        known.track = track;
      } else {
        this.#sources.set(track.id, {
          track,
          init: undefined,
          isChanging: false,
          last: undefined,
          isResuming: false,
          hasMetLast: false,
          isSilent: false,
        });
      }
    }
    // Gone tracks come back with the init segment they had: it is not sent again.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      if (!this.#sources.has(id)) this.#known.delete(id);
    }
    this.#choose();
  }

  /** The next `fragments` fragments are older than the moment of joining. */
  history(fragments: number): void {
    this.#history = fragments;
    this.#historyFrom = this.#host.now();
  }

  receive(frames: readonly Frame[]): void {
    const fresh: Frame[] = [];
    const isHistory = this.#history > 0;
    for (const frame of frames) {
      const source = this.#sources.get(frame.trackId);
      if (frame.type === FrameType.InitSegment) {
        // What came before belongs to the configuration before.
        this.#hand(fresh.splice(0), isHistory);
        if (source !== undefined) this.#init(source, frame);
        continue;
      }
      if (this.#history > 0) this.#history -= 1;
      if (source === undefined || !this.#isPlanned(frame.trackId)) continue;
      this.#cache.push(frame, source.track, this.#video);
      if (this.#isNew(source, frame)) fresh.push(frame);
    }
    this.#hand(fresh, isHistory);
    if (this.#history === 0) this.#decide();
  }

  /** To be called every 50 ms or so. */
  tick(): void {
    if (this.#history > 0 && this.#host.now() - this.#historyFrom > HISTORY_WITHIN) {
      this.#history = 0;
      this.#hand([], true);
    }
    this.#findSilent();
    if (this.#history === 0) this.#decide();
  }

  /** The playback failed, or was given up: the next one begins with what is held. */
  discard(playback: MsePlayback): void {
    if (this.#playback === playback) this.#playback = undefined;
  }

  get #video(): AnnouncedTrack | undefined {
    return this.#plan.tracks.find(({ track }) => track.mediaType === "video")?.track;
  }

  #isPlanned(trackId: number): boolean {
    return this.#plan.tracks.some(({ track }) => track.id === trackId);
  }

  /** Chooses anew, from what is announced. */
  #choose(): void {
    const tracks = [...this.#sources.values()].map(({ track }) => track);
    this.#plan = planTracks(tracks, this.#host.canPlay);
  }

  #init(source: Source, frame: Frame): void {
    const { track } = source;
    source.init = frame.payload;
    source.isChanging = false;
    this.#firstInitAt ??= this.#host.now();
    this.#cache.forget(track.id);
    const planned = this.#plan.tracks.find((one) => one.track.id === track.id);
    if (planned !== undefined && this.#isTaken(track.id)) {
      this.#playback?.init(track.id, planned.mimeType, frame.payload);
    }
  }

  /** Whether the present playback can take what now comes of a track. */
  #isTaken(trackId: number): boolean {
    const isThis = ({ track }: PlannedTrack) => track.id === trackId;
    const before = this.#playback?.plan.filter(isThis) ?? [];
    const now = this.#plan.tracks.filter(isThis);
    return before.length > 0 && isContinuation(before, now, this.#host.canChangeType);
  }

  /** Whether the playback has not seen this frame yet; finds out where another timeline began. */
  #isNew(source: Source, frame: Frame): boolean {
    const { last } = source;
    if (source.isResuming && last !== undefined) {
      if (frame.dts <= last.dts) {
        if (frame.dts === last.dts) {
          source.hasMetLast = true;
          if (frame.serverTime !== last.serverTime) this.#startAnew();
        } else if (this.#history === 0) {
          this.#startAnew();
        }
        if (!this.#mustRebuild) return false;
      } else if (!source.hasMetLast && (frame.flags & FrameFlag.Sync) === 0) {
        // Went past the place without meeting it: not the timeline we know.
        this.#startAnew();
      }
      source.isResuming = false;
    }
    source.last = { dts: frame.dts, serverTime: frame.serverTime };
    return true;
  }

  /** Another timeline: nothing that was known of the old one holds. */
  #startAnew(): void {
    this.#mustRebuild = true;
    for (const source of [...this.#known.values(), ...this.#sources.values()]) {
      source.isResuming = false;
      source.last = undefined;
    }
  }

  #hand(frames: readonly Frame[], isHistory: boolean): void {
    const playback = this.#playback;
    if (playback === undefined || this.#mustRebuild) return;
    const taken = frames.filter(({ trackId }) => this.#isTaken(trackId));
    if (taken.length > 0) playback.feed(taken, isHistory);
    if (isHistory && this.#history === 0) playback.endHistory();
  }

  /** The tracks of the plan that give something. */
  get #wanted(): readonly PlannedTrack[] {
    return this.#plan.tracks.filter(({ track }) => {
      const source = this.#sources.get(track.id);
      return source?.init !== undefined && !source.isSilent;
    });
  }

  /** Builds the first playback when it is time, or another where the present one cannot go on. */
  #decide(): void {
    const wanted = this.#wanted;
    if (wanted.length === 0 || this.#host.now() - this.#builtAt < BETWEEN_REBUILDS) return;
    if (!this.#host.mayBuild()) return;
    if (this.#plan.tracks.some(({ track }) => this.#sources.get(track.id)?.isChanging)) return;
    const playback = this.#playback;
    if (playback === undefined) {
      if (this.#isComplete(wanted)) this.#build(wanted);
      return;
    }
    const goesOn = isContinuation(playback.plan, wanted, this.#host.canChangeType);
    if (!goesOn || this.#mustRebuild) this.#build(wanted);
  }

  /** Whether no other track is to be waited for. */
  #isComplete(wanted: readonly PlannedTrack[]): boolean {
    const kinds = new Set(wanted.map(({ track }) => track.mediaType));
    if (kinds.size === 2) return true;
    const frames = this.#cache.frames;
    const age = (frames.at(-1)?.serverTime ?? 0) - (frames[0]?.serverTime ?? 0);
    if (age > OLD_ENOUGH && wanted.length === this.#plan.tracks.length) return true;
    return this.#host.now() - (this.#firstInitAt ?? 0) >= GRACE;
  }

  #build(wanted: readonly PlannedTrack[]): void {
    const frames = this.#cache.frames.filter((frame) =>
      wanted.some(({ track }) => track.id === frame.trackId),
    );
    const video = wanted.find(({ track }) => track.mediaType === "video")?.track;
    const first = video === undefined ? frames[0] : frames.find((one) => one.trackId === video.id);
    // A picture can only begin at a sync sample; the old playback goes on until one is there.
    if (first === undefined) return;
    if (video !== undefined && (first.flags & FrameFlag.Sync) === 0) return;
    this.#mustRebuild = false;
    this.#builtAt = this.#host.now();
    const playback = this.#host.build(wanted);
    this.#playback = playback;
    for (const { track, mimeType } of wanted) {
      const init = this.#sources.get(track.id)?.init;
      if (init !== undefined) playback.init(track.id, mimeType, init);
    }
    playback.feed(frames, true);
    playback.endHistory();
  }

  /** A track that falls silent would stop the other one: what is buffered is what both have. */
  #findSilent(): void {
    const ends = this.#plan.tracks.map(({ track }) => {
      const source = this.#sources.get(track.id);
      const last = source?.last;
      return { source, end: last === undefined ? undefined : last.dts / track.timescale };
    });
    const newest = Math.max(...ends.map(({ end }) => end ?? Number.NEGATIVE_INFINITY));
    for (const { source, end } of ends) {
      if (source === undefined || !Number.isFinite(newest)) continue;
      const allowed = SILENT[source.track.mediaType];
      const since = Math.max(this.#builtAt, this.#connectedAt);
      const behind = end === undefined ? (this.#host.now() - since) / 1_000 : newest - end;
      if (behind > allowed && this.#playback !== undefined) source.isSilent = true;
      if (end !== undefined && behind < allowed / 3) source.isSilent = false;
    }
  }
}
