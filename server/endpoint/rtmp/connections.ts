import type { Duplex } from "node:stream";
import { type Peer, RtmpConnection, type RtmpConnectionOptions } from "./connection.ts";

/** Everybody who speaks RTMP with us, on whatever way they came in. */
export class RtmpConnections {
  readonly #options: RtmpConnectionOptions;
  readonly #connections = new Set<RtmpConnection>();

  constructor(options: RtmpConnectionOptions) {
    this.#options = options;
  }

  /**
   * Begins a session on a stream of bytes.
   *
   * @param stream sends at once what is written to it
   * @param bytes of it that were read already
   */
  adopt(stream: Duplex, peer: Peer, bytes?: Uint8Array): void {
    const connection = new RtmpConnection(stream, peer, this.#options);
    this.#connections.add(connection);
    stream.once("close", () => this.#connections.delete(connection));
    if (bytes !== undefined) connection.receive(bytes);
  }

  /** Tells everybody; their streams close a moment later. */
  close(): void {
    for (const connection of this.#connections) {
      connection.close("NetConnection.Connect.AppShutdown", "the server is shutting down");
    }
  }
}
