import { createHmac } from "node:crypto";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import type { Amf0Value } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, type OwnBytes } from "../../../server/protocol/bytes/bytes.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { encodeWhole } from "../../../server/protocol/rtmp/chunk-encoder.ts";
import { type Command, decodeCommand } from "../../../server/protocol/rtmp/command.ts";
import type { Hmac } from "../../../server/protocol/rtmp/digest.ts";
import type { Random } from "../../../server/protocol/rtmp/handshake.ts";
import { type Message, MessageType } from "../../../server/protocol/rtmp/message.ts";
import { ServerSession } from "../../../server/protocol/rtmp/server-session.ts";
import type {
  ServerSessionOptions,
  SessionEffect,
} from "../../../server/protocol/rtmp/session-effect.ts";

export const hmac: Hmac = (key, data) => createHmac("sha256", key).update(data).digest();

/** Not random at all, so that what is made of it can be compared. */
export const random: Random = (length) => Uint8Array.from({ length }, (_, index) => index * 13 + 5);

export const newSession = (options: Partial<ServerSessionOptions> = {}): ServerSession =>
  new ServerSession({ hmac, random, ...options });

/** C0, C1 and C2 of a plain client. */
export const HANDSHAKE: OwnBytes = concat(Uint8Array.of(3), new Uint8Array(2 * 1536));

/** A command as a client's bytes. */
export const command = (
  name: string,
  transactionId: number,
  values: readonly Amf0Value[],
  { messageStreamId = 0, typeId = MessageType.CommandAmf0 }: Partial<Message> = {},
): OwnBytes => {
  const body = encodeAmf0(name, transactionId, ...values);
  const payload = typeId === MessageType.CommandAmf3 ? concat(Uint8Array.of(0), body) : body;
  return chunked({ typeId, messageStreamId, payload });
};

/** Any message as a client's bytes, in one chunk. */
export const chunked = (message: Partial<Message>): OwnBytes =>
  encodeWhole(
    {
      ...{ chunkStreamId: 3, timestamp: 0, typeId: 0, messageStreamId: 0 },
      payload: new Uint8Array(),
      ...message,
    },
    2 ** 24,
  );

/** The client's announcement that makes `chunked` right. */
export const LARGE_CHUNKS: OwnBytes = chunked({
  ...{ chunkStreamId: 2, typeId: MessageType.SetChunkSize },
  payload: Uint8Array.of(0x01, 0, 0, 0),
});

export const CONNECT: OwnBytes = concat(
  LARGE_CHUNKS,
  command("connect", 1, [{ app: "live", tcUrl: "rtmp://host/live", flashVer: "test" }]),
);

/** A session that has shaken hands and connected; what it said so far is taken away. */
export function connectedSession(options: Partial<ServerSessionOptions> = {}): ServerSession {
  const session = newSession(options);
  session.receive(HANDSHAKE);
  session.receive(CONNECT);
  return session;
}

/** A session that publishes live/show on message stream 1. */
export function publishingSession(): ServerSession {
  const session = connectedSession();
  session.receive(command("createStream", 2, [null]));
  session.receive(command("publish", 3, [null, "show", "live"], { messageStreamId: 1 }));
  session.accept(1);
  return session;
}

/** What a server said: its messages, read as a client of default chunk size reads them. */
export class Listener {
  readonly #decoder = new ChunkDecoder();

  messages(effects: readonly SessionEffect[]): Message[] {
    return sent(effects).flatMap((bytes) => this.#decoder.push(bytes));
  }
}

export const sent = (effects: readonly SessionEffect[]): Bytes[] =>
  effects.flatMap((effect) => (effect.type === "send" ? [effect.bytes] : []));

/** The commands that a connected session sends (its chunk size is 65536, larger than all of these). */
export function said(effects: readonly SessionEffect[]): Command[] {
  const decoder = new ChunkDecoder();
  decoder.push(Uint8Array.of(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 1, 0, 0));
  return sent(effects)
    .flatMap((bytes) => decoder.push(bytes))
    .filter(({ typeId }) => typeId === MessageType.CommandAmf0)
    .map(decodeCommand);
}

/** Everything but what is sent, shortened. */
export const events = (effects: readonly SessionEffect[]): SessionEffect[] =>
  effects.filter(({ type }) => type !== "send");
