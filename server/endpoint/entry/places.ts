import { AddressCounter } from "./address-counter.ts";

/** How many may be here at once, altogether and from one address. */
export type PlaceLimits = { readonly all: number; readonly perAddress: number };

/** The places of one kind of guest, whatever door they come in by. */
export class Places {
  readonly #limit: number;
  readonly #addresses: AddressCounter;
  #taken = 0;

  constructor({ all, perAddress }: PlaceLimits) {
    this.#limit = all;
    this.#addresses = new AddressCounter(perAddress);
  }

  /** @returns gives the place back, however often it is called; undefined where there is none left */
  take(address: string): (() => void) | undefined {
    if (this.#taken >= this.#limit || !this.#addresses.take(address)) return undefined;
    this.#taken += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#taken -= 1;
      this.#addresses.give(address);
    };
  }
}
