import type { Duplex } from "node:stream";
import { RepeatLog } from "../../log.ts";
import { RtmpConnection } from "./connection.ts";
import type { RtmpConnectionOptions } from "./connection-options.ts";
import type { Peer } from "./peer.ts";

/** Everybody who speaks RTMP with us, on whatever way they came in. */
export class RtmpConnections {
  readonly #options: RtmpConnectionOptions;
  readonly #connections = new Map<RtmpConnection, Duplex>();

  constructor(options: Omit<RtmpConnectionOptions, "repeats">) {
    this.#options = { ...options, repeats: new RepeatLog(options.log, options.clock) };
  }

  /**
   * Begins a session on a stream of bytes.
   *
   * @param stream sends at once what is written to it
   * @param bytes of it that were read already
   */
  adopt(stream: Duplex, peer: Peer, bytes?: Uint8Array): void {
    const connection = new RtmpConnection(stream, peer, this.#options);
    this.#connections.set(connection, stream);
    stream.once("close", () => this.#connections.delete(connection));
    if (bytes !== undefined) connection.receive(bytes);
  }

  /**
   * Asks who publishes a streamPath to go on over another connection.
   *
   * @param tcUrl where to: absolute, `//HOST/APP` or `/APP`; absent: where it came
   * @returns everybody who publishes it here, and whether they could be asked; most encoders cannot
   */
  requestReconnect(streamPath: string, tcUrl?: string): AskedPublisher[] {
    return [...this.#connections.keys()]
      .filter(({ published }) => published.includes(streamPath))
      .map((connection) => ({
        ...connection.client,
        asked: connection.requestReconnect("The operator asks you to reconnect", tcUrl),
      }));
  }

  /**
   * Tells everybody; their streams close a moment later. Who can go on elsewhere is asked to, and
   * given some time for it.
   */
  close(): void {
    const { clock, limits } = this.#options;
    for (const [connection, stream] of this.#connections) {
      const end = (): void =>
        connection.close("NetConnection.Connect.AppShutdown", "the server is shutting down");
      if (!connection.requestReconnect("The server is shutting down")) end();
      else stream.once("close", clock.after(limits.reconnectDrain, end));
    }
  }
}

/** A publisher that an operator wants elsewhere. */
export type AskedPublisher = RtmpConnection["client"] & {
  /** It speaks Enhanced RTMP with reconnect requests. */
  readonly asked: boolean;
};
