import { AMF0_MARKER } from "../amf0/marker.ts";
import { membersOf } from "../amf0/value.ts";
import {
  type Bytes,
  concat,
  join,
  NO_BYTES,
  type OwnBytes,
  u8,
  u16,
  u24,
  u32,
  utf8,
} from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type ChunkPlace, EXTENDED_TIMESTAMP } from "../rtmp/chunk-decoder.ts";
import { encodeWhole } from "../rtmp/chunk-encoder.ts";
import { type Command, decodeCommand } from "../rtmp/command.ts";
import { HANDSHAKE_PACKET_LENGTH } from "../rtmp/digest.ts";
import { type Message, MessageType } from "../rtmp/message.ts";
import { HANDSHAKE_LENGTH } from "./cleaned-stream.ts";
import { type PlacedMessage, PlacedMessages } from "./placed-messages.ts";
import { NAMING_COMMANDS } from "./secrets.ts";

/** What is said instead of what was recorded; undefined: as recorded. */
export type ReplayTarget = {
  /** `rtmp://HOST:PORT` of the server that it is played to. */
  readonly origin: string;
  readonly app: string | undefined;
  /** Query included. */
  readonly streamName: string | undefined;
  /** A publish key, put where the recorded one was. */
  readonly key: string | undefined;
};

/** Bytes that are replaced, by where they begin: up to `to`. */
type Edit = { readonly to: number; readonly bytes: Bytes };

/**
 * The client's side of a capture as it is sent once more: chunk by chunk as it was, but for the
 * commands that name a server, a stream or a key.
 */
export class ReplayedStream {
  readonly #target: ReplayTarget;
  readonly #firstPackets: OwnBytes = new Uint8Array(1 + HANDSHAKE_PACKET_LENGTH);
  /** Bytes of the handshake that have come. */
  #handshake = 0;
  readonly #messages: PlacedMessages;
  /** Chunks whose header was read in the present push. */
  #chunks: ChunkPlace[] = [];
  readonly #edits = new Map<number, Edit>();
  /** Where the next message on a chunk stream must say its length itself, by chunk stream. */
  readonly #changed = new Map<number, number>();
  /** What was not given out yet, and where it begins. */
  #held: Bytes = NO_BYTES;
  #position = 0;

  constructor(target: ReplayTarget) {
    this.#target = target;
    const isCommand = (typeId: number): boolean =>
      typeId === MessageType.CommandAmf0 || typeId === MessageType.CommandAmf3;
    this.#messages = new PlacedMessages(isCommand, (place) => this.#chunks.push(place));
  }

  /** C0 and C1, when they have come. */
  get firstPackets(): Bytes | undefined {
    return this.#handshake < this.#firstPackets.length ? undefined : this.#firstPackets;
  }

  /**
   * @param bytes the next of the recorded client, handshake included
   * @returns what is to be sent behind the handshake
   * @throws ProtocolError `CAPTURE_HELD` (limit) in connection scope
   */
  push(bytes: Bytes): OwnBytes {
    const ofHandshake = Math.min(bytes.length, HANDSHAKE_LENGTH - this.#handshake);
    const first = bytes.subarray(0, Math.min(ofHandshake, this.#lacking));
    this.#firstPackets.set(first, this.#firstPackets.length - this.#lacking);
    this.#handshake += ofHandshake;
    const chunks = bytes.subarray(ofHandshake);
    if (chunks.length === 0) return NO_BYTES;

    this.#held = this.#held.length === 0 ? chunks : concat(this.#held, chunks);
    if (this.#held.length > LIMITS.captureHeld) {
      const text = `Cannot hold ${this.#held.length} bytes until a command is complete`;
      throw new ProtocolError("limit", "CAPTURE_HELD", text, { scope: "connection" });
    }
    // What the capture's own reader cannot read is sent as it is: that is what it was made for.
    if (this.#messages.failure !== undefined) return this.#release(Number.POSITIVE_INFINITY);
    this.#chunks = [];
    for (const placed of this.#messages.push(chunks)) this.#change(placed);
    this.#settleChanged();
    if (this.#messages.failure !== undefined) return this.#release(Number.POSITIVE_INFINITY);
    let { end } = this.#messages; // a header that is cut may have to be another
    for (const { headerAt } of this.#messages.incomplete) end = Math.min(end, headerAt);
    return this.#release(end);
  }

  get #lacking(): number {
    return Math.max(0, this.#firstPackets.length - this.#handshake);
  }

  #change({ message, chunks, chunkSize }: PlacedMessage): void {
    const payload = changedCommand(message, this.#target);
    const last = chunks.at(-1);
    if (payload === undefined || last === undefined) return;
    for (const { headerAt, payloadAt, payloadLength } of chunks) {
      this.#edits.set(headerAt, { to: payloadAt + payloadLength, bytes: NO_BYTES });
    }
    const end = last.payloadAt + last.payloadLength;
    const bytes = encodeWhole({ ...message, payload }, chunkSize);
    this.#edits.set(last.headerAt, { to: end, bytes });
    this.#changed.set(message.chunkStreamId, end);
  }

  /** A header that takes its length from a message that was changed gets its own. */
  #settleChanged(): void {
    if (this.#changed.size === 0) return;
    for (const place of this.#chunks) {
      const changedAt = this.#changed.get(place.chunkStreamId);
      if (changedAt === undefined || place.offset > 0 || place.headerAt < changedAt) continue;
      this.#changed.delete(place.chunkStreamId);
      if (place.fmt < 2 || this.#edits.has(place.headerAt)) continue;
      this.#edits.set(place.headerAt, { to: place.payloadAt, bytes: headerWithLength(place) });
    }
  }

  /** Gives out what is before `end`, changed. */
  #release(end: number): OwnBytes {
    const start = this.#position;
    const held = this.#held;
    const stop = Math.min(end, start + held.length);
    const pieces: Bytes[] = [];
    let at = start;
    for (const [from, edit] of [...this.#edits].sort(([a], [b]) => a - b)) {
      if (from >= stop) break;
      this.#edits.delete(from);
      pieces.push(held.subarray(at - start, from - start), edit.bytes);
      at = edit.to;
    }
    pieces.push(held.subarray(at - start, stop - start));
    this.#position = stop;
    this.#held = held.subarray(stop - start);
    return join(pieces);
  }
}

/**
 * A type 1 chunk header (RTMP 1.0 §5.3.1.2.2) for what said less of the same:
 *
 *     fmt u2, csid u6 | csid - 64, 0 to 2 bytes | delta u24 | length u24 | type u8 | (delta u32)
 */
function headerWithLength({ chunkStreamId, delta, messageLength, typeId }: ChunkPlace): OwnBytes {
  const isExtended = delta >= EXTENDED_TIMESTAMP;
  const rest = chunkStreamId - 64;
  const basic = rest < 0 ? [chunkStreamId] : rest < 256 ? [0, rest] : [1, rest & 0xff, rest >> 8];
  const [first = 0, ...more] = basic;
  return concat(
    Uint8Array.of((1 << 6) | first, ...more),
    u24(isExtended ? EXTENDED_TIMESTAMP : delta),
    u24(messageLength),
    u8(typeId),
    isExtended ? u32(delta) : NO_BYTES,
  );
}

/** The payload of a command that names what is another now; undefined where it stays. */
function changedCommand(message: Message, target: ReplayTarget): Bytes | undefined {
  let command: Command;
  try {
    command = decodeCommand(message);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  let { payload } = message;
  for (const [text, replacement] of replacements(command, target)) {
    if (text !== replacement) payload = withText(payload, text, replacement);
  }
  return payload === message.payload ? undefined : payload;
}

function replacements({ name, commandObject, parameters }: Command, target: ReplayTarget) {
  const pairs: [string, string][] = [];
  if (name === "connect") {
    const { app, tcUrl } = membersOf(commandObject) ?? {};
    if (typeof tcUrl === "string") pairs.push([tcUrl, replayedUrl(tcUrl, target)]);
    if (typeof app === "string" && target.app !== undefined) pairs.push([app, target.app]);
    return pairs;
  }
  const [streamName] = parameters;
  if (!NAMING_COMMANDS.has(name) || typeof streamName !== "string") return pairs;
  return [[streamName, replayedName(streamName, target)] as const];
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i;

function replayedUrl(tcUrl: string, { origin, app }: ReplayTarget): string {
  return app === undefined ? tcUrl.replace(ORIGIN, () => origin) : `${origin}/${app}`;
}

function replayedName(recorded: string, { streamName, key }: ReplayTarget): string {
  const name = streamName ?? recorded;
  if (key === undefined) return name;
  const value = encodeURIComponent(key);
  const parameter = /([?&]key=)[^&]*/;
  if (parameter.test(name)) return name.replace(parameter, (_, before) => `${before}${value}`);
  return `${name}${name.includes("?") ? "&" : "?"}key=${value}`;
}

/** Puts one AMF0 string in the place of another, wherever it is a value; all else stays. */
function withText(payload: Bytes, text: string, replacement: string): Bytes {
  const [from, to] = [amf0String(text), amf0String(replacement)];
  for (let at = 0; at + from.length <= payload.length; at += 1) {
    if (from.some((byte, index) => payload[at + index] !== byte)) continue;
    return concat(payload.subarray(0, at), to, payload.subarray(at + from.length));
  }
  return payload;
}

function amf0String(text: string): OwnBytes {
  const bytes = utf8(text);
  return concat(u8(AMF0_MARKER.string), u16(bytes.length), bytes);
}
