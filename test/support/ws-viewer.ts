import { WebSocket } from "ws";
import { type Bytes, concat, NO_BYTES } from "../../server/protocol/bytes/bytes.ts";
import type {
  AnnouncedTrack,
  ServerMessage,
  StreamState,
} from "../../server/protocol/wire/control.ts";
import {
  decodeFrames,
  type Frame,
  FrameFlag,
  FrameType,
} from "../../server/protocol/wire/frame.ts";
import type { CodedFrame } from "./accounting.ts";
import { md5 } from "./fmp4.ts";

/** A frame, when it came (ms since 1970 by this machine's clock, with fractions), and what it held. */
export type ArrivedFrame = Frame & {
  readonly arrived: number;
  /** Length and MD5 of the coded data. */
  readonly size: number;
  readonly hash: string;
};

/**
 * A viewer over WebSocket that keeps everything: what a page would get, without a page.
 *
 * It waits for events, never for time: `until` looks again after each message.
 */
export class WsViewer {
  /** Text messages in order. */
  readonly messages: ServerMessage[] = [];
  /** Init segments and fragments in order; their payloads are copies of their own. */
  readonly frames: ArrivedFrame[] = [];
  /** ms since 1970: the upgrade was done. */
  opened: number | undefined;
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #keepPayloads: boolean;
  readonly #waiting = new Set<() => void>();

  /**
   * @param url of `/streams/APP/NAME/ws`
   * @param options.keepPayloads false keeps no payloads, only what accounting needs: for long runs
   * @param options.ca a certificate to be trusted, in PEM
   */
  constructor(
    url: string,
    options: { keepPayloads?: boolean; headers?: Record<string, string>; ca?: string } = {},
  ) {
    this.#keepPayloads = options.keepPayloads ?? true;
    this.#socket = new WebSocket(url, {
      headers: options.headers ?? {},
      perMessageDeflate: false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    this.#socket.binaryType = "nodebuffer";
    this.#socket.on("open", () => {
      this.opened = now();
      this.#notify();
    });
    this.#socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.#receive(data, isBinary);
      this.#notify();
    });
    this.#socket.on("error", () => {}); // `close` follows
    this.#socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
  }

  /** The announcement that holds now. */
  get tracks(): readonly AnnouncedTrack[] {
    return this.messages.findLast((message) => message.type === "tracks")?.tracks ?? [];
  }

  get state(): StreamState | undefined {
    return this.messages.findLast((message) => message.type === "hello" || message.type === "state")
      ?.state;
  }

  /** The announced track of a kind; the first where there are several. */
  track(mediaType: "video" | "audio"): AnnouncedTrack | undefined {
    return this.tracks.find((track) => track.mediaType === mediaType);
  }

  /** Everything of one kind of message, in order. */
  received<Type extends ServerMessage["type"]>(
    type: Type,
  ): readonly Extract<ServerMessage, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<ServerMessage, { type: Type }> => message.type === type,
    );
  }

  fragments(trackId: number): ArrivedFrame[] {
    return this.frames.filter(
      (frame) => frame.trackId === trackId && frame.type === FrameType.Fragment,
    );
  }

  /** The latest of a kind that was announced, also where it has been withdrawn since. */
  trackEver(mediaType: "video" | "audio", trackIndex = 0): AnnouncedTrack | undefined {
    const ofKind = (tracks: readonly AnnouncedTrack[]) =>
      tracks.filter((candidate) => candidate.mediaType === mediaType)[trackIndex];
    const announced = this.received("tracks").findLast(
      ({ tracks }) => ofKind(tracks) !== undefined,
    );
    return ofKind(announced?.tracks ?? []);
  }

  /** What came on a track, for `accountFor`: times in ms, hashes of the coded data. */
  coded(mediaType: "video" | "audio", trackIndex = 0): CodedFrame[] {
    const track = this.trackEver(mediaType, trackIndex);
    if (track === undefined) return [];
    const { id, timescale } = track;
    return this.fragments(id).map((frame) => ({
      dts: (frame.dts / timescale) * 1000,
      compositionOffset: (frame.compositionOffset / timescale) * 1000,
      size: frame.size,
      isSync: (frame.flags & FrameFlag.Sync) !== 0,
      hash: frame.hash,
    }));
  }

  /**
   * What was served of a track, as files: one for each init segment, with the fragments that
   * followed it. ffmpeg must decode each without a warning.
   */
  files(trackId: number): Bytes[] {
    const files: Bytes[][] = [];
    for (const frame of this.frames.filter((candidate) => candidate.trackId === trackId)) {
      if (frame.type === FrameType.InitSegment) files.push([]);
      files.at(-1)?.push(frame.payload);
    }
    return files.map((pieces) => concat(...pieces));
  }

  /** Gaps in a track's sequence numbers: how many fragments were left out for this viewer. */
  missing(trackId: number): number {
    let missing = 0;
    let last: number | undefined;
    for (const { sequenceNumber } of this.fragments(trackId)) {
      if (last !== undefined) missing += sequenceNumber - last - 1;
      last = sequenceNumber;
    }
    return missing;
  }

  /** Asks for these tracks and no others. */
  select(trackIds: readonly number[]): void {
    this.#socket.send(JSON.stringify({ type: "select", tracks: trackIds }));
  }

  /** Its end of the connection, while there is one. */
  get localPort(): number | undefined {
    // `ws` keeps its socket to itself; only a client's address tells its connection apart.
    const socket = Reflect.get(this.#socket, "_socket") as { localPort?: number } | null;
    return socket?.localPort;
  }

  /** Reads nothing from its socket any more: what the server sends piles up there. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when `holds` does; rejects after `timeout` ms with what came so far. */
  until(what: string, holds: (viewer: this) => boolean, timeout = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`Waited ${timeout} ms for ${what}; ${this.#summary()}`));
      }, timeout);
      this.#waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    if (this.closed !== undefined) return;
    this.#socket.resume();
    this.#socket.close();
    const timer = setTimeout(() => this.#socket.terminate(), 2000);
    await this.until("the close", () => this.closed !== undefined);
    clearTimeout(timer);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.messages.push(JSON.parse(data.toString()) as ServerMessage);
      return;
    }
    const arrived = now();
    for (const frame of decodeFrames(data)) {
      const coded = frame.payload.subarray(frame.dataOffset);
      const payload = this.#keepPayloads ? frame.payload.slice() : NO_BYTES;
      this.frames.push({ ...frame, payload, arrived, size: coded.length, hash: md5(coded) });
    }
  }

  #notify(): void {
    for (const look of [...this.#waiting]) look();
  }

  #summary(): string {
    const counts = this.tracks.map(
      ({ id, codec }) => `${codec}: ${this.fragments(id).length} fragments`,
    );
    const tail = this.messages.slice(-4).map((message) => JSON.stringify(message).slice(0, 300));
    const closed = this.closed === undefined ? "open" : `closed ${this.closed.code}`;
    return [`${closed}, state ${this.state}`, ...counts, ...tail].join("\n  ");
  }
}

const now = (): number => performance.timeOrigin + performance.now();
