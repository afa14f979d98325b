import { type Bytes, NO_BYTES } from "../protocol/bytes/bytes.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { EncoderReport } from "../protocol/media/encoder-report.ts";
import type {
  DataValue,
  MediaEvent,
  Milliseconds,
  OpaqueFrame,
  Sample,
  UnplayableTrack,
} from "../protocol/media/sample.ts";
import {
  isSameCoding,
  isSameLabel,
  type MediaType,
  type Track,
  type TrackKey,
  trackKey,
} from "../protocol/media/track.ts";
import { findSplice, leadTime, type SpliceMessage } from "../protocol/scte35/cue-message.ts";
import type { Clock } from "./clock.ts";
import type { DateRange } from "./date-range.ts";
import { DateRanges } from "./date-ranges.ts";
import { DeclaredDuration } from "./declared-duration.ts";
import { EncoderClock, type EncoderStatus } from "./encoder-clock.ts";
import { encoderTime } from "./encoder-time.ts";
import { encoderName } from "./health/encoder-name.ts";
import { StreamHealth, type StreamReport } from "./health/stream-health.ts";
import { TrackHealth } from "./health/track-health.ts";
import type { HealthHistory } from "./health/vitals.ts";
import { History } from "./history.ts";
import { LiveSample } from "./live-sample.ts";
import { type LiveTrack, liveTrack, relabelled, ticksToMs } from "./live-track.ts";
import { RateMeter } from "./rate-meter.ts";
import { RecentData } from "./recent-data.ts";
import { AudioClock, VideoClock } from "./sample-clock.ts";
import { Segmenter, type SegmenterSettings } from "./segmenter.ts";
import { TextReader } from "./text-reader.ts";
import type { TextCue, TextTrack } from "./text-track.ts";
import { TextTracks } from "./text-tracks.ts";
import { TimedEvents } from "./timed-event.ts";
import { Timeline } from "./timeline.ts";

/** Where a live stream stands; see `StreamState` of the wire, which says the same to viewers. */
export type LiveState = "waiting" | "live" | "reconnecting" | "ended";

/** What a live stream tells those who watch it. All are called in the order things happen. */
export type LiveObserver = {
  state?(state: LiveState): void;
  /** The tracks, or what cannot be played of them, are others now. */
  tracks?(): void;
  sample?(sample: LiveSample): void;
  /** Sound or a picture that is passed on unopened; `dts` is on the live stream's timeline. */
  opaque?(frame: OpaqueFrame): void;
  data?(event: DataEvent): void;
  /** There are other text tracks now. */
  textTracks?(): void;
  /** A cue opened; with a `trackId` and `id` that are known, it changed or got its end. */
  cue?(cue: TextCue): void;
  /** The encoder told of itself. */
  encoder?(status: EncoderStatus): void;
  /** There is more, or less, to warn of now. */
  warnings?(): void;
};

/** Something about a broadcast that its publisher can better. */
export type StreamWarning = {
  /** Stable, for machines. */
  readonly code: "LONG_GOP";
  /** For people: what is the matter, and which setting of the encoder to change. */
  readonly message: string;
};

/** onMetaData or other script data of a broadcast. */
export type DataEvent = {
  /** Unique, also among other lives of the streamPath: who meets it twice knows it again. */
  readonly id: string;
  /** Counts those of the live stream, from 1. */
  readonly number: number;
  readonly name: string;
  /** ms on the live stream's timeline. */
  readonly at: Milliseconds;
  readonly values: readonly DataValue[];
  /** As it came: AMF0 values, the name first. Empty: what had that name was taken back. */
  readonly body: Bytes;
};

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

/** A track that gives nothing while another goes on this far is withdrawn until it does again. */
const SILENCE: { readonly [type in MediaType]: Milliseconds } = { audio: 1500, video: 10_000 };

/**
 * The same for a track whose end the encoder announced, or which a returned publisher has not given
 * again.
 */
const SILENCE_OF_UNCONFIRMED: Milliseconds = 1000;

type Lane = {
  live: LiveTrack;
  clock: { audio: AudioClock } | { video: VideoClock };
  declared: DeclaredDuration;
  rate: RateMeter;
  health: TrackHealth;
  sequenceNumber: number;
  epoch: number;
  /** The next sample that is delivered is the first behind a break. */
  isBroken: boolean;
  /** Announced at present. */
  isActive: boolean;
  /** Given by the present publisher, which has not said that it ends. */
  isConfirmed: boolean;
  /** After a new configuration or a break, pictures are of no use before a sync sample. */
  awaitsSync: boolean;
  lastArrival: Milliseconds;
  /** How far it has come on the timeline. */
  lastAt: Milliseconds;
  /** Of its newest sample, in ticks. */
  lastDts: number | undefined;
  /** Video: the newest sample that can be shown without another one. */
  sync: LiveSample | undefined;
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
  readonly #lanes = new Map<TrackKey, Lane>();
  #unplayable: UnplayableTrack[] = [];
  #warnings: readonly StreamWarning[] = [];
  /** In this broadcast. */
  readonly #warnedOf = new Set<StreamWarning["code"]>();
  readonly #onWarning: (warning: StreamWarning) => void;
  #metadata: DataEvent | undefined;
  #dateRanges = new DateRanges();
  readonly #recentData = new RecentData();
  readonly #timedEvents = new TimedEvents();
  #dataEvents = 0;
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
    this.#clock = clock;
    this.#settings = settings;
    this.#onIdle = onIdle;
    this.#onViewers = onViewers;
    this.#onWarning = onWarning;
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
    return [...this.#lanes.values()].filter((lane) => lane.isActive).map((lane) => lane.live);
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
    return this.#dateRanges.list(this.segmenter.oldestDate);
  }

  /** What was said in between in the last seconds, for who was away for a moment: oldest first. */
  get recentData(): readonly DataEvent[] {
    return this.#recentData.list(this.#timeline.newest);
  }

  /** What is amiss at present. */
  get warnings(): readonly StreamWarning[] {
    return this.#warnings;
  }

  get unplayable(): readonly UnplayableTrack[] {
    return this.#unplayable;
  }

  /** onMetaData as it stands: its newest event; undefined where there is none. */
  get metadata(): DataEvent | undefined {
    return this.#metadata;
  }

  /** The same as it came: AMF0 values, its name first; empty where there is none. */
  get metadataBody(): Bytes {
    return this.#metadata?.body ?? NO_BYTES;
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
    return [...this.#lanes.values()]
      .filter((lane) => lane.isActive)
      .map((lane) => ({ track: lane.live, bitrate: lane.rate.bitsPerSecond(now) }));
  }

  /** What a newcomer is given at once: see `History`. */
  history(): readonly LiveSample[] {
    return this.#history.join();
  }

  /** The newest picture of an announced track that can be shown without another one. */
  newestSync(trackId: number): LiveSample | undefined {
    for (const { live, isActive, sync } of this.#lanes.values()) {
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
    for (const lane of this.#lanes.values()) {
      lane.isConfirmed = false;
      // Another encoder's pictures; after a mere jump of the clock the references hold.
      lane.awaitsSync = lane.live.track.mediaType === "video";
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
      encoder: encoderName(this.#metadataValues),
      status: this.#encoder.status,
      unplayable: this.#unplayable,
      tracks: [...this.#lanes.values()]
        .filter((lane) => lane.isActive || lane.isConfirmed)
        .sort((a, b) => rank(a) - rank(b)),
    }));
    for (const lane of this.#lanes.values()) {
      lane.health = new TrackHealth(lane.live.track.mediaType);
    }
    this.#health = health;
  }

  get #metadataValues(): { readonly [name: string]: DataValue } | undefined {
    const values = this.#metadata?.values[0];
    const isRecord = typeof values === "object" && values !== null && !Array.isArray(values);
    return isRecord ? (values as { readonly [name: string]: DataValue }) : undefined;
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
        const lane = this.#lanes.get(trackKey(event));
        if (lane !== undefined) lane.isConfirmed = false;
        return;
      }
      case "metadata": {
        const { values, body } = event;
        const at = this.#timeline.newest;
        const name = "onMetaData";
        const metadata = { ...this.#nextEvent(), name, at, values: [values], body };
        this.#metadata = body.length === 0 ? undefined : metadata;
        this.segmenter.declare({
          video: bitrateOf(values["videodatarate"]),
          audio: bitrateOf(values["audiodatarate"]),
        });
        this.#tellData(metadata);
        return;
      }
      case "data": {
        const { name, values, body } = event;
        const at = this.#timeline.peek(event.dts);
        const data: DataEvent = { ...this.#nextEvent(), name, at, values, body };
        this.#recentData.push(data);
        this.#tellData(data);
        const now = this.#clock.now();
        const composed = encoderTime(name, values, now);
        if (composed !== undefined) this.#stamped(0, { times: { composed } }, at, now);
        const timed = this.#timedEvents.ofData(data, now);
        if (timed !== undefined) this.segmenter.event(timed);
        this.#text.data(name, values, at);
        this.#mark(data, event.dts);
        return;
      }
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
    for (const lane of this.#lanes.values()) this.segmenter.remove(lane.live.id);
    this.#lanes.clear();
    this.#text.clear();
    this.#unplayable = [];
    this.#metadata = undefined;
    this.#dateRanges = new DateRanges();
    this.#recentData.clear();
    this.#warnings = [];
    this.#warnedOf.clear();
    this.#tellTracks();
    this.#setState(this.#state === "ended" ? "ended" : "waiting");
    this.#onIdle();
  }

  #replaceByUnplayable(track: UnplayableTrack): void {
    const key = trackKey(track);
    this.#unplayable = [...this.#unplayable.filter((other) => trackKey(other) !== key), track];
    const lane = this.#lanes.get(key);
    if (lane?.isActive === true) this.#withdraw(lane);
    else this.#tellTracks();
  }

  #describe(track: Track): void {
    const key = trackKey(track);
    this.#unplayable = this.#unplayable.filter((other) => trackKey(other) !== key);
    const known = this.#lanes.get(key);
    if (known !== undefined && isSameCoding(known.live.track, track)) {
      known.isConfirmed = true;
      if (isSameLabel(known.live.track, track)) return; // announced, or with its next sample
      known.live = relabelled(known.live, track);
      if (known.isActive) this.#tellTracks();
      return;
    }
    const id = known?.live.id ?? this.#nextTrackId;
    const live = liveTrack(id, (known?.live.configuration ?? 0) + 1, track);
    if (known === undefined) this.#nextTrackId += 1;
    this.#history.forget(id);
    const now = this.#clock.now();
    const isVideo = track.mediaType === "video";
    const keepsClock = known !== undefined && known.live.timescale === live.timescale;
    this.#lanes.set(key, {
      live,
      clock: keepsClock
        ? known.clock
        : isVideo
          ? { video: new VideoClock(live.timescale) }
          : { audio: new AudioClock(live.timescale) },
      declared: new DeclaredDuration(live.timescale, isVideo ? track.frameRate : undefined),
      rate: known?.rate ?? new RateMeter(),
      health: known?.health ?? new TrackHealth(track.mediaType),
      sequenceNumber: known?.sequenceNumber ?? 0,
      epoch: known?.epoch ?? -1,
      isBroken: known?.isBroken ?? true,
      isActive: true,
      isConfirmed: true,
      awaitsSync: isVideo,
      lastArrival: now,
      lastAt: this.#timeline.newest,
      lastDts: keepsClock ? known.lastDts : undefined,
      sync: undefined,
    });
    this.segmenter.expect(id);
    this.#tellTracks();
  }

  #sample(sample: Sample): void {
    const key = trackKey(sample);
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const message = `Cannot take a sample of ${key}: no configuration came before it`;
      throw new ProtocolError("malformed", "SAMPLE_WITHOUT_TRACK", message);
    }
    const now = this.#clock.now();
    const { at, epoch } = this.#timeline.place(key, sample.dts, now, sample.compositionOffset);
    lane.rate.add(now, sample.data.length);
    this.#health?.sample(lane.health, sample, at, now, epoch);
    lane.lastArrival = now;
    lane.lastAt = Math.max(lane.lastAt, at);
    if (epoch.index !== lane.epoch) {
      lane.epoch = epoch.index;
      lane.isBroken = true;
      if ("audio" in lane.clock) lane.clock.audio.anchor();
    }
    if (lane.awaitsSync && !sample.isSync) return;
    // A clock that stands still, or lies far behind the others': nobody could play it with them.
    if (!lane.isActive && this.#timeline.newest - at > SILENCE.video) return;
    lane.awaitsSync = false;
    const isDiscontinuity = lane.isBroken;
    lane.isBroken = false;
    lane.isConfirmed = true;
    if (!lane.isActive) {
      lane.isActive = true;
      this.#tellTracks();
    }
    lane.sequenceNumber += 1;
    const { dts, compositionOffset } =
      "video" in lane.clock
        ? lane.clock.video.place(at, sample.compositionOffset)
        : { dts: lane.clock.audio.place(at, sample.audioSamples), compositionOffset: 0 };
    const duration =
      "video" in lane.clock ? lane.declared.declare(dts) : Math.max(1, sample.audioSamples);
    const step = lane.lastDts === undefined ? duration : dts - lane.lastDts;
    lane.lastDts = dts;
    const live = new LiveSample({
      track: lane.live,
      epoch,
      sequenceNumber: lane.sequenceNumber,
      step,
      at,
      dts,
      compositionOffset,
      duration,
      isSync: sample.isSync,
      isDisposable: sample.isDisposable,
      isDiscontinuity,
      serverTime: now,
      data: sample.data,
      original: sample.original,
    });
    if (live.isVideo && live.isSync) lane.sync = live;
    const isLeading = this.#leading === lane;
    if (isLeading) this.#text.picture(live);
    this.#history.push(live);
    for (const observer of this.#observers) observer.sample?.(live);
    this.segmenter.push(live);
    // A picture lasts until the next one comes; how long sound lasts is known.
    const passed = live.isVideo ? live.dts : live.dts + live.duration;
    if (isLeading) this.#text.pass(ticksToMs(live.track, passed));
    this.#watchGop();
    this.#withdrawSilent(now);
  }

  #watchGop(): void {
    const { isGopLong } = this.segmenter;
    if (isGopLong === this.#warnings.length > 0) return;
    this.#warnings = isGopLong ? [longGop(this.#settings.segmenter.longestSegment)] : [];
    for (const observer of this.#observers) observer.warnings?.();
    for (const warning of this.#warnings) {
      if (!this.#warnedOf.has(warning.code)) this.#onWarning(warning);
      this.#warnedOf.add(warning.code);
    }
  }

  /** The first video track, without one the first audio track: as the segmenter has it. */
  get #leading(): Lane | undefined {
    let leading: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (!lane.isActive) continue;
      if (leading === undefined || rank(lane) < rank(leading)) leading = lane;
    }
    return leading;
  }

  /** A track that gives nothing while another goes on is announced as gone. */
  #withdrawSilent(now: Milliseconds): void {
    for (const lane of this.#lanes.values()) {
      const { mediaType } = lane.live.track;
      const silence = lane.isConfirmed ? SILENCE[mediaType] : SILENCE_OF_UNCONFIRMED;
      const behind = this.#timeline.newest - lane.lastAt;
      const isQuiet = now - lane.lastArrival > silence / 2;
      const isSilent = behind > silence && (isQuiet || behind > SILENCE.video);
      if (lane.isActive && isSilent) this.#withdraw(lane);
    }
  }

  #withdraw(lane: Lane): void {
    lane.isActive = false;
    lane.awaitsSync = lane.live.track.mediaType === "video";
    this.#history.forget(lane.live.id);
    this.segmenter.retire(lane.live.id);
    this.#tellTracks();
  }

  #nextEvent(): { id: string; number: number } {
    this.#dataEvents += 1;
    return { id: `${this.id}-${this.#dataEvents}`, number: this.#dataEvents };
  }

  /**
   * Keeps what marks a moment, or a stretch of time.
   *
   * @throws ProtocolError where it carries SCTE 35 that cannot be read: it is a plain cue point then
   */
  #mark({ id, number, name, at, values }: DataEvent, timestamp: Milliseconds): void {
    const momentAfter = (lead: Milliseconds) => {
      const { index, wallOffset } = this.#timeline.epoch;
      const date = index < 0 ? this.#clock.now() : at + wallOffset;
      return { at: at + lead, date: date + lead };
    };
    let splice: SpliceMessage | undefined;
    try {
      splice = findSplice(name, values);
    } catch (error) {
      this.#dateRanges.take(id, name, values, momentAfter(0));
      throw error;
    }
    if (splice === undefined) {
      this.#dateRanges.take(id, name, values, momentAfter(0));
    } else {
      const moment = momentAfter(leadTime(values, timestamp));
      this.#dateRanges.takeSplice(id, splice, moment);
      const timed = this.#timedEvents.ofSplice(number, splice, moment.at, this.#clock.now());
      if (timed !== undefined) this.segmenter.event(timed);
    }
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

const longGop = (longest: Milliseconds): StreamWarning => ({
  code: "LONG_GOP",
  message:
    `Key frames are more than ${longest / 1000} s apart: HLS segments are cut between them, and ` +
    "viewers begin late. Set the key frame interval to 2 s (OBS: Settings, Output, Keyframe " +
    "Interval 2 s; ffmpeg: -g, twice the frame rate, or -force_key_frames)",
});

const rank = ({ live }: Lane): number =>
  (live.track.mediaType === "video" ? 0 : 1_000_000) + live.id;
