import type { Amf0Value } from "../amf0/value.ts";
import type { OwnBytes } from "../bytes/bytes.ts";
import { LIMITS } from "../limits.ts";
import { DEFAULT_CHUNK_SIZE } from "./chunk-decoder.ts";
import { encodeWhole } from "./chunk-encoder.ts";
import {
  answer,
  CONNECTION_CHUNK_STREAM,
  type Command,
  commandMessage,
  information,
} from "./command.ts";
import { EffectQueue } from "./effect-queue.ts";
import type { Message } from "./message.ts";
import type { SessionEffect } from "./session-effect.ts";

/** The effects of a session as they gather, up to the next `flush`. */
export class SessionOutput {
  /** Of all messages sent from now on. */
  chunkSize: number = DEFAULT_CHUNK_SIZE;
  readonly #effects = new EffectQueue<SessionEffect>();
  readonly #noted = new Set<string>();

  /** Takes the effects out, in order. */
  flush(): SessionEffect[] {
    return this.#effects.flush();
  }

  push(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  /** Messages sent one after the other become one piece of bytes. */
  send(message: Message): void {
    // Type 0 chunks throughout: there are few, and every client reads them.
    this.sendBytes(encodeWhole(message, this.chunkSize));
  }

  /** Bytes that are no message: the handshake's. */
  sendBytes(bytes: OwnBytes): void {
    this.#effects.send(bytes);
  }

  /** Tells of an oddity once for each thing it is about, up to LIMITS.notedOddities. */
  note(level: "debug" | "info" | "warn", code: string, about: string, message: string): void {
    const key = `${code} ${about}`;
    if (this.#noted.has(key) || this.#noted.size >= LIMITS.notedOddities) return;
    this.#noted.add(key);
    this.#effects.push({ type: "log", level, code, message });
  }

  /** Answers a call, where an answer is wanted. */
  result(transactionId: number, ...values: readonly Amf0Value[]): void {
    if (transactionId !== 0) this.send(answer("_result", transactionId, null, ...values));
  }

  /** Refuses one call: clients that can do without its answer go on. */
  fail({ transactionId }: Pick<Command, "transactionId">, description: string): void {
    if (transactionId === 0) return;
    const status = information("error", "NetConnection.Call.Failed", description);
    this.send(answer("_error", transactionId, null, status));
  }

  /** Calls the client: `onFCPublish` and the like. */
  notify(name: string, transactionId: number, code: string, about: Amf0Value): void {
    const description = typeof about === "string" ? about : "";
    const parameters = [{ code, description }];
    this.send(
      commandMessage(
        { name, transactionId, commandObject: null, parameters },
        { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
      ),
    );
  }
}
