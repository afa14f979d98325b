import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** Where events are written: a response of `http`. */
export type EventResponse = {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(text: string): boolean;
  end(text?: string): unknown;
  destroy(): unknown;
  on(event: "drain" | "close", listener: () => void): unknown;
};

/** What bounds it; times in ms. */
export type EventLimits = {
  readonly clients: number;
  /** A client that takes nothing for this long is closed. */
  readonly silence: Milliseconds;
};

/** At most so often is anything told. */
const INTERVAL: Milliseconds = 1000;
/** A line that says nothing keeps proxies from closing the connection. */
const HEARTBEAT: Milliseconds = 15_000;

type Client<Audience> = {
  readonly response: EventResponse;
  readonly audience: Audience;
  /** What it was sent last. */
  sent: string;
  sentAt: Milliseconds;
  /** Since when it has not taken what it was sent. */
  blockedSince: Milliseconds | undefined;
};

/**
 * Server-sent events (WHATWG HTML §9.2) with the whole state of something: at once, and then at
 * most each second when it has changed. A client that is slow misses states, and never piles them
 * up.
 *
 * @typeParam Audience who may see what; each is rendered once a second for all of them
 */
export class EventFeed<Audience extends string> {
  readonly #name: string;
  readonly #render: (audience: Audience) => string;
  readonly #clock: Clock;
  readonly #limits: EventLimits;
  readonly #clients = new Set<Client<Audience>>();
  #cancelTick: (() => void) | undefined;

  /**
   * @param name of the event
   * @param render gives the state as one line of text, JSON
   */
  constructor(
    name: string,
    render: (audience: Audience) => string,
    { clock, limits }: { clock: Clock; limits: EventLimits },
  ) {
    this.#name = name;
    this.#render = render;
    this.#clock = clock;
    this.#limits = limits;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Answers a request with events until it ends. @returns false where there are too many */
  add(
    response: EventResponse,
    audience: Audience,
    headers: { readonly [name: string]: string } = {},
  ): boolean {
    if (this.#clients.size >= this.#limits.clients) return false;
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
      ...headers,
    });
    const now = this.#clock.now();
    const client = { response, audience, sent: "", sentAt: now, blockedSince: undefined };
    this.#clients.add(client);
    response.on("drain", () => {
      (client as Client<Audience>).blockedSince = undefined;
    });
    response.on("close", () => this.#remove(client));
    this.#send(client, this.#render(audience), now);
    this.#cancelTick ??= this.#clock.after(INTERVAL, () => this.#tick());
    return true;
  }

  /** Ends all of them: the server is going away. */
  close(): void {
    for (const client of [...this.#clients]) {
      this.#remove(client);
      client.response.end();
    }
  }

  #remove(client: Client<Audience>): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(INTERVAL, () => this.#tick());
    const now = this.#clock.now();
    const states = new Map<Audience, string>();
    for (const client of [...this.#clients]) {
      if (client.blockedSince !== undefined) {
        if (now - client.blockedSince >= this.#limits.silence) {
          this.#remove(client);
          client.response.destroy();
        }
        continue;
      }
      const { audience } = client;
      const state = states.get(audience) ?? this.#render(audience);
      states.set(audience, state);
      if (state !== client.sent) this.#send(client, state, now);
      else if (now - client.sentAt >= HEARTBEAT) this.#write(client, ":\n\n", now);
    }
  }

  #send(client: Client<Audience>, state: string, now: Milliseconds): void {
    client.sent = state;
    this.#write(client, `event: ${this.#name}\ndata: ${state}\n\n`, now);
  }

  #write(client: Client<Audience>, text: string, now: Milliseconds): void {
    client.sentAt = now;
    if (!client.response.write(text)) client.blockedSince = now;
  }
}
