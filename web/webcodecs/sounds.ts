import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import type { SoundReport } from "../worklet/messages.ts";
import { audioConfig } from "./codec-config.ts";
import { FallbackError } from "./fallback.ts";
import { Lag } from "./lag.ts";
import type { SoundOutput } from "./sound-output.ts";
import type { SoundPath } from "./sound-path.ts";

/** Remembered, to begin with: seconds, and frames. */
const RECENT = { seconds: 4, frames: 1_024 } as const;

/** How late sound comes is looked back on for so long (s), and so much of it is to be in time. */
const WINDOW = 20;
const QUANTILE = 0.995;

/** Held beside what jitter asks for, and half a frame, since they come whole: the loudspeaker takes handfuls. Seconds. */
const MARGIN = 0.05;

/** A frame of sound is no longer than this, seconds. */
const LONGEST = 0.5;

/** Until the line has been looked at for so long (s), it is taken for one of so much jitter at least (s). */
const UNKNOWN = { seconds: 5, jitter: 0.03 } as const;

/** Provided for at most, seconds. */
const MOST_NEED = 0.8;

/** What is held grows so much each time that it was not enough, and shrinks after so long (s) that it was. */
const ENOUGH = { raise: 1.3, most: 8, lower: 0.9, calm: 10 } as const;

/** Of what came before it began, so much (s) is decoded: what is too much is thrown away. */
const LEAD = 0.3;

/** Sound that ran dry, or has not begun, for so long (s) is not waited for. */
const GIVEN_UP = 1.5;

/** Hz: a loudspeaker that was opened for less would dull whatever is played on it later. */
const LEAST_RATE = 44_100;

/** Without a word from the worklet for so long (s) nothing is heard. */
const DEAF = 0.5;

/** A frame of sound as it came; times in seconds. */
export type ComingSound = {
  readonly frame: Frame;
  readonly shownAt: number;
  readonly end: number;
  readonly isBreak: boolean;
  readonly isHistory: boolean;
  readonly now: number;
};

/** What sound tells the playback. */
export type SoundsHost = {
  onError(error: FallbackError): void;
  /** What is heard at `now` is of `time`; seconds. */
  onTime(time: number, now: number): void;
};

/** Sound from the wire to the loudspeaker, while somebody wants to hear it; else it is only measured. */
export class Sounds {
  readonly #output: SoundOutput;
  readonly #host: SoundsHost;
  readonly #lag = new Lag(WINDOW);
  #track: AnnouncedTrack | undefined;
  #recent: ComingSound[] = [];
  /** While it is wanted, and the loudspeaker is ready. */
  #path: SoundPath | undefined;
  #volume = 1;
  #isWanted = false;
  #isStarted = false;
  /** When the page had begun, seconds: what was late before says nothing. */
  #calmAt = Number.POSITIVE_INFINITY;
  #target: number | undefined;
  /** What was held too much of while the page began is skipped. */
  #landsNext = false;
  #report: (SoundReport & { readonly heardAt: number }) | undefined;
  /** When it was heard last, or began, seconds. */
  #expectedAt = 0;
  #underruns = 0;
  #skips = 0;
  #enough = 1;
  #enoughAt = 0;
  #duration = 0.02;

  constructor(output: SoundOutput, host: SoundsHost) {
    this.#output = output;
    this.#host = host;
  }

  /** Whether it is heard: then it says what time it is. */
  get isPlaying(): boolean {
    return this.#report?.isPlaying === true;
  }

  /** Whether it is heard, or about to be (again): pictures wait for it. */
  isExpected(now: number): boolean {
    return this.#path !== undefined && now - this.#expectedAt < GIVEN_UP;
  }

  /** Media seconds a second. */
  get speed(): number {
    return this.#report?.speed ?? 1;
  }

  get underruns(): number {
    return this.#underruns;
  }

  get skips(): number {
    return this.#skips;
  }

  set volume(volume: number) {
    this.#volume = volume;
    if (this.#path !== undefined) this.#path.volume = volume;
  }

  set isWanted(isWanted: boolean) {
    this.#isWanted = isWanted;
    if (!isWanted) this.#deactivate();
    else if (this.#isStarted) this.#activate();
  }

  /** By how much the wall clock is ahead of the end of what comes, when it comes early; seconds. */
  base(now: number): number {
    return this.#lag.base(now);
  }

  /** What has to be held lest it runs dry, seconds. */
  need(now: number): number {
    const assumed = now - this.#calmAt < UNKNOWN.seconds ? UNKNOWN.jitter : 0;
    const seen = this.#calmAt === Number.POSITIVE_INFINITY ? 0 : this.#lag.spread(now, QUANTILE);
    const jitter = Math.max(seen, assumed);
    return Math.min(MOST_NEED, (this.#duration / 2 + MARGIN + jitter) * this.#enough);
  }

  /**
   * Makes the loudspeaker ready.
   *
   * @throws DOMException `NotAllowedError` where that needs a gesture
   */
  async start(): Promise<void> {
    if (this.#track === undefined) return;
    try {
      const { sampleRate = 0 } = this.#track;
      await this.#output.start(sampleRate < LEAST_RATE ? 48_000 : sampleRate);
    } catch (error) {
      if (error instanceof FallbackError) this.#host.onError(error);
      throw error;
    }
    this.#isStarted = true;
    if (this.#isWanted) this.#activate();
  }

  configure(track: AnnouncedTrack): void {
    if (track.id !== this.#track?.id) this.#recent = [];
    this.#track = track;
    this.#recent = [];
    this.#path?.configure(audioConfig(track));
  }

  push(sound: ComingSound): void {
    const { end, isBreak, isHistory, now, shownAt } = sound;
    if (isBreak) {
      this.#recent = [];
      this.#lag.reset();
    }
    if (end > shownAt) this.#duration = Math.min(LONGEST, end - shownAt);
    this.#recent.push(sound);
    const isOld = ({ end: other }: ComingSound) => other < end - RECENT.seconds;
    while (this.#recent[0] !== undefined && isOld(this.#recent[0])) this.#recent.shift();
    if (this.#recent.length > RECENT.frames) this.#recent.shift();
    if (isHistory) return;
    this.#lag.push(now, end);
    this.#path?.decode(sound.frame, shownAt, end - shownAt);
  }

  /** Is to be heard so much (seconds) behind the wall clock. */
  hold(distance: number, now: number): void {
    const base = this.base(now);
    if (this.#path === undefined || !Number.isFinite(base)) return;
    const target = distance - this.#output.latency - base;
    const isSame = Math.abs(target - (this.#target ?? Number.POSITIVE_INFINITY)) < 0.002;
    if (isSame && !this.#landsNext) return;
    this.#target = target;
    this.#path.hold(target, this.#landsNext);
    this.#landsNext = false;
  }

  /** What is held next is held at once. */
  land(): void {
    this.#landsNext = true;
  }

  /** The page's own beginning, which made things late, is over. */
  calm(now: number): void {
    this.#calmAt = now;
    this.land();
    this.#lag.calm();
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    if (this.#report !== undefined && now - this.#report.heardAt > DEAF) this.#report = undefined;
    if (now - this.#enoughAt > ENOUGH.calm) {
      this.#enoughAt = now;
      this.#enough = Math.max(1, this.#enough * ENOUGH.lower);
    }
  }

  /** What was held is of the past. */
  restart(): void {
    this.#path?.reset();
  }

  close(): void {
    this.#isWanted = false;
    this.#deactivate();
  }

  #activate(): void {
    if (this.#path !== undefined || this.#track === undefined) return;
    const path = this.#output.createPath({
      onReport: (report) => {
        if (path === this.#path) this.#hear(report);
      },
      onError: (reason, cause) => this.#host.onError(new FallbackError(reason, cause)),
    });
    if (path === undefined) return;
    this.#path = path;
    this.#target = undefined;
    path.volume = this.#volume;
    path.configure(audioConfig(this.#track));
    const now = performance.now() / 1_000;
    this.#expectedAt = now;
    const lag = this.#lag.base(now);
    // As much as will be held: what is older would have to be thrown away at once.
    const edge = Number.isFinite(lag) ? now - lag : (this.#recent.at(-1)?.end ?? 0);
    const from = edge - Math.max(LEAD, this.need(now) * 2);
    for (const { frame, shownAt, end } of this.#recent) {
      if (shownAt >= from) path.decode(frame, shownAt, end - shownAt);
    }
  }

  #deactivate(): void {
    this.#path?.close();
    this.#path = undefined;
    this.#report = undefined;
  }

  #hear(report: SoundReport): void {
    const now = performance.now() / 1_000;
    const { underruns, skips } = this.#report ?? { underruns: 0, skips: 0 };
    if (report.underruns > underruns) {
      this.#underruns += report.underruns - underruns;
      const raise = this.#calmAt === Number.POSITIVE_INFINITY ? 1 : ENOUGH.raise;
      this.#enough = Math.min(ENOUGH.most, this.#enough * raise);
      this.#enoughAt = now;
    }
    this.#skips += Math.max(0, report.skips - skips);
    this.#report = { ...report, heardAt: now };
    if (!report.isPlaying || !this.#output.isRunning) return;
    this.#expectedAt = now;
    const since = this.#output.currentTime - report.at;
    this.#host.onTime(report.time + since * report.speed - this.#output.latency, now);
  }
}
