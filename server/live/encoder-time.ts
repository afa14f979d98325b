import type { DataValue, Milliseconds } from "../protocol/media/sample.ts";

/**
 * The wall clock that an encoder sends beside its media: `onFI` of Flash Media Live Encoder, Elemental,
 * Wirecast and those after them, a message with the system's date and time when the picture was taken.
 *
 *     { sd: "23-11-2026" (day, month, year), st: "14:05:09.123", tc: "14:05:09:03" (SMPTE, not used) }
 *
 * It does not say the time zone: of all quarters of an hour, that one is meant that is nearest to now.
 *
 * @param now ms since 1970 by the server's clock
 * @returns ms since 1970; undefined where it is another message, or none that can be read
 */
export function encoderTime(
  name: string,
  values: readonly DataValue[],
  now: Milliseconds,
): Milliseconds | undefined {
  if (name !== "onFI") return undefined;
  const value = values.find((one) => typeof one === "object" && one !== null) as
    | { readonly sd?: unknown; readonly st?: unknown }
    | undefined;
  const time = TIME.exec(typeof value?.st === "string" ? value.st : "");
  if (time === null) return undefined;
  const [, hours, minutes, seconds, fraction = "0"] = time;
  const ofDay =
    ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 +
    Number(`0.${fraction}`) * 1_000;
  const date = DATE.exec(typeof value?.sd === "string" ? value.sd : "");
  const day =
    date === null
      ? Math.floor(now / DAY) * DAY
      : Date.UTC(Number(date[3]), Number(date[2]) - 1, Number(date[1]));
  const told = day + ofDay;
  const zone = Math.round((told - now) / QUARTER) * QUARTER;
  return Math.abs(zone) <= FARTHEST_ZONE || date === null ? told - zone : undefined;
}

const TIME = /^([01]?\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:[.,](\d{1,9}))?$/;
const DATE = /^(\d{1,2})-(\d{1,2})-(\d{4})$/;
const QUARTER = 15 * 60_000;
const DAY = 24 * 60 * 60_000;
/** UTC+14 is the farthest; a clock that is days off says nothing of a delay. */
const FARTHEST_ZONE = 15 * 60 * 60_000;
