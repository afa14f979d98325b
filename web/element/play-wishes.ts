/** What `play()` promised and is not so yet. */
export class PlayWishes {
  #wishes: { resolve(): void; reject(error: DOMException): void }[] = [];

  /** @returns resolves when it plays, rejects when it will not */
  add(): Promise<void> {
    return new Promise((resolve, reject) => this.#wishes.push({ resolve, reject }));
  }

  /** It plays. */
  fulfil(): void {
    for (const { resolve } of this.#wishes.splice(0)) resolve();
  }

  /** It does not come to that. @param name of a DOMException */
  disappoint(name: string, message: string): void {
    for (const { reject } of this.#wishes.splice(0)) reject(new DOMException(message, name));
  }
}
