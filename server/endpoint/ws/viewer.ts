import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../live/clock.ts";
import { type EncoderStatus, encoderDelay } from "../../live/encoder-clock.ts";
import type { LaneMessage } from "../../live/lane.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { type Backlog, Subscription } from "../../live/subscription.ts";
import { TrackChoice } from "../../live/track-choice.ts";
import type { TrackLanes, TrackReceiver } from "../../live/track-lanes.ts";
import type { ServerMessage } from "../../protocol/wire/control.ts";
import { unsentBytes } from "../entry/unsent-bytes.ts";
import type { Announcement } from "./announcement.ts";
import type { BitrateMessages } from "./bitrate-message.ts";
import type { DataMessages } from "./data-message.ts";
import { packText } from "./packager.ts";
import { type TextMessages, TextTeller } from "./text-message.ts";
import { readViewerMessage } from "./viewer-message.ts";

/** Close codes of our WebSocket protocol (RFC 6455 §7.4.1; `docs/wire.md`). */
export const CloseCode = {
  GoingAway: 1001,
  Policy: 1008,
  TryAgainLater: 1013,
} as const;

/** What bounds one viewer; times in ms. */
export type ViewerLimits = {
  readonly backlog: Backlog;
  /** It says that what it gets had stood on the way for longer than this: it gets no pictures. */
  readonly queueTime: number;
  /** Nothing was taken for this long while bytes were waiting: closed. */
  readonly silence: number;
  readonly messagesPerSecond: number;
  /** Bytes of announcements and init segments that may wait for one viewer. */
  readonly notices: number;
  /** Bytes of them beyond which data messages are left out for one viewer. */
  readonly dataBacklog: number;
};

/** What a viewer watches; lanes and messages are shared by all who do. */
export type Broadcast = {
  readonly liveStream: LiveStream;
  readonly lanes: TrackLanes<Buffer>;
  readonly announcement: Announcement;
  readonly dataMessages: DataMessages;
  readonly textMessages: TextMessages;
  readonly bitrateMessages: BitrateMessages;
};

/** Below this many unsent bytes in the socket the next message is handed to it. */
const SOCKET_FULL = 128 * 1024;

/** How often a viewer's connection is looked after. */
const CHECK_INTERVAL = 1000;
const PING_INTERVAL = 15_000;
/** How long a closing handshake may take. */
const CLOSING_TIME = 1000;

/**
 * One viewer on one WebSocket. Live messages go to the socket as they are, already with their
 * WebSocket header; `ws` keeps the handshake, the control frames and what the viewer sends.
 */
export class Viewer implements TrackReceiver<Buffer> {
  readonly choice: TrackChoice = new TrackChoice(() => this.#switched());
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #liveStream: LiveStream;
  readonly #lanes: TrackLanes<Buffer>;
  readonly #announcement: Announcement;
  readonly #dataMessages: DataMessages;
  readonly #text: TextTeller;
  readonly #clock: Clock;
  readonly #limits: ViewerLimits;
  readonly #subscription: Subscription<Buffer>;
  readonly #stops: (() => void)[] = [];
  /** Init segments that this viewer has: configuration by track. */
  readonly #initialised = new Map<number, number>();
  /** The tracks that it takes to be sent, by what it was told. */
  #told: readonly number[] = [];
  #isClosed = false;
  #cancelLook: (() => void) | undefined;
  #cancelTermination: (() => void) | undefined;
  #lastTaken: number;
  /** Bytes given to the socket, and those of them that the kernel had taken at the last look. */
  #handed = 0;
  #taken = 0;
  #lastPing: number;
  #messages = { since: 0, count: 0 };

  /**
   * @param socket the connection that carries `webSocket`, to write prepared messages to
   * @param trackIds the tracks it wants, where it said so with its request
   * @param onClose called once, with the reason, for the log
   */
  constructor(
    { webSocket, socket }: { webSocket: WebSocket; socket: Duplex },
    broadcast: Broadcast,
    { clock, limits }: { clock: Clock; limits: ViewerLimits },
    trackIds: readonly number[] | undefined,
    onClose: (reason: string, samplesDropped: number) => void,
  ) {
    const { liveStream, lanes, announcement, dataMessages, textMessages, bitrateMessages } =
      broadcast;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#liveStream = liveStream;
    this.#lanes = lanes;
    this.#announcement = announcement;
    this.#dataMessages = dataMessages;
    this.#text = new TextTeller(liveStream, textMessages, (message) => this.#tellData(message));
    this.#clock = clock;
    this.#limits = limits;
    this.#subscription = new Subscription(limits.backlog);
    this.#lastTaken = clock.now();
    this.#lastPing = clock.now();
    if (trackIds !== undefined) this.choice.choose(trackIds);
    this.#begin(bitrateMessages.latest);
    const pump = (): void => this.#pump();
    socket.on("drain", pump);
    webSocket.on("message", (data, isBinary) => this.#receive(data.toString(), isBinary));
    webSocket.on("error", () => {}); // ws closes with the right code by itself
    webSocket.on("close", (code) => {
      this.#stop();
      this.#cancelTermination?.();
      socket.off("drain", pump);
      onClose(`closed with ${code}`, this.#subscription.samplesDropped);
    });
    this.#look();
  }

  /** Ends the connection in order. */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#stop();
    this.#webSocket.close(code, reason);
    // The closing handshake stands behind what was sent: who does not read it does not answer.
    this.#cancelTermination = this.#clock.after(CLOSING_TIME, () => this.#webSocket.terminate());
  }

  /** Takes what goes to all who are sent the same tracks. */
  receive(message: LaneMessage<Buffer>): void {
    if (this.#isClosed) return;
    if (this.#subscription.isIdle && this.#socket.writableLength < SOCKET_FULL) {
      this.#write(message.whole);
      return;
    }
    this.#subscription.offer(message, this.#clock.now());
    this.#pump();
  }

  /** Left out where it does not keep up: what it knows is not far off. */
  tellBitrates(message: Buffer): void {
    if (!this.#isClosed) this.#tellData(message);
  }

  #begin(bitrates: Buffer | undefined): void {
    const { state, streamPath } = this.#liveStream;
    const serverTime = this.#clock.now();
    // What happens in one turn leaves in one packet.
    this.#socket.cork();
    this.#say({ type: "hello", version: 1, streamPath, state, serverTime });
    this.#stops.push(
      this.#liveStream.observe({
        state: (now) => this.#say({ type: "state", state: now, serverTime: this.#clock.now() }),
        tracks: () => {
          this.#announce();
          this.#lanes.place(this);
        },
        data: (event) => {
          this.#tellData(this.#dataMessages.due(event));
        },
        encoder: (status) => this.#tellEncoder(status),
        textTracks: () => this.#text.tracks(),
        cue: (cue) => this.#text.cue(cue),
      }),
    );
    this.#stops.push(() => this.#lanes.remove(this));
    if (this.#liveStream.tracks.length > 0 || this.#liveStream.unplayable.length > 0) {
      this.#announce();
    }
    if (bitrates !== undefined) this.#tellData(bitrates);
    const { metadata, encoder } = this.#liveStream;
    if (encoder !== undefined) this.#tellEncoder(encoder);
    if (metadata !== undefined) this.#tellData(this.#dataMessages.of(metadata));
    for (const event of this.#liveStream.recentData) {
      this.#tellData(this.#dataMessages.later(event));
    }
    this.#text.begin();
    const history = this.#lanes.history(this.choice.join(this.#liveStream.history()));
    const bytes = history.reduce((sum, message) => sum + message.sizeOf(message.everything), 0);
    if (history.length > 0) this.#say({ type: "history", fragments: history.length, bytes });
    this.#subscription.join(history, this.#clock.now());
    // What is held back for others came before: it is in the history.
    this.#lanes.place(this);
    this.#pump();
    this.#socket.uncork();
  }

  #write(bytes: Buffer): void {
    this.#handed += bytes.length;
    this.#socket.write(bytes);
  }

  /** Hands to the socket what it takes without piling up. */
  #pump(): void {
    while (!this.#isClosed && this.#socket.writableLength < SOCKET_FULL) {
      const delivery = this.#subscription.next();
      if (delivery === undefined) return;
      if (delivery.type === "form") this.#write(delivery.form);
      else this.#write(packText({ type: "dropped", ...delivery.dropped }));
    }
  }

  #announce(): void {
    const { tracks } = this.#liveStream;
    this.choice.announce(tracks);
    this.#insert(this.#announcement.tracks);
    this.#told = tracks.map(({ id }) => id);
    this.#tellSelected();
    for (const track of tracks) {
      if (this.#initialised.get(track.id) === track.configuration) continue;
      this.#initialised.set(track.id, track.configuration);
      this.#insert(this.#announcement.initSegment(track));
    }
    this.#pump();
  }

  /** Says which tracks are sent from here on, where it is not what the viewer takes it to be. */
  #tellSelected(): void {
    const { sent } = this.choice;
    this.#subscription.keep(sent);
    if (sent.length === this.#told.length && sent.every((id) => this.#told.includes(id))) return;
    this.#told = sent;
    this.#insert(packText({ type: "selected", tracks: sent }));
  }

  #switched(): void {
    this.#tellSelected();
    this.#pump();
  }

  #select(trackIds: readonly number[]): void {
    this.#lanes.remove(this); // what is held back for it goes out before it is told
    this.choice.choose(trackIds);
    this.#switched();
    if (!this.#isClosed) this.#lanes.place(this);
  }

  /** @returns whether there was room for it */
  #tellData(message: Buffer | undefined): boolean {
    if (message === undefined) return true;
    // Who does not keep up with them goes on without: they are no reason to be cut off.
    if (this.#subscription.noticeBytes + message.length > this.#limits.dataBacklog) return false;
    this.#insert(message);
    this.#pump();
    return true;
  }

  /** In its place behind everything that waits: a state or a track list holds from there on. */
  #tellEncoder(status: EncoderStatus): void {
    const delay = encoderDelay(status);
    if (delay === undefined) return;
    const { inside = null, whole = null } = delay;
    this.#say({ type: "encoder", inside, whole });
  }

  #say(message: ServerMessage): void {
    if (this.#isClosed) return;
    this.#insert(packText(message));
    this.#pump();
  }

  #insert(notice: Buffer): void {
    if (this.#isClosed) return;
    this.#subscription.insert(notice, notice.length);
    if (this.#subscription.noticeBytes > this.#limits.notices) this.#cutOff();
  }

  /** At once: a closing handshake would wait behind what is not being read. */
  #cutOff(): void {
    this.#stop();
    this.#webSocket.terminate();
  }

  #receive(text: string, isBinary: boolean): void {
    if (this.#isClosed) return;
    const now = this.#clock.now();
    if (now - this.#messages.since >= 1000) this.#messages = { since: now, count: 0 };
    this.#messages.count += 1;
    if (this.#messages.count > this.#limits.messagesPerSecond) {
      this.close(CloseCode.Policy, "too many messages");
      return;
    }
    const message = isBinary ? undefined : readViewerMessage(text);
    if (message === undefined) {
      this.#say({
        type: "error",
        code: "WIRE_MESSAGE",
        message: "Cannot read this message: JSON text of a known type is expected",
      });
      return;
    }
    if (message.type === "select") {
      this.#select(message.tracks);
      return;
    }
    if (message.type === "queued") {
      const { queueTime } = this.#limits;
      if (message.time > queueTime) this.#subscription.isFull = true;
      else if (message.time < queueTime / 2) this.#subscription.isFull = false;
      return;
    }
    // Not behind what waits: it is about the line, not about the stream.
    if (this.#socket.writableLength >= SOCKET_FULL) return; // nobody reads it in time
    this.#write(packText({ type: "clock", sent: message.sent, serverTime: now }));
  }

  /** Closes a viewer that takes nothing, and keeps a quiet line open. */
  #look(): void {
    if (this.#isClosed) return;
    const now = this.#clock.now();
    const waiting = this.#socket.writableLength + this.#subscription.bytes;
    const unsent = unsentBytes(this.#socket);
    const taken = this.#handed - unsent;
    if (unsent === 0 || taken > this.#taken) this.#lastTaken = now;
    this.#taken = taken;
    if (waiting > 0 && now - this.#lastTaken > this.#limits.silence) {
      this.#cutOff();
      return;
    }
    this.#text.catchUp();
    // Where bytes wait the line is not quiet.
    if (waiting === 0 && now - this.#lastPing > PING_INTERVAL) {
      this.#lastPing = now;
      this.#webSocket.ping();
    }
    this.#cancelLook = this.#clock.after(CHECK_INTERVAL, () => this.#look());
  }

  #stop(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const stop of this.#stops) stop();
    this.#stops.length = 0;
  }
}
