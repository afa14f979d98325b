import { toBase64 } from "../bytes/base64.ts";
import type { DataValue } from "../media/sample.ts";

/** What JSON has: `WireValue` of the wire. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Values as JSON has them: what it does not know becomes the nearest it does.
 *
 * @returns undefined where their JSON would be longer than about `longest` characters, found out
 *   before it is built: references make a small message large
 */
export function toJsonValues(
  values: readonly DataValue[],
  longest: number,
): JsonValue[] | undefined {
  const budget = { left: longest };
  const safe = values.map((value) => toJsonValue(value, budget));
  return budget.left < 0 ? undefined : safe;
}

function toJsonValue(value: DataValue, budget: { left: number }): JsonValue {
  budget.left -= 1;
  if (budget.left < 0 || value === null) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string") {
    budget.left -= value.length;
    return budget.left < 0 ? null : value;
  }
  if (value instanceof Date) {
    budget.left -= 24;
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (value instanceof Uint8Array) {
    budget.left -= Math.ceil(value.length / 3) * 4;
    if (budget.left < 0) return null;
    return { base64: toBase64(value) };
  }
  if (isList(value)) return value.map((member) => toJsonValue(member, budget));
  // Without a prototype, `__proto__` is a name like any other.
  const members: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, member] of Object.entries(value)) {
    budget.left -= name.length;
    members[name] = toJsonValue(member, budget);
  }
  return members;
}

/** `Array.isArray` loses the type of readonly arrays. */
const isList = (value: DataValue): value is readonly DataValue[] => Array.isArray(value);
