import type { Bytes } from "../bytes/bytes.ts";

/** An anonymous object: names and values, without a prototype, so that any name is harmless. */
export type Amf0Object = { readonly [name: string]: Amf0Value };

/**
 * Any value that AMF0 can carry, AMF3's (behind marker 0x11) included. Objects may refer to
 * themselves: whoever walks a value bounds the depth.
 *
 * `Bytes` come from AMF3 (ByteArray) only, and are a view of the message.
 */
export type Amf0Value =
  | null
  | undefined
  | boolean
  | number
  | string
  | Date
  | Bytes
  | readonly Amf0Value[]
  | Amf0Object
  | EcmaArray
  | TypedObject
  | XmlDocument
  | Unsupported;

/** An associative array (AMF0 §2.10): what encoders send `onMetaData` in. */
export class EcmaArray {
  readonly entries: Amf0Object;

  constructor(entries: Amf0Object) {
    this.entries = entries;
  }
}

/** An object of a class that has a name (AMF0 §2.18). */
export class TypedObject {
  readonly className: string;
  readonly members: Amf0Object;

  constructor(className: string, members: Amf0Object) {
    this.className = className;
    this.members = members;
  }
}

/** An XML document as text (AMF0 §2.17); never parsed. */
export class XmlDocument {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What the sender could not serialize (AMF0 §2.15). */
export class Unsupported {
  readonly type = "unsupported";
}

/** A new object to fill: it has no prototype, so `__proto__` is a name like any other. */
export const newAmf0Object = (): { [name: string]: Amf0Value } => Object.create(null);

/** Whether a value is an array (`Array.isArray` loses the type of readonly arrays). */
export const isAmf0Array = (value: Amf0Value): value is readonly Amf0Value[] =>
  Array.isArray(value);

/**
 * The named members of an anonymous object, an ECMA array or a typed object, whichever the peer
 * chose (clients send `connect`'s object as either); undefined for everything else.
 */
export function membersOf(value: Amf0Value): Amf0Object | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof EcmaArray) return value.entries;
  if (value instanceof TypedObject) return value.members;
  return isAmf0Object(value) ? value : undefined;
}

/** Whether a value is an anonymous object. */
export function isAmf0Object(value: Amf0Value): value is Amf0Object {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof EcmaArray) &&
    !(value instanceof TypedObject) &&
    !(value instanceof XmlDocument) &&
    !(value instanceof Unsupported)
  );
}
