import type { History, Moment } from "./history.ts";
import type { MediaFacts } from "./media-bytes.ts";
import { edgeOf, type ListedSegment, type MediaPlaylist, secondsOf } from "./media-playlist.ts";
import type { Kind } from "./media-rules.ts";
import { nameOf } from "./origin.ts";
import type { Say } from "./report.ts";

/** What the others need to know of one rendition. */
export type Member = { readonly url: string; readonly kind: Kind; readonly history: History };

/** A place on the way of a rendition: `part` -1 is before the segment's first. */
type Place = { readonly msn: number; readonly part: number };

const isBefore = (a: Place, b: Place): boolean =>
  a.msn < b.msn || (a.msn === b.msn && a.part < b.part);

/** ms; dates are rounded to them, on both sides. */
const CLOCK_TOLERANCE = 2;

/** Compares the renditions of one presentation. */
export class Renditions {
  readonly members: Member[] = [];
  readonly #say: Say;
  readonly #slack: number;
  readonly #mayPause: boolean;
  readonly #heads = new Map<string, { url: string; head: string }>();
  readonly #dates = new Map<number, { url: string; date: number; number: number }>();
  /** Where each rendition's playlist ended, and in which run. */
  readonly #edges = new Map<string, { date: number; number: number }>();
  /** What was reported of a rendition before it was seen there. */
  #pending: { url: string; place: Place; at: number; by: string }[] = [];
  /** Date less media time, ms, by run: by decode time and by presentation time. */
  readonly #clocks = new Map<number, { url: string; decode: number; presentation: number }[]>();
  #partTarget = 0;

  /** @param mayPause behind a pause much comes at once, and seldom in order */
  constructor(say: Say, slack: number, mayPause: boolean) {
    this.#say = say;
    this.#mayPause = mayPause;
    this.#slack = slack;
  }

  take(member: Member, playlist: MediaPlaylist, moment: Moment): void {
    this.#partTarget = Math.max(this.#partTarget, playlist.partTarget ?? 0);
    this.#compareHeads(member, playlist);
    this.#compareDates(member, playlist);
    this.#compareEdges(member, playlist);
    this.#compareReports(member, playlist, moment);
  }

  /** A segment's bytes were read: where its media lies. */
  place({ url }: Member, { discontinuityNumber, date }: ListedSegment, facts: MediaFacts): void {
    if (date === undefined) return;
    const clocks = this.#clocks.get(discontinuityNumber) ?? [];
    clocks.push({
      decode: date - facts.decodeStart * 1000,
      presentation: date - facts.presentationStart * 1000,
      url,
    });
    this.#clocks.set(discontinuityNumber, clocks);
  }

  /** Seconds on the media's timeline at `date`; undefined where no bytes were read near it. */
  mediaTime(discontinuityNumber: number, date: number): number | undefined {
    const [clock] = this.#clocks.get(discontinuityNumber) ?? [];
    return clock === undefined ? undefined : (date - clock.decode) / 1000;
  }

  /** At the end: whether all counted by one clock. */
  finish(): void {
    for (const [number, clocks] of this.#clocks) {
      const spread = (pick: (clock: { decode: number; presentation: number }) => number) => {
        const values = clocks.map(pick);
        return Math.max(...values) - Math.min(...values);
      };
      const [decode, presentation] = [
        spread((one) => one.decode),
        spread((one) => one.presentation),
      ];
      if (Math.min(decode, presentation) <= CLOCK_TOLERANCE) continue;
      const names = [...new Set(clocks.map(({ url }) => nameOf(url)))].join(", ");
      this.#say("renditions-clock", names, `${decode.toFixed(1)} ms apart in run ${number}`);
    }
  }

  #compareHeads({ url, kind }: Member, playlist: MediaPlaylist): void {
    const tags: [string, string | undefined][] = [
      ["TARGETDURATION", String(playlist.targetDuration)],
      ["EXT-X-SERVER-CONTROL", playlist.serverControl],
      ["PART-TARGET", needsParts(playlist, kind) ? String(playlist.partTarget) : undefined],
    ];
    for (const [tag, head] of tags) {
      if (head === undefined) continue;
      const other = this.#heads.get(tag);
      if (other === undefined) this.#heads.set(tag, { url, head });
      // A change in one rendition is that one's own affair.
      else if (other.url !== url && other.head !== head) {
        const told = `${tag}: ${head}, in ${nameOf(other.url)} ${other.head}`;
        this.#say("renditions-constant", nameOf(url), told);
      }
    }
  }

  #compareDates({ url }: Member, { segments }: MediaPlaylist): void {
    for (const { msn, date, discontinuityNumber: number, gap } of segments) {
      if (date === undefined || gap) continue;
      const other = this.#dates.get(msn);
      if (other === undefined) {
        this.#dates.set(msn, { url, date, number });
        continue;
      }
      if (other.url === url) continue;
      const where = `${nameOf(url)}, segment ${msn}`;
      if (other.number !== number) {
        const told = `number ${number}, in ${nameOf(other.url)} ${other.number}`;
        this.#say("renditions-discontinuity", where, told);
      } else if (Math.abs(other.date - date) > this.#partTarget * 1000 + CLOCK_TOLERANCE) {
        const told = `${date - other.date} ms behind ${nameOf(other.url)}`;
        this.#say("renditions-aligned", where, told);
      }
    }
  }

  #compareEdges({ url, kind }: Member, playlist: MediaPlaylist): void {
    const last = playlist.segments.at(-1);
    if (kind === "subtitles" || last?.date === undefined || playlist.ended) return;
    if (this.#mayPause) return;
    const edge = { date: last.date + secondsOf(last) * 1000, number: last.discontinuityNumber };
    this.#edges.set(url, edge);
    const most = 2 * this.#partTarget * 1000 + this.#slack;
    for (const [other, { date, number }] of this.#edges) {
      if (number !== edge.number || edge.date - date <= most || this.#partTarget === 0) continue;
      const told = `${Math.round(edge.date - date)} ms behind ${nameOf(url)}`;
      this.#say("renditions-in-sync", nameOf(other), told);
    }
  }

  #compareReports(member: Member, playlist: MediaPlaylist, { askedAt, at }: Moment): void {
    const own = placeOf(playlist);
    this.#pending = this.#pending.filter((report) => {
      if (report.url !== member.url || askedAt < report.at) return true;
      if (isBefore(own, report.place) && !playlist.ended) {
        const told = `${nameOf(report.by)} reported ${inWords(report.place)}, there is ${inWords(own)}`;
        this.#say("report-ahead", nameOf(member.url), told);
      }
      return false;
    });
    for (const report of playlist.reports) {
      const url = new URL(report.get("URI") ?? "", member.url).href;
      const other = this.members.find((candidate) => candidate.url === url);
      if (other === undefined) continue;
      // What is left out is the same as here (§4.4.5.4).
      const msn = Number(report.get("LAST-MSN") ?? own.msn);
      const part = report.get("LAST-PART");
      const hasParts = other.history.latest?.partTarget !== undefined;
      const place = { msn, part: part === undefined ? (hasParts ? own.part : -1) : Number(part) };
      this.#pending.push({ url, place, at, by: member.url });
      const newest = newestBefore(other.history, at - this.#slack);
      if (newest !== undefined && isBefore(place, newest)) {
        const told = `${inWords(place)} is reported, ${inWords(newest)} was there`;
        this.#say("report-stale", `${nameOf(member.url)} of ${nameOf(url)}`, told);
      }
    }
  }
}

/** Text may come in whole segments. */
const needsParts = ({ partTarget }: MediaPlaylist, kind: Kind): boolean =>
  kind !== "subtitles" || partTarget !== undefined;

const inWords = ({ msn, part }: Place): string => `${msn}.${part}`;

function placeOf(playlist: MediaPlaylist): Place {
  const edge = edgeOf(playlist);
  return { msn: edge?.msn ?? 0, part: edge?.part ?? -1 };
}

/** The newest of a rendition that was seen before `at`. */
function newestBefore({ segments }: History, at: number): Place | undefined {
  let newest: Place | undefined;
  for (const [msn, { partsAt, completeAt, segment }] of [...segments].slice(-4)) {
    for (const [part, seenAt] of partsAt.entries()) {
      if (seenAt < at && (newest === undefined || isBefore(newest, { msn, part }))) {
        newest = { msn, part };
      }
    }
    const hasParts = segment.parts.length > 0;
    if (!hasParts && completeAt !== undefined && completeAt < at) newest = { msn, part: -1 };
  }
  return newest;
}
