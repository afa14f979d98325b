import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../live/clock.ts";
import type { Batching } from "../../live/lane.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { TrackLanes } from "../../live/track-lanes.ts";
import { type Log, RepeatLog } from "../../log.ts";
import { isPreview } from "../../stream-url.ts";
import { AddressCounter } from "../entry/address-counter.ts";
import { Announcement } from "./announcement.ts";
import { BITRATES_EVERY, BitrateMessages } from "./bitrate-message.ts";
import { type DataLimits, DataMessages } from "./data-message.ts";
import { packMessage } from "./packager.ts";
import { TextMessages } from "./text-message.ts";
import { type Broadcast, CloseCode, Viewer, type ViewerLimits } from "./viewer.ts";
import { readWantedTracks } from "./viewer-message.ts";

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
  /** Data messages of one live stream. */
  readonly data: DataLimits;
};

/** What the endpoint is made of. */
export type WebSocketEndpointOptions = {
  readonly hub: Watchable;
  readonly clock: Clock;
  readonly limits: WebSocketLimits;
  readonly batching: Batching;
  readonly log: Log;
};

type Channel = Broadcast & {
  readonly viewers: Set<Viewer>;
  /** Those of them that only show what there is. */
  previews: number;
  readonly stop: () => void;
};

/** What a newcomer wants. */
type Wish = {
  readonly address: string;
  readonly streamPath: string;
  readonly trackIds: readonly number[] | undefined;
  readonly isPreview: boolean;
};

/** Everybody who watches over WebSocket, and the lanes of each live stream that is watched. */
export class WebSocketEndpoint {
  readonly #options: WebSocketEndpointOptions;
  readonly #server: WebSocketServer;
  /** By streamPath. */
  readonly #channels = new Map<string, Channel>();
  readonly #addresses: AddressCounter;
  readonly #repeats: RepeatLog;
  #viewers = 0;

  constructor(options: WebSocketEndpointOptions) {
    this.#options = options;
    this.#repeats = new RepeatLog(options.log, options.clock);
    this.#addresses = new AddressCounter(options.limits.viewersPerAddress);
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false, // coded media does not shrink
      maxPayload: options.limits.message,
    });
  }

  /** Viewers of one live stream, without its previews; or connections in all, with them. */
  viewers(streamPath?: string): number {
    if (streamPath === undefined) return this.#viewers;
    const channel = this.#channels.get(streamPath);
    return channel === undefined ? 0 : channel.viewers.size - channel.previews;
  }

  /** Those of one live stream that only show what there is. */
  previews(streamPath: string): number {
    return this.#channels.get(streamPath)?.previews ?? 0;
  }

  /** Answers an upgrade to `/streams/APP/NAME/ws`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, streamPath: string): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const address = request.socket.remoteAddress ?? "";
      const { url = "" } = request;
      const trackIds = readWantedTracks(url);
      this.#welcome(webSocket, socket, {
        address,
        streamPath,
        trackIds,
        isPreview: isPreview(url),
      });
    });
  }

  /** Says goodbye to everybody. */
  close(): void {
    for (const { viewers } of this.#channels.values()) {
      for (const viewer of viewers) viewer.close(CloseCode.GoingAway, "the server is going away");
    }
  }

  #welcome(webSocket: WebSocket, socket: Duplex, wish: Wish): void {
    const { address, streamPath, trackIds } = wish;
    const { hub, clock, limits, log } = this.#options;
    const hasPlace = this.#viewers < limits.viewers && this.#addresses.take(address);
    const liveStream = hasPlace ? hub.watch(streamPath) : undefined;
    if (liveStream === undefined) {
      if (hasPlace) this.#addresses.give(address);
      this.#repeats.warn("VIEWERS", "viewer refused: too many", { streamPath, address });
      webSocket.on("error", () => {});
      webSocket.close(CloseCode.TryAgainLater, "too many viewers or live streams");
      return;
    }
    this.#viewers += 1;
    const channel = this.#channel(liveStream);
    const onClose = (reason: string, samplesDropped: number): void => {
      this.#viewers -= 1;
      this.#addresses.give(address);
      channel.viewers.delete(viewer);
      if (wish.isPreview) channel.previews -= 1;
      log.debug("viewer left", { streamPath, address, reason, samplesDropped });
      if (channel.viewers.size > 0) return;
      channel.stop();
      this.#channels.delete(streamPath);
      hub.release(liveStream);
    };
    const connection = { webSocket, socket };
    const viewer = new Viewer(connection, channel, { clock, limits }, trackIds, onClose);
    channel.viewers.add(viewer);
    if (wish.isPreview) channel.previews += 1;
    log.debug("viewer came", { streamPath, address });
  }

  #channel(liveStream: LiveStream): Channel {
    const known = this.#channels.get(liveStream.streamPath);
    if (known !== undefined) return known;
    const { batching, clock, limits } = this.#options;
    const { streamPath } = liveStream;
    const lanes = new TrackLanes(packMessage, batching, clock);
    const announcement = new Announcement(liveStream, () => clock.now());
    const dataMessages = new DataMessages(clock, limits.data, (why) => {
      const message = `a data message is not sent to viewers: ${why}`;
      this.#repeats.warn("WIRE_DATA", message, { streamPath });
    });
    const textMessages = new TextMessages(liveStream);
    const bitrateMessages = new BitrateMessages(liveStream);
    // A rate of less than that is one of key frames.
    if (clock.now() - (liveStream.startedAt ?? clock.now()) > BITRATES_EVERY)
      bitrateMessages.look();
    let cancelLook = () => {};
    const look = (): void => {
      const message = bitrateMessages.look();
      if (message !== undefined) for (const viewer of viewers) viewer.tellBitrates(message);
      cancelLook = clock.after(BITRATES_EVERY, look);
    };
    cancelLook = clock.after(BITRATES_EVERY, look);
    // It watches before its viewers do: what is held back goes out before they are told of a change.
    const unobserve = liveStream.observe({
      sample: (sample) => lanes.push(sample),
      tracks: () => {
        lanes.flush();
        announcement.change();
      },
      data: (event) => {
        if (dataMessages.take(event)) lanes.flush();
      },
      textTracks: () => textMessages.change(),
      state: () => lanes.flush(),
    });
    const stop = (): void => {
      cancelLook();
      lanes.flush();
      unobserve();
    };
    const viewers = new Set<Viewer>();
    const made = { lanes, announcement, dataMessages, textMessages, bitrateMessages };
    const channel = { liveStream, ...made, viewers, previews: 0, stop };
    this.#channels.set(streamPath, channel);
    return channel;
  }
}
