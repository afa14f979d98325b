/** Live previews that play at once: on the page, and on a wall display. Each is decoded all the time. */
export const PREVIEWS = { page: 4, wall: 12 } as const;

/** What somebody points at begins after this long (ms): who only passes by starts nothing. */
export const PREVIEW_AFTER = 250;

/**
 * Which cards show their stream live: what somebody points at first, then, where all are to, as many of
 * those in view as may, from the top. One that plays goes on while it may. Time is an input.
 */
export class PreviewChoice {
  readonly #most: number;
  readonly #seen = new Set<string>();
  #playing: readonly string[] = [];
  #pointed: { readonly key: string; readonly since: number } | undefined;

  /** Whether all that may are to play, not only what is pointed at. */
  isOn = false;

  constructor(most: number) {
    this.#most = most;
  }

  setSeen(key: string, isSeen: boolean): void {
    if (isSeen) this.#seen.add(key);
    else this.#seen.delete(key);
  }

  /** Somebody points at it, by whatever means, or (undefined) at none. */
  point(key: string | undefined, now: number): void {
    if (key !== this.#pointed?.key)
      this.#pointed = key === undefined ? undefined : { key, since: now };
  }

  /**
   * @param order of those that could be shown live, as they lie on the page
   * @returns those that are to play now
   */
  choose(order: readonly string[], now: number): readonly string[] {
    const { key, since = now } = this.#pointed ?? {};
    const isDue = key !== undefined && (this.isOn || now - since >= PREVIEW_AFTER);
    const pointed = isDue ? order.filter((other) => other === key) : [];
    const inView = this.isOn ? order.filter((other) => this.#seen.has(other) && other !== key) : [];
    const goesOn = new Set(this.#playing.slice(0, this.#most));
    const room = this.#most - pointed.length;
    const staying = inView.filter((other) => goesOn.has(other)).slice(0, room);
    const others = inView.filter((other) => !goesOn.has(other)).slice(0, room - staying.length);
    const chosen = new Set([...pointed, ...staying, ...others]);
    this.#playing = order.filter((other) => chosen.has(other));
    return this.#playing;
  }
}
