import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, u8, u16, u32 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** One message of the chunk stream (RTMP 1.0 §5.3, §6.1). Its payload is memory of its own. */
export type Message = {
  readonly chunkStreamId: number;
  /** Absolute, 0 to 2^32 - 1 ms. */
  readonly timestamp: number;
  readonly typeId: number;
  readonly messageStreamId: number;
  readonly payload: Bytes;
};

/** Message type ids (RTMP 1.0 §5.4, §6.2, §7.1). */
export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAcknowledgementSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  SharedObjectAmf3: 16,
  CommandAmf3: 17,
  DataAmf0: 18,
  SharedObjectAmf0: 19,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** User control event types (RTMP 1.0 §7.1.7). */
export const UserControlEvent = {
  StreamBegin: 0,
  StreamEof: 1,
  StreamDry: 2,
  SetBufferLength: 3,
  StreamIsRecorded: 4,
  PingRequest: 6,
  PingResponse: 7,
  SwfVerifyRequest: 26,
  SwfVerifyResponse: 27,
} as const;
export type UserControlEvent = (typeof UserControlEvent)[keyof typeof UserControlEvent];

/** The most bytes a message of this type may have, out of LIMITS. */
export function messageLimit(typeId: number): number {
  switch (typeId) {
    case MessageType.CommandAmf0:
    case MessageType.CommandAmf3:
    case MessageType.SetChunkSize:
    case MessageType.Abort:
    case MessageType.Acknowledgement:
    case MessageType.UserControl:
    case MessageType.WindowAcknowledgementSize:
    case MessageType.SetPeerBandwidth:
      return LIMITS.commandMessage;
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
    case MessageType.SharedObjectAmf0:
    case MessageType.SharedObjectAmf3:
      return LIMITS.dataMessage;
    default:
      return LIMITS.audioVideoMessage;
  }
}

/** Set Chunk Size (§5.4.1): 1 to 0x7FFFFFFF bytes, for all later chunks of the sender. */
export const setChunkSize = (size: number): Message => control(MessageType.SetChunkSize, u32(size));

/** Acknowledgement (§5.4.3): bytes received so far, modulo 2^32. */
export const acknowledgement = (received: number): Message =>
  control(MessageType.Acknowledgement, u32(received % 2 ** 32));

/** Window Acknowledgement Size (§5.4.4): acknowledge each so many bytes. */
export const windowAcknowledgementSize = (size: number): Message =>
  control(MessageType.WindowAcknowledgementSize, u32(size));

/** Set Peer Bandwidth (§5.4.5); limit type 0 is hard, 1 soft, 2 dynamic. */
export const setPeerBandwidth = (size: number, limitType: 0 | 1 | 2): Message =>
  control(MessageType.SetPeerBandwidth, concat(u32(size), u8(limitType)));

/** User control (§6.2, §7.1.7): an event and its number (a message stream id or a timestamp). */
export const userControl = (event: UserControlEvent, value: number): Message =>
  control(MessageType.UserControl, concat(u16(event), u32(value)));

/** User control SetBufferLength (§7.1.7): what a player holds before it shows anything, in ms. */
export const setBufferLength = (messageStreamId: number, length: number): Message =>
  control(
    MessageType.UserControl,
    concat(u16(UserControlEvent.SetBufferLength), u32(messageStreamId), u32(length)),
  );

function control(typeId: MessageType, payload: Bytes): Message {
  return { chunkStreamId: 2, timestamp: 0, typeId, messageStreamId: 0, payload };
}

/**
 * The number that a protocol control message begins with, 4 bytes (§5.4).
 *
 * @throws ProtocolError `RTMP_CONTROL` (malformed): in connection scope where framing depends on it
 */
export function readControlNumber({ payload, typeId }: Message): number {
  if (payload.length < 4) {
    const text = `Cannot read protocol control message ${typeId}: it has ${payload.length} bytes, not 4`;
    const isFraming = typeId === MessageType.SetChunkSize || typeId === MessageType.Abort;
    const scope = isFraming ? "connection" : "message";
    throw new ProtocolError("malformed", "RTMP_CONTROL", text, { scope });
  }
  return new ByteReader(payload).u32();
}

/**
 * Takes an aggregate message apart (§7.1.6): records laid out as FLV tags,
 *
 *     type u8 | size u24 | timestamp u24 | timestamp, high byte u8 | stream id u24 | data | back pointer u32
 *
 * Only their distances count among the timestamps: the first record has the aggregate's own. The
 * back pointer after the last record may be missing, or cut.
 *
 * @returns messages on the aggregate's streams; their payloads are views of its payload
 * @throws ProtocolError `TRUNCATED`, `RTMP_AGGREGATE` (malformed, limit) in message scope
 */
export function splitAggregate(aggregate: Message): Message[] {
  const reader = new ByteReader(aggregate.payload);
  const messages: Message[] = [];
  let first: number | undefined;
  while (reader.remaining > 0) {
    if (messages.length >= LIMITS.aggregateMessages) {
      const text = `Cannot take more than ${LIMITS.aggregateMessages} messages in an aggregate`;
      throw new ProtocolError("limit", "RTMP_AGGREGATE", text, { offset: reader.offset });
    }
    const typeId = reader.u8();
    const size = reader.u24();
    const timestamp = reader.u24() + reader.u8() * 2 ** 24;
    reader.skip(3); // stream id: the aggregate's own wins
    const payload = reader.take(size);
    reader.skip(Math.min(4, reader.remaining)); // back pointer
    if (typeId === MessageType.Aggregate) {
      const text = "Cannot take an aggregate message within an aggregate message";
      throw new ProtocolError("malformed", "RTMP_AGGREGATE", text, { offset: reader.offset });
    }
    first ??= timestamp;
    messages.push({
      chunkStreamId: aggregate.chunkStreamId,
      timestamp: (aggregate.timestamp + (timestamp - first)) >>> 0,
      typeId,
      messageStreamId: aggregate.messageStreamId,
      payload,
    });
  }
  return messages;
}
