import type { Bytes } from "../protocol/bytes/bytes.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { DataValue, Milliseconds } from "../protocol/media/sample.ts";
import type { SpliceMessage } from "../protocol/scte35/cue-message.ts";
import type { SpliceMark } from "../protocol/scte35/splice-mark.ts";
import type { DateRange } from "./date-range.ts";
import {
  type Attribute,
  CUE_POINT_CLASS,
  cuePointAttributes,
  hexSequence,
  quoted,
  SPLICE_CLASS,
  seconds,
} from "./date-range-attributes.ts";

/** When something happens: on the live stream's timeline, and by the clock of the playlists. */
export type Moment = { readonly at: Milliseconds; readonly date: Milliseconds };

type Kept = {
  readonly range: DateRange;
  readonly bytes: number;
  /** By the clock, as far as it is known. What is said of it later moves it. */
  end: Milliseconds;
};

/** An out, and whether its in has followed. */
type Pair = { readonly kept: Kept; readonly moment: Moment; readonly isComplete: boolean };

/** Data messages whose arguments are a cue point. */
const CUE_POINT = /^on(CuePoint|AdCue)$/i;

/**
 * What the encoder marked in a live stream, as EXT-X-DATERANGE tells it: cue points, and SCTE 35 by the
 * rules of RFC 8216bis §4.4.5.1.1. What was said is never changed: the return from an advertisement is
 * told by a second range with the same `id` and nothing that contradicts the first.
 *
 * Bounded in number and bytes; the oldest go first.
 */
export class DateRanges {
  #kept: Kept[] = [];
  #bytes = 0;
  /** By the event of their marks. */
  readonly #pairs = new Map<string, Pair>();
  #list: readonly DateRange[] | undefined;

  /**
   * Those that are still of interest, oldest first; the same list until there is another.
   *
   * @param oldest where the window begins by the clock; undefined while there is none
   */
  list(oldest: Milliseconds | undefined): readonly DateRange[] {
    if (oldest !== undefined) this.#trim(oldest);
    this.#list ??= this.#kept.map(({ range }) => range);
    return this.#list;
  }

  /**
   * Takes a data message, which may mark something or nothing.
   *
   * @param id unique for the message
   */
  take(id: string, name: string, values: readonly DataValue[], moment: Moment): void {
    if (!CUE_POINT.test(name)) return;
    const attributes = cuePointAttributes(values[0]);
    const length = attributes.find(([attribute]) => attribute === "DURATION")?.[1];
    const end = moment.date + Number(length ?? 0) * 1000;
    this.#add(
      rangeOf(`cue-${id}`, moment, [["CLASS", quoted(CUE_POINT_CLASS)], ...attributes]),
      end,
    );
  }

  /** Takes SCTE 35 in place of the cue point that carried it. */
  takeSplice(id: string, { section, marks }: SpliceMessage, moment: Moment): void {
    for (const [index, mark] of marks.entries()) {
      if (mark.kind === "cancel") this.#cancel(mark, moment);
      else if (mark.kind === "out") this.#out(id, section, mark, moment);
      else if (mark.kind === "in") this.#in(id, section, mark, moment);
      else this.#command(marks.length > 1 ? `${id}-${index + 1}` : id, section, mark, moment);
    }
  }

  /** Encoders repeat it until it happens, and some in between: that is said once. */
  #out(id: string, section: Bytes, mark: SpliceMark, moment: Moment): void {
    const event = mark.event ?? "";
    const known = this.#pairs.get(event);
    if (known !== undefined && !known.isComplete && known.kept.end > moment.date) return;
    const { duration } = mark;
    const attributes: Attribute[] = [["CLASS", quoted(SPLICE_CLASS)]];
    if (duration !== undefined) attributes.push(["PLANNED-DURATION", seconds(duration)]);
    attributes.push(["SCTE35-OUT", hexSequence(section)]);
    // Event numbers are used again, even on the same day: the message's own keeps them apart.
    const range = rangeOf(`splice-${event}-${id}`, moment, attributes);
    const kept = this.#add(range, moment.date + (duration ?? LIMITS.spliceOpen));
    this.#pairs.set(event, { kept, moment, isComplete: false });
  }

  #in(id: string, section: Bytes, mark: SpliceMark, moment: Moment): void {
    const event = mark.event ?? "";
    const known = this.#pairs.get(event);
    if (known?.isComplete === true) return;
    if (known === undefined) {
      // SCTE35-IN has to tell how long it was, and nobody knows.
      const kept = this.#command(id, section, mark, moment);
      if (kept !== undefined) this.#pairs.set(event, { kept, moment, isComplete: true });
      return;
    }
    const duration = Math.max(0, moment.at - known.moment.at);
    const end = known.moment.date + duration;
    known.kept.end = end;
    const attributes: Attribute[] = [
      ["CLASS", quoted(SPLICE_CLASS)],
      ["DURATION", seconds(duration)],
      ["SCTE35-IN", hexSequence(section)],
    ];
    this.#add(rangeOf(known.kept.range.id, known.moment, attributes), end);
    this.#pairs.set(event, { ...known, isComplete: true });
  }

  #command(id: string, section: Bytes, mark: SpliceMark, moment: Moment): Kept | undefined {
    const bytes = hexSequence(section);
    const said = ({ range }: Kept) =>
      moment.at - range.at < REPEATED && range.attributes.some(([, value]) => value === bytes);
    if (mark.event === undefined && this.#kept.some(said)) return undefined;
    const attributes: Attribute[] = [["CLASS", quoted(SPLICE_CLASS)]];
    if (mark.duration !== undefined) {
      attributes.push(["PLANNED-DURATION", seconds(mark.duration)]);
    }
    attributes.push(["SCTE35-CMD", bytes]);
    const name = mark.event === undefined ? `splice-${id}` : `splice-${mark.event}-${id}`;
    return this.#add(rangeOf(name, moment, attributes), moment.date + (mark.duration ?? 0));
  }

  /** What was announced and has not begun is no longer told. */
  #cancel({ event = "" }: SpliceMark, moment: Moment): void {
    for (const [key, pair] of this.#pairs) {
      if (key !== event && !key.startsWith(`${event}-`)) continue;
      this.#pairs.delete(key);
      if (pair.moment.at > moment.at) this.#remove((kept) => kept === pair.kept);
    }
  }

  #add(range: DateRange, end: Milliseconds): Kept {
    const bytes = range.attributes.reduce(
      (sum, [name, value]) => sum + name.length + value.length + 2,
      range.id.length + TAG_LENGTH,
    );
    const kept: Kept = { range, bytes, end };
    this.#kept.push(kept);
    this.#bytes += bytes;
    this.#list = undefined;
    while (this.#kept.length > LIMITS.dateRanges || this.#bytes > LIMITS.dateRangeBytes) {
      const [oldest] = this.#kept;
      if (oldest === undefined || oldest === kept) break;
      this.#remove((other) => other === oldest);
    }
    return kept;
  }

  #trim(oldest: Milliseconds): void {
    this.#remove(({ end }) => end < oldest);
  }

  #remove(isGone: (kept: Kept) => boolean): void {
    if (!this.#kept.some(isGone)) return;
    this.#list = undefined;
    const gone = this.#kept.filter(isGone);
    this.#kept = this.#kept.filter((kept) => !isGone(kept));
    for (const kept of gone) this.#bytes -= kept.bytes;
    for (const [event, { kept }] of this.#pairs) {
      if (gone.includes(kept)) this.#pairs.delete(event);
    }
  }
}

/** `#EXT-X-DATERANGE:ID="",START-DATE="2026-05-01T10:00:00.000Z"`. */
const TAG_LENGTH = 60;

/** The same command again within so many ms is the same one. */
const REPEATED: Milliseconds = 10_000;

const rangeOf = (
  id: string,
  { at, date }: Moment,
  attributes: readonly Attribute[],
): DateRange => ({
  id,
  at,
  startDate: date,
  attributes,
});
