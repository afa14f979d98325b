import { type Bytes, NO_BYTES } from "../protocol/bytes/bytes.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { EncoderReport } from "../protocol/media/encoder-report.ts";
import type {
  DataValue,
  MediaEvent,
  Milliseconds,
  Sample,
  UnplayableTrack,
} from "../protocol/media/sample.ts";
import {
  isSameCoding,
  isSameLabel,
  type Track,
  type TrackKey,
  trackKey,
} from "../protocol/media/track.ts";
import { announcedMediaTypes } from "./announced-media-types.ts";
import type { Clock } from "./clock.ts";
import type { DateRange } from "./date-range.ts";
import { EncoderClock, type EncoderStatus } from "./encoder-clock.ts";
import { encoderTime } from "./encoder-time.ts";
import { encoderName } from "./health/encoder-name.ts";
import { StreamHealth, type StreamReport } from "./health/stream-health.ts";
import { TrackHealth } from "./health/track-health.ts";
import type { HealthHistory } from "./health/vitals.ts";
import { History } from "./history.ts";
import { LiveData } from "./live-data.ts";
import type { DataEvent, LiveObserver, LiveState, StreamWarning } from "./live-observer.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, relabelled, ticksToMs } from "./live-track.ts";
import { PublishedTrack } from "./published-track.ts";
import { Segmenter, type SegmenterSettings } from "./segmenter.ts";
import { StreamWarnings } from "./stream-warnings.ts";
import { TextReader } from "./text-reader.ts";
import type { TextCue, TextTrack } from "./text-track.ts";
import { TextTracks } from "./text-tracks.ts";
import { Timeline } from "./timeline.ts";

/** How live streams behave; times in ms, sizes in bytes. */
export type LiveSettings = {
  readonly gracePeriod: Milliseconds;
  readonly trackSkew: Milliseconds;
  readonly historyTime: Milliseconds;
  readonly historyBytes: number;
  readonly segmenter: SegmenterSettings;
};

/** What `GET /api/v1/streams` tells of one track. */
export type TrackStatus = {
  readonly track: LiveTrack;
  /** Bits a second, measured over the last seconds. */
  readonly bitrate: number;
};

/** The way into a live stream for whoever feeds it; of no effect once it has ended. */
export type Publication = {
  readonly liveStream: LiveStream;
  /**
   * @throws ProtocolError of message scope where a configuration cannot be wrapped
   */
  input(event: MediaEvent): void;
  /** `clean`: the encoder said goodbye, and did not just vanish. */
  end(reason: "clean" | "lost"): void;
};

/**
 * A broadcast under one streamPath, from whatever source, for everybody who wants it. It outlives
 * its publishers: the timeline, the tracks' numbers and those who watch stay while one leaves and
 * another returns.
 *
 * Everything in it is plain data, calls and a clock: it knows no socket.
 */
export class LiveStream {
  readonly streamPath: string;
  /** Distinguishes this life of the streamPath from earlier ones, in names that caches keep. */
  readonly id: string;
  readonly segmenter: Segmenter;
  readonly #clock: Clock;
  readonly #settings: LiveSettings;
  readonly #timeline: Timeline;
  readonly #history: History;
  readonly #observers = new Set<LiveObserver>();
  readonly #texts: TextTracks;
  readonly #text: TextReader;
  readonly #onIdle: () => void;
  readonly #onViewers: () => void;
  #viewers = 0;
  readonly #published = new Map<TrackKey, PublishedTrack>();
  #unplayable: UnplayableTrack[] = [];
  readonly #warnings: StreamWarnings;
  readonly #data: LiveData;
  #encoder = new EncoderClock();
  #health: StreamHealth | undefined;
  #publication: Publication | undefined;
  #state: LiveState = "waiting";
  #startedAt: Milliseconds | undefined;
  #cancelGrace: (() => void) | undefined;
  #nextTrackId = 1;

  /**
   * @param onIdle called when nobody publishes any more, the grace period being over
   * @param onViewers called when the first viewer came, and when the last one left
   * @param onWarning called when there is something to warn of that was not there before in this
   *   broadcast
   */
  constructor(
    streamPath: string,
    {
      clock,
      settings,
      onIdle,
      onViewers = () => {},
      onWarning = () => {},
    }: {
      clock: Clock;
      settings: LiveSettings;
      onIdle: () => void;
      onViewers?: () => void;
      onWarning?: (warning: StreamWarning) => void;
    },
  ) {
    this.streamPath = streamPath;
    this.id = Math.floor(clock.now()).toString(36);
    this.#data = new LiveData(this.id);
    this.#clock = clock;
    this.#settings = settings;
    this.#onIdle = onIdle;
    this.#onViewers = onViewers;
    this.#warnings = new StreamWarnings(settings.segmenter.longestSegment, onWarning);
    this.#timeline = new Timeline({ maxSkew: settings.trackSkew });
    this.#history = new History({ maxBytes: settings.historyBytes, maxTime: settings.historyTime });
    this.segmenter = new Segmenter(settings.segmenter, { streamPath, life: this.id });
    const { window, linger = 0, longestSegment } = settings.segmenter;
    this.#texts = new TextTracks(
      {
        onTrack: () => {
          for (const observer of this.#observers) observer.textTracks?.();
        },
        onCue: (cue) => {
          for (const observer of this.#observers) observer.cue?.(cue);
        },
      },
      // The oldest segment that can still be had may reach beyond the window.
      window + linger + 2 * longestSegment,
    );
    this.#text = new TextReader(this.#texts);
  }

  get state(): LiveState {
    return this.#state;
  }

  /** When the present broadcast began, ms since 1970; a publisher's return continues it. */
  get startedAt(): Milliseconds | undefined {
    return this.#startedAt;
  }

  /** How far its timeline has come. */
  get newest(): Milliseconds {
    return this.#timeline.newest;
  }

  get observers(): number {
    return this.#observers.size;
  }

  /** Observers for whose sake it is worth having: who only passes it on is none. */
  get viewers(): number {
    return this.#viewers;
  }

  /** Tracks that are announced at present. */
  get tracks(): readonly LiveTrack[] {
    return [...this.#published.values()]
      .filter((published) => published.isActive)
      .map((published) => published.live);
  }

  /** Text that was seen so far, captions first. */
  get textTracks(): readonly TextTrack[] {
    return this.#texts.tracks;
  }

  /** Cues of a text track that are still within the window, oldest first. */
  cues(trackId: string): readonly TextCue[] {
    return this.#texts.cues(trackId);
  }

  /** What the encoder marked within the window, oldest first. */
  get dateRanges(): readonly DateRange[] {
    return this.#data.dateRanges(this.segmenter.oldestDate);
  }

  /** What was said in between in the last seconds, for who was away for a moment: oldest first. */
  get recentData(): readonly DataEvent[] {
    return this.#data.recent(this.#timeline.newest);
  }

  /** What is amiss at present. */
  get warnings(): readonly StreamWarning[] {
    return this.#warnings.list;
  }

  get unplayable(): readonly UnplayableTrack[] {
    return this.#unplayable;
  }

  /** onMetaData as it stands: its newest event; undefined where there is none. */
  get metadata(): DataEvent | undefined {
    return this.#data.metadata;
  }

  /** The same as it came: AMF0 values, its name first; empty where there is none. */
  get metadataBody(): Bytes {
    return this.#data.metadata?.body ?? NO_BYTES;
  }

  /** What the encoder tells of itself; undefined where it tells nothing. */
  get encoder(): EncoderStatus | undefined {
    return this.#encoder.status;
  }

  /** How well the present publisher's broadcast comes; undefined where there is none. */
  get health(): StreamReport | undefined {
    return this.#health?.report(this.#clock.now());
  }

  /** The same by the second, of the last minutes. */
  get healthHistory(): HealthHistory | undefined {
    return this.#health?.history(this.#clock.now());
  }

  /** The announced tracks with their measured rates. */
  status(): readonly TrackStatus[] {
    const now = this.#clock.now();
    return [...this.#published.values()]
      .filter((published) => published.isActive)
      .map((published) => ({ track: published.live, bitrate: published.rate.bitsPerSecond(now) }));
  }

  /** What a newcomer is given at once: see `History`. */
  history(): readonly LiveSample[] {
    return this.#history.join();
  }

  /** The newest picture of an announced track that can be shown without another one. */
  newestSync(trackId: number): LiveSample | undefined {
    for (const { live, isActive, sync } of this.#published.values()) {
      if (live.id === trackId && isActive) return sync;
    }
    return undefined;
  }

  /** @returns takes the observer out again */
  observe(observer: LiveObserver, { isViewer = true }: { isViewer?: boolean } = {}): () => void {
    this.#observers.add(observer);
    if (isViewer) this.#countViewer(1);
    return () => {
      if (this.#observers.delete(observer) && isViewer) this.#countViewer(-1);
    };
  }

  #countViewer(step: 1 | -1): void {
    const before = this.#viewers;
    this.#viewers += step;
    if (before === 0 || this.#viewers === 0) this.#onViewers();
  }

  /**
   * Somebody begins, or continues, the broadcast; whoever fed it before feeds it no more.
   *
   * @param goesOn the same encoder on another connection: its clock and its references may go on, and
   *   nothing is marked as broken unless they do not
   */
  publish({ goesOn = false }: { goesOn?: boolean } = {}): Publication {
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    if (this.#publication !== undefined && !goesOn) {
      this.#text.end(this.#timeline.newest);
      this.segmenter.finish();
    }
    const publication: Publication = {
      liveStream: this,
      input: (event) => {
        if (this.#publication === publication) this.#input(event);
      },
      end: (reason) => {
        if (this.#publication === publication) this.#end(reason);
      },
    };
    this.#publication = publication;
    this.#startedAt ??= this.#clock.now();
    if (!goesOn) {
      this.#timeline.splice();
      this.#encoder = new EncoderClock();
    }
    if (!goesOn || this.#health === undefined) this.#examineAnew();
    for (const published of this.#published.values()) {
      published.isConfirmed = false;
      // Another encoder's pictures; after a mere jump of the clock the references hold.
      published.awaitSync();
    }
    if (this.#unplayable.length > 0) {
      this.#unplayable = [];
      this.#tellTracks();
    }
    this.#setState("live");
    return publication;
  }

  #examineAnew(): void {
    const health = new StreamHealth(this.#clock.now(), () => ({
      encoder: encoderName(this.#data.metadataValues),
      status: this.#encoder.status,
      unplayable: this.#unplayable,
      tracks: [...this.#published.values()]
        .filter((published) => published.isActive || published.isConfirmed)
        .sort((a, b) => a.rank - b.rank),
    }));
    for (const published of this.#published.values()) {
      published.health = new TrackHealth(published.live.track.mediaType);
    }
    this.#health = health;
  }

  /** The server goes away: nobody is waited for any more. */
  close(): void {
    this.#publication = undefined;
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
  }

  #input(event: MediaEvent): void {
    switch (event.type) {
      case "track":
        this.#describe(event.track);
        return;
      case "sample":
        this.#sample(event.sample);
        return;
      case "unplayable":
        this.#replaceByUnplayable(event.track);
        return;
      case "track-end": {
        // Encoders also say so at the very end of a broadcast, when nothing is to be withdrawn.
        const published = this.#published.get(trackKey(event));
        if (published !== undefined) published.isConfirmed = false;
        return;
      }
      case "metadata": {
        const { values } = event;
        const metadata = this.#data.describe(event, this.#timeline.newest);
        this.segmenter.declare({
          video: bitrateOf(values["videodatarate"]),
          audio: bitrateOf(values["audiodatarate"]),
        });
        for (const mediaType of announcedMediaTypes(values)) this.segmenter.expectSome(mediaType);
        this.#tellData(metadata);
        return;
      }
      case "data":
        this.#hear(event);
        return;
      case "encoder-report": {
        const { trackIndex, report, dts, compositionOffset } = event;
        const position = this.#timeline.peek(dts) + compositionOffset;
        this.#stamped(trackIndex, report, position, this.#clock.now());
        return;
      }
      case "opaque": {
        const { frame } = event;
        const now = this.#clock.now();
        const { at: dts } = this.#timeline.place(trackKey(frame), frame.dts, now);
        this.#health?.bytes(frame.tag.length, now);
        for (const observer of this.#observers) observer.opaque?.({ ...frame, dts });
        return;
      }
      case "bad-message":
        this.#health?.badMessage();
        return;
    }
  }

  #stamped(
    trackIndex: number,
    report: EncoderReport,
    position: Milliseconds,
    now: Milliseconds,
  ): void {
    const status = this.#encoder.take(trackIndex, report, position, now);
    for (const observer of this.#observers) observer.encoder?.(status);
  }

  #end(reason: "clean" | "lost"): void {
    this.#publication = undefined;
    this.#health = undefined;
    this.#text.end(this.#timeline.newest);
    // First: who is told of the last segments is to know that they are, for now.
    this.#setState(reason === "clean" ? "ended" : "reconnecting");
    this.segmenter.finish();
    this.#cancelGrace = this.#clock.after(this.#settings.gracePeriod, () => this.#giveUp());
  }

  /** Nobody came back: what was kept for the return is let go; who still waits, waits. */
  #giveUp(): void {
    this.#cancelGrace = undefined;
    this.#history.clear();
    this.#startedAt = undefined; // first: what is removed is told to be the end
    for (const published of this.#published.values()) this.segmenter.remove(published.live.id);
    this.#published.clear();
    this.#text.clear();
    this.#unplayable = [];
    this.#data.clear();
    this.#warnings.clear();
    this.#tellTracks();
    this.#setState(this.#state === "ended" ? "ended" : "waiting");
    this.#onIdle();
  }

  #replaceByUnplayable(track: UnplayableTrack): void {
    const key = trackKey(track);
    this.#unplayable = [...this.#unplayable.filter((other) => trackKey(other) !== key), track];
    this.segmenter.expectNone(track.mediaType);
    const published = this.#published.get(key);
    if (published?.isActive === true) this.#withdraw(published);
    else this.#tellTracks();
  }

  #describe(track: Track): void {
    const key = trackKey(track);
    this.#unplayable = this.#unplayable.filter((other) => trackKey(other) !== key);
    const known = this.#published.get(key);
    if (known !== undefined && isSameCoding(known.live.track, track)) {
      known.isConfirmed = true;
      if (isSameLabel(known.live.track, track)) return; // announced, or with its next sample
      known.live = relabelled(known.live, track);
      if (known.isActive) this.#tellTracks();
      return;
    }
    const position = { now: this.#clock.now(), at: this.#timeline.newest };
    const published = new PublishedTrack(this.#nextTrackId, track, known, position);
    if (known === undefined) this.#nextTrackId += 1;
    this.#published.set(key, published);
    this.#history.forget(published.live.id);
    this.segmenter.expect(published.live.id);
    this.#tellTracks();
  }

  #sample(sample: Sample): void {
    const key = trackKey(sample);
    const published = this.#published.get(key);
    if (published === undefined) {
      const message = `Cannot take a sample of ${key}: no configuration came before it`;
      throw new ProtocolError("malformed", "SAMPLE_WITHOUT_TRACK", message);
    }
    const now = this.#clock.now();
    const { at, epoch } = this.#timeline.place(key, sample.dts, now, sample.compositionOffset);
    this.#health?.sample(published.health, sample, at, now, epoch);
    published.arrived(now, at, epoch, sample.data.length);
    if (!published.canTake(sample, at, this.#timeline.newest)) return;
    const { isActive } = published;
    const live = published.take(sample, at, epoch, now);
    if (!isActive) this.#tellTracks();
    const isLeading = this.#leading === published;
    if (isLeading) this.#text.picture(live);
    this.#history.push(live);
    for (const observer of this.#observers) observer.sample?.(live);
    this.segmenter.push(live);
    // A picture lasts until the next one comes; how long sound lasts is known.
    const passed = live.isVideo ? live.dts : live.dts + live.duration;
    if (isLeading) this.#text.pass(ticksToMs(live.track, passed));
    if (this.#warnings.look(this.segmenter.isGopLong)) {
      for (const observer of this.#observers) observer.warnings?.();
      this.#warnings.report();
    }
    this.#withdrawSilent(now);
  }

  /** The first video track, without one the first audio track: as the segmenter has it. */
  get #leading(): PublishedTrack | undefined {
    let leading: PublishedTrack | undefined;
    for (const one of this.#published.values()) {
      if (one.isActive && one.rank < (leading?.rank ?? Number.POSITIVE_INFINITY)) leading = one;
    }
    return leading;
  }

  /** A track that gives nothing while another goes on is announced as gone. */
  #withdrawSilent(now: Milliseconds): void {
    for (const published of this.#published.values()) {
      if (published.isSilent(now, this.#timeline.newest)) this.#withdraw(published);
    }
  }

  #withdraw(published: PublishedTrack): void {
    published.withdraw();
    this.#history.forget(published.live.id);
    this.segmenter.retire(published.live.id);
    this.#tellTracks();
  }

  #hear(message: Extract<MediaEvent, { readonly type: "data" }>): void {
    const { name, values, dts } = message;
    const now = this.#clock.now();
    const at = this.#timeline.peek(dts);
    const event = this.#data.hear(message, at);
    this.#tellData(event);
    const composed = encoderTime(name, values, now);
    if (composed !== undefined) this.#stamped(0, { times: { composed } }, at, now);
    const timed = this.#data.timed(event, now);
    if (timed !== undefined) this.segmenter.event(timed);
    this.#text.data(name, values, at);
    const { index, wallOffset } = this.#timeline.epoch;
    const moment = { at, date: index < 0 ? now : at + wallOffset };
    const splice = this.#data.mark(event, dts, moment, now);
    if (splice !== undefined) this.segmenter.event(splice);
  }

  #tellData(event: DataEvent): void {
    for (const observer of this.#observers) observer.data?.(event);
  }

  #tellTracks(): void {
    for (const observer of this.#observers) observer.tracks?.();
  }

  #setState(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const observer of this.#observers) observer.state?.(state);
  }
}

/** kb/s of onMetaData as bits a second; 0 where it is none. */
const bitrateOf = (value: DataValue | undefined): number =>
  typeof value === "number" && value > 0 && value < 1_000_000 ? value * 1000 : 0;
