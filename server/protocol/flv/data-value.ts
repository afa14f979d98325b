import {
  type Amf0Object,
  type Amf0Value,
  isAmf0Array,
  membersOf,
  XmlDocument,
} from "../amf0/value.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { DataValue } from "../media/sample.ts";

/**
 * What an AMF value means, without AMF's types: objects of all kinds become plain (without a
 * prototype), XML its text, and what is undefined, unsupported or part of itself becomes null.
 *
 * @throws ProtocolError `AMF_MEMBERS` (limit) when references make a small message large
 */
export function toDataValue(value: Amf0Value): DataValue {
  return convert(value, { ancestors: new Set(), values: 0 });
}

/** The same for all members of an object. */
export function toDataValues(members: Amf0Object): { [name: string]: DataValue } {
  return convertMembers(members, { ancestors: new Set(), values: 0 });
}

type Conversion = { readonly ancestors: Set<Amf0Value>; values: number };

function convert(value: Amf0Value, conversion: Conversion): DataValue {
  conversion.values += 1;
  if (conversion.values > LIMITS.amfValues) {
    const message = `Cannot take ${conversion.values} values: the limit is ${LIMITS.amfValues}`;
    throw new ProtocolError("limit", "AMF_MEMBERS", message);
  }
  if (value === undefined || value === null) return null;
  if (typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) {
    return value;
  }
  if (value instanceof XmlDocument) return value.text;
  if (conversion.ancestors.has(value)) return null;
  conversion.ancestors.add(value);
  const members = membersOf(value);
  let converted: DataValue = null;
  if (isAmf0Array(value)) converted = value.map((member) => convert(member, conversion));
  else if (members !== undefined) converted = convertMembers(members, conversion);
  conversion.ancestors.delete(value);
  return converted;
}

function convertMembers(
  members: Amf0Object,
  conversion: Conversion,
): { [name: string]: DataValue } {
  const converted: { [name: string]: DataValue } = Object.create(null);
  for (const [name, member] of Object.entries(members)) {
    converted[name] = convert(member, conversion);
  }
  return converted;
}
