import { decodeAmf3Value } from "../amf3/decode.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { AMF0_MARKER } from "./marker.ts";
import {
  type Amf0Object,
  type Amf0Value,
  EcmaArray,
  newAmf0Object,
  TypedObject,
  Unsupported,
  XmlDocument,
} from "./value.ts";

/**
 * Reads all AMF0 values of a message, up to its last byte.
 *
 * A missing object end marker at the very end of the message is forgiven (some senders cut
 * `onMetaData` there). Strings are copied out; a ByteArray (AMF3) is a view of `bytes`.
 *
 * @throws ProtocolError `TRUNCATED`, `AMF0_MARKER`, `AMF0_REFERENCE`, `AMF3_…` (malformed) or
 *   `AMF_DEPTH`, `AMF_MEMBERS`, `AMF_STRING` (limit), in message scope
 * @see AMF0 §2; LIMITS.amf…
 */
export function decodeAmf0(bytes: Bytes): Amf0Value[] {
  const decoder: Decoder = { reader: new ByteReader(bytes), references: [], values: 0 };
  const values: Amf0Value[] = [];
  while (decoder.reader.remaining > 0) values.push(readValue(decoder, 0));
  return values;
}

/** What reading one message keeps. */
type Decoder = {
  readonly reader: ByteReader;
  /** Complex values in the order they began, as `reference` counts them (§2.9). */
  readonly references: Amf0Value[];
  /** How many values the message has given so far. */
  values: number;
};

const text = new TextDecoder("utf-8", { ignoreBOM: true });

/** value-type (§2.1): marker u8 | what the marker says */
function readValue(decoder: Decoder, depth: number): Amf0Value {
  const { reader } = decoder;
  const offset = reader.offset;
  decoder.values += 1;
  if (decoder.values > LIMITS.amfValues) {
    throw tooMany("AMF_MEMBERS", "values in a message", decoder.values, LIMITS.amfValues, offset);
  }
  if (depth > LIMITS.amfDepth) {
    throw tooMany("AMF_DEPTH", "levels of values", depth, LIMITS.amfDepth, offset);
  }
  const marker = reader.u8();
  switch (marker) {
    case AMF0_MARKER.number:
      return reader.f64();
    case AMF0_MARKER.boolean:
      return reader.u8() !== 0;
    case AMF0_MARKER.string:
      return readString(reader, reader.u16());
    case AMF0_MARKER.longString:
      return readString(reader, reader.u32());
    case AMF0_MARKER.null:
      return null;
    case AMF0_MARKER.undefined:
      return undefined;
    case AMF0_MARKER.object:
      return readMembers(decoder, depth, remembered(decoder, newAmf0Object()));
    case AMF0_MARKER.ecmaArray: {
      reader.skip(4); // A hint: OBS and librtmp write a count that is not that of the members.
      const entries = newAmf0Object();
      const array = remembered(decoder, new EcmaArray(entries));
      readMembers(decoder, depth, entries);
      return array;
    }
    case AMF0_MARKER.typedObject: {
      const className = readString(reader, reader.u16());
      const members = newAmf0Object();
      const object = remembered(decoder, new TypedObject(className, members));
      readMembers(decoder, depth, members);
      return object;
    }
    case AMF0_MARKER.strictArray:
      return readStrictArray(decoder, depth);
    case AMF0_MARKER.date: {
      const date = new Date(reader.f64());
      reader.skip(2); // time zone: reserved, not to be used (§2.13)
      return date;
    }
    case AMF0_MARKER.reference:
      return readReference(decoder, offset);
    case AMF0_MARKER.xmlDocument:
      return new XmlDocument(readString(reader, reader.u32()));
    case AMF0_MARKER.unsupported:
      return new Unsupported();
    case AMF0_MARKER.switchToAmf3:
      return readAmf3(decoder, depth);
    default: {
      const message = `Cannot read an AMF0 value with marker ${marker}`;
      throw new ProtocolError("malformed", "AMF0_MARKER", message, { offset });
    }
  }
}

/** object-property (§2.5), repeated: name u16 length, UTF-8 | value; up to 00 00 09 */
function readMembers(
  decoder: Decoder,
  depth: number,
  members: { [name: string]: Amf0Value },
): Amf0Object {
  const { reader } = decoder;
  for (let count = 0; !atEndOfMembers(reader); count += 1) {
    if (count >= LIMITS.amfMembers) {
      throw tooMany("AMF_MEMBERS", "members", count + 1, LIMITS.amfMembers, reader.offset);
    }
    const name = readString(reader, reader.u16());
    members[name] = readValue(decoder, depth + 1);
  }
  return members;
}

/** Whether the end marker is next (it is taken), or what the end of the message left of it. */
function atEndOfMembers(reader: ByteReader): boolean {
  const { bytes, offset } = reader;
  const length = Math.min(3, reader.remaining);
  for (let index = 0; index < length; index += 1) {
    if (bytes[offset + index] !== (index === 2 ? AMF0_MARKER.objectEnd : 0)) return false;
  }
  reader.skip(length);
  return true;
}

/** strict-array-type (§2.12): count u32 | values */
function readStrictArray(decoder: Decoder, depth: number): Amf0Value {
  const { reader } = decoder;
  const offset = reader.offset;
  const count = reader.u32();
  if (count > LIMITS.amfMembers) {
    throw tooMany("AMF_MEMBERS", "members", count, LIMITS.amfMembers, offset);
  }
  const array: Amf0Value[] = remembered(decoder, []);
  for (let index = 0; index < count; index += 1) array.push(readValue(decoder, depth + 1));
  return array;
}

/** reference-type (§2.9): index u16 into the complex values that began before it */
function readReference(decoder: Decoder, offset: number): Amf0Value {
  const index = decoder.reader.u16();
  if (index >= decoder.references.length) {
    const message = `Cannot follow AMF0 reference ${index}: ${decoder.references.length} are known`;
    throw new ProtocolError("malformed", "AMF0_REFERENCE", message, { offset });
  }
  return decoder.references[index];
}

/** avmplus-object-marker (AMF0 §3.1): one AMF3 value follows, with tables of its own */
function readAmf3(decoder: Decoder, depth: number): Amf0Value {
  const { value, values } = decodeAmf3Value(decoder.reader, { depth, values: decoder.values });
  decoder.values = values;
  return value;
}

function remembered<T extends Amf0Value>(decoder: Decoder, value: T): T {
  decoder.references.push(value);
  return value;
}

function readString(reader: ByteReader, length: number): string {
  if (length > LIMITS.amfString) {
    throw tooMany("AMF_STRING", "bytes of text", length, LIMITS.amfString, reader.offset);
  }
  return text.decode(reader.take(length));
}

function tooMany(code: string, what: string, count: number, limit: number, offset: number): Error {
  const message = `Cannot take ${count} ${what}: the limit is ${limit}`;
  return new ProtocolError("limit", code, message, { offset });
}
