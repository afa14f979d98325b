import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import { type Frame, FrameFlag, FrameType } from "../../server/protocol/wire/frame.ts";
import { GopCache } from "./gop-cache.ts";
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

/** Pictures that a full line may leave out, to the next sync sample, are not missed for so long (ms). */
const MISSING = 15_000;

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
  /** Since when it is to be played, ms. */
  plannedAt: number;
};

/** What a feed feeds: a playback, or what stands for one. */
export type LiveSink = {
  /** The track of each kind that is played now. */
  readonly plan: readonly PlannedTrack[];
  /** Whether samples of this track are taken as they are. */
  plays(trackId: number): boolean;
  /** Takes an init segment: of the track that is played, or of another of its kind in its place. */
  init(planned: PlannedTrack, bytes: Bytes): void;
  /**
   * Takes samples in order of arrival, of any planned track. `isHistory`: more of the past is
   * still to come, so the playhead waits.
   */
  feed(frames: readonly Frame[], isHistory: boolean): void;
  /** The history is complete: the playhead may go to its end. */
  endHistory(): void;
};

/** What the feed asks of the line. */
export type FeedHost = {
  readonly canPlay: (mimeType: string) => boolean;
  readonly canChangeType: boolean;
  /** Makes a playback of these tracks: it takes the stage when it is ready. */
  build(plan: readonly PlannedTrack[]): LiveSink;
  /** Asks the server for these tracks and no others. */
  select(trackIds: readonly number[]): void;
  /** Whether a playback may be built now: MSE rests for a while after many errors. */
  mayBuild(): boolean;
  now(): number;
};

/**
 * From the WebSocket's messages to a playback: chooses the tracks, keeps what a new playback needs to
 * begin with, and replaces the one that plays where it cannot take what comes.
 */
export class LiveFeed {
  readonly #host: FeedHost;
  readonly #cache = new GopCache();
  #sources = new Map<number, Source>();
  readonly #known = new Map<number, Source>();
  #playback: LiveSink | undefined;
  #plan: Plan = { tracks: [], wanted: [], unsupported: [] };
  /** What the server sends of the tracks announced. */
  #sent: ReadonlySet<number> = new Set();
  /** What the viewer chose, newest first. */
  #preferred: readonly number[] = [];
  /** What this connection was asked for; undefined while it sends what it sends to everybody. */
  #asked: readonly number[] | undefined;
  #firstInitAt: number | undefined;
  #history = 0;
  #historyFrom = 0;
  #connectedAt = 0;
  #builtAt = Number.NEGATIVE_INFINITY;
  #mustRebuild = false;
  #missingUntil = 0;

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

  /** All tracks that are announced. */
  get announced(): readonly AnnouncedTrack[] {
    return [...this.#sources.values()].map(({ track }) => track);
  }

  /** What the viewer chose, newest first. */
  get preferred(): readonly number[] {
    return this.#preferred;
  }

  /** What the server was asked for, for the next connection's address. */
  get asked(): readonly number[] | undefined {
    return this.#asked;
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
          plannedAt: this.#host.now(),
        });
      }
    }
    // Gone tracks come back with the init segment they had: it is not sent again.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      if (!this.#sources.has(id)) this.#known.delete(id);
    }
    this.#sent = new Set(tracks.map(({ id }) => id));
    this.#choose();
  }

  /** From here on these tracks are sent. */
  selected(trackIds: readonly number[]): void {
    this.#sent = new Set(trackIds);
    this.#choose();
  }

  /** The viewer wants these tracks; where it named none of a kind, that stays as it is. */
  prefer(trackIds: readonly number[]): void {
    const kindOf = (id: number) => this.#sources.get(id)?.track.mediaType;
    const kinds = trackIds.map(kindOf);
    const others = this.#preferred.filter((id) => !kinds.includes(kindOf(id)));
    this.#preferred = [...trackIds, ...others].slice(0, MOST_KNOWN);
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

  /** The line is full: pictures may be left out, which is no reason to play without. */
  miss(): void {
    this.#missingUntil = this.#host.now() + MISSING;
  }

  /** Other tracks can be played now than before. */
  reconsider(): void {
    if (this.#sources.size > 0) this.#choose();
  }

  /** Another playback is to take the place of the present one, of the same media. */
  rebuild(): void {
    if (this.#playback === undefined) return;
    this.#mustRebuild = true;
    this.#builtAt = Number.NEGATIVE_INFINITY;
    this.#decide();
  }

  /** The playback failed, or was given up: the next one begins with what is held. */
  discard(playback: LiveSink): void {
    if (this.#playback === playback) this.#playback = undefined;
  }

  get #video(): AnnouncedTrack | undefined {
    return this.#plan.tracks.find(({ track }) => track.mediaType === "video")?.track;
  }

  #isPlanned(trackId: number): boolean {
    return this.#plan.tracks.some(({ track }) => track.id === trackId);
  }

  /** Chooses anew, from what is announced and what is sent. */
  #choose(): void {
    const before = this.#plan.tracks.map(({ track }) => track.id);
    this.#plan = planTracks({
      tracks: this.announced,
      sent: this.#sent,
      preferred: this.#preferred,
      supports: this.#host.canPlay,
    });
    for (const { track } of this.#plan.tracks) {
      const source = this.#sources.get(track.id);
      if (source === undefined || before.includes(track.id)) continue;
      source.plannedAt = this.#host.now();
      source.isSilent = false;
      // What was heard of it before is of another time.
      source.last = undefined;
      source.isResuming = false;
    }
    for (const id of before) if (!this.#isPlanned(id)) this.#cache.forget(id);
    this.#ask();
  }

  /** Tells the server what is wanted, where it sends something else or was asked for something else. */
  #ask(): void {
    const { wanted } = this.#plan;
    const asked = this.#asked;
    const isSent = wanted.every((id) => this.#sent.has(id));
    const isAsked = asked?.length === wanted.length && wanted.every((id) => asked.includes(id));
    if (isAsked || (isSent && asked === undefined)) return;
    this.#asked = wanted;
    this.#host.select(wanted);
  }

  #init(source: Source, frame: Frame): void {
    const { track } = source;
    source.init = frame.payload;
    source.isChanging = false;
    this.#firstInitAt ??= this.#host.now();
    this.#cache.forget(track.id);
    const planned = this.#plan.tracks.find((one) => one.track.id === track.id);
    if (planned === undefined || !this.#isTaken(planned)) return;
    if (this.#playback?.plays(track.id)) this.#playback.init(planned, frame.payload);
  }

  /** Whether the present playback can take what now comes of a track. */
  #isTaken(planned: PlannedTrack): boolean {
    const isOfKind = ({ track }: PlannedTrack) => track.mediaType === planned.track.mediaType;
    const before = this.#playback?.plan.filter(isOfKind) ?? [];
    return before.length > 0 && isContinuation(before, [planned], this.#host.canChangeType);
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
    let taken: Frame[] = [];
    for (const frame of frames) {
      const planned = this.#plan.tracks.find(({ track }) => track.id === frame.trackId);
      if (planned === undefined || !this.#isTaken(planned)) continue;
      if (!playback.plays(frame.trackId)) {
        const init = this.#sources.get(frame.trackId)?.init;
        if (init === undefined || (frame.flags & FrameFlag.Sync) === 0) continue;
        if (taken.length > 0) playback.feed(taken, isHistory);
        taken = [];
        playback.init(planned, init);
      }
      taken.push(frame);
    }
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
    for (const planned of wanted) {
      const init = this.#sources.get(planned.track.id)?.init;
      if (init !== undefined) playback.init(planned, init);
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
      const { mediaType } = source.track;
      if (mediaType === "video" && this.#host.now() < this.#missingUntil) continue;
      const allowed = SILENT[mediaType];
      const since = Math.max(this.#builtAt, this.#connectedAt, source.plannedAt);
      const behind = end === undefined ? (this.#host.now() - since) / 1_000 : newest - end;
      if (behind > allowed && this.#playback !== undefined) source.isSilent = true;
      if (end !== undefined && behind < allowed / 3) source.isSilent = false;
    }
  }
}
