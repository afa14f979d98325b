import { LIMITS } from "../../protocol/limits.ts";
import type { Milliseconds, Sample, UnplayableTrack } from "../../protocol/media/sample.ts";
import type { MediaType } from "../../protocol/media/track.ts";
import type { EncoderStatus } from "../encoder-clock.ts";
import type { LiveTrack } from "../live-track.ts";
import type { Epoch } from "../timeline.ts";
import { Doctor } from "./doctor.ts";
import type { EncoderName } from "./encoder-name.ts";
import type { Finding } from "./finding.ts";
import { Seconds, STARTING } from "./seconds.ts";
import { ratesOf, type TrackHealth } from "./track-health.ts";
import type { EncoderDrops, HealthHistory, Vitals } from "./vitals.ts";

const MINUTE = 60;
const RECENT = 30;
/** Seconds that a swell of the bitrate lasts. */
const SWELL = 4;

/** A pause is a stall from here on (ms), or when it is as long as several pictures. */
const STALL: Milliseconds = 500;
const STALL_PICTURES = 4;

/** Encoders set their clocks right when they begin: not worth a word. */
const SETTLING: Milliseconds = 2000;

/** What health is told of the live stream, once a second. */
export type HealthContext = {
  readonly encoder: EncoderName;
  readonly status: EncoderStatus | undefined;
  readonly unplayable: readonly UnplayableTrack[];
  /** In the order they are to be told. */
  readonly tracks: readonly {
    readonly live: LiveTrack;
    readonly isActive: boolean;
    readonly health: TrackHealth;
  }[];
};

/** How a broadcast comes, and what is amiss with it. */
export type StreamReport = { readonly vitals: Vitals; readonly findings: readonly Finding[] };

/**
 * Measures how one publisher's broadcast comes. What a sample adds is little; figures are made when a
 * second is over, which the next sample tells, or who asks. Memory is the same after a minute and
 * after a week.
 */
export class StreamHealth {
  readonly #context: () => HealthContext;
  readonly #begun: Milliseconds;
  readonly #doctor = new Doctor();
  readonly #bytes = new Seconds(LIMITS.healthSeconds);
  readonly #pictures = new Seconds(LIMITS.healthSeconds);
  readonly #jitter = new Seconds(LIMITS.healthSeconds);
  readonly #avOffset = new Seconds(LIMITS.healthSeconds);
  readonly #pauses = new Seconds(LIMITS.healthSeconds);
  readonly #drops = new Seconds(LIMITS.healthSeconds);
  readonly #stalls = new Seconds(RECENT);
  readonly #swells = new Seconds(MINUTE);
  readonly #jumps = new Seconds(MINUTE);
  readonly #badMessages = new Seconds(MINUTE);
  readonly #left = {
    dropped: new Seconds(RECENT),
    skipped: new Seconds(RECENT),
    lagged: new Seconds(RECENT),
  };
  #leftBefore: EncoderDrops = { dropped: 0, skipped: 0, lagged: 0 };
  #total = { bytes: 0, jumps: 0, badMessages: 0 };
  #second = { bytes: 0, jumps: 0, badMessages: 0, pause: 0 };
  /** Full seconds since it began. */
  #seconds = 0;
  #lastArrival: Milliseconds;
  #epoch = -1;
  #report: StreamReport;

  /** @param context called once a second, while it is measured */
  constructor(now: Milliseconds, context: () => HealthContext) {
    this.#begun = now;
    this.#lastArrival = now;
    this.#context = context;
    this.#report = { vitals: this.#vitals(context()), findings: [] };
  }

  /** @param at see `TrackHealth` */
  sample(
    track: TrackHealth,
    sample: Sample,
    at: Milliseconds,
    now: Milliseconds,
    epoch: Epoch,
  ): void {
    this.bytes(sample.data.length, now);
    if (epoch.index !== this.#epoch) {
      if (this.#epoch !== -1 && now - this.#begun > SETTLING) {
        this.#second.jumps += 1;
        this.#total.jumps += 1;
      }
      this.#epoch = epoch.index;
    }
    track.take(sample, at, now, epoch);
  }

  /** Something of the broadcast arrived. */
  bytes(bytes: number, now: Milliseconds): void {
    this.#advance(now);
    const pause = now - this.#lastArrival;
    if (pause > this.#second.pause) this.#second.pause = pause;
    this.#lastArrival = now;
    this.#second.bytes += bytes;
    this.#total.bytes += bytes;
  }

  /** A message could not be understood, and was dropped. */
  badMessage(): void {
    this.#second.badMessages += 1;
    this.#total.badMessages += 1;
  }

  /** As of the last full second. */
  report(now: Milliseconds): StreamReport {
    this.#advance(now);
    return this.#report;
  }

  /** By the second, of the last two minutes. */
  history(now: Milliseconds): HealthHistory {
    this.#advance(now);
    return {
      at: this.#begun + 1000 * this.#seconds,
      bitrate: this.#bytes.list().map((bytes) => 8 * bytes),
      pictures: this.#pictures.list(),
      jitter: this.#jitter.list(),
      avOffset: this.#avOffset.list(),
      pause: this.#pauses.list(),
      drops: this.#drops.list(),
    };
  }

  #advance(now: Milliseconds): void {
    const seconds = Math.floor((now - this.#begun) / 1000);
    if (seconds <= this.#seconds) return;
    // Of a long pause only what is kept at all has to be gone through.
    this.#seconds = Math.max(this.#seconds, seconds - LIMITS.healthSeconds);
    while (this.#seconds < seconds) {
      this.#seconds += 1;
      this.#closeSecond();
    }
  }

  #closeSecond(): void {
    const context = this.#context();
    const now = this.#begun + 1000 * this.#seconds;
    for (const { live, health } of context.tracks) health.closeSecond(live);
    const { video, audio } = leading(context);
    const { bytes, jumps, badMessages } = this.#second;
    const pause = Math.max(this.#second.pause, now - this.#lastArrival);
    const typical = video?.typicalStep ?? 0;
    this.#bytes.push(bytes);
    this.#swells.push((8 * this.#bytes.sum(SWELL)) / Math.min(SWELL, this.#bytes.length));
    this.#pauses.push(pause);
    this.#stalls.push(pause > Math.max(STALL, STALL_PICTURES * typical) ? 1 : 0);
    this.#jumps.push(jumps);
    this.#badMessages.push(badMessages);
    this.#pictures.push(video?.samples ?? Number.NaN);
    this.#jitter.push((video ?? audio)?.jitter ?? Number.NaN);
    this.#avOffset.push(apart(video, audio) ?? Number.NaN);
    this.#drops.push(badMessages + (video?.missing ?? 0) + this.#closeDrops(context.status));
    this.#second = { bytes: 0, jumps: 0, badMessages: 0, pause: 0 };
    const vitals = this.#vitals(context);
    this.#report = { vitals, findings: this.#doctor.examine(vitals) };
  }

  /** @returns how much the encoder says it left out in this second */
  #closeDrops(status: EncoderStatus | undefined): number {
    const total = dropsOf(status);
    if (total === undefined) return 0;
    const before = this.#leftBefore;
    this.#leftBefore = total;
    let sum = 0;
    for (const name of ["dropped", "skipped", "lagged"] as const) {
      const step = Math.max(0, total[name] - before[name]);
      this.#left[name].push(step);
      sum += step;
    }
    return sum;
  }

  #vitals(context: HealthContext): Vitals {
    const now = this.#begun + 1000 * this.#seconds;
    const { video, audio } = leading(context);
    const left = dropsOf(context.status);
    const begun = Math.max(0, this.#seconds - STARTING);
    return {
      age: now - this.#begun,
      at: now,
      encoder: context.encoder,
      bytes: this.#total.bytes,
      bitrate: ratesOf(this.#bytes),
      second: {
        bits: 8 * this.#bytes.sum(1),
        pictures: video?.samples,
        drops: this.#drops.sum(1),
      },
      swell: this.#swells.max(MINUTE),
      pause: {
        current: Math.max(0, now - this.#lastArrival),
        longest: this.#pauses.max(Math.min(MINUTE, begun)),
      },
      stalls: this.#stalls.sum(Math.min(RECENT, begun)),
      speed: ownPace(video?.speed, audio?.speed),
      drift: (video ?? audio)?.drift,
      avOffset: apart(video, audio),
      jumps: { recent: this.#jumps.sum(MINUTE), total: this.#total.jumps },
      badMessages: { recent: this.#badMessages.sum(MINUTE), total: this.#total.badMessages },
      drops: left && {
        recent: {
          dropped: this.#left.dropped.sum(RECENT),
          skipped: this.#left.skipped.sum(RECENT),
          lagged: this.#left.lagged.sum(RECENT),
        },
        total: left,
      },
      tracks: context.tracks.map(({ live, isActive, health }) => health.vitals(live, isActive)),
      unplayable: context.unplayable,
    };
  }
}

/** The first of each kind that is announced. */
function leading({ tracks }: HealthContext): {
  readonly video: TrackHealth | undefined;
  readonly audio: TrackHealth | undefined;
} {
  const first = (mediaType: MediaType) =>
    tracks.find(({ live, isActive }) => isActive && live.track.mediaType === mediaType)?.health;
  return { video: first("video"), audio: first("audio") };
}

function apart(
  video: TrackHealth | undefined,
  audio: TrackHealth | undefined,
): Milliseconds | undefined {
  const [seen, heard] = [video?.lag, audio?.lag];
  return seen === undefined || heard === undefined ? undefined : seen - heard;
}

/** A track that pauses, or catches up, says nothing of the others: nearer to 1 is the encoder's pace. */
function ownPace(seen: number | undefined, heard: number | undefined): number | undefined {
  if (seen === undefined || heard === undefined) return seen ?? heard;
  return Math.abs(seen - 1) < Math.abs(heard - 1) ? seen : heard;
}

function dropsOf(status: EncoderStatus | undefined): EncoderDrops | undefined {
  if (status === undefined) return undefined;
  const { session, renditions } = status;
  return {
    dropped: session?.dropped ?? 0,
    lagged: session?.lagged ?? 0,
    skipped: renditions.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}
