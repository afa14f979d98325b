/** Looked back on, ms. */
const WINDOW = 3_000;

/** What arrived during the last seconds: bits and pictures a second. */
export class Traffic {
  #entries: { readonly at: number; readonly bytes: number; readonly pictures: number }[] = [];

  push(now: number, bytes: number, pictures: number): void {
    this.#entries.push({ at: now, bytes, pictures });
    if (this.#entries.length > 256 && (this.#entries[0]?.at ?? now) < now - WINDOW) {
      this.#trim(now);
    }
  }

  /** Per second, over the last three. */
  read(now: number): { readonly bitrate: number; readonly frameRate: number } {
    this.#trim(now);
    const first = this.#entries[0]?.at;
    if (first === undefined || this.#entries.length < 2) return { bitrate: 0, frameRate: 0 };
    const last = this.#entries.at(-1)?.at ?? first;
    const seconds = Math.max(0.5, (last - first) / 1_000);
    let bytes = 0;
    let pictures = 0;
    // From the first arrival to the last: what came with the first belongs to the time before.
    for (const entry of this.#entries.slice(1)) {
      bytes += entry.bytes;
      pictures += entry.pictures;
    }
    return { bitrate: (bytes * 8) / seconds, frameRate: pictures / seconds };
  }

  #trim(now: number): void {
    const from = this.#entries.findIndex(({ at }) => at >= now - WINDOW);
    this.#entries.splice(0, from < 0 ? this.#entries.length : from);
  }
}
