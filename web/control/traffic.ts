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
    const seconds = Math.max(0.5, (now - first) / 1_000);
    let bytes = 0;
    let pictures = 0;
    for (const entry of this.#entries) {
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
