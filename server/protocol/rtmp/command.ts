import { decodeAmf0 } from "../amf0/decode.ts";
import { encodeAmf0 } from "../amf0/encode.ts";
import type { Amf0Object, Amf0Value } from "../amf0/value.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { type Message, MessageType } from "./message.ts";

/** A remote call, or the answer to one (RTMP 1.0 §7.1.1, §7.2). */
export type Command = {
  readonly name: string;
  /** 0 wants no answer. */
  readonly transactionId: number;
  /** The third value: an object, or null where there is nothing to say. */
  readonly commandObject: Amf0Value;
  readonly parameters: readonly Amf0Value[];
};

/** The chunk stream that commands of the connection go on, by convention. */
export const CONNECTION_CHUNK_STREAM = 3;

/** The chunk stream that a server's words about a message stream go on, by convention. */
export const STATUS_CHUNK_STREAM = 5;

/**
 * Reads a command message, framed as AMF0 (type 20) or AMF3 (type 17: one byte, then AMF0 values
 * in which AMF3 is embedded).
 *
 * @throws ProtocolError `RTMP_COMMAND` (malformed) and what `decodeAmf0` throws, in message scope
 */
export function decodeCommand(message: Message): Command {
  const values = decodeAmf0(amf0Part(message));
  const [name, transactionId, commandObject, ...parameters] = values;
  if (typeof name !== "string") {
    const text = `Cannot read a command whose name is ${name === null ? "null" : typeof name}`;
    throw new ProtocolError("malformed", "RTMP_COMMAND", text);
  }
  return {
    name,
    transactionId: typeof transactionId === "number" ? transactionId : 0,
    commandObject,
    parameters,
  };
}

/** The AMF0 values of a command or data message: behind the format selector of AMF3 framing. */
export function amf0Part({ typeId, payload }: Message): Bytes {
  const isAmf3 = typeId === MessageType.CommandAmf3 || typeId === MessageType.DataAmf3;
  return isAmf3 && payload[0] === 0 ? payload.subarray(1) : payload;
}

/** A command as a message of type 20, at time 0. */
export function commandMessage(
  { name, transactionId, commandObject, parameters }: Command,
  { chunkStreamId, messageStreamId }: { chunkStreamId: number; messageStreamId: number },
): Message {
  const payload = encodeAmf0(name, transactionId, commandObject, ...parameters);
  const typeId = MessageType.CommandAmf0;
  return { chunkStreamId, timestamp: 0, typeId, messageStreamId, payload };
}

/** What a call is answered with: `_result` or `_error`, a command object, and what it gives. */
export const answer = (
  name: "_result" | "_error",
  transactionId: number,
  commandObject: Amf0Value,
  ...parameters: readonly Amf0Value[]
): Message =>
  commandMessage(
    { name, transactionId, commandObject, parameters },
    { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
  );

/** Severity of a status, as clients read it: an "error" ends the broadcast. */
export type StatusLevel = "status" | "warning" | "error";

/** The information object of a status or answer (RTMP 1.0 §7.2.2), members in the usual order. */
export const information = (level: StatusLevel, code: string, description: string): Amf0Object => ({
  level,
  code,
  description,
});

/** `onStatus` (§7.2.2), on the message stream it is about; 0 is the connection. */
export const onStatus = (
  messageStreamId: number,
  level: StatusLevel,
  code: string,
  description: string,
): Message =>
  commandMessage(
    {
      name: "onStatus",
      transactionId: 0,
      commandObject: null,
      parameters: [information(level, code, description)],
    },
    {
      chunkStreamId: messageStreamId === 0 ? CONNECTION_CHUNK_STREAM : STATUS_CHUNK_STREAM,
      messageStreamId,
    },
  );

/**
 * Asks a client to go on over another connection (Enhanced RTMP v2, "Reconnect Request").
 *
 * @param tcUrl absolute, `//HOST/APP` or `/APP`; absent: the one it came by
 */
export const reconnectRequest = (description: string, tcUrl?: string): Message =>
  commandMessage(
    {
      name: "onStatus",
      transactionId: 0,
      commandObject: null,
      parameters: [
        {
          ...information("status", "NetConnection.Connect.ReconnectRequest", description),
          ...(tcUrl === undefined ? {} : { tcUrl }),
        },
      ],
    },
    { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
  );
