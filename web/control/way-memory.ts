import type { Transport } from "./choice.ts";

/** What worked is remembered for a day, ms. */
const DAY = 86_400_000;

/** Where it is kept: one entry for each server, in the page's own storage. */
const keyOf = (origin: string): string => `sluice-transport ${origin}`;

/** What is asked of a storage; each of it may throw where storage is denied. */
export type WayStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * The page's storage.
 *
 * @returns undefined where it is denied: a sandboxed frame, blocked cookies
 */
export function pageStorage(): WayStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** Which transport played well from which server, for a day. Never throws: it may just not remember. */
export class WayMemory {
  readonly #storage: WayStorage | undefined;
  readonly #key: string;

  /** @param url of the stream: its server is what is remembered */
  constructor(storage: WayStorage | undefined, url: string) {
    this.#storage = storage;
    this.#key = keyOf(new URL(url).host);
  }

  /** @param now ms since 1970 */
  recall(now: number): Transport | undefined {
    try {
      const [transport, at] = (this.#storage?.getItem(this.#key) ?? "").split(" ");
      const age = now - Number(at);
      const isKnown = transport === "hls" || transport === "websocket";
      return isKnown && age >= 0 && age < DAY ? transport : undefined;
    } catch {
      return undefined;
    }
  }

  /** @param now ms since 1970 */
  remember(transport: Transport, now: number): void {
    try {
      this.#storage?.setItem(this.#key, `${transport} ${Math.floor(now)}`);
    } catch {
      // Full, or denied: the next page finds out by itself.
    }
  }
}
