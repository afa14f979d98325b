import type { Milliseconds, Sample } from "../protocol/media/sample.ts";
import type { MediaType, Track } from "../protocol/media/track.ts";
import { DeclaredDuration } from "./declared-duration.ts";
import { TrackHealth } from "./health/track-health.ts";
import { LiveSample } from "./live-sample.ts";
import { type LiveTrack, liveTrack } from "./live-track.ts";
import { RateMeter } from "./rate-meter.ts";
import { AudioClock, VideoClock } from "./sample-clock.ts";
import type { Epoch } from "./timeline.ts";

/** A track that gives nothing while another goes on this far is withdrawn until it does again. */
const SILENCE: { readonly [type in MediaType]: Milliseconds } = { audio: 1500, video: 10_000 };

/**
 * The same for a track whose end the encoder announced, or which a returned publisher has not given
 * again.
 */
const SILENCE_OF_UNCONFIRMED: Milliseconds = 1000;

/** A track of a broadcast as it is published: where it stands, and what its next sample becomes. */
export class PublishedTrack {
  /** As it is told to who watches. */
  live: LiveTrack;
  /** Announced at present. */
  isActive = true;
  /** Given by the present publisher, which has not said that it ends. */
  isConfirmed = true;
  health: TrackHealth;
  readonly rate: RateMeter;
  readonly #clock: { audio: AudioClock } | { video: VideoClock };
  readonly #declared: DeclaredDuration;
  /** After a new configuration or a break, pictures are of no use before a sync sample. */
  #awaitsSync: boolean;
  #sequenceNumber = 0;
  #epoch = -1;
  /** The next sample that is delivered is the first behind a break. */
  #isBroken = true;
  #lastArrival: Milliseconds;
  /** How far it has come on the timeline. */
  #lastAt: Milliseconds;
  /** Of its newest sample, in ticks. */
  #lastDts: number | undefined;
  #sync: LiveSample | undefined;

  /**
   * @param id of a new track; one that it continues in another coding keeps its own
   * @param at how far the timeline has come
   */
  constructor(
    id: number,
    track: Track,
    known: PublishedTrack | undefined,
    { now, at }: { readonly now: Milliseconds; readonly at: Milliseconds },
  ) {
    this.live = liveTrack(known?.live.id ?? id, (known?.live.configuration ?? 0) + 1, track);
    const { timescale } = this.live;
    const isVideo = track.mediaType === "video";
    const keepsClock = known?.live.timescale === timescale;
    this.#clock =
      known !== undefined && keepsClock
        ? known.#clock
        : isVideo
          ? { video: new VideoClock(timescale) }
          : { audio: new AudioClock(timescale) };
    this.#declared = new DeclaredDuration(timescale, isVideo ? track.frameRate : undefined);
    this.rate = known?.rate ?? new RateMeter();
    this.health = known?.health ?? new TrackHealth(track.mediaType);
    this.#awaitsSync = isVideo;
    this.#lastArrival = now;
    this.#lastAt = at;
    if (known === undefined) return;
    this.#sequenceNumber = known.#sequenceNumber;
    this.#epoch = known.#epoch;
    this.#isBroken = known.#isBroken;
    if (keepsClock) this.#lastDts = known.#lastDts;
  }

  /** Video: the newest sample that can be shown without another one. */
  get sync(): LiveSample | undefined {
    return this.#sync;
  }

  /** Lowest first: the first video track, without one the first audio track, leads. */
  get rank(): number {
    return (this.live.track.mediaType === "video" ? 0 : 1_000_000) + this.live.id;
  }

  /** Something of it has come, whether it is of use or not. @param at on the timeline */
  arrived(now: Milliseconds, at: Milliseconds, epoch: Epoch, bytes: number): void {
    this.rate.add(now, bytes);
    this.#lastArrival = now;
    this.#lastAt = Math.max(this.#lastAt, at);
    if (epoch.index === this.#epoch) return;
    this.#epoch = epoch.index;
    this.#isBroken = true;
    if ("audio" in this.#clock) this.#clock.audio.anchor();
  }

  /**
   * Whether a sample that has arrived can be passed on.
   *
   * @param newest how far the timeline has come
   */
  canTake(sample: Sample, at: Milliseconds, newest: Milliseconds): boolean {
    if (this.#awaitsSync && !sample.isSync) return false;
    // A clock that stands still, or lies far behind the others': nobody could play it with them.
    return this.isActive || newest - at <= SILENCE.video;
  }

  /** The sample as everybody gets it; the track is active and confirmed with it. */
  take(sample: Sample, at: Milliseconds, epoch: Epoch, now: Milliseconds): LiveSample {
    const isDiscontinuity = this.#isBroken;
    this.#isBroken = false;
    this.#awaitsSync = false;
    this.isConfirmed = true;
    this.isActive = true;
    this.#sequenceNumber += 1;
    const { dts, compositionOffset, duration } = this.#place(sample, at);
    const step = this.#lastDts === undefined ? duration : dts - this.#lastDts;
    this.#lastDts = dts;
    const live = new LiveSample({
      track: this.live,
      epoch,
      sequenceNumber: this.#sequenceNumber,
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
    if (live.isVideo && live.isSync) this.#sync = live;
    return live;
  }

  /** Whether it gives nothing while the timeline goes on, and is announced still. */
  isSilent(now: Milliseconds, newest: Milliseconds): boolean {
    const silence = this.isConfirmed ? SILENCE[this.live.track.mediaType] : SILENCE_OF_UNCONFIRMED;
    const behind = newest - this.#lastAt;
    const isQuiet = now - this.#lastArrival > silence / 2;
    return this.isActive && behind > silence && (isQuiet || behind > SILENCE.video);
  }

  /** It is announced no more, until it gives something again. */
  withdraw(): void {
    this.isActive = false;
    this.awaitSync();
  }

  /** What comes next may be another encoder's: pictures are of no use before a sync sample. */
  awaitSync(): void {
    this.#awaitsSync = this.live.track.mediaType === "video";
  }

  #place(
    sample: Sample,
    at: Milliseconds,
  ): { dts: number; compositionOffset: number; duration: number } {
    if ("video" in this.#clock) {
      const { dts, compositionOffset } = this.#clock.video.place(at, sample.compositionOffset);
      return { dts, compositionOffset, duration: this.#declared.declare(dts) };
    }
    const dts = this.#clock.audio.place(at, sample.audioSamples);
    return { dts, compositionOffset: 0, duration: Math.max(1, sample.audioSamples) };
  }
}
