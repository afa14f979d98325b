import { type Bytes, f64, join, type OwnBytes, u8, u16, u32, utf8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { AMF0_MARKER } from "./marker.ts";
import {
  type Amf0Object,
  type Amf0Value,
  EcmaArray,
  isAmf0Array,
  isAmf0Object,
  TypedObject,
  XmlDocument,
} from "./value.ts";

const OBJECT_END = Uint8Array.of(0, 0, AMF0_MARKER.objectEnd);

/**
 * Writes values one after the other: a command's or data message's body. References are not used;
 * bytes, which AMF0 does not know, are written as `unsupported`.
 *
 * @throws ProtocolError `AMF_DEPTH` (limit) for values nested too deep, or without end
 * @throws RangeError for a name of more than 65,535 bytes
 * @see AMF0 §2
 */
export function encodeAmf0(...values: readonly Amf0Value[]): OwnBytes {
  const pieces: Bytes[] = [];
  for (const value of values) writeValue(pieces, value, 0);
  return join(pieces);
}

function writeValue(pieces: Bytes[], value: Amf0Value, depth: number): void {
  if (depth > LIMITS.amfDepth) {
    const message = `Cannot write ${depth} levels of values: the limit is ${LIMITS.amfDepth}`;
    throw new ProtocolError("limit", "AMF_DEPTH", message);
  }
  if (value === null) pieces.push(u8(AMF0_MARKER.null));
  else if (value === undefined) pieces.push(u8(AMF0_MARKER.undefined));
  else if (typeof value === "number") pieces.push(u8(AMF0_MARKER.number), f64(value));
  else if (typeof value === "boolean") pieces.push(u8(AMF0_MARKER.boolean), u8(value ? 1 : 0));
  else if (typeof value === "string") writeString(pieces, value);
  else if (value instanceof Date) {
    pieces.push(u8(AMF0_MARKER.date), f64(value.getTime()), u16(0));
  } else if (isAmf0Array(value)) {
    pieces.push(u8(AMF0_MARKER.strictArray), u32(value.length));
    for (const member of value) writeValue(pieces, member, depth + 1);
  } else if (value instanceof EcmaArray) {
    pieces.push(u8(AMF0_MARKER.ecmaArray), u32(Object.keys(value.entries).length));
    writeMembers(pieces, value.entries, depth);
  } else if (value instanceof TypedObject) {
    pieces.push(u8(AMF0_MARKER.typedObject), ...shortString(value.className));
    writeMembers(pieces, value.members, depth);
  } else if (value instanceof XmlDocument) {
    const bytes = utf8(value.text);
    pieces.push(u8(AMF0_MARKER.xmlDocument), u32(bytes.length), bytes);
  } else if (isAmf0Object(value)) {
    pieces.push(u8(AMF0_MARKER.object));
    writeMembers(pieces, value, depth);
  } else pieces.push(u8(AMF0_MARKER.unsupported));
}

function writeString(pieces: Bytes[], value: string): void {
  const bytes = utf8(value);
  if (bytes.length > 0xffff) pieces.push(u8(AMF0_MARKER.longString), u32(bytes.length), bytes);
  else pieces.push(u8(AMF0_MARKER.string), u16(bytes.length), bytes);
}

function writeMembers(pieces: Bytes[], members: Amf0Object, depth: number): void {
  for (const [name, value] of Object.entries(members)) {
    pieces.push(...shortString(name));
    writeValue(pieces, value, depth + 1);
  }
  pieces.push(OBJECT_END);
}

function shortString(value: string): [OwnBytes, OwnBytes] {
  const bytes = utf8(value);
  if (bytes.length > 0xffff) {
    throw new RangeError(`Cannot write a name of ${bytes.length} bytes: AMF0 has 16 bits for it`);
  }
  return [u16(bytes.length), bytes];
}
