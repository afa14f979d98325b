import type { Milliseconds, Sample } from "../../protocol/media/sample.ts";
import type { MediaType } from "../../protocol/media/track.ts";
import type { LiveTrack } from "../live-track.ts";
import type { Epoch } from "../timeline.ts";
import { ArrivalJitter } from "./arrival-jitter.ts";
import { ClockDrift, type Drift } from "./clock-drift.ts";
import { KeyframeWatch } from "./keyframe-watch.ts";
import { PictureOrder } from "./picture-order.ts";
import { PicturePace } from "./picture-pace.ts";
import { Seconds, STARTING } from "./seconds.ts";
import { SoundPace } from "./sound-pace.ts";
import type { Rates, TrackVitals } from "./vitals.ts";

/** A minute is looked back on for means and peaks. */
const LOOK_BACK = 60;
/** … seconds for what is called "now". */
const NOW = 4;
const QUIET = 10;

/** … seconds for what is to be told for a while. */
const RECENT = 30;

/** A step back by more than what rounding does … */
const BACK: Milliseconds = -1.5;
/** … and one of pictures that is none, while others are longer than this. */
const STILL: Milliseconds = 1.5;
const PICTURE: Milliseconds = 6;

/** Measures how one track comes: little at each sample, the rest once a second. */
export class TrackHealth {
  readonly #video:
    | { pace: PicturePace; keyframes: KeyframeWatch; order: PictureOrder; hasSync: boolean }
    | undefined;
  #sound: SoundPace | undefined;
  /** Of the live track: the next may have another sample rate. */
  #configuration = 0;
  readonly #bytes = new Seconds(LOOK_BACK);
  readonly #samples = new Seconds(LOOK_BACK);
  #lags = new Seconds(NOW);
  #timed = new Seconds(NOW);
  #epoch = -1;
  #jitter = new ArrivalJitter();
  #drift = new ClockDrift();
  #newest: Milliseconds = Number.NaN;
  #positions = new Seconds(QUIET + 1);
  readonly #disorder = new Seconds(RECENT);
  /** `timed` counts what `lags` is the sum of: a jump begins them anew. */
  #second = { bytes: 0, samples: 0, lags: 0, timed: 0, disorder: 0 };

  constructor(mediaType: MediaType) {
    if (mediaType === "video") {
      this.#video = {
        pace: new PicturePace(),
        keyframes: new KeyframeWatch(),
        order: new PictureOrder(),
        hasSync: false,
      };
    }
  }

  /** @param at its decode time on the live stream's timeline, in this stretch of it */
  take(sample: Sample, at: Milliseconds, now: Milliseconds, epoch: Epoch): void {
    if (epoch.index !== this.#epoch) this.#jump(epoch.index);
    const lag = now - at - epoch.wallOffset;
    const second = this.#second;
    second.bytes += sample.data.length;
    second.samples += 1;
    second.lags += lag;
    second.timed += 1;
    const step = at - this.#newest;
    const isStill = step < STILL && (this.#video?.pace.typicalStep ?? 0) > PICTURE;
    if (step < BACK || isStill) second.disorder += 1;
    this.#newest = at;
    this.#jitter.take(lag);
    this.#drift.take(now, lag);
    const video = this.#video;
    if (video === undefined) {
      this.#sound?.take(at, sample.audioSamples);
      return;
    }
    video.pace.take(at);
    video.keyframes.take(at, sample.isSync, sample.data.length);
    video.order.take(at, sample.compositionOffset, sample.isSync);
    if (sample.isSync) video.hasSync = true;
  }

  /** What follows lies on another clock. */
  #jump(epoch: number): void {
    const isFirst = this.#epoch === -1;
    this.#epoch = epoch;
    if (isFirst) return;
    this.#jitter = new ArrivalJitter();
    this.#drift = new ClockDrift();
    this.#lags = new Seconds(NOW);
    this.#timed = new Seconds(NOW);
    this.#positions = new Seconds(QUIET + 1);
    this.#newest = Number.NaN;
    this.#second.lags = 0;
    this.#second.timed = 0;
    this.#sound?.jump();
    this.#video?.pace.jump();
    this.#video?.keyframes.jump();
    this.#video?.order.jump();
  }

  /** @param live the track as it is now */
  closeSecond({ configuration, track }: LiveTrack): void {
    const { bytes, samples, lags, timed, disorder } = this.#second;
    this.#bytes.push(bytes);
    this.#samples.push(samples);
    this.#lags.push(lags);
    this.#timed.push(timed);
    this.#positions.push(this.#newest);
    this.#disorder.push(disorder > 0 && this.#samples.length > STARTING ? 1 : 0);
    this.#second = { bytes: 0, samples: 0, lags: 0, timed: 0, disorder: 0 };
    if (this.#samples.length === STARTING) this.#jitter = new ArrivalJitter();
    else this.#jitter.closeSecond();
    this.#sound?.closeSecond();
    if (track.mediaType === "audio" && configuration !== this.#configuration) {
      this.#sound = new SoundPace(track.sampleRate);
      this.#configuration = configuration;
    }
    this.#video?.pace.closeSecond();
    this.#video?.order.closeSecond();
  }

  /** Samples of the last full second. */
  get samples(): number {
    return this.#samples.sum(1);
  }

  /** Pictures that were missing in the last full second. */
  get missing(): number {
    return this.#video?.pace.missing.second ?? 0;
  }

  /** How late it arrives on the whole, against others of the same epoch; undefined where nothing came. */
  get lag(): Milliseconds | undefined {
    const timed = this.#timed.sum(NOW);
    return timed === 0 ? undefined : this.#lags.sum(NOW) / timed;
  }

  get jitter(): Milliseconds | undefined {
    return this.#jitter.p95;
  }

  get drift(): Drift | undefined {
    return this.#drift.drift;
  }

  get typicalStep(): Milliseconds | undefined {
    return this.#video?.pace.typicalStep;
  }

  /** Media time that came in a second, over the last ten, or as many as there are from five on. */
  get speed(): number | undefined {
    const seconds = this.#positions.length - 1;
    if (seconds < 5) return undefined;
    const speed = (this.#positions.at(0) - this.#positions.at(seconds)) / (1000 * seconds);
    return Number.isNaN(speed) ? undefined : speed;
  }

  vitals(live: LiveTrack, isActive: boolean): TrackVitals {
    const samples = this.#samples.sum(QUIET);
    const video = this.#video;
    return {
      live,
      isActive,
      bitrate: ratesOf(this.#bytes),
      jitter: this.jitter,
      disorder: this.#disorder.sum(RECENT),
      surplus: this.#sound?.surplus,
      bytesPerSample: samples === 0 ? undefined : this.#bytes.sum(QUIET) / samples,
      video: video && {
        frameRate: video.pace.frameRate,
        irregularity: video.pace.irregularity,
        keyframes: video.keyframes.intervals,
        reorderDepth: video.order.depth,
        reorderDelay: video.order.delay,
        isOpenGop: video.order.isOpenGop,
        missing: video.pace.missing,
        lacksSync: !video.hasSync && this.#samples.length > 0,
      },
    };
  }
}

/** @param bytes by the second; a mean is over what there was */
export function ratesOf(bytes: Seconds): Rates {
  const over = (span: number) => {
    const covered = Math.min(span, bytes.length);
    return covered === 0 ? 0 : (8 * bytes.sum(covered)) / covered;
  };
  return { now: over(NOW), mean: over(LOOK_BACK), peak: 8 * bytes.max(LOOK_BACK) };
}
