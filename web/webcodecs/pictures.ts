import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import type { Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";
import type { CanvasSurface } from "./canvas-surface.ts";
import { CodedQueue } from "./coded-queue.ts";
import { FallbackError } from "./fallback.ts";
import { Lag } from "./lag.ts";
import { PictureDecoder } from "./picture-decoder.ts";

const SYNC: typeof FrameFlag.Sync = 1;

/** Given to the decoder ahead of what it has looked at, and decoded ahead of being shown. */
const MOST = { queued: 4, waiting: 4 } as const;

/** Lateness is looked back on for so long, and so many of all pictures are to be in time. */
const WINDOW = 10;
const QUANTILE = 0.95;

/** Provided for at most, seconds. */
const MOST_NEED = 0.6;

/** On the way to the live edge, a picture is shown every so often (ms), when it takes long. */
const SIGN_OF_LIFE = 150;

/** A picture that is this much (seconds) too late is one of many: only the last of them is worth a look. */
const LATE = 0.1;

/** Pictures that wait and are this much (seconds) older than what comes: the decoder is too slow. */
const BEHIND = 1;
const MOST_BEHIND = 3;
const BEHIND_WITHIN = 30_000;

/** A picture is drawn when it is due before the next refresh is half over, seconds. */
const REFRESH = 0.008;

/** A coded picture as it came; times in seconds. */
export type ComingPicture = {
  readonly frame: Frame;
  readonly decodedAt: number;
  readonly shownAt: number;
  readonly isBreak: boolean;
  readonly isHistory: boolean;
  readonly now: number;
};

/** What pictures ask of the playback. */
export type PicturesHost = {
  onError(error: FallbackError): void;
  /** One was drawn; seconds. */
  onShown(time: number, now: number): void;
  /** Whether they wait for their time; else each is shown when it is there. */
  isHeld(): boolean;
  /** What time it is on the media timeline, seconds; undefined while nobody knows. */
  time(now: number): number | undefined;
};

/** Pictures from the wire to the canvas: decoded when they are about to be needed, drawn when due. */
export class Pictures {
  readonly #surface: CanvasSurface;
  readonly #host: PicturesHost;
  readonly #queue = new CodedQueue();
  readonly #decoder: PictureDecoder;
  /** By decode times, as they come. */
  readonly #arrival = new Lag(WINDOW);
  /** By presentation times, as they come out of a decoder that waits for them. */
  readonly #output = new Lag(WINDOW);
  #waiting: VideoFrame[] = [];
  #offsets: number[] = [];
  #intervals: number[] = [];
  #lastDecodedAt: number | undefined;
  /** Older ones are on the way to the live edge: not shown, unless it takes long. */
  #liveFrom = Number.POSITIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #drawnAt = performance.now();
  #isResting = false;
  #isCalm = false;
  #isClosed = false;
  #request: { cancel(): void } | undefined;
  #behind: number[] = [];

  constructor(surface: CanvasSurface, host: PicturesHost) {
    this.#surface = surface;
    this.#host = host;
    this.#decoder = new PictureDecoder({
      onPicture: (picture) => this.#decoded(picture),
      onTaken: () => this.#pump(),
      onBreak: () => this.#queue.restart(),
      onError: (error) => host.onError(error),
    });
  }

  get hasShown(): boolean {
    return this.#surface.shown > 0;
  }

  /** From one to the next, seconds. */
  get interval(): number {
    const sorted = [...this.#intervals].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  /** What B-frames add, seconds. */
  get reorderDelay(): number {
    return this.#offsets.length === 0 ? 0 : Math.max(...this.#offsets) - Math.min(...this.#offsets);
  }

  /** How uneven they come, seconds. */
  jitter(now: number): number {
    return this.#arrival.spread(now, QUANTILE);
  }

  /** By how much the wall clock is ahead of the earliest moment that pictures can be shown, seconds. */
  base(now: number): number {
    return this.#arrival.base(now) - (this.#offsets.length === 0 ? 0 : Math.min(...this.#offsets));
  }

  /** What has to be held lest pictures are late, seconds. */
  need(now: number): number {
    if (!this.#isCalm) return 0;
    const output = this.#output.base(now) + this.#output.spread(now, QUANTILE) - this.base(now);
    // Where much is held nothing is waited for, nor measured: what made it late may long be over.
    const late = this.#output.isFresh(now) && Number.isFinite(output) ? output : 0;
    return Math.min(MOST_NEED, Math.max(0, this.jitter(now), late));
  }

  /** The page's own beginning, which made things late, is over. */
  calm(): void {
    this.#isCalm = true;
    this.#arrival.calm();
    this.#output.calm();
  }

  /** Nobody looks: what comes is kept from its sync sample on, and not decoded. */
  get isResting(): boolean {
    return this.#isResting;
  }

  set isResting(isResting: boolean) {
    if (isResting === this.#isResting) return;
    this.#isResting = isResting;
    if (isResting) this.#drop();
    else this.skipToLive();
  }

  configure(track: AnnouncedTrack): void {
    this.#queue.clear();
    this.#lastDecodedAt = undefined;
    this.#offsets = [];
    this.#arrival.reset();
    this.#output.reset();
    this.#decoder.configure(track);
  }

  push({ frame, decodedAt, shownAt, isBreak, isHistory, now }: ComingPicture): void {
    const isSync = (frame.flags & SYNC) !== 0;
    if (isBreak) this.#broke();
    if (!isHistory) this.#measure(decodedAt, shownAt, now);
    this.#newest = Math.max(this.#newest, shownAt);
    if (isHistory) this.#liveFrom = Number.POSITIVE_INFINITY;
    this.#queue.push({ frame, time: shownAt, isSync });
    if (this.#isResting) this.#queue.skipTo(Number.POSITIVE_INFINITY);
    else this.#pump();
  }

  /** What has come by now is the past. */
  endHistory(): void {
    if (this.#liveFrom !== Number.POSITIVE_INFINITY) return;
    this.#liveFrom = this.#newest;
    this.hurry();
  }

  /** Goes to the newest that can be decoded. */
  skipToLive(): void {
    if (this.#queue.skipTo(Number.POSITIVE_INFINITY) > 0) this.#decoder.reset();
    if (this.#queue.length > 1) this.#liveFrom = this.#newest;
    this.#drawnAt = performance.now();
    this.#drop();
    this.#pump();
  }

  /** Shows what is due. */
  hurry(): void {
    this.#pump();
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#request?.cancel();
    this.#decoder.close();
    this.#drop();
  }

  #measure(decodedAt: number, shownAt: number, now: number): void {
    this.#arrival.push(now, decodedAt);
    this.#offsets.push(shownAt - decodedAt);
    if (this.#offsets.length > 60) this.#offsets.shift();
    const interval = decodedAt - (this.#lastDecodedAt ?? decodedAt);
    this.#lastDecodedAt = decodedAt;
    if (interval <= 0 || interval > 1) return;
    this.#intervals.push(interval);
    if (this.#intervals.length > 9) this.#intervals.shift();
  }

  #broke(): void {
    this.#arrival.reset();
    this.#output.reset();
    this.#offsets = [];
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#lastDecodedAt = undefined;
  }

  #pump(): void {
    // Of the past it is not yet known how much of it is to be shown.
    const isTooEarly = this.#liveFrom === Number.POSITIVE_INFINITY && this.#host.isHeld();
    if (this.#isResting || this.#isClosed || isTooEarly) return;
    this.#keepUp();
    while (this.#decoder.queued < MOST.queued && this.#waiting.length < MOST.waiting) {
      const picture = this.#queue.shift();
      if (picture === undefined) return;
      this.#decoder.decode(picture);
    }
  }

  /** A decoder that is too slow begins again at a newer sync sample; once too often, and it is given up. */
  #keepUp(): void {
    const now = performance.now();
    const due = this.#due(now / 1_000) ?? this.#newest;
    const isFull = this.#waiting.length >= MOST.waiting;
    const first = this.#queue.first?.time;
    if (isFull || first === undefined || first > due - BEHIND) return;
    const dropped = this.#queue.skipTo(due);
    if (dropped === 0) return;
    this.#decoder.reset();
    if (this.#liveFrom !== Number.NEGATIVE_INFINITY) return; // what was before is nobody's fault
    this.#surface.drop(dropped);
    this.#behind = [...this.#behind.filter((at) => at > now - BEHIND_WITHIN), now];
    if (this.#behind.length >= MOST_BEHIND) this.#host.onError(new FallbackError("slow"));
  }

  #decoded(picture: VideoFrame): void {
    const now = performance.now() / 1_000;
    const time = picture.timestamp / 1e6;
    const due = this.#due(now);
    const isPast = time < (due === undefined ? this.#liveFrom - 1e-6 : due - LATE);
    if (this.#isResting || (isPast && now * 1_000 - this.#drawnAt < SIGN_OF_LIFE)) {
      picture.close();
      this.#pump();
      return;
    }
    const isWaitedFor = this.#queue.length === 0 && this.#decoder.queued === 0;
    if (!isPast && isWaitedFor && this.#waiting.length === 0) this.#output.push(now, time);
    if (!isPast) this.#liveFrom = Number.NEGATIVE_INFINITY;
    if (isPast || due === undefined) {
      this.#surface.drop(this.#waiting.length);
      this.#drop(); // they come before it, and would be shown behind it
      this.#draw(picture, now);
      this.#pump();
      return;
    }
    this.#waiting.push(picture);
    this.#show(now, 0);
  }

  /** Draws the newest that is due, and comes back for the rest. @param ahead seconds */
  #show(now: number, ahead: number): void {
    const time = this.#due(now);
    let due: VideoFrame | undefined;
    for (const picture of [...this.#waiting]) {
      if (time !== undefined && picture.timestamp / 1e6 > time + ahead) break;
      this.#waiting.shift();
      if (due !== undefined) {
        due.close();
        this.#surface.drop(1);
      }
      due = picture;
    }
    if (due !== undefined) {
      this.#draw(due, now);
      this.#pump();
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#request !== undefined || this.#waiting.length === 0 || this.#isClosed) return;
    const come = () => {
      this.#request = undefined;
      this.#show(performance.now() / 1_000, REFRESH);
    };
    // A page that is not seen has no refreshes: a window of its own goes by the clock.
    if (document.hidden) {
      const timer = setTimeout(come, 15);
      this.#request = { cancel: () => clearTimeout(timer) };
    } else {
      const request = requestAnimationFrame(come);
      this.#request = { cancel: () => cancelAnimationFrame(request) };
    }
  }

  #draw(picture: VideoFrame, now: number): void {
    const time = picture.timestamp / 1e6;
    this.#drawnAt = now * 1_000;
    this.#surface.draw(picture, time);
    picture.close();
    this.#host.onShown(time, now);
  }

  /** Which one is to be shown by now, where they wait. */
  #due(now: number): number | undefined {
    return this.#host.isHeld() ? this.#host.time(now) : undefined;
  }

  #drop(): void {
    for (const picture of this.#waiting.splice(0)) picture.close();
  }
}
