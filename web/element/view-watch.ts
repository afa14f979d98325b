/** What lies within view for so much of its area is seen. */
const SEEN = 0.2;

/** Out of view for so long (ms), and it counts as left. */
const UNSEEN_FOR = 5_000;

/** Whether an element is seen: for what is to begin only then. */
export class ViewWatch {
  readonly #onSeen: () => void;
  readonly #onLeft: () => void;
  #observer: IntersectionObserver | undefined;
  #unseen: ReturnType<typeof setTimeout> | undefined;
  #isSeen = false;

  constructor({ onSeen, onLeft }: { onSeen: () => void; onLeft: () => void }) {
    this.#onSeen = onSeen;
    this.#onLeft = onLeft;
  }

  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Begins to look, anew. */
  watch(element: Element): void {
    this.#observer?.disconnect();
    const look: IntersectionObserverCallback = (entries) => {
      this.#isSeen = entries.at(-1)?.isIntersecting ?? false;
      clearTimeout(this.#unseen);
      if (this.#isSeen) this.#onSeen();
      else this.#unseen = setTimeout(this.#onLeft, UNSEEN_FOR);
    };
    this.#observer = new IntersectionObserver(look, { threshold: SEEN });
    this.#observer.observe(element);
  }

  /** Looks no more, and forgets what it saw: where it is put next is for a new look. */
  end(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    clearTimeout(this.#unseen);
    this.#isSeen = false;
  }
}
