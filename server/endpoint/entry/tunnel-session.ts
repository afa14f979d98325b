import { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { CLOSE_ANSWER, dataAnswer, pollingByte } from "../../protocol/rtmpt/answer.ts";
import { placeOf } from "../../protocol/rtmpt/sequence.ts";

/** One request in a session. */
export type TunnelTurn = {
  readonly type: "send" | "idle" | "close";
  readonly sequence: number;
  /** Whether an answer still reaches anybody. */
  readonly isOpen: boolean;
  /** Gives its body, piece by piece, then one of the two ends. Called at most once. */
  read(sink: { bytes(bytes: Uint8Array): void; end(): void; broken(reason: string): void }): void;
  pause(): void;
  resume(): void;
  /** In pieces, which stay as they are. */
  answer(body: readonly Bytes[]): void;
  /** @param status of HTTP */
  refuse(status: number, reason: string): void;
};

/** What bounds a session; times in ms, sizes in bytes. */
export type TunnelLimits = {
  /** Without a request. */
  readonly silence: number;
  /** The same, while no connection of its requests is open. */
  readonly absence: number;
  /** `idle` waits so long for something to say. */
  readonly hold: number;
  readonly answer: number;
  /** Requests that may be missing before one that came early, and how long it waits for them. */
  readonly ahead: number;
  readonly gap: number;
};

/** What a session is made of. */
export type TunnelSessionOptions = {
  readonly clock: Clock;
  readonly limits: TunnelLimits;
  /** Told what was wrong; `code` is of docs/errors.md. */
  readonly onWrong: (code: string, message: string) => void;
};

/**
 * RTMP's stream of bytes, carried by requests and answers (RTMPT). What is written waits until the
 * client asks, and counts as unsent until an answer has taken it: bounds of who writes hold as on a
 * socket. Which connection a request comes on does not matter, only its number.
 */
export class TunnelSession extends Duplex {
  readonly #options: TunnelSessionOptions;
  /** The number that is due. */
  #next = 0;
  /** Its body is being read. */
  #reading: TunnelTurn | undefined;
  /** An `idle` that has no answer yet. */
  #held: { readonly turn: TunnelTurn; readonly cancel: () => void } | undefined;
  /** Those that came early, by number. */
  readonly #early = new Map<number, TunnelTurn>();
  #cancelGap: (() => void) | undefined;
  /** In case it has to be given again. */
  #lastAnswer: readonly Bytes[] = [];
  #emptyAnswers = 0;
  /** What is being written, and whom to tell when it has gone. */
  #output: { readonly bytes: Bytes; readonly taken: () => void } | undefined;
  #isFlushing = false;
  #lastHeard: number;
  #isAbsent = false;
  #cancelSilence: (() => void) | undefined;

  constructor(options: TunnelSessionOptions) {
    super({ allowHalfOpen: false });
    this.#options = options;
    this.#lastHeard = options.clock.now();
    this.#awaitSilence();
    this.once("end", () => this.destroy());
  }

  /** Takes a request: at once, in its turn, or not at all. */
  handle(turn: TunnelTurn): void {
    const { limits, onWrong, clock } = this.#options;
    const { sequence } = turn;
    this.#isAbsent = false;
    this.#lastHeard = clock.now();
    const place = placeOf(sequence, this.#next, limits.ahead);
    if (place === "repeated") {
      this.#repeat(turn);
    } else if (place === "replayed" || this.#early.has(sequence)) {
      onWrong("RTMPT_SEQUENCE", `Cannot take request ${sequence} once more`);
      turn.refuse(409, "This request was taken before");
    } else if (place === "beyond") {
      const message = `Cannot take request ${sequence} when ${this.#next} is due`;
      turn.refuse(409, "Too many requests are missing before this one");
      this.#fail("RTMPT_SEQUENCE", message);
    } else if (place === "ahead" || this.#reading !== undefined) {
      this.#early.set(sequence, turn);
      this.#awaitGap();
    } else {
      this.#begin(turn);
    }
  }

  /** The last connection that carried requests has closed; another may come. */
  abandon(): void {
    if (this.destroyed) return;
    this.#isAbsent = true;
    this.#lastHeard = this.#options.clock.now();
    this.#awaitSilence();
  }

  override _read(): void {
    this.#reading?.resume();
  }

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    this.#output = { bytes, taken };
    if (this.#held === undefined || this.#isFlushing) return;
    // What is written in one go leaves in one answer.
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#release();
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#cancelSilence?.();
    this.#cancelGap?.();
    this.#release();
    for (const turn of this.#early.values()) turn.refuse(404, "This session is over");
    this.#early.clear();
    this.#reading?.refuse(404, "This session is over");
    this.#reading = undefined;
    callback(error);
  }

  #begin(turn: TunnelTurn): void {
    this.#next = turn.sequence + 1;
    this.#release();
    this.#reading = turn;
    const isOver = () => this.#reading !== turn;
    turn.read({
      bytes: (bytes) => {
        if (isOver() || turn.type !== "send") return;
        if (!this.push(bytes)) turn.pause();
      },
      end: () => {
        if (isOver()) return;
        this.#reading = undefined;
        this.#lastHeard = this.#options.clock.now();
        this.#end(turn);
      },
      broken: (reason) => {
        if (isOver()) return;
        this.#reading = undefined;
        this.#fail("RTMPT_BODY", `Cannot go on after request ${turn.sequence}: ${reason}`);
      },
    });
  }

  #end(turn: TunnelTurn): void {
    if (turn.type === "close") {
      turn.answer([CLOSE_ANSWER]);
      this.push(null);
      return;
    }
    if (turn.type === "idle" && this.#output === undefined) this.#hold(turn);
    else this.#answer(turn);
    const following = this.#early.get(this.#next);
    if (following === undefined) return;
    this.#early.delete(following.sequence);
    this.#cancelGap?.();
    this.#cancelGap = undefined;
    if (this.#early.size > 0) this.#awaitGap();
    this.#begin(following);
  }

  #hold(turn: TunnelTurn): void {
    const { clock, limits } = this.#options;
    this.#held = { turn, cancel: clock.after(limits.hold, () => this.#release()) };
  }

  /** Answers the `idle` that is held. */
  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    held.cancel();
    this.#answer(held.turn);
  }

  #answer(turn: TunnelTurn): void {
    this.#lastHeard = this.#options.clock.now();
    // Nothing is taken for somebody who has gone: whoever asks next gets it.
    const pieces = turn.isOpen ? this.#takeOutput() : [];
    const polling = pollingByte(pieces.length > 0 ? 0 : this.#emptyAnswers);
    this.#emptyAnswers = pieces.length > 0 ? 0 : this.#emptyAnswers + 1;
    this.#lastAnswer = dataAnswer(polling, pieces);
    turn.answer(this.#lastAnswer);
  }

  /** The last request once more: its answer was lost. */
  #repeat(turn: TunnelTurn): void {
    if (this.#reading !== undefined) {
      const message = `Cannot take request ${turn.sequence} twice at once`;
      this.#options.onWrong("RTMPT_SEQUENCE", message);
      turn.refuse(409, "This request is being taken");
      return;
    }
    this.#release();
    turn.answer(this.#lastAnswer);
  }

  /** What waits to be sent, as far as one answer holds it. */
  #takeOutput(): Bytes[] {
    const pieces: Bytes[] = [];
    let room = this.#options.limits.answer;
    while (this.#output !== undefined && room > 0) {
      const { bytes, taken } = this.#output;
      if (bytes.length > room) {
        pieces.push(bytes.subarray(0, room));
        this.#output = { bytes: bytes.subarray(room), taken };
        break;
      }
      room -= bytes.length;
      if (bytes.length > 0) pieces.push(bytes);
      this.#output = undefined;
      taken(); // and the next one is written, if there is one
    }
    return pieces;
  }

  #awaitGap(): void {
    const { clock, limits } = this.#options;
    this.#cancelGap ??= clock.after(limits.gap, () => {
      // It is not missing where its body is still coming: then its own bounds of time hold.
      this.#cancelGap = undefined;
      if (this.#reading !== undefined) this.#awaitGap();
      else this.#fail("RTMPT_SEQUENCE", `Cannot go on without request ${this.#next}`);
    });
  }

  #awaitSilence(): void {
    const { clock, limits } = this.#options;
    const isBusy = this.#reading !== undefined || this.#held !== undefined;
    const since = isBusy ? clock.now() : this.#lastHeard;
    const longest = this.#isAbsent ? limits.absence : limits.silence;
    const left = since + longest - clock.now();
    this.#cancelSilence?.();
    if (left > 0) this.#cancelSilence = clock.after(left, () => this.#awaitSilence());
    else this.#fail("RTMPT_SILENCE", `Cannot wait longer than ${longest} ms for a request`);
  }

  #fail(code: string, message: string): void {
    if (this.destroyed) return;
    this.#options.onWrong(code, message);
    this.destroy();
  }
}
