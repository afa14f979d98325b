import { connect, type Socket } from "node:net";
import type { FlvTag } from "../../protocol/flv/tag.ts";
import { FlvTagType } from "../../protocol/flv/tag.ts";
import { STAYING_CAPABILITIES } from "../../protocol/rtmp/client-connect.ts";
import { ClientSession, type ClientSessionOptions } from "../../protocol/rtmp/client-session.ts";

/** Where to push to. */
export type PushTarget = {
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** Stream key, query included. */
  readonly streamName: string;
};

const KINDS = new Map<number, "audio" | "video" | "data">([
  [FlvTagType.Audio, "audio"],
  [FlvTagType.Video, "video"],
  [FlvTagType.Data, "data"],
]);

/** A server's refusal, in its own words. */
export class PushRefused extends Error {
  override readonly name = "PushRefused";
  readonly code: string;

  constructor(code: string, description: string) {
    super(`The server refused the stream: ${description || code}`);
    this.code = code;
  }
}

/** One broadcast on its way to an RTMP server. */
export class Pushing {
  readonly #socket: Socket;
  readonly #session: ClientSession;
  #isOver = false;

  private constructor(socket: Socket, session: ClientSession) {
    this.#socket = socket;
    this.#session = session;
  }

  /**
   * Connects and asks to publish.
   *
   * @param onEnd called once when the line or the server ended it, not after `finish`
   * @returns when the server takes the broadcast
   * @throws PushRefused, or the system's error such as ECONNREFUSED
   */
  static open(
    target: PushTarget,
    random: ClientSessionOptions["random"],
    onEnd: (error: Error) => void,
  ): Promise<Pushing> {
    const { host, port, app, streamName } = target;
    const tcUrl = `rtmp://${host.includes(":") ? `[${host}]` : host}:${port}/${app}`;
    const socket = connect({ host, port, noDelay: true });
    const capabilities = STAYING_CAPABILITIES;
    const session = new ClientSession({ random, app, tcUrl, streamName, capabilities });
    const pushing = new Pushing(socket, session);
    return new Promise((resolve, reject) => {
      let isOpen = false;
      const fail = (error: Error): void => {
        socket.destroy();
        if (pushing.#isOver) return;
        pushing.#isOver = true;
        if (isOpen) onEnd(error);
        else reject(error);
      };
      socket.on("connect", () => socket.write(session.start()));
      socket.on("error", fail);
      socket.on("close", () => fail(new Error("The server closed the connection")));
      socket.on("data", (bytes) => {
        try {
          for (const effect of session.receive(bytes)) {
            if (effect.type === "send") {
              socket.write(effect.bytes);
            } else if (effect.type === "publishing") {
              isOpen = true;
              resolve(pushing);
            } else if (effect.type === "refused") {
              fail(new PushRefused(effect.code, effect.description));
            } else if (effect.type === "redirected") {
              fail(new PushRefused(effect.code, "It named another server"));
            }
          }
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Bytes that the line has not taken yet: who pushes is to wait while there are many. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Sends a tag as one message, at a timestamp of its own (0 to 2^32 - 1 ms). */
  send({ typeId, payload }: FlvTag, timestamp: number): void {
    const kind = KINDS.get(typeId);
    if (this.#isOver || kind === undefined) return;
    this.#socket.write(this.#session.media(kind, timestamp, payload));
  }

  /** Lets the line go without a word, as a lost one would. */
  abort(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  /** Ends the broadcast in order. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.end(this.#session.finish());
  }
}
