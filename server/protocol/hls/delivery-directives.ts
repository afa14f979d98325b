import type { Milliseconds } from "../media/sample.ts";

/**
 * What a request for a media playlist asks for beside the playlist (RFC 8216bis §6.2.5): `_HLS_msn`,
 * `_HLS_part` and `_HLS_skip`.
 */
export type DeliveryDirectives = {
  /** The playlist is to have this segment, complete, or a part of it … */
  readonly msn: number | undefined;
  /** … namely this one. */
  readonly part: number | undefined;
  /** A delta update: without older segments, or (`v2`) without older date ranges, too. */
  readonly skip: "YES" | "v2" | undefined;
};

/** How far a media playlist has come. */
export type PlaylistEdge = {
  /** Its last complete segment; the one before its first where there is none yet. */
  readonly lastMsn: number;
  /** How many parts that one has; undefined where it is a gap, or nothing yet. */
  readonly partsOfLast: number | undefined;
  /** How many parts there are behind it, of the segment that is being made. */
  readonly openParts: number;
  /** Whether there are any at all. */
  readonly hasParts: boolean;
};

/** Larger numbers are nonsense: a thousand years of segments. */
const NUMBER = /^\d{1,15}$/;

/**
 * Reads the directives of a query; what else is in it is others' (tokens, directives yet to come).
 *
 * @param target of the request: path and query
 * @returns undefined where they make no sense: a part of no segment, no number where one has to be
 */
export function readDeliveryDirectives(target: string): DeliveryDirectives | undefined {
  const queryStart = target.indexOf("?");
  const query = queryStart === -1 ? "" : target.slice(queryStart + 1);
  let msn: number | undefined;
  let part: number | undefined;
  let skip: DeliveryDirectives["skip"];
  for (const parameter of query.split("&")) {
    if (!parameter.startsWith("_HLS_")) continue;
    const equals = parameter.indexOf("=");
    const name = equals === -1 ? parameter : parameter.slice(0, equals);
    const value = equals === -1 ? "" : parameter.slice(equals + 1);
    if (name === "_HLS_skip" && (value === "YES" || value === "v2")) skip = value;
    if (name !== "_HLS_msn" && name !== "_HLS_part") continue;
    const known = name === "_HLS_msn" ? msn : part;
    if (known !== undefined || !NUMBER.test(value)) return undefined;
    if (name === "_HLS_msn") msn = Number(value);
    else part = Number(value);
  }
  if (part !== undefined && msn === undefined) return undefined;
  return { msn, part, skip };
}

/**
 * Whether a playlist that has come so far has what is asked for (§6.2.5.2): "due", it is to be sent;
 * "early", it is to be waited for; "far", it is nothing that anybody who read the playlist would ask.
 *
 * @param partTarget the longest a part may be; undefined: there are no parts
 */
export function judge(
  { msn, part }: DeliveryDirectives,
  edge: PlaylistEdge,
  partTarget: Milliseconds | undefined,
): "due" | "early" | "far" {
  if (msn === undefined || msn < edge.lastMsn) return "due";
  if (msn > edge.lastMsn + 2) return "far";
  if (part === undefined || !edge.hasParts) return msn <= edge.lastMsn ? "due" : "early";
  // Beyond the last part of a finished segment it is the first of the next one that is meant. A gap
  // has no parts, and none will come: that it is there is what is to be told.
  const isNext = msn === edge.lastMsn && part >= (edge.partsOfLast ?? Number.POSITIVE_INFINITY);
  if (msn === edge.lastMsn && !isNext) return "due";
  const wanted = isNext ? 0 : part;
  const isOpen = isNext || msn === edge.lastMsn + 1;
  const parts = isOpen ? edge.openParts : 0;
  if (wanted < parts) return "due";
  const last = parts - 1;
  return wanted > last + advancePartLimit(partTarget) ? "far" : "early";
}

/** How many parts ahead of the last one may be asked for: three seconds of them, or three. */
const advancePartLimit = (partTarget: Milliseconds | undefined): number =>
  partTarget !== undefined && partTarget < 1000 ? 3000 / partTarget : 3;
