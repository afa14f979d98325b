import { type Bytes, toHex } from "../protocol/bytes/bytes.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { DataValue, Milliseconds } from "../protocol/media/sample.ts";
import { membersOf, SPLICE_SCHEME } from "../protocol/scte35/cue-message.ts";

/** A name and its value as they stand in a playlist, quotes included. */
export type Attribute = readonly [name: string, value: string];

/** CLASS of what an encoder calls a cue point. */
export const CUE_POINT_CLASS = "sluice.cue-point";
/** CLASS of SCTE 35. */
export const SPLICE_CLASS: string = SPLICE_SCHEME;

/** Names of parameters are longer than this for no reason. */
const LONGEST_NAME = 64;

/** A quoted-string (RFC 8216bis §4.2): what must not be in one is replaced. */
export const quoted = (text: string): string =>
  `"${[...text.slice(0, LIMITS.dateRangeValue)].map(cleaned).join("")}"`;

function cleaned(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '"') return "'";
  const isLoneSurrogate = code >= 0xd800 && code <= 0xdfff;
  if (isLoneSurrogate) return "\ufffd";
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  return isControl || code === 0x2028 || code === 0x2029 ? " " : character;
}

/** A decimal-floating-point of seconds. */
export const seconds = (ms: Milliseconds): string => decimal(Math.round(ms * 1000) / 1_000_000);

/** A hexadecimal-sequence. */
export const hexSequence = (bytes: Bytes): string => `0x${toHex(bytes).toUpperCase()}`;

/** Digits without an exponent. */
const decimal = (value: number): string =>
  value
    .toFixed(6)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");

/**
 * What a cue point says of itself, as attributes of its date range: `DURATION` where it has one, its
 * name and type, and each parameter that is a plain value.
 *
 * @param value `{ name, type, duration, parameters }` of onCuePoint; of other messages, all members are
 *   parameters
 */
export function cuePointAttributes(value: DataValue | undefined): Attribute[] {
  const cue = membersOf(value) ?? {};
  const given = cue["parameters"];
  const parameters = membersOf(given) ?? {};
  const { name, type, time: _time, duration, parameters: _parameters, ...others } = cue;
  const length = duration ?? parameters["duration"];
  const attributes: Attribute[] = [];
  if (typeof length === "number" && length > 0 && length <= MOST_SECONDS) {
    attributes.push(["DURATION", seconds(length * 1000)]);
  }
  if (typeof name === "string") attributes.push(["X-CUE-NAME", quoted(name)]);
  if (typeof type === "string") attributes.push(["X-CUE-TYPE", quoted(type)]);
  const taken = new Set<string>();
  for (const [key, parameter] of [...Object.entries(parameters), ...Object.entries(others)]) {
    if (attributes.length >= LIMITS.dateRangeAttributes) break;
    const attribute = `X-PARAM-${attributeName(key)}`;
    const text = attributeValue(parameter);
    if (text === undefined || attribute === "X-PARAM-" || taken.has(attribute)) continue;
    taken.add(attribute);
    attributes.push([attribute, text]);
  }
  return attributes;
}

/** A year: nothing live is planned to last longer. */
const MOST_SECONDS = 31_536_000;

/** Within the alphabet of attribute names: `adId` becomes `AD-ID`, `break_duration` `BREAK-DURATION`. */
function attributeName(name: string): string {
  return name
    .slice(0, LONGEST_NAME)
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** Lists and objects have no form here: the event itself carries them. */
function attributeValue(value: DataValue): string | undefined {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return quoted(String(value));
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return undefined;
    return value >= 0 && value < 1e15 ? decimal(value) : quoted(String(value));
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : quoted(value.toISOString());
  }
  if (value instanceof Uint8Array) {
    return value.length > 0 && value.length <= LIMITS.dateRangeValue / 2
      ? hexSequence(value)
      : undefined;
  }
  return undefined;
}
