import { AMF0_MARKER } from "../amf0/marker.ts";
import { type Amf0Value, isAmf0Array, membersOf, XmlDocument } from "../amf0/value.ts";
import { AMF3_MARKER } from "../amf3/marker.ts";
import { type Bytes, toHex, utf8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Command } from "../rtmp/command.ts";
import { FILLER, type KeptPath, type Masked, masked, maskedBytes, maskedWhole } from "./masked.ts";

/** Texts of this length and more are found wherever they are, also within others. */
const LONG = 8;
/** Shorter ones, down to this, only where they stand by themselves in what a server says. */
const SHORT = 4;

/** What a search may take for each byte it looks through, and for a whole message besides. */
const STEPS_PER_BYTE = 32;
const STEPS = 4096;

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
  /** What is known already, in hexadecimal. */
  readonly #known = { texts: new Set<string>(), parts: new Set<string>() };
  /** Whole texts and what stands for them, by length. */
  readonly #texts = new Map<number, Masked[]>();
  /** Parts of them, by their first byte. */
  readonly #parts = new Map<number, Bytes[]>();

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
   * Takes what is known out of a message's payload, in place. Where somebody made a payload so that
   * looking through it takes long, it loses every letter and digit instead.
   *
   * @param sender a server's texts are for people: there, short names are looked for too
   */
  removeFrom(payload: Bytes, sender: "client" | "server"): void {
    if (this.#known.texts.size === 0) return;
    const search = new Search(STEPS + STEPS_PER_BYTE * payload.length);
    this.#removeTexts(payload, search);
    this.#removeParts(payload, sender === "client" ? LONG : SHORT, search);
    if (search.isTooLong) maskWords(payload);
  }

  #removeTexts(payload: Bytes, search: Search): void {
    for (let at = 0; at < payload.length && !search.isTooLong; at += 1) {
      switch (payload[at]) {
        case AMF0_MARKER.string:
          this.#removeText(payload, at + 3, uint(payload, at + 1, 2), search);
          break;
        case AMF0_MARKER.longString: // and AMF3's byte array
          this.#removeText(payload, at + 5, uint(payload, at + 1, 4), search);
          this.#removeAmf3Text(payload, at + 1, search);
          break;
        case AMF0_MARKER.xmlDocument:
          this.#removeText(payload, at + 5, uint(payload, at + 1, 4), search);
          break;
        case AMF3_MARKER.string:
        case AMF3_MARKER.xmlDocument:
        case AMF3_MARKER.xml:
          this.#removeAmf3Text(payload, at + 1, search);
          break;
      }
    }
  }

  /** U29 (AMF3 §1.3.1): length << 1 | 1 in one or two bytes, or three; then the text. */
  #removeAmf3Text(payload: Bytes, start: number, search: Search): void {
    let value = 0;
    for (let at = start; at < start + 3; at += 1) {
      const byte = payload[at] ?? 0;
      value = (value << 7) | (byte & 0x7f);
      if (byte >= 0x80) continue;
      this.#removeText(payload, at + 1, value >> 1, search);
      return;
    }
  }

  #removeText(payload: Bytes, start: number, length: number, search: Search): void {
    for (const { original, masked: replacement } of this.#texts.get(length) ?? []) {
      if (!search.finds(original, payload, start)) continue;
      payload.set(replacement, start);
      return;
    }
  }

  #removeParts(payload: Bytes, shortest: number, search: Search): void {
    const said = new Uint8Array(payload); // what is taken out may have been the end of another
    for (let at = 0; at < said.length && !search.isTooLong; at += 1) {
      for (const part of this.#parts.get(said[at] ?? 0) ?? []) {
        if (part.length < shortest || !search.finds(part, said, at)) continue;
        const end = at + part.length;
        const standsAlone = !isWord(said[at - 1]) && !isWord(said[end]);
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
    if (typeof value === "string") this.#keep(mask(value));
    else if (value instanceof XmlDocument) this.#keep(mask(value.text));
    else if (value instanceof Uint8Array) this.#keep(maskedBytes(value));
    if (depth > LIMITS.amfDepth) return; // an object may hold itself
    const members = isAmf0Array(value) ? value : Object.values(membersOf(value) ?? {});
    for (const member of members) this.#learnAll(member, mask, depth + 1);
  }

  #keep(text: Masked): void {
    if (text.secrets.length === 0) return;
    if (this.#isNew(this.#known.texts, text.original)) add(this.#texts, text.original.length, text);
    for (const secret of text.secrets) {
      for (const form of [secret, decoded(secret)]) {
        if (form.length > 0 && this.#isNew(this.#known.parts, form))
          add(this.#parts, form[0] ?? 0, form);
      }
    }
  }

  /** @throws ProtocolError `CAPTURE_SECRETS` where there are too many */
  #isNew(known: Set<string>, bytes: Bytes): boolean {
    const before = known.size;
    known.add(toHex(bytes));
    if (known.size <= LIMITS.captureSecrets) return known.size > before;
    const message = `Cannot look for more than ${LIMITS.captureSecrets} secrets`;
    throw new ProtocolError("limit", "CAPTURE_SECRETS", message, { scope: "connection" });
  }
}

/** Looks for many things in many places, but not for ever: each byte that is compared is a step. */
class Search {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get isTooLong(): boolean {
    return this.#left < 0;
  }

  /** Whether bytes lie at a place in others; no, where the search took too long. */
  finds(wanted: Bytes, bytes: Bytes, at: number): boolean {
    if (this.#left < 0 || at + wanted.length > bytes.length) return false;
    let same = 0;
    while (same < wanted.length && wanted[same] === bytes[at + same]) same += 1;
    this.#left -= 1 + same;
    return same === wanted.length;
  }
}

function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Big-endian; what is behind the end counts as zeros. */
function uint(bytes: Bytes, at: number, length: number): number {
  let value = 0;
  for (let index = 0; index < length; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

/** A percent-encoded text as others may repeat it. */
function decoded(secret: Bytes): Bytes {
  try {
    return utf8(decodeURIComponent(new TextDecoder().decode(secret)));
  } catch {
    return secret;
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
