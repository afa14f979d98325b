import type { Amf0Value } from "../amf0/value.ts";
import { CONNECTION_CHUNK_STREAM, type Command, commandMessage } from "./command.ts";
import {
  type Message,
  setBufferLength,
  setChunkSize,
  windowAcknowledgementSize,
} from "./message.ts";

/** What a client wants of the one message stream it asks for. */
export type ClientPurpose = "publish" | "play";

/** Transactions, numbered as FFmpeg does. */
export const Transaction = {
  connect: 1,
  releaseStream: 2,
  fcPublish: 3,
  createStream: 4,
  publish: 5,
  fcUnpublish: 6,
  deleteStream: 7,
} as const;

/** The chunk stream FFmpeg uses for `publish` and `play`. */
const STREAM_CHUNK_STREAM = 8;

/** What FFmpeg tells servers that it holds before it shows anything. */
const BUFFER_LENGTH = 3000;
/** Acknowledged by a server each so many bytes. */
const WINDOW = 2_500_000;
/** Live if somebody publishes; else recorded; else wait (§7.2.2.1: -2). In ms, as everybody sends it. */
const LIVE_OR_WAIT = -2000;

/** What follows once the connection is taken. Chunks may be of `chunkSize` behind the first message. */
export function afterConnect(
  purpose: ClientPurpose,
  streamName: string,
  chunkSize: number,
): readonly Message[] {
  const createStream = call("createStream", Transaction.createStream);
  if (purpose === "play") return [windowAcknowledgementSize(WINDOW), createStream];
  return [
    setChunkSize(chunkSize),
    call("releaseStream", Transaction.releaseStream, streamName),
    call("FCPublish", Transaction.fcPublish, streamName),
    createStream,
  ];
}

/** What follows once there is a message stream. */
export function afterCreateStream(
  purpose: ClientPurpose,
  streamName: string,
  messageStreamId: number,
): readonly Message[] {
  const on = (name: string, ...parameters: readonly Amf0Value[]): Message =>
    commandMessage(
      { name, transactionId: Transaction.publish, commandObject: null, parameters },
      { chunkStreamId: STREAM_CHUNK_STREAM, messageStreamId },
    );
  if (purpose === "publish") return [on("publish", streamName, "live")];
  return [on("play", streamName, LIVE_OR_WAIT), setBufferLength(messageStreamId, BUFFER_LENGTH)];
}

/** The last words: it has ended, it was not lost. */
export function goodbye(
  purpose: ClientPurpose,
  streamName: string,
  messageStreamId: number,
): readonly Message[] {
  const deleteStream = call("deleteStream", Transaction.deleteStream, messageStreamId);
  if (purpose === "play") return [deleteStream];
  return [call("FCUnpublish", Transaction.fcUnpublish, streamName), deleteStream];
}

/** A command of the connection. */
const call = (name: string, transactionId: number, ...parameters: Command["parameters"]): Message =>
  commandMessage(
    { name, transactionId, commandObject: null, parameters },
    { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
  );
