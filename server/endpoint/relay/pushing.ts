import { connect } from "node:net";
import type { FlvTag } from "../../protocol/flv/tag.ts";
import { FlvTagType } from "../../protocol/flv/tag.ts";
import { STAYING_CAPABILITIES } from "../../protocol/rtmp/client-connect.ts";
import type { ClientSessionOptions } from "../../protocol/rtmp/client-session.ts";
import { Line, type LineEnd } from "./line.ts";

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

/** One broadcast on its way to an RTMP server: once, without coming back. */
export class Pushing {
  readonly #line: Line;
  #isOver = false;

  private constructor(line: Line) {
    this.#line = line;
  }

  /**
   * Connects and asks to publish.
   *
   * @param onEnd called once when the line or the server ended it, not after `finish`
   * @returns when the server takes the broadcast
   * @throws PushRefused, or an error that names the system's, such as ECONNREFUSED
   */
  static open(
    { host, port, app, streamName }: PushTarget,
    random: ClientSessionOptions["random"],
    onEnd: (error: Error) => void,
  ): Promise<Pushing> {
    const tcUrl = `rtmp://${host.includes(":") ? `[${host}]` : host}:${port}/${app}`;
    const capabilities = STAYING_CAPABILITIES;
    const options = { random, app, tcUrl, streamName, capabilities };
    return new Promise((resolve, reject) => {
      let isOpen = false;
      const line = new Line(connect({ host, port, noDelay: true }), options, {
        ready: () => {
          isOpen = true;
          resolve(pushing);
        },
        over: (end) => {
          pushing.#isOver = true;
          if (isOpen) onEnd(errorOf(end));
          else reject(errorOf(end));
        },
      });
      const pushing = new Pushing(line);
    });
  }

  /** Bytes that the line has not taken yet: who pushes is to wait while there are many. */
  get unsent(): number {
    return this.#line.unsent;
  }

  /** Sends a tag as one message, at a timestamp of its own (0 to 2^32 - 1 ms). */
  send({ typeId, payload }: FlvTag, timestamp: number): void {
    const kind = KINDS.get(typeId);
    if (!this.#isOver && kind !== undefined) this.#line.send(kind, timestamp, payload);
  }

  /** Lets the line go without a word, as a lost one would. */
  abort(): void {
    this.#isOver = true;
    this.#line.abort();
  }

  /** Ends the broadcast in order. */
  finish(): void {
    this.#isOver = true;
    this.#line.finish();
  }
}

function errorOf(end: LineEnd): Error {
  switch (end.type) {
    case "refused":
      return new PushRefused(end.code, end.description);
    case "redirected":
      return new PushRefused("NetConnection.Connect.Rejected", "it names another server");
    case "lost":
      return new Error(end.message);
  }
}
