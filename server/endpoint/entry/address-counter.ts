/** How many connections each address has, so that one alone cannot take every place. */
export class AddressCounter {
  readonly #limit: number;
  readonly #connections = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place for an address. @returns false where it has as many as it may */
  take(address: string): boolean {
    const taken = this.#connections.get(address) ?? 0;
    if (taken >= this.#limit) return false;
    this.#connections.set(address, taken + 1);
    return true;
  }

  /** Gives a place back that was taken. */
  give(address: string): void {
    const left = (this.#connections.get(address) ?? 0) - 1;
    if (left > 0) this.#connections.set(address, left);
    else this.#connections.delete(address);
  }
}
