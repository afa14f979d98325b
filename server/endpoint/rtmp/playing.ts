import type { Clock } from "../../live/clock.ts";
import type { LaneMessage } from "../../live/lane.ts";
import type { LiveState } from "../../live/live-observer.ts";
import { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import { type Backlog, Subscription } from "../../live/subscription.ts";
import type { OwnBytes } from "../../protocol/bytes/bytes.ts";
import { configurationTag } from "../../protocol/flv/muxer.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { ChunkedMessage } from "../../protocol/rtmp/chunk-encoder.ts";
import type { Wanted } from "../../protocol/rtmp/net-stream.ts";
import type {
  DueMessage,
  InTransmission,
  OutputSource,
} from "../../protocol/rtmp/output-scheduler.ts";
import type { Broadcast, PlayLane } from "./broadcasts.ts";
import type { Output } from "./output.ts";
import {
  bodyMessage,
  chunkStreamOf,
  inOnePiece,
  metadataMessage,
  type PlayItem,
  trackChunkStream,
} from "./play-item.ts";
import type { PlayReader } from "./play-reader.ts";

/** What bounds one player; sizes in bytes. */
export type PlayLimits = {
  readonly backlog: Backlog;
  /** Configurations and statuses that may wait. */
  readonly notices: number;
};

/** What a player is made of. */
export type PlayingOptions = {
  readonly broadcast: Broadcast;
  readonly messageStreamId: number;
  readonly reader: PlayReader;
  readonly output: Output;
  readonly clock: Clock;
  readonly limits: PlayLimits;
  /** The status messages that belong to an event of the broadcast. */
  readonly notice: (event: "published" | "unpublished") => OwnBytes | undefined;
  /** It holds more than it may. */
  readonly onOverflow: (bytes: number) => void;
};

/**
 * A picture is of use for as long as a player buffers, sound has to be there in time: so far may
 * sound go ahead of pictures. What lies further apart goes by its time.
 */
const PICTURE_SLACK: Milliseconds = 1000;

/**
 * One player's view of a broadcast: onMetaData, configurations, the GOP that is on, then what is
 * live, each message made once for all. Where the player does not keep up it loses pictures up to
 * the next sync sample.
 */
export class Playing implements OutputSource {
  readonly #options: PlayingOptions;
  readonly #liveStream: LiveStream;
  readonly #lane: PlayLane;
  #subscription: Subscription<ChunkedMessage | undefined, PlayItem>;
  readonly #stops: (() => void)[] = [];
  /** Tracks whose configuration this player has. */
  readonly #configured = new Map<number, number>();
  /** Tracks whose configuration is the last that was sent of them. */
  readonly #freshlyConfigured = new Set<number>();
  /** Video tracks that have begun at a sync sample. */
  readonly #begun = new Set<number>();
  readonly #reader: PlayReader;
  /** Of those that are passed on unopened. */
  readonly #opaqueTracks = new Set<number>();
  #wanted: Wanted = { audio: true, video: true };
  #isPaused = false;
  #isOnAir: boolean;
  #waitingSince: Milliseconds;
  #samplesDropped = 0;

  constructor(options: PlayingOptions) {
    this.#options = options;
    const { broadcast, messageStreamId, limits, clock } = options;
    this.#liveStream = broadcast.liveStream;
    this.#lane = broadcast.lane(messageStreamId);
    this.#reader = options.reader;
    this.#subscription = new Subscription(limits.backlog);
    this.#isOnAir = isOnAir(this.#liveStream.state);
    this.#waitingSince = clock.now();
  }

  /** Begins to send, unless it was paused meanwhile; `stop` it. */
  begin(): void {
    this.#isOnAir = isOnAir(this.#liveStream.state);
    this.#stops.push(
      this.#options.output.add(this),
      this.#lane.receive((message) => this.#offer(message)),
      this.#liveStream.observe({
        state: (state) => this.#onState(state),
        tracks: () => this.#onTracks(),
      }),
    );
    if (!this.#isPaused) this.#join();
  }

  get streamPath(): string {
    return this.#liveStream.streamPath;
  }

  /** Samples left out because the player did not keep up. */
  get samplesDropped(): number {
    return this.#samplesDropped + this.#subscription.samplesDropped;
  }

  /** Since when there is nothing to play; undefined while there is. */
  get waitingSince(): Milliseconds | undefined {
    return this.#isOnAir ? undefined : this.#waitingSince;
  }

  /** Whether something waits to be sent. */
  get isWaiting(): boolean {
    return this.#subscription.bytes + this.#subscription.noticeBytes > 0;
  }

  pause(): void {
    this.#isPaused = true;
    this.#forget();
  }

  /** Begins anew, with the newest sync sample. */
  resume(): void {
    this.#isPaused = false;
    this.#forget();
    if (this.#stops.length > 0) this.#join();
  }

  receive(wanted: Wanted): void {
    if (wanted.video && !this.#wanted.video) this.#begun.clear();
    this.#wanted = wanted;
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  takeNext(): DueMessage | undefined {
    for (;;) {
      if (this.#subscription.nextNotice !== undefined) {
        const notice = this.#takeNotice();
        if (notice !== undefined) return notice;
        continue;
      }
      const next = this.#subscription.nextBy(() => Number.NEGATIVE_INFINITY);
      if (next === undefined) return undefined;
      if (next.form !== undefined) return { message: next.form, due: dueOf(next.item) };
    }
  }

  takeUrgent(begun: InTransmission, before: number): DueMessage | undefined {
    for (;;) {
      const notice = this.#subscription.nextNotice;
      if (notice !== undefined) {
        const mayGo = begun.isClear && !begun.isBusy(notice.chunkStreamId);
        return mayGo ? this.#takeNotice() : undefined;
      }
      const next = this.#subscription.nextBy((item) => {
        const due = dueOf(item);
        return due < before && !begun.isBusy(chunkStreamOf(item)) ? due : undefined;
      });
      if (next === undefined) return undefined;
      if (next.form !== undefined) return { message: next.form, due: dueOf(next.item) };
    }
  }

  #takeNotice(): DueMessage | undefined {
    const delivery = this.#subscription.next();
    if (delivery?.type !== "form" || delivery.form === undefined) return undefined;
    return { message: delivery.form, due: Number.NEGATIVE_INFINITY };
  }

  /** What a newcomer gets at once. */
  #join(): void {
    if (!this.#isOnAir) return;
    const { clock, messageStreamId } = this.#options;
    const history = this.#liveStream.history().filter((sample) => this.#wants(sample));
    const { metadata } = this.#liveStream;
    if (metadata !== undefined && metadata.body.length > 0) {
      this.#insert(metadataMessage(metadata.body, messageStreamId));
    }
    this.#announce(history[0]?.at ?? this.#liveStream.newest);
    for (const { isVideo, track } of history) if (isVideo) this.#begun.add(track.id);
    this.#subscription.join(this.#lane.history(history), clock.now());
    this.#options.output.pump();
  }

  /** The tracks are others now. */
  #onTracks(): void {
    const { tracks } = this.#liveStream;
    this.#subscription.keep([...tracks.map(({ id }) => id), ...this.#opaqueTracks]);
    if (this.#isPaused || !this.#isOnAir) return;
    this.#announce(this.#liveStream.newest);
    this.#options.output.pump();
  }

  /** Sends the configurations that the player does not have. */
  #announce(at: Milliseconds): void {
    for (const track of this.#liveStream.tracks) {
      // What is made of PCM is sent as it came, which its first sample shows.
      if (track.track.codec !== "flac") this.#configure(track, at);
    }
  }

  #offer(message: LaneMessage<ChunkedMessage | undefined, PlayItem>): void {
    const [item] = message.samples;
    if (this.#isPaused || item === undefined || !this.#wants(item)) return;
    if (item.isVideo && !this.#begun.has(item.track.id)) {
      if (!item.isSync) return;
      this.#begun.add(item.track.id);
    }
    if (!(item instanceof LiveSample)) {
      this.#opaqueTracks.add(item.track.id);
    } else if (item.original === undefined) {
      // Another encoder, or the same one after a break: recorders and relays begin anew here.
      if (item.isDiscontinuity && !this.#freshlyConfigured.has(item.track.id)) {
        this.#configured.delete(item.track.id);
      }
      this.#configure(item.track, item.at);
      this.#freshlyConfigured.delete(item.track.id);
    }
    this.#subscription.offer(message, this.#options.clock.now());
    this.#options.output.pump();
  }

  /** Sends the configuration of a track, where the player has another or none. */
  #configure(track: LiveTrack, at: Milliseconds): void {
    if (this.#configured.get(track.id) === track.configuration) return;
    this.#configured.set(track.id, track.configuration);
    const tag = configurationTag(track.track, "enhanced");
    if (tag === undefined || !this.#reader.readsTag(track.id, track.track.mediaType, tag)) return;
    this.#freshlyConfigured.add(track.id);
    const { messageStreamId } = this.#options;
    const chunkStreamId = trackChunkStream(track.id);
    this.#insert(bodyMessage(tag, { messageStreamId, chunkStreamId, at }));
  }

  #wants(item: PlayItem): boolean {
    const { audio, video } = this.#wanted;
    if (item.isVideo && !video) return false;
    const isAudio = item instanceof LiveSample ? !item.isVideo : item.mediaType === "audio";
    if (isAudio && !audio) return false;
    return this.#reader.reads(item);
  }

  #onState(state: LiveState): void {
    const wasOnAir = this.#isOnAir;
    // A publisher whose line was lost is waited for: players hold on.
    this.#isOnAir = state === "reconnecting" ? wasOnAir : isOnAir(state);
    if (wasOnAir === this.#isOnAir) return;
    if (!this.#isOnAir) this.#waitingSince = this.#options.clock.now();
    const bytes = this.#options.notice(this.#isOnAir ? "published" : "unpublished");
    if (bytes === undefined) return;
    this.#insert(inOnePiece(bytes));
    this.#options.output.pump();
  }

  #insert(notice: ChunkedMessage): void {
    this.#subscription.insert(notice, notice.bytes.length);
    const { noticeBytes } = this.#subscription;
    if (noticeBytes > this.#options.limits.notices) this.#options.onOverflow(noticeBytes);
  }

  /** What waits is of no use any more. */
  #forget(): void {
    this.#samplesDropped += this.#subscription.samplesDropped;
    this.#subscription = new Subscription(this.#options.limits.backlog);
    this.#configured.clear();
    this.#begun.clear();
  }
}

const isOnAir = (state: LiveState): boolean => state === "live" || state === "reconnecting";

const dueOf = (item: PlayItem): number => (item.isVideo ? item.at + PICTURE_SLACK : item.at);
