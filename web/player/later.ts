/** What waits while code is on its way: more of it is left out. */
const MOST_WAITING = 500;

/** Something whose code is loaded when it is needed for the first time. */
export class Later<Thing> {
  readonly #load: () => Promise<Thing>;
  #thing: Thing | undefined;
  #loading: Promise<Thing> | undefined;
  #waiting = 0;

  constructor(load: () => Promise<Thing>) {
    this.#load = load;
  }

  /** Undefined as long as nobody needed it, and while it is on its way. */
  get value(): Thing | undefined {
    return this.#thing;
  }

  /** @throws (rejects) where its code does not come; the next one who needs it asks again */
  get(): Promise<Thing> {
    this.#loading ??= this.#load().then(
      (thing) => {
        this.#thing = thing;
        return thing;
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }

  /** Does something with it: at once if it is there, else as soon as it is, in order. */
  use(action: (thing: Thing) => void): void {
    if (this.#thing !== undefined && this.#waiting === 0) {
      action(this.#thing);
    } else if (this.#waiting < MOST_WAITING) {
      this.#waiting += 1;
      this.get()
        .then(action, () => undefined) // without it, the picture goes on
        .finally(() => {
          this.#waiting -= 1;
        });
    }
  }
}
