import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../live/clock.ts";
import { type Batching, Lane } from "../../live/lane.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { Log } from "../../log.ts";
import { packMessage } from "./packager.ts";
import { CloseCode, Viewer, type ViewerLimits } from "./viewer.ts";

/** What the endpoint needs of the hub. */
export type Watchable = {
  /** The live stream, made if nobody publishes it yet; undefined when there are too many. */
  watch(streamPath: string): LiveStream | undefined;
  release(liveStream: LiveStream): void;
};

/** What bounds all viewers together, and each. */
export type WebSocketLimits = ViewerLimits & {
  readonly viewers: number;
  readonly viewersPerAddress: number;
  /** Bytes of one message that a viewer sends. */
  readonly message: number;
};

/** What the endpoint is made of. */
export type WebSocketEndpointOptions = {
  readonly hub: Watchable;
  readonly clock: Clock;
  readonly limits: WebSocketLimits;
  readonly batching: Batching;
  readonly log: Log;
};

type Channel = { readonly lane: Lane<Buffer>; readonly viewers: Set<Viewer>; stop: () => void };

/** Everybody who watches over WebSocket, and one lane for each live stream that is watched. */
export class WebSocketEndpoint {
  readonly #options: WebSocketEndpointOptions;
  readonly #server: WebSocketServer;
  readonly #channels = new Map<LiveStream, Channel>();
  readonly #perAddress = new Map<string, number>();
  #viewers = 0;

  constructor(options: WebSocketEndpointOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false, // coded media does not shrink
      maxPayload: options.limits.message,
    });
  }

  /** Viewers of one live stream, or of all. */
  viewers(streamPath?: string): number {
    if (streamPath === undefined) return this.#viewers;
    for (const [liveStream, { viewers }] of this.#channels) {
      if (liveStream.streamPath === streamPath) return viewers.size;
    }
    return 0;
  }

  /** Answers an upgrade to `/streams/APP/NAME/ws`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, streamPath: string): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#welcome(webSocket, socket, request.socket.remoteAddress ?? "", streamPath);
    });
  }

  /** Says goodbye to everybody. */
  close(): void {
    for (const { viewers } of this.#channels.values()) {
      for (const viewer of viewers) viewer.close(CloseCode.GoingAway, "the server is going away");
    }
  }

  #welcome(webSocket: WebSocket, socket: Duplex, address: string, streamPath: string): void {
    const { hub, clock, limits, log } = this.#options;
    const fromAddress = this.#perAddress.get(address) ?? 0;
    const isFull = this.#viewers >= limits.viewers || fromAddress >= limits.viewersPerAddress;
    const liveStream = isFull ? undefined : hub.watch(streamPath);
    if (liveStream === undefined) {
      log.warn("viewer refused: too many", { code: "VIEWERS", streamPath, address });
      webSocket.on("error", () => {});
      webSocket.close(CloseCode.TryAgainLater, "too many viewers or live streams");
      return;
    }
    this.#viewers += 1;
    this.#perAddress.set(address, fromAddress + 1);
    const channel = this.#channel(liveStream);
    const onClose = (reason: string, samplesDropped: number): void => {
      this.#viewers -= 1;
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
      channel.viewers.delete(viewer);
      log.debug("viewer left", { streamPath, address, reason, samplesDropped });
      if (channel.viewers.size > 0) return;
      channel.stop();
      this.#channels.delete(liveStream);
      hub.release(liveStream);
    };
    const viewer = new Viewer(
      { webSocket, socket },
      { liveStream, lane: channel.lane },
      { clock, limits },
      onClose,
    );
    channel.viewers.add(viewer);
    log.debug("viewer came", { streamPath, address });
  }

  #channel(liveStream: LiveStream): Channel {
    const known = this.#channels.get(liveStream);
    if (known !== undefined) return known;
    const { batching, clock } = this.#options;
    const lane = new Lane(packMessage, batching, clock);
    // It watches before its viewers do: what is held back goes out before they are told of a change.
    const unobserve = liveStream.observe({
      sample: (sample) => lane.push(sample),
      tracks: () => lane.flush(),
      state: () => lane.flush(),
    });
    const stop = (): void => {
      lane.flush();
      unobserve();
    };
    const channel = { lane, viewers: new Set<Viewer>(), stop };
    this.#channels.set(liveStream, channel);
    return channel;
  }
}
