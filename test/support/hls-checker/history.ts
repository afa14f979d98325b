import { type ListedSegment, lengthOf, type MediaPlaylist, secondsOf } from "./media-playlist.ts";
import { ROUNDING, sameDateRange } from "./media-rules.ts";
import type { Say } from "./report.ts";

/** A segment as it was first seen, and when. */
export type KnownSegment = {
  segment: ListedSegment;
  /** Complete for the first time; ms of the checker's clock. */
  completeAt: number | undefined;
  /** When each part was seen first. */
  readonly partsAt: number[];
  readonly partTexts: string[];
  /** Seconds of the longest playlist that listed it. */
  longest: number;
};

/** When a playlist was made, as far as a client can know: after it asked, before it had it. */
export type Moment = { readonly askedAt: number; readonly at: number };

/** Everything that was ever said in the playlists of one rendition, and what did not stay true. */
export class History {
  readonly segments = new Map<number, KnownSegment>();
  readonly #where: string;
  readonly #say: Say;
  readonly #byUri = new Map<string, number>();
  readonly #hints = new Map<string, string>();
  readonly #dateRanges = new Map<string, ReadonlyMap<string, string>>();
  #latest: MediaPlaylist | undefined;
  #latestAt = 0;
  #end: MediaPlaylist | undefined;
  #lastPartAt: number | undefined;
  #lastSegmentAt: number | undefined;

  constructor(where: string, say: Say) {
    this.#where = where;
    this.#say = say;
  }

  get latest(): MediaPlaylist | undefined {
    return this.#latest;
  }

  /** Whether the end was announced. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Compares a full playlist with all before it. @param limits seconds by which segments and parts
   * must follow each other; absent: nobody looks at the clock
   */
  take(playlist: MediaPlaylist, { askedAt, at }: Moment, late?: { slack: number }): void {
    const [where, say, before] = [this.#where, this.#say, this.#latest];
    // One that was asked for before another came may be older than that.
    const isLater = askedAt >= this.#latestAt;
    if (before !== undefined) {
      if (playlist.targetDuration !== before.targetDuration) {
        say("target-constant", where, `${before.targetDuration}, now ${playlist.targetDuration}`);
      }
      if (playlist.partTarget !== before.partTarget) {
        say("part-target-constant", where, `${before.partTarget}, now ${playlist.partTarget}`);
      }
      if (playlist.serverControl !== before.serverControl) {
        const { serverControl } = playlist;
        say("server-control-constant", where, `${before.serverControl}, now ${serverControl}`);
      }
      if (playlist.version !== before.version) {
        say("version", where, `${before.version}, now ${playlist.version}`);
      }
      if (playlist.type !== before.type) {
        say("playlist-type", where, `${before.type}, now ${playlist.type}`);
      }
      if (isLater) this.#compareWindow(before, playlist);
    }
    this.#takeSegments(playlist, at, late);
    this.#takeHints(playlist);
    for (const range of playlist.dateRanges) {
      const id = range.get("ID") ?? "";
      sameDateRange(this.#dateRanges.get(id), range, where, say);
      this.#dateRanges.set(id, new Map([...(this.#dateRanges.get(id) ?? []), ...range]));
    }
    if (playlist.ended) this.#end ??= playlist;
    if (isLater) {
      this.#latest = playlist;
      this.#latestAt = at;
    }
  }

  /** What a playlist that was made later may no longer list, and what it must. */
  #compareWindow(before: MediaPlaylist, now: MediaPlaylist): void {
    const [where, say] = [this.#where, this.#say];
    if (now.mediaSequence < before.mediaSequence) {
      say(
        "media-sequence",
        where,
        `it went back from ${before.mediaSequence} to ${now.mediaSequence}`,
      );
    } else if (now.mediaSequence > before.mediaSequence) {
      const length = lengthOf(now);
      if (length < 3 * now.targetDuration && !now.ended) {
        say(
          "window-length",
          where,
          `${length.toFixed(3)} s are left of 3 times ${now.targetDuration}`,
        );
      }
      if (now.type !== undefined) say("playlist-type", where, `${now.type}, and something is gone`);
    }
    if (this.#end === undefined) return;
    if (!now.ended) say("end-final", where, "EXT-X-ENDLIST is gone");
    const added = now.segments.filter(({ msn }) => !this.segments.has(msn));
    if (added.length > 0) say("end-final", where, `segment ${added[0]?.msn} came behind it`);
  }

  #takeSegments(playlist: MediaPlaylist, at: number, late: { slack: number } | undefined): void {
    const [where, say] = [this.#where, this.#say];
    const length = lengthOf(playlist);
    let due: number | undefined;
    for (const segment of playlist.segments) {
      const { msn, resource, parts } = segment;
      const place = `${where}, segment ${msn}`;
      const date = segment.date ?? (segment.discontinuity ? undefined : due);
      if (date !== undefined) due = date + secondsOf(segment) * 1000;
      let known = this.segments.get(msn);
      if (known === undefined) {
        known = { segment, completeAt: undefined, partsAt: [], partTexts: [], longest: length };
        this.segments.set(msn, known);
      }
      known.longest = Math.max(known.longest, length);
      for (const [index, part] of parts.entries()) {
        const text = known.partTexts[index];
        if (text !== undefined) {
          if (text !== part.text)
            say("part-changed", `${place}, part ${index}`, `${text}, now ${part.text}`);
          continue;
        }
        known.partTexts[index] = part.text;
        known.partsAt[index] = at;
        this.#inTime(
          "part-late",
          `${place}, part ${index}`,
          at,
          this.#lastPartAt,
          playlist.partTarget,
          late,
        );
        this.#lastPartAt = at;
      }
      if (resource !== undefined) {
        const key = `${resource.uri} ${resource.range?.start ?? ""}`;
        const other = this.#byUri.get(key);
        if (other !== undefined && other !== msn) {
          say("media-sequence", place, `${resource.uri} was segment ${other}`);
        }
        this.#byUri.set(key, msn);
        if (known.completeAt === undefined) {
          known.completeAt = at;
          const most = playlist.targetDuration * 1.5;
          this.#inTime("segment-late", place, at, this.#lastSegmentAt, most, late);
          this.#lastSegmentAt = at;
        } else if (other === undefined || other === msn) {
          this.#compareSegment(known.segment, segment, place);
        }
      } else if (known.completeAt === undefined) {
        this.#compareOpen(known.segment, segment, place);
      }
      // What is known of it only grows.
      if (known.segment.resource === undefined || known.segment.parts.length < parts.length) {
        known.segment = { ...segment, parts: parts.length === 0 ? known.segment.parts : parts };
      }
    }
  }

  #inTime(
    rule: "part-late" | "segment-late",
    where: string,
    at: number,
    before: number | undefined,
    most: number | undefined,
    late: { slack: number } | undefined,
  ): void {
    if (late === undefined || before === undefined || most === undefined) return;
    const waited = at - before;
    if (waited <= most * 1000 + late.slack) return;
    this.#say(rule, where, `${Math.round(waited)} ms behind the one before, at most ${most} s`);
  }

  #compareSegment(before: ListedSegment, now: ListedSegment, where: string): void {
    const say = (what: string, was: unknown, is: unknown) =>
      this.#say("segment-changed", where, `${what} was ${was} and is ${is}`);
    const uri = (segment: ListedSegment) => JSON.stringify(segment.resource);
    if (uri(before) !== uri(now)) say("it", uri(before), uri(now));
    if (before.duration !== now.duration) say("EXTINF", before.duration, now.duration);
    if (before.gap !== now.gap) say("EXT-X-GAP", before.gap, now.gap);
    this.#compareOpen(before, now, where);
  }

  #compareOpen(before: ListedSegment, now: ListedSegment, where: string): void {
    const say = (what: string, was: unknown, is: unknown) =>
      this.#say("segment-changed", where, `${what} was ${was} and is ${is}`);
    const map = (segment: ListedSegment) => JSON.stringify(segment.map);
    if (map(before) !== map(now)) say("EXT-X-MAP", map(before), map(now));
    if (before.date !== undefined && now.date !== undefined && before.date !== now.date) {
      say("EXT-X-PROGRAM-DATE-TIME", before.date, now.date);
    }
    if (before.discontinuityNumber !== now.discontinuityNumber) {
      const [was, is] = [before.discontinuityNumber, now.discontinuityNumber];
      this.#say("discontinuity-sequence", where, `it had number ${was} and has ${is}`);
    }
  }

  /** What a playlist hints at comes behind its last part: there, or as the next segment's first. */
  #takeHints(playlist: MediaPlaylist): void {
    for (const { segment } of this.segments.values()) {
      for (const [index, part] of segment.parts.entries()) {
        const previous =
          index > 0 ? segment.parts[index - 1] : this.#before(segment.msn)?.parts.at(-1);
        const hinted = previous === undefined ? undefined : this.#hints.get(previous.text);
        if (hinted === undefined || hinted === part.uri || previous === undefined) continue;
        this.#say("hint-true", this.#where, `${hinted} was hinted, ${part.uri} came`);
        this.#hints.delete(previous.text);
      }
    }
    const last = playlist.segments.at(-1)?.parts.at(-1);
    const hint = playlist.hints.find(({ type }) => type === "PART");
    if (last === undefined || hint === undefined) return;
    const before = this.#hints.get(last.text);
    if (before !== undefined && before !== hint.uri) {
      this.#say("hint-true", this.#where, `${before} was hinted, then ${hint.uri}`);
    }
    this.#hints.set(last.text, hint.uri);
  }

  #before(msn: number): ListedSegment | undefined {
    const segment = this.segments.get(msn - 1)?.segment;
    if (segment?.resource === undefined) return undefined;
    // Of what came at once after a pause, some parts were never listed.
    const listed = segment.parts.reduce((sum, part) => sum + part.duration, 0);
    return Math.abs(listed - segment.duration) <= ROUNDING ? segment : undefined;
  }
}
