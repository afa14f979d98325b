import type { DateRange } from "../../live/date-range.ts";
import { dateRangeText } from "../../protocol/hls/media-playlist.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** Date ranges as playlists list them at one moment. */
export type ListedDateRanges = {
  /** Lines, in order. */
  readonly all: readonly string[];
  /** Those of them that came lately: what a delta update has that skips the others. */
  readonly recent: readonly string[];
  /** Ids of those that went lately. */
  readonly removed: readonly string[];
};

type Listed = { readonly id: string; readonly since: Milliseconds };

/**
 * Which date ranges are listed: those of which a moment lies within the playlist, or behind it; and
 * for delta updates, since when (RFC 8216bis §6.2.5.1).
 */
export class DateRangeList {
  readonly #boundary: Milliseconds;
  /** Listed lines, when each came, and whose it is. */
  #listed = new Map<string, Listed>();
  #removed: { readonly id: string; readonly at: Milliseconds }[] = [];

  /** @param boundary delta updates leave out what was listed for longer than this */
  constructor(boundary: Milliseconds) {
    this.#boundary = boundary;
  }

  /**
   * @param ranges of the live stream, in order; several of one id where more was told later
   * @param from wall clock of the first sample listed
   */
  list(ranges: readonly DateRange[], from: Milliseconds, now: Milliseconds): ListedDateRanges {
    const listed = new Map<string, Listed>();
    const ids = new Set<string>();
    const ends = new Map<string, Milliseconds>();
    for (const range of ranges) ends.set(range.id, endOf(range)); // the last word holds
    for (const range of ranges) {
      if ((ends.get(range.id) ?? 0) < from) continue;
      const line = dateRangeText(range);
      const since = this.#listed.get(line)?.since ?? now;
      listed.set(line, { id: range.id, since });
      ids.add(range.id);
    }
    for (const { id } of this.#listed.values()) {
      const isNews = !ids.has(id) && !this.#removed.some((one) => one.id === id);
      if (isNews) this.#removed.push({ id, at: now });
    }
    this.#listed = listed;
    const isRecent = (at: Milliseconds): boolean => now - at <= this.#boundary;
    this.#removed = this.#removed.filter(({ id, at }) => isRecent(at) && !ids.has(id));
    return {
      all: [...listed.keys()],
      recent: [...listed].filter(([, { since }]) => isRecent(since)).map(([line]) => line),
      removed: this.#removed.map(({ id }) => id),
    };
  }
}

/** As far as it is told: an advertisement without a length goes on until its end is told. */
function endOf({ startDate, attributes }: DateRange): Milliseconds {
  const told = new Map(attributes);
  const endDate = told.get("END-DATE");
  if (endDate !== undefined) {
    const end = Date.parse(endDate.replaceAll('"', ""));
    if (!Number.isNaN(end)) return end;
  }
  const length = told.get("DURATION") ?? told.get("PLANNED-DURATION");
  if (length === undefined && told.has("SCTE35-OUT")) return Number.POSITIVE_INFINITY;
  const duration = Number(length ?? 0);
  return startDate + (Number.isNaN(duration) ? 0 : duration * 1000);
}
