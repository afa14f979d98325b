import { type ListedSegment, lengthOf, type MediaPlaylist, secondsOf } from "./media-playlist.ts";
import type { Say } from "./report.ts";

/** Seconds. */
const ROUNDED = 0.002;

/**
 * Judges a delta update (§4.4.5.2, §6.2.5.1, §6.3.7).
 *
 * @param before a full playlist from earlier
 * @param full the one that the update stands for, where there is one of the same moment
 */
export function checkDelta(
  delta: MediaPlaylist,
  before: MediaPlaylist,
  full: MediaPlaylist | undefined,
  where: string,
  say: Say,
): void {
  const until = Number(before.control.get("CAN-SKIP-UNTIL"));
  if (!(until > 0) || delta.ended) {
    if (delta.skipped !== undefined) say("skip", where, "a delta update that was never offered");
    return;
  }
  // Counted from the last complete segment, or from the last part; times are rounded.
  const open = full?.segments.at(-1);
  const ahead = open === undefined || open.resource !== undefined ? 0 : secondsOf(open);
  const due = full === undefined ? undefined : skippable(full, until + ahead + ROUNDED);
  const most = full === undefined ? 0 : skippable(full, until - ROUNDED);
  if (delta.skipped === undefined) {
    if (due !== undefined && due > 0) say("delta-given", where, `${due} segments could be skipped`);
    return;
  }
  if (due !== undefined && (delta.skipped < due || delta.skipped > most)) {
    say(
      "delta-boundary",
      where,
      `${delta.skipped} segments are skipped, ${due} are older than ${until} s`,
    );
  }
  const { mediaSequence, skipped } = delta;
  const kept = before.segments.filter(
    ({ msn }) => msn >= mediaSequence && msn < mediaSequence + skipped,
  );
  if (full === undefined || kept.length < skipped) return;
  const rest = mediaSequence + skipped;
  const [was, is] = [seenIn(reconstruct(delta, kept), rest), seenIn(full, rest)];
  for (const [name, value] of Object.entries(is)) {
    if (was[name] !== value)
      say("delta-true", where, firstDifference(name, was[name] ?? "", value));
  }
}

/** Whole segments that lie further from the end than CAN-SKIP-UNTIL. */
function skippable(full: MediaPlaylist, until: number): number {
  let left = lengthOf(full);
  let count = 0;
  for (const segment of full.segments) {
    left -= secondsOf(segment);
    if (left < until) break;
    count += 1;
  }
  return count;
}

function reconstruct(delta: MediaPlaylist, kept: readonly ListedSegment[]): MediaPlaylist {
  let map = kept.at(-1)?.map;
  const passed = kept.filter(({ discontinuity }) => discontinuity).length;
  const rest = delta.segments.map((segment) => {
    map = segment.map ?? map;
    return { ...segment, map, discontinuityNumber: segment.discontinuityNumber + passed };
  });
  return { ...delta, segments: [...kept, ...rest] };
}

/** What is to be the same, in words. Of what was skipped the parts may be listed no more. */
function seenIn(playlist: MediaPlaylist, rest: number): Record<string, string> {
  const json = (value: unknown) => JSON.stringify(value);
  const attributes = (list: readonly ReadonlyMap<string, string>[]) =>
    json(list.map((one) => [...one]));
  const tags = playlist.lines.filter(({ tag }) => tag !== undefined && HEAD.includes(tag));
  return {
    head: tags.map(({ text }) => text).join(" "),
    segments: json(
      playlist.segments.map((segment) => {
        const parts = segment.msn < rest ? [] : segment.parts.map(({ text }) => text);
        return { ...segment, parts };
      }),
    ),
    hints: json(playlist.hints.map(({ type, uri }) => [type, uri])),
    reports: attributes(playlist.reports),
    dateRanges: attributes(playlist.dateRanges),
  };
}

const HEAD = [
  ...["EXTM3U", "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-SERVER-CONTROL"],
  ...["EXT-X-PART-INF", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"],
  ...["EXT-X-PLAYLIST-TYPE", "EXT-X-ENDLIST", "EXT-X-INDEPENDENT-SEGMENTS"],
];

function firstDifference(name: string, was: string, is: string): string {
  let at = 0;
  while (at < was.length && was[at] === is[at]) at += 1;
  const about = (text: string) => text.slice(Math.max(0, at - 60), at + 60);
  return `${name} differ: …${about(was)}… instead of …${about(is)}…`;
}
