import {
  type Choice,
  type ChoiceReason,
  type ChoiceSituation,
  choose,
  type Transport,
} from "../control/choice.ts";
import { Failures } from "../control/failures.ts";
import { LineWatch } from "../control/line-watch.ts";
import type { WayMemory } from "../control/way-memory.ts";
import type { Playback } from "../engine/playback.ts";
import type { EngineSetting, TransportSetting } from "./options.ts";

/** So many failed playbacks, and an engine rests; ms. */
const PATIENCE = { most: 4, window: 15_000, rest: 30_000, longest: 600_000 } as const;

/** What has played for this long (ms) without a fault is worth remembering. */
const WORTH_REMEMBERING = 10_000;

/** A playback that was given a sync sample has a picture within this long (ms), or it fails. */
const PICTURE_WITHIN = 2_000;

/** More than this (ms) from one look to the next is the page's own doing, and no time to decode in. */
const LONGEST_LOOK = 100;

/** What is chosen from, besides what happens. */
export type WaysOptions = {
  readonly transport: TransportSetting;
  readonly engine: EngineSetting;
  /** ms to hold, as it is asked now. */
  readonly latency: () => number;
  readonly browser: ChoiceSituation["browser"];
  /** Whether the broadcast's tracks can be decoded. */
  readonly decodes: () => ChoiceSituation["decodes"];
  /** Whether WebCodecs was given up, until somebody asks for it anew. */
  readonly isBareOut: () => boolean;
  readonly memory: WayMemory;
};

/** Keeps account of what is asked for and of what failed, and says what should play now. */
export class Ways {
  readonly line: LineWatch = new LineWatch();
  readonly #options: WaysOptions;
  readonly #failed = {
    mse: new Failures(PATIENCE),
    webcodecs: new Failures({ ...PATIENCE, most: 2 }),
    hls: new Failures(PATIENCE),
  } as const;
  readonly #remembered: Transport | undefined;
  readonly #reasons = new WeakMap<Playback, ChoiceReason>();
  #playing: { readonly playback: Playback; since: number; isTold: boolean } | undefined;
  #awaited: { readonly playback: Playback; waited: number; at: number } | undefined;
  transport: TransportSetting;
  engine: EngineSetting;

  constructor(options: WaysOptions) {
    this.#options = options;
    this.transport = options.transport;
    this.engine = options.engine;
    this.#remembered = options.memory.recall(Date.now());
  }

  /** What should play a live broadcast; undefined where nothing can, now. */
  choice(now: number): Choice | undefined {
    const { transport, engine } = this;
    const { browser, decodes, isBareOut, latency } = this.#options;
    return choose({
      asked: { transport, engine, latency: latency() },
      browser,
      decodes: decodes(),
      webSocket: this.line.state(now),
      failed: {
        mse: this.#failed.mse.isResting(now),
        webCodecs: this.#failed.webcodecs.isResting(now) || isBareOut(),
        hls: this.#failed.hls.isResting(now),
      },
      remembered: this.#remembered,
    });
  }

  /** Whether the WebSocket is of any use here. */
  get usesWebSocket(): boolean {
    const { mediaSource, webCodecs } = this.#options.browser;
    return this.transport !== "hls" && (mediaSource || webCodecs === "there");
  }

  /** Whether a playback of what comes over the WebSocket may be made now. */
  isLive(now: number): boolean {
    return this.choice(now)?.transport === "websocket";
  }

  /** A playback was made for this reason. */
  made(playback: Playback, reason: ChoiceReason): void {
    this.#reasons.set(playback, reason);
  }

  /** Why that plays. */
  reasonOf(playback: Playback, now: number): ChoiceReason | undefined {
    const made = this.#reasons.get(playback);
    if (made === "rewind") return made;
    const choice = this.choice(now);
    const isChosen = choice?.transport === playback.transport && choice.engine === playback.engine;
    return isChosen ? choice.reason : made;
  }

  /** A playback failed. @param isFinal it cannot work here */
  failed(playback: Playback, now: number, isFinal = false): void {
    const { engine } = playback;
    const failures = engine === "mse" || engine === "webcodecs" ? engine : "hls";
    this.#failed[failures].add(now, isFinal);
    if (this.#playing?.playback === playback) this.#playing = undefined;
  }

  /** Something that can be undone only by trying: a setting, another network. */
  tryAgain(): void {
    this.line.forgive();
    for (const failures of Object.values(this.#failed)) failures.forget();
  }

  /**
   * To be called every 50 ms or so, with what is on the stage: what plays well is remembered.
   *
   * @param suffers whether it stands still, or plays something else than the live edge
   */
  follow(playback: Playback | undefined, now: number, suffers: boolean): void {
    if (playback === undefined || !playback.isReady || suffers) {
      this.#playing = undefined;
      return;
    }
    if (this.#playing?.playback !== playback) {
      this.#playing = { playback, since: now, isTold: false };
    }
    if (this.#playing.isTold || now - this.#playing.since < WORTH_REMEMBERING) return;
    this.#playing.isTold = true;
    const isChance = this.reasonOf(playback, now) === "websocket-lossy"; // another hour, another line
    if (this.transport !== "auto" || isChance) return;
    this.#options.memory.remember(playback.transport, Date.now());
  }

  /**
   * Whether a playback that was given a sync sample should have shown something by now. To be called
   * every 50 ms or so.
   *
   * @param playback that is being made ready, if any
   */
  isOverdue(playback: Playback | undefined, now: number): boolean {
    if (playback === undefined || playback.isReady) {
      this.#awaited = undefined;
      return false;
    }
    if (this.#awaited?.playback !== playback) this.#awaited = { playback, waited: 0, at: now };
    const awaited = this.#awaited;
    awaited.waited += Math.min(LONGEST_LOOK, now - awaited.at);
    awaited.at = now;
    return awaited.waited > PICTURE_WITHIN;
  }
}
