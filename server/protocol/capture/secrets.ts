import { AMF0_MARKER } from "../amf0/marker.ts";
import { type Amf0Value, isAmf0Array, membersOf } from "../amf0/value.ts";
import { AMF3_MARKER } from "../amf3/marker.ts";
import { type Bytes, concat, equal, type OwnBytes, toHex, u8, u16, utf8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Command } from "../rtmp/command.ts";
import { FILLER, type KeptPath, type Masked, masked, maskedWhole } from "./masked.ts";

/** Texts of this length and more are found wherever they are, also within others. */
const LONG = 8;
/** Shorter ones, down to this, only where they stand by themselves in what a server says. */
const SHORT = 4;

const FILLER_BYTE = utf8(FILLER)[0] ?? 0;

/** Texts of `connect` that say something of the client and nothing of its user. */
const HARMLESS = new Set([
  ...["flashVer", "type", "fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap"],
]);
const APPLICATION = new Set(["app", "tcUrl", "tcurl"]);
const URLS = new Set(["swfUrl", "pageUrl"]);

/** Commands whose texts are names of streams. */
export const NAMING_COMMANDS: ReadonlySet<string> = new Set([
  ...["publish", "releaseStream", "FCPublish", "FCUnpublish", "FCSubscribe", "FCUnsubscribe"],
  ...["play", "play2", "getStreamLength", "deleteStream", "closeStream", "startPlay"],
]);
const ANSWERS = new Set(["_result", "_error", "onStatus"]);
/** Second parameter of publish; stays what it is. */
const PUBLISH_TYPES = new Set(["live", "record", "append"]);

/**
 * What must not be told of one connection: keys, and the names of streams where these are as good
 * as keys. It learns them from what a client says, and takes them out of the bytes of messages.
 */
export class Secrets {
  readonly #keepNames: boolean;
  /** Whole texts and what stands for them. */
  readonly #texts = new Map<string, Masked>();
  readonly #parts = new Map<string, Bytes>();

  /** @param keepNames names without their query are public (they are with us) */
  constructor({ keepNames }: { keepNames: boolean }) {
    this.#keepNames = keepNames;
  }

  /**
   * Learns from a client's command. Of one that is not known here, every text is a secret.
   *
   * @throws ProtocolError `CAPTURE_SECRETS` (limit) in connection scope
   */
  learn({ name, commandObject, parameters }: Command): void {
    if (ANSWERS.has(name)) return;
    if (name === "connect") {
      for (const [member, value] of Object.entries(membersOf(commandObject) ?? {})) {
        this.#learnOfConnect(member, value);
      }
      for (const parameter of parameters) this.#learnAll(parameter, maskedWhole, 0);
      return;
    }
    const mask = (text: string): Masked =>
      NAMING_COMMANDS.has(name)
        ? masked(text, this.#keepNames ? "all" : "none")
        : maskedWhole(text);
    for (const [index, parameter] of parameters.entries()) {
      const isType = name === "publish" && index > 0 && PUBLISH_TYPES.has(String(parameter));
      if (!isType) this.#learnAll(parameter, mask, 0);
    }
    this.#learnAll(commandObject, mask, 0);
  }

  /**
   * Takes what is known out of a message's payload, in place.
   *
   * @param sender a server's texts are for people: there, short names are looked for too
   */
  removeFrom(payload: Bytes, sender: "client" | "server"): void {
    for (const { original, masked: replacement } of this.#texts.values()) {
      for (const prefix of prefixes(original.length)) {
        const [from, to] = [concat(prefix, original), concat(prefix, replacement)];
        for (const at of places(payload, from)) payload.set(to, at);
      }
    }
    for (const part of this.#parts.values()) {
      if (part.length < (sender === "client" ? LONG : SHORT)) continue;
      for (const at of places(payload, part)) {
        const end = at + part.length;
        const standsAlone = !isWord(payload[at - 1]) && !isWord(payload[end]);
        if (part.length >= LONG || standsAlone) payload.fill(FILLER_BYTE, at, end);
      }
    }
  }

  #learnOfConnect(member: string, value: Amf0Value): void {
    if (HARMLESS.has(member)) return;
    const application: KeptPath = this.#keepNames ? "all" : "first";
    if (APPLICATION.has(member)) this.#learnAll(value, (text) => masked(text, application), 0);
    else if (URLS.has(member)) this.#learnAll(value, (text) => masked(text, "all"), 0);
    else this.#learnAll(value, maskedWhole, 0);
  }

  #learnAll(value: Amf0Value, mask: (text: string) => Masked, depth: number): void {
    if (typeof value === "string") {
      this.#keep(mask(value));
      return;
    }
    if (depth > LIMITS.amfDepth) return; // an object may hold itself
    const members = isAmf0Array(value) ? value : Object.values(membersOf(value) ?? {});
    for (const member of members) this.#learnAll(member, mask, depth + 1);
  }

  #keep(text: Masked): void {
    if (text.secrets.length === 0) return;
    this.#texts.set(toHex(text.original), text);
    for (const secret of text.secrets) {
      for (const form of [secret, decoded(secret)]) this.#parts.set(toHex(form), form);
    }
    if (this.#parts.size <= LIMITS.captureSecrets) return;
    const message = `Cannot look for ${this.#parts.size} secrets: the limit is ${LIMITS.captureSecrets}`;
    throw new ProtocolError("limit", "CAPTURE_SECRETS", message, { scope: "connection" });
  }
}

/** What stands before a text: in AMF0 marker and u16 (§2.4), in AMF3 marker and U29S (§3.8). */
function prefixes(length: number): OwnBytes[] {
  const u29 = length * 2 + 1;
  const amf3 = u29 < 0x80 ? [u29] : [(u29 >> 7) | 0x80, u29 & 0x7f];
  const amf0 = concat(u8(AMF0_MARKER.string), u16(length));
  return u29 < 0x4000 ? [amf0, Uint8Array.of(AMF3_MARKER.string, ...amf3)] : [amf0];
}

/** A percent-encoded text as others may repeat it. */
function decoded(secret: Bytes): Bytes {
  try {
    return utf8(decodeURIComponent(new TextDecoder().decode(secret)));
  } catch {
    return secret;
  }
}

/** Where a text lies in bytes, from the front on. */
function* places(bytes: Bytes, text: Bytes): Generator<number> {
  const [first = 0] = text;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (equal(bytes.subarray(at, at + text.length), text)) yield at;
  }
}

/** Letters and digits. */
const isWord = (byte = 0): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte >= 0x80;

/** Letters and digits of what cannot be read as AMF, so that nothing in it is told. */
export function maskWords(payload: Bytes): void {
  for (let at = 0; at < payload.length; at += 1) {
    if (isWord(payload[at])) payload[at] = FILLER_BYTE;
  }
}
