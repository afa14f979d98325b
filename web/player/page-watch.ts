import { SleepWatch } from "../control/sleep-watch.ts";

/** What happens to a page. */
export type PageListener = {
  /** It is seen again. */
  onVisible(): void;
  /** There is a network again, maybe another one. */
  onOnline(): void;
  /** It is about to be stopped, for who knows how long. */
  onFreeze(): void;
  /** Time has passed without it: it was stopped, or the machine slept. Lines are dead, clocks have moved. */
  onWoke(): void;
};

/** Tells when a page leaves and comes back. */
export class PageWatch {
  readonly #listener: PageListener;
  readonly #sleep = new SleepWatch();

  constructor(listener: PageListener, signal: AbortSignal) {
    this.#listener = listener;
    addEventListener("online", () => listener.onOnline(), { signal });
    document.addEventListener("freeze", () => listener.onFreeze(), { signal });
    document.addEventListener("resume", () => listener.onWoke(), { signal });
    const onShow = ({ persisted }: PageTransitionEvent) => {
      if (persisted) listener.onWoke();
    };
    addEventListener("pageshow", onShow, { signal });
    const onVisibility = () => {
      this.look(performance.now());
      if (!document.hidden) listener.onVisible();
    };
    document.addEventListener("visibilitychange", onVisibility, { signal });
  }

  /** To be called often. */
  look(now: number): void {
    const { hidden } = document;
    if (this.#sleep.look({ now, wall: Date.now(), hidden })) this.#listener.onWoke();
  }
}
