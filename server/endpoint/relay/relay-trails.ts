import { LIMITS } from "../../protocol/limits.ts";
import { LOOP_CODE } from "./course.ts";

/** Names a stream on a server so that only that server knows it again. */
export type Token = (relayId: string, streamPath: string) => string;

/**
 * Finds relays that come back to where they began, however long the way. Servers of our kind tell
 * each other in `connect` what a broadcast came through, or whom it is asked for: a token for each
 * stream on each server. Whoever meets a token of its own refuses.
 */
export class RelayTrails {
  /** This server's name among its kind; it says nothing of the machine. */
  readonly relayId: string;
  readonly #token: Token;
  /** By streamPath: the trails of those who have it played for them. */
  readonly #watching = new Map<string, Map<object, readonly string[]>>();

  constructor(relayId: string, token: Token) {
    this.relayId = relayId;
    this.#token = token;
  }

  /**
   * May a stream go on through here?
   *
   * @param trail as it came with `connect`; undefined from who is none of our kind
   * @returns why not, in words that the other side understands; undefined where it may
   */
  refusal(streamPath: string, trail: string | undefined): string | undefined {
    const tokens = tokensOf(trail);
    if (tokens.includes(this.#token(this.relayId, streamPath))) {
      return `${LOOP_CODE}: ${streamPath} was here before: it is relayed in a circle`;
    }
    if (tokens.length < LIMITS.relayHops) return undefined;
    return `${LOOP_CODE}: ${streamPath} came through ${tokens.length} servers, as many as may be`;
  }

  /** Somebody has a stream played for them. @returns they have it no more */
  watch(streamPath: string, trail: string | undefined): () => void {
    const tokens = tokensOf(trail);
    if (tokens.length === 0) return () => {};
    const watching = this.#watching.get(streamPath) ?? new Map<object, readonly string[]>();
    const key = {};
    watching.set(key, tokens);
    this.#watching.set(streamPath, watching);
    return () => {
      watching.delete(key);
      if (watching.size === 0) this.#watching.delete(streamPath);
    };
  }

  /** For a push: what the broadcast came through, this server included. */
  ofPush(streamPath: string, via: string | undefined): string {
    return [...tokensOf(via), this.#token(this.relayId, streamPath)].join(",");
  }

  /** For a pull: who it is asked for, this server included. */
  ofPull(streamPath: string): string {
    const others = [...(this.#watching.get(streamPath)?.values() ?? [])].flat();
    const own = this.#token(this.relayId, streamPath);
    return [...new Set([...others, own])].slice(-LIMITS.relayHops).join(",");
  }

  /** What a stream came through that is pulled from a server: as far as that one says it. */
  through(relayId: string | undefined, streamPath: string | undefined): string {
    if (relayId === undefined || relayId === "" || streamPath === undefined) return "";
    return this.#token(relayId, streamPath);
  }
}

const tokensOf = (trail: string | undefined): readonly string[] =>
  trail === undefined ? [] : trail.split(",").filter((token) => token !== "");
