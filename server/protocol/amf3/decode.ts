import {
  type Amf0Value,
  EcmaArray,
  newAmf0Object,
  TypedObject,
  XmlDocument,
} from "../amf0/value.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { AMF3_MARKER } from "./marker.ts";

/** How much of LIMITS.amfDepth and LIMITS.amfValues the message around a value has used up. */
export type Amf3Budget = { readonly depth: number; readonly values: number };

/**
 * Reads one AMF3 value where the reader stands, with reference tables of its own. Arrays with named
 * members and dictionaries become `EcmaArray`, vectors arrays; a ByteArray is a view.
 *
 * @returns the value, and how many values the message has given now
 * @throws ProtocolError `TRUNCATED`, `AMF3_MARKER`, `AMF3_REFERENCE` (malformed),
 *   `AMF3_EXTERNALIZABLE` (unsupported: such a class defines its own bytes), `AMF_DEPTH`,
 *   `AMF_MEMBERS`, `AMF_STRING` (limit), in message scope
 * @see AMF3 §3
 */
export function decodeAmf3Value(
  reader: ByteReader,
  budget: Amf3Budget,
): { value: Amf0Value; values: number } {
  const decoder = newDecoder(reader, budget.values);
  const value = readValue(decoder, budget.depth);
  return { value, values: decoder.values };
}

/** Reads all AMF3 values of a message, up to its last byte; they share their reference tables. */
export function decodeAmf3(bytes: Bytes): Amf0Value[] {
  const decoder = newDecoder(new ByteReader(bytes), 0);
  const values: Amf0Value[] = [];
  while (decoder.reader.remaining > 0) values.push(readValue(decoder, 0));
  return values;
}

/** What reading keeps: the three reference tables of §2.2. */
type Decoder = {
  readonly reader: ByteReader;
  readonly strings: string[];
  readonly objects: Amf0Value[];
  readonly traits: Traits[];
  /** How many values the message has given so far. */
  values: number;
};

/** What the objects of a class have in common. */
type Traits = {
  readonly className: string;
  readonly isExternalizable: boolean;
  readonly isDynamic: boolean;
  readonly sealedNames: readonly string[];
};

const newDecoder = (reader: ByteReader, values: number): Decoder => ({
  reader,
  strings: [],
  objects: [],
  traits: [],
  values,
});

const text = new TextDecoder("utf-8", { ignoreBOM: true });

/** value-type (§3.1): marker u8 | what the marker says */
function readValue(decoder: Decoder, depth: number): Amf0Value {
  const { reader } = decoder;
  const offset = reader.offset;
  count(decoder, 1);
  if (depth > LIMITS.amfDepth) {
    throw tooMany("AMF_DEPTH", "levels of values", depth, LIMITS.amfDepth, offset);
  }
  const marker = reader.u8();
  switch (marker) {
    case AMF3_MARKER.undefined:
      return undefined;
    case AMF3_MARKER.null:
      return null;
    case AMF3_MARKER.false:
      return false;
    case AMF3_MARKER.true:
      return true;
    case AMF3_MARKER.integer:
      return (readU29(reader) << 3) >> 3;
    case AMF3_MARKER.double:
      return reader.f64();
    case AMF3_MARKER.string:
      return readString(decoder);
    case AMF3_MARKER.xmlDocument:
    case AMF3_MARKER.xml:
      return readComplex(decoder, (length) => new XmlDocument(readText(reader, length)));
    case AMF3_MARKER.date:
      return readComplex(decoder, () => new Date(reader.f64()));
    case AMF3_MARKER.byteArray:
      return readComplex(decoder, (length) => reader.take(length));
    case AMF3_MARKER.array:
      return readReferable(decoder, (length) => readArray(decoder, length, depth));
    case AMF3_MARKER.object:
      return readObject(decoder, depth);
    case AMF3_MARKER.vectorInt:
      return readNumbers(decoder, () => reader.i32());
    case AMF3_MARKER.vectorUint:
      return readNumbers(decoder, () => reader.u32());
    case AMF3_MARKER.vectorDouble:
      return readNumbers(decoder, () => reader.f64());
    case AMF3_MARKER.vectorObject:
      return readReferable(decoder, (length) => {
        reader.skip(1); // fixed length or not
        readString(decoder); // the members' class
        return readDense(decoder, remembered(decoder, []), length, depth);
      });
    case AMF3_MARKER.dictionary:
      return readReferable(decoder, (length) => readDictionary(decoder, length, depth));
    default: {
      const message = `Cannot read an AMF3 value with marker ${marker}`;
      throw new ProtocolError("malformed", "AMF3_MARKER", message, { offset });
    }
  }
}

/** U29 (§1.3.1): up to four bytes of 7 bits, most significant first; the fourth gives all 8. */
function readU29(reader: ByteReader): number {
  let value = 0;
  for (let index = 0; index < 3; index += 1) {
    const byte = reader.u8();
    value = (value << 7) | (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return (value << 8) | reader.u8();
}

/** UTF-8-vr (§1.3.2): U29 length << 1 | 1, UTF-8; or index << 1. The empty text has no index. */
function readString(decoder: Decoder): string {
  const { reader, strings } = decoder;
  const offset = reader.offset;
  const header = readU29(reader);
  if ((header & 1) === 0) return entryOf(strings, header >> 1, "string", offset);
  const value = readText(reader, header >> 1);
  if (value !== "") strings.push(value);
  return value;
}

/** Every complex type (§2.2): U29 length << 1 | 1, body; or index << 1 into the object table. */
function readReferable(decoder: Decoder, readBody: (length: number) => Amf0Value): Amf0Value {
  const offset = decoder.reader.offset;
  const header = readU29(decoder.reader);
  if ((header & 1) === 0) return entryOf(decoder.objects, header >> 1, "object", offset);
  return readBody(header >> 1);
}

/** The same for types that hold no other values. */
function readComplex(decoder: Decoder, readBody: (length: number) => Amf0Value): Amf0Value {
  return readReferable(decoder, (length) => remembered(decoder, readBody(length)));
}

/** Array (§3.11): (name, value)* up to an empty name | `length` values */
function readArray(decoder: Decoder, length: number, depth: number): Amf0Value {
  const firstName = readString(decoder);
  if (firstName === "") return readDense(decoder, remembered(decoder, []), length, depth);
  const entries = newAmf0Object();
  const array = remembered(decoder, new EcmaArray(entries));
  readNamed(decoder, entries, firstName, depth);
  checkMembers(decoder, length);
  for (let index = 0; index < length; index += 1) entries[index] = readValue(decoder, depth + 1);
  return array;
}

function readDense(
  decoder: Decoder,
  array: Amf0Value[],
  length: number,
  depth: number,
): Amf0Value[] {
  checkMembers(decoder, length);
  for (let index = 0; index < length; index += 1) array.push(readValue(decoder, depth + 1));
  return array;
}

/** (value, name)* up to an empty name, the first name having been read */
function readNamed(
  decoder: Decoder,
  members: { [name: string]: Amf0Value },
  firstName: string,
  depth: number,
): void {
  let named = 0;
  for (let name = firstName; name !== ""; name = readString(decoder)) {
    named += 1;
    checkMembers(decoder, named);
    members[name] = readValue(decoder, depth + 1);
  }
}

/**
 * Object (§3.12), by the low bits of its U29:
 *
 *     index u28 | 0                                        object reference
 *     index u27 | 01                                       new object, traits reference
 *     sealed count u25 | dynamic u1 | 011, class, names    new object, new traits
 *     u26 | 111, class                                     new object that writes itself
 */
function readObject(decoder: Decoder, depth: number): Amf0Value {
  const offset = decoder.reader.offset;
  const header = readU29(decoder.reader);
  if ((header & 1) === 0) return entryOf(decoder.objects, header >> 1, "object", offset);
  const traits =
    (header & 2) === 0
      ? entryOf(decoder.traits, header >> 2, "traits", offset)
      : readTraits(decoder, header);
  if (traits.isExternalizable) return readExternalizable(decoder, traits, depth, offset);
  const members = newAmf0Object();
  const object = remembered(
    decoder,
    traits.className === "" ? members : new TypedObject(traits.className, members),
  );
  for (const name of traits.sealedNames) members[name] = readValue(decoder, depth + 1);
  if (traits.isDynamic) readNamed(decoder, members, readString(decoder), depth);
  return object;
}

function readTraits(decoder: Decoder, header: number): Traits {
  const isExternalizable = (header & 4) !== 0;
  const sealedCount = isExternalizable ? 0 : header >> 4;
  const className = readString(decoder);
  checkMembers(decoder, sealedCount);
  const sealedNames: string[] = [];
  for (let index = 0; index < sealedCount; index += 1) sealedNames.push(readString(decoder));
  const isDynamic = !isExternalizable && (header & 8) !== 0;
  const traits = { className, isExternalizable, isDynamic, sealedNames };
  decoder.traits.push(traits);
  return traits;
}

/** Of the classes that write themselves, those of Flex that hold one value and nothing more. */
const WRAPPERS: readonly string[] = [
  "flex.messaging.io.ArrayCollection",
  "flex.messaging.io.ArrayList",
  "flex.messaging.io.ObjectProxy",
];

function readExternalizable(
  decoder: Decoder,
  { className }: Traits,
  depth: number,
  offset: number,
): Amf0Value {
  if (!WRAPPERS.includes(className)) {
    const message = `Cannot read an object of class ${className}: its bytes are its own`;
    throw new ProtocolError("unsupported", "AMF3_EXTERNALIZABLE", message, { offset });
  }
  const index = decoder.objects.push(undefined) - 1;
  const value = readValue(decoder, depth + 1);
  decoder.objects[index] = value;
  return value;
}

/** Vector of numbers: fixed u8 | `length` numbers */
function readNumbers(decoder: Decoder, readNumber: () => number): Amf0Value {
  return readComplex(decoder, (length) => {
    decoder.reader.skip(1);
    checkMembers(decoder, length);
    count(decoder, length);
    return Array.from({ length }, readNumber);
  });
}

/** Dictionary: weak u8 | `length` times a key (any value) and a value */
function readDictionary(decoder: Decoder, length: number, depth: number): Amf0Value {
  decoder.reader.skip(1);
  checkMembers(decoder, length);
  const entries = newAmf0Object();
  const dictionary = remembered(decoder, new EcmaArray(entries));
  for (let index = 0; index < length; index += 1) {
    const key = readValue(decoder, depth + 1);
    const name = typeof key === "object" && key !== null ? `[${index}]` : String(key);
    entries[name] = readValue(decoder, depth + 1);
  }
  return dictionary;
}

function remembered<T extends Amf0Value>(decoder: Decoder, value: T): T {
  decoder.objects.push(value);
  return value;
}

function entryOf<T>(table: readonly T[], index: number, what: string, offset: number): T {
  if (index >= table.length) {
    const message = `Cannot follow AMF3 ${what} reference ${index}: ${table.length} are known`;
    throw new ProtocolError("malformed", "AMF3_REFERENCE", message, { offset });
  }
  return table[index] as T;
}

function readText(reader: ByteReader, length: number): string {
  if (length > LIMITS.amfString) {
    throw tooMany("AMF_STRING", "bytes of text", length, LIMITS.amfString, reader.offset);
  }
  return text.decode(reader.take(length));
}

function count(decoder: Decoder, values: number): void {
  decoder.values += values;
  if (decoder.values <= LIMITS.amfValues) return;
  const { offset } = decoder.reader;
  throw tooMany("AMF_MEMBERS", "values in a message", decoder.values, LIMITS.amfValues, offset);
}

function checkMembers(decoder: Decoder, members: number): void {
  if (members <= LIMITS.amfMembers) return;
  throw tooMany("AMF_MEMBERS", "members", members, LIMITS.amfMembers, decoder.reader.offset);
}

function tooMany(code: string, what: string, found: number, limit: number, offset: number): Error {
  const message = `Cannot take ${found} ${what}: the limit is ${limit}`;
  return new ProtocolError("limit", code, message, { offset });
}
