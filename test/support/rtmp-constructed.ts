import { createHmac, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { newDiffieHellman } from "../../server/diffie-hellman.ts";
import { concat } from "../../server/protocol/bytes/bytes.ts";
import {
  CLIENT_CAPABILITIES,
  STAYING_CAPABILITIES,
} from "../../server/protocol/rtmp/client-connect.ts";
import { ClientSession } from "../../server/protocol/rtmp/client-session.ts";
import type { Tag } from "./flv-file.ts";
import { isEncrypted, openTransport, readRtmpUrl } from "./rtmp-transport.ts";

/** A publisher made of tags at hand: what no real encoder here sends, or times none of them has. */
export class TagPublisher {
  readonly #socket: Duplex;
  readonly #session: ClientSession;
  /** The server's refusal, in its own words. */
  refusal: { readonly code: string; readonly description: string } | undefined;

  /** Resolves with the address to come to, once the server asks. */
  readonly askedToReconnect: Promise<string>;
  #onReconnectRequest: (tcUrl: string) => void = () => {};

  private constructor(socket: Duplex, session: ClientSession) {
    this.#socket = socket;
    this.#session = session;
    this.askedToReconnect = new Promise((resolve) => {
      this.#onReconnectRequest = resolve;
    });
  }

  /**
   * Connects and publishes.
   *
   * @param url `rtmp://HOST:PORT/APP/NAME?key=…`, or `rtmps`, `rtmpt` … instead
   * @param options.piecesPerRequest of a tunnel: see `TunnelOptions`
   * @throws Error with the server's words where it refuses
   */
  static async open(
    url: string,
    options: {
      timeout?: number;
      chunkSize?: number;
      piecesPerRequest?: number;
      /** It says that it comes on another connection when it is asked to: see `askedToReconnect`. */
      reconnects?: boolean;
    } = {},
  ): Promise<TagPublisher> {
    const { timeout = 10_000, chunkSize = 4096, piecesPerRequest, reconnects = false } = options;
    const target = readRtmpUrl(url);
    const { app, tcUrl, streamName } = target;
    const socket = openTransport(target, piecesPerRequest);
    const session = new ClientSession({
      random: (length: number) => randomFillSync(new Uint8Array(length)),
      encryption: isEncrypted(target) ? { hmac, diffieHellman: newDiffieHellman } : undefined,
      ...{ app, tcUrl, streamName, chunkSize },
      capabilities: reconnects ? CLIENT_CAPABILITIES : STAYING_CAPABILITIES,
    });
    const publisher = new TagPublisher(socket, session);
    await publisher.#begin(timeout);
    return publisher;
  }

  /** Sends one tag now; resolves when the socket takes more. */
  async send({ kind, timestamp, payload }: Tag): Promise<void> {
    const body = kind === "data" ? concat(SET_DATA_FRAME, payload) : payload;
    await this.write(this.#session.media(kind, timestamp, body));
  }

  /** Sends raw bytes: a chunk stream that lies. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw new Error("The server closed the connection");
    if (!this.#put(bytes)) await once(this.#socket, "drain");
  }

  /**
   * Sends tags at the pace of their times.
   *
   * @param rate 1 is real time, 0 as fast as the server takes them
   */
  async play(tags: readonly Tag[], rate = 1): Promise<void> {
    const began = performance.now();
    let last = tags[0]?.timestamp ?? 0;
    let elapsed = 0;
    for (const tag of tags) {
      const step = (tag.timestamp - last) | 0; // small steps are right across the clock's end, too
      if (Math.abs(step) < JUMP) elapsed += step;
      last = tag.timestamp;
      const wait = rate === 0 ? 0 : began + elapsed / rate - performance.now();
      if (wait > 1) await sleep(wait);
      await this.send(tag);
    }
  }

  /** Closes the connection, without unpublishing: as who has gone on over another one. */
  leave(): void {
    this.#socket.end();
  }

  /** Ends as an encoder does: unpublish, then close. */
  async finish(): Promise<void> {
    await this.write(this.#session.finish());
    this.#socket.end();
    if (!this.#socket.destroyed) await once(this.#socket, "close");
  }

  /** The line breaks: no goodbye, no FIN. */
  abort(): void {
    if (this.#socket instanceof Socket) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #put(bytes: Uint8Array): boolean {
    return this.#socket.write(this.#session.seal(bytes));
  }

  #begin(timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        clearTimeout(timer);
        this.#socket.destroy();
        reject(new Error(message));
      };
      const timer = setTimeout(() => fail(`Not publishing after ${timeout} ms`), timeout);
      this.#put(this.#session.start()); // kept until there is a connection
      this.#socket.on("error", (error) => fail(error.message));
      this.#socket.on("close", () => fail("The server closed the connection"));
      this.#socket.on("data", (bytes) => {
        for (const effect of this.#session.receive(bytes)) {
          if (effect.type === "send") {
            // What the server asks after our goodbye stays unanswered.
            if (!this.#socket.writableEnded) this.#put(effect.bytes);
          } else if (effect.type === "publishing") {
            clearTimeout(timer);
            resolve();
          } else if (effect.type === "reconnect-requested") {
            this.#onReconnectRequest(effect.tcUrl);
          } else if (effect.type === "refused") {
            this.refusal = { code: effect.code, description: effect.description };
            fail(`Refused: ${effect.code} ${effect.description}`);
          }
        }
      });
    });
  }
}

const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array =>
  createHmac("sha256", key).update(data).digest();

/** ms: a clock that is set to another time is not waited for. */
const JUMP = 60_000;

/** AMF0 string `@setDataFrame`: what an encoder puts before a script tag's values. */
const SET_DATA_FRAME = Uint8Array.of(2, 0, 13, ...Buffer.from("@setDataFrame", "latin1"));
