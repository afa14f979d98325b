import type { Clock } from "../../live/clock.ts";
import { Lane } from "../../live/lane.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { ChunkedMessage } from "../../protocol/rtmp/chunk-encoder.ts";
import { dataPassage, opaquePassage, type PlayItem, playMessage } from "./play-item.ts";

/** What playing needs of the hub. */
export type Playable = {
  /** The live stream, made if nobody publishes it yet; undefined when there are too many. */
  watch(streamPath: string): LiveStream | undefined;
  release(liveStream: LiveStream): void;
};

/** What is played, message by message: made once for all who play it on the same message stream id. */
export type PlayLane = Lane<ChunkedMessage | undefined, PlayItem>;

/** A receiver takes each message by itself: they leave one by one, as RTMP players expect them. */
const AT_ONCE = { receivers: Number.POSITIVE_INFINITY, time: 0 };

/** One live stream as RTMP players get it. */
export class Broadcast {
  readonly liveStream: LiveStream;
  readonly #clock: Clock;
  /** By message stream id, which is in the bytes: mostly 1. */
  readonly #lanes = new Map<number, PlayLane>();
  readonly #unobserve: () => void;
  players = 0;

  constructor(liveStream: LiveStream, clock: Clock) {
    this.liveStream = liveStream;
    this.#clock = clock;
    this.#unobserve = liveStream.observe({
      sample: (sample) => this.#push(sample),
      opaque: (frame) => this.#push(opaquePassage(frame)),
      data: (event) => this.#push(dataPassage(event)),
    });
  }

  lane(messageStreamId: number): PlayLane {
    const known = this.#lanes.get(messageStreamId);
    if (known !== undefined) return known;
    const lane: PlayLane = new Lane(
      ([item]) => playMessage(messageStreamId, item),
      AT_ONCE,
      this.#clock,
    );
    this.#lanes.set(messageStreamId, lane);
    return lane;
  }

  stop(): void {
    this.#unobserve();
  }

  #push(item: PlayItem | undefined): void {
    if (item === undefined) return;
    for (const lane of this.#lanes.values()) lane.push(item);
  }
}

/** All live streams that somebody plays over RTMP, on whatever port. */
export class Broadcasts {
  readonly #hub: Playable;
  readonly #clock: Clock;
  /** By streamPath. */
  readonly #broadcasts = new Map<string, Broadcast>();

  constructor(hub: Playable, clock: Clock) {
    this.#hub = hub;
    this.#clock = clock;
  }

  /** How many play a live stream. */
  players(streamPath: string): number {
    return this.#broadcasts.get(streamPath)?.players ?? 0;
  }

  /** @returns undefined where there are too many live streams; `leave` it */
  join(streamPath: string): Broadcast | undefined {
    let broadcast = this.#broadcasts.get(streamPath);
    if (broadcast === undefined) {
      const liveStream = this.#hub.watch(streamPath);
      if (liveStream === undefined) return undefined;
      broadcast = new Broadcast(liveStream, this.#clock);
      this.#broadcasts.set(streamPath, broadcast);
    }
    broadcast.players += 1;
    return broadcast;
  }

  leave(broadcast: Broadcast): void {
    broadcast.players -= 1;
    if (broadcast.players > 0) return;
    broadcast.stop();
    this.#broadcasts.delete(broadcast.liveStream.streamPath);
    this.#hub.release(broadcast.liveStream);
  }
}
