import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import type { StreamAddress } from "../address.ts";
import { Backoff } from "../control/reconnect.ts";
import { fetchStreams } from "../stream-list.ts";
import { signatureOf } from "./hls-listing.ts";

/** While HLS plays, the stream's state is asked for this often (ms); while it does not, at most. */
const ASK_EVERY = 3_000;

/** What the lookout reports. */
export type LookoutListener = {
  /** Where the stream stands; undefined where the server does not know it. */
  onState(stream: ListedStream | undefined): void;
  /** The server cannot be reached. */
  onLost(): void;
  /** The server does not let this viewer in. */
  onRefused(): void;
  /** The playlist is there, with this in it (`signatureOf`): whether HLS plays already is not known here. */
  onPlaylist(listing: string): void;
};

/** Without a WebSocket nobody tells us that a stream begins or ends: this one asks. */
export class HlsLookout {
  readonly #address: StreamAddress;
  readonly #listener: LookoutListener;
  readonly #backoff: Backoff = new Backoff({ random: Math.random, longest: ASK_EVERY });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(address: StreamAddress, listener: LookoutListener) {
    this.#address = address;
    this.#listener = listener;
  }

  /** Asks now, and goes on asking until stopped. */
  start(): void {
    this.#ask().catch(() => this.#listener.onLost());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    let listing: string | undefined;
    try {
      const { streams } = await fetchStreams(this.#address.list);
      const stream = streams.find(({ path }) => path === this.#address.streamPath);
      if (this.#isStopped) return;
      this.#listener.onState(stream);
      if (stream?.state === "live") listing = await this.#listing();
    } catch {
      if (!this.#isStopped) this.#listener.onLost();
    }
    if (this.#isStopped) return;
    if (listing !== undefined) this.#listener.onPlaylist(listing);
    const wait = listing === undefined ? this.#backoff.next() : ASK_EVERY;
    if (listing !== undefined) this.#backoff.reset();
    this.#timer = setTimeout(() => this.start(), wait);
  }

  /** What is listed; undefined (404) until the first segment is there. */
  async #listing(): Promise<string | undefined> {
    const response = await fetch(this.#address.playlist, {
      cache: "no-store",
      signal: AbortSignal.timeout(8_000),
    });
    const { ok, status } = response;
    if ((status === 401 || status === 403) && !this.#isStopped) this.#listener.onRefused();
    return ok ? signatureOf(await response.text()) : undefined;
  }
}
