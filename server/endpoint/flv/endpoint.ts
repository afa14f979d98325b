import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../live/clock.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import {
  EndlessEndpoint,
  type EndlessOptions,
  type Output,
  type Refusal,
} from "../endless/endpoint.ts";
import { missingKinds, type Readiness } from "../endless/opening.ts";
import { carries, FlvBroadcast, type FlvChoice } from "./broadcast.ts";
import type { TagForm } from "./tag-form.ts";
import { WebSocketOutlet } from "./websocket-outlet.ts";

/** What the endpoint is made of. */
export type FlvOptions = EndlessOptions & {
  readonly limits: EndlessOptions["limits"] & {
    /** Bytes of one message that a viewer sends: there is nothing to say to us … */
    readonly message: number;
    /** … and no more than this. */
    readonly messagesPerSecond: number;
  };
};

/** The last part of its URLs. */
export const FLV_RESOURCE = "live.flv";

/** Close codes (RFC 6455 §7.4.1; `docs/outputs.md`). */
const CLOSE_CODES: { readonly [why in Refusal]: { code: number; reason: string } } = {
  "too-many": { code: 1013, reason: "too many viewers or live streams" },
  "not-on-air": { code: 1013, reason: "this is not on air" },
  "going-away": { code: 1001, reason: "the server is going away" },
};
const POLICY = 1008;

/** `live.flv` of every live stream: the same FLV as the body of a response or over WebSocket. */
export class FlvEndpoint extends EndlessEndpoint<FlvChoice, TagForm> {
  readonly #clock: Clock;
  readonly #messagesPerSecond: number;
  readonly #server: WebSocketServer;

  constructor(options: FlvOptions) {
    super(flvOutput(options.clock), options);
    this.#clock = options.clock;
    this.#messagesPerSecond = options.limits.messagesPerSecond;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false, // coded media does not shrink
      maxPayload: options.limits.message,
    });
  }

  /** Answers an upgrade to `/streams/APP/NAME/live.flv`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, streamPath: string): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => {}); // ws closes with the right code by itself
      const choice = readFlvChoice(new URLSearchParams(request.url?.split("?", 2)[1]));
      if (typeof choice === "string") {
        webSocket.close(POLICY, choice);
        return;
      }
      this.#boundMessages(webSocket);
      const address = request.socket.remoteAddress ?? "";
      this.#admit(webSocket, socket, { streamPath, address, choice });
    });
  }

  /** Who talks to us without end costs more than who listens. */
  #boundMessages(webSocket: WebSocket): void {
    let since = 0;
    let count = 0;
    webSocket.on("message", () => {
      const now = this.#clock.now();
      if (now - since >= 1000) {
        since = now;
        count = 0;
      }
      count += 1;
      if (count > this.#messagesPerSecond) webSocket.close(POLICY, "too many messages");
    });
  }

  #admit(
    webSocket: WebSocket,
    socket: Duplex,
    { streamPath, address, choice }: { streamPath: string; address: string; choice: FlvChoice },
  ): void {
    const guest = {
      address,
      welcome: () => new WebSocketOutlet(webSocket, socket, this.#clock),
      turnAway: (why: Refusal) => {
        const { code, reason } = CLOSE_CODES[why];
        webSocket.close(code, reason);
      },
      onGone: (listener: () => void) => {
        webSocket.on("close", listener);
      },
    };
    this.admit(guest, streamPath, choice);
  }
}

const flvOutput = (clock: Clock): Output<FlvChoice, TagForm> => ({
  resource: FLV_RESOURCE,
  contentType: "video/x-flv",
  readChoice: readFlvChoice,
  readiness: flvReadiness,
  broadcast: (liveStream) => new FlvBroadcast(liveStream, clock),
  writer: () => (form) => [form.bytes],
});

/** `?tracks=all`, `?enhanced=0` and `?hdr=1`. @returns what is wrong, for people, where it cannot be read */
function readFlvChoice(query: URLSearchParams): FlvChoice | string {
  const tracks = query.get("tracks") ?? "first";
  const enhanced = query.get("enhanced") ?? "1";
  const hdr = query.get("hdr") ?? "0";
  if (tracks !== "first" && tracks !== "all") return "tracks: first or all";
  if (enhanced !== "0" && enhanced !== "1") return "enhanced: 0 or 1";
  if (hdr !== "0" && hdr !== "1") return "hdr: 0 or 1";
  return { tracks, dialect: enhanced === "1" ? "enhanced" : "classic", hdr: hdr === "1" };
}

function flvReadiness(liveStream: LiveStream, choice: FlvChoice): Readiness {
  const { tracks, unplayable } = liveStream;
  // What no browser plays may be passed on as it came, and so may sound that is FLAC only for them:
  // their frames show whether it is so.
  const hasAny =
    unplayable.length > 0 ||
    tracks.some((live) => carries(choice, live) || live.track.codec === "flac");
  if (!hasAny) return "none";
  return missingKinds(liveStream).length === 0 ? "all" : "some";
}
