import { membersOf } from "../amf0/value.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { ChunkDecoder } from "../rtmp/chunk-decoder.ts";
import { type Command, decodeCommand } from "../rtmp/command.ts";
import { type Message, MessageType } from "../rtmp/message.ts";
import { HANDSHAKE_LENGTH } from "./cleaned-stream.ts";

/** What a server answered to a client. */
export type Answer = {
  readonly name: "_result" | "_error" | "onStatus";
  /** Empty where it says none. */
  readonly level: string;
  readonly code: string;
  readonly description: string;
};

const CONNECTION_CODE = /^NetConnection\.Connect\./;
const NAMES = ["_result", "_error", "onStatus"] as const;

/** Reads a server's side of a connection for its answers. */
export class AnswerReader {
  readonly #decoder = new ChunkDecoder();
  #handshake = HANDSHAKE_LENGTH;

  /** @param bytes the next of the server, handshake included. What cannot be read has no answers */
  push(bytes: Bytes): Answer[] {
    const ofHandshake = Math.min(bytes.length, this.#handshake);
    this.#handshake -= ofHandshake;
    const chunks = bytes.subarray(ofHandshake);
    if (chunks.length === 0 || this.#decoder.failure !== undefined) return [];
    return this.#messages(chunks).flatMap(readAnswer);
  }

  #messages(chunks: Bytes): Message[] {
    try {
      return this.#decoder.push(chunks);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return [];
    }
  }
}

/**
 * Whether an answer turns the client away: an error status, or an error of the connection itself.
 * Servers answer with errors also to calls that do not matter (`FCPublish`, `_checkbw` …).
 */
export const isRefusal = ({ name, level, code }: Answer): boolean =>
  name === "onStatus" ? level === "error" : name === "_error" && CONNECTION_CODE.test(code);

function readAnswer(message: Message): Answer[] {
  const { typeId } = message;
  if (typeId !== MessageType.CommandAmf0 && typeId !== MessageType.CommandAmf3) return [];
  let command: Command;
  try {
    command = decodeCommand(message);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [];
  }
  const name = NAMES.find((one) => one === command.name);
  if (name === undefined) return [];
  const { level, code, description } = membersOf(command.parameters[0]) ?? {};
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return [{ name, level: text(level), code: text(code), description: text(description) }];
}
