import type { LineCommand } from "./messages.ts";
import type { LineThread, ThreadListener, ThreadReason, ToPage, ToWorker } from "./threads.ts";

/** A worker without lines is kept this long (ms): elements are moved about, and come back. */
const LINGER = 2_000;

/** One that was started for lines to come is kept for so long without any, ms. */
const LONGEST_WARM = 10_000;

/** So many workers that were lost, and no more are tried. */
const MOST_LOST = 2;

/** What is needed of a `Worker`. */
export type WorkerLike = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

/** What the browser has. */
export type WorkerWorld = {
  /** Starts one. @throws where the browser refuses at once */
  start(): WorkerLike;
  /** Whether a MediaSource can be made in it. */
  readonly isSupported: boolean;
  /** Calls when the page's policy forbids something that workers need. @returns ends that */
  watchPolicy(onForbidden: () => void): () => void;
  after(ms: number, action: () => void): () => void;
};

/** The worker that the players of a page share: they are many, and what it does for each is little. */
export class LineWorkers {
  readonly #world: WorkerWorld;
  #shared: SharedWorker | undefined;
  #refusal: ThreadReason | undefined;
  #lost = 0;

  constructor(world: WorkerWorld) {
    this.#world = world;
    if (!world.isSupported) this.#refusal = "unsupported";
  }

  /** Why there is none for lines to come. */
  get refusal(): ThreadReason | undefined {
    return this.#refusal;
  }

  /** Lines are about to come: a worker takes some tens of ms to start. */
  warm(): void {
    this.#start()?.linger(LONGEST_WARM);
  }

  /** Makes a place for a line; undefined where it has to live on the page. */
  open(listener: ThreadListener): LineThread | undefined {
    return this.#start()?.open(listener);
  }

  /** A line in it did not answer: then none does. */
  give(reason: ThreadReason): void {
    this.#shared?.lose(reason);
  }

  #start(): SharedWorker | undefined {
    if (this.#refusal !== undefined) return undefined;
    try {
      this.#shared ??= new SharedWorker(this.#world, {
        onLost: (reason) => this.#onLost(reason),
        onIdle: () => {
          this.#shared = undefined;
        },
      });
    } catch {
      this.#refusal = "policy";
    }
    return this.#shared;
  }

  #onLost(reason: ThreadReason): void {
    this.#shared = undefined;
    this.#lost += 1;
    const isFinal = reason === "policy" || reason === "unreachable" || reason === "failing";
    if (isFinal || this.#lost >= MOST_LOST) this.#refusal = reason;
  }
}

/** One worker, and the lines in it. */
class SharedWorker {
  readonly #world: WorkerWorld;
  readonly #host: { onLost(reason: ThreadReason): void; onIdle(): void };
  readonly #worker: WorkerLike;
  readonly #lines = new Map<number, ThreadListener>();
  readonly #unwatch: () => void;
  #lastLine = 0;
  #hasAnswered = false;
  #isForbidden = false;
  #isGone = false;
  #cancelLinger: (() => void) | undefined;

  constructor(world: WorkerWorld, host: { onLost(reason: ThreadReason): void; onIdle(): void }) {
    this.#world = world;
    this.#host = host;
    this.#unwatch = world.watchPolicy(() => {
      this.#isForbidden = true;
      if (!this.#hasAnswered) this.lose("policy");
    });
    this.#worker = world.start();
    this.#worker.addEventListener("message", (event) => {
      const { line, report } = (event as MessageEvent<ToPage>).data;
      this.#answered();
      this.#lines.get(line)?.onReport(report);
    });
    this.#worker.addEventListener("error", () => {
      const early = this.#isForbidden ? "policy" : "unreachable";
      this.lose(this.#hasAnswered ? "crashed" : early);
    });
    this.#worker.addEventListener("messageerror", () => this.lose("crashed"));
  }

  open(listener: ThreadListener): LineThread {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.#lastLine += 1;
    const line = this.#lastLine;
    this.#lines.set(line, listener);
    const post = (command: LineCommand) => {
      const message: ToWorker = { line, command };
      if (!this.#isGone) this.#worker.postMessage(message);
    };
    return {
      name: "worker",
      send: (command) => {
        if (this.#lines.has(line)) post(command);
      },
      close: () => {
        if (!this.#lines.delete(line)) return;
        post({ type: "stop" });
        this.linger(LINGER);
      },
    };
  }

  /** It is of no use any more: whoever has a line in it is told. */
  lose(reason: ThreadReason): void {
    if (this.#isGone) return;
    this.#end();
    this.#host.onLost(reason);
    const listeners = [...this.#lines.values()];
    this.#lines.clear();
    for (const { onLost } of listeners) onLost(reason);
  }

  #answered(): void {
    if (this.#hasAnswered) return;
    this.#hasAnswered = true;
    this.#unwatch();
  }

  /** It ends after so many ms without a line. */
  linger(ms: number): void {
    if (this.#lines.size > 0) return;
    this.#cancelLinger?.();
    this.#cancelLinger = this.#world.after(ms, () => {
      if (this.#lines.size > 0 || this.#isGone) return;
      this.#end();
      this.#host.onIdle();
    });
  }

  #end(): void {
    this.#isGone = true;
    this.#cancelLinger?.();
    this.#unwatch();
    this.#worker.terminate();
  }
}
