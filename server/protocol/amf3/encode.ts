import {
  type Amf0Object,
  type Amf0Value,
  EcmaArray,
  isAmf0Array,
  isAmf0Object,
  TypedObject,
  XmlDocument,
} from "../amf0/value.ts";
import { type Bytes, f64, join, type OwnBytes, u8, utf8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { AMF3_MARKER } from "./marker.ts";

/**
 * Writes values in AMF3, without references. Whole numbers of 29 bits are written as integers;
 * an associative array loses a member without a name, which AMF3 has no place for there.
 *
 * @throws ProtocolError `AMF_DEPTH` (limit) for values nested too deep, or without end
 * @see AMF3 §3
 */
export function encodeAmf3(...values: readonly Amf0Value[]): OwnBytes {
  const pieces: Bytes[] = [];
  for (const value of values) writeValue(pieces, value, 0);
  return join(pieces);
}

function writeValue(pieces: Bytes[], value: Amf0Value, depth: number): void {
  if (depth > LIMITS.amfDepth) {
    const message = `Cannot write ${depth} levels of values: the limit is ${LIMITS.amfDepth}`;
    throw new ProtocolError("limit", "AMF_DEPTH", message);
  }
  if (value === null) pieces.push(u8(AMF3_MARKER.null));
  else if (typeof value === "number") writeNumber(pieces, value);
  else if (typeof value === "boolean") {
    pieces.push(u8(value ? AMF3_MARKER.true : AMF3_MARKER.false));
  } else if (typeof value === "string") pieces.push(u8(AMF3_MARKER.string), ...inline(utf8(value)));
  else if (value instanceof Date) {
    pieces.push(u8(AMF3_MARKER.date), u29(1), f64(value.getTime()));
  } else if (value instanceof Uint8Array) {
    pieces.push(u8(AMF3_MARKER.byteArray), ...inline(value));
  } else if (isAmf0Array(value)) {
    pieces.push(u8(AMF3_MARKER.array), u29((value.length << 1) | 1), EMPTY_NAME);
    for (const member of value) writeValue(pieces, member, depth + 1);
  } else if (value instanceof EcmaArray) {
    pieces.push(u8(AMF3_MARKER.array), u29(1));
    writeNamed(pieces, value.entries, depth);
  } else if (value instanceof TypedObject) {
    writeObject(pieces, value.className, value.members, depth);
  } else if (value instanceof XmlDocument) {
    pieces.push(u8(AMF3_MARKER.xml), ...inline(utf8(value.text)));
  } else if (isAmf0Object(value)) writeObject(pieces, "", value, depth);
  else pieces.push(u8(AMF3_MARKER.undefined));
}

const EMPTY_NAME = u8(1);

function writeNumber(pieces: Bytes[], value: number): void {
  const isInteger = (value << 3) >> 3 === value && !Object.is(value, -0);
  if (isInteger) pieces.push(u8(AMF3_MARKER.integer), u29(value & 0x1fff_ffff));
  else pieces.push(u8(AMF3_MARKER.double), f64(value));
}

/** A dynamic object; only a member without a name is sealed, as an empty name ends the others. */
function writeObject(pieces: Bytes[], className: string, members: Amf0Object, depth: number): void {
  const unnamed = Object.hasOwn(members, "");
  pieces.push(u8(AMF3_MARKER.object), u29(unnamed ? 0b1_1011 : 0b0_1011));
  pieces.push(...inline(utf8(className)));
  if (unnamed) {
    pieces.push(EMPTY_NAME);
    writeValue(pieces, members[""], depth + 1);
  }
  writeNamed(pieces, members, depth);
}

function writeNamed(pieces: Bytes[], members: Amf0Object, depth: number): void {
  for (const [name, value] of Object.entries(members)) {
    if (name === "") continue;
    pieces.push(...inline(utf8(name)));
    writeValue(pieces, value, depth + 1);
  }
  pieces.push(EMPTY_NAME);
}

const inline = (bytes: Bytes): [Bytes, Bytes] => [u29((bytes.length << 1) | 1), bytes];

/** U29 (§1.3.1) of 0 to 2^29 - 1. */
function u29(value: number): OwnBytes {
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 0x4000) return Uint8Array.of((value >> 7) | 0x80, value & 0x7f);
  if (value < 0x20_0000) {
    return Uint8Array.of((value >> 14) | 0x80, ((value >> 7) & 0x7f) | 0x80, value & 0x7f);
  }
  return Uint8Array.of(
    (value >> 22) | 0x80,
    ((value >> 15) & 0x7f) | 0x80,
    ((value >> 8) & 0x7f) | 0x80,
    value,
  );
}
