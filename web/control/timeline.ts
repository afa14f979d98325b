/*
 * Where a player stands on the live stream's timeline, and where it may go: times in ms on that
 * timeline, which is the same on every transport (`tfdt` of its media).
 */

/** Policy, in ms. */
export const REWIND = {
  /** Nearer to the edge than this is live: there is nothing in between worth another transport. */
  nearLive: 2_000,
  /** The oldest of the window is gone before it is fetched: so much of it is left alone … */
  margin: 3_000,
  /** … but no more than this part of the window. */
  mostMargin: 0.25,
  /** A window shorter than this is none. */
  leastWindow: 5_000,
} as const;

/** What a playback knows of where it is. */
export type Place = {
  /** What is shown now. */
  readonly position: number;
  /** The newest that is known of. */
  readonly edge: number;
  /** The oldest that can still be fetched; undefined where the playback does not know. */
  readonly start: number | undefined;
};

/** Where the player stands, for people and programs. */
export type PlayerTimeline = {
  /** The oldest moment that can be gone back to; undefined until somebody asked for it. */
  readonly start: number | undefined;
  /** The live edge. */
  readonly end: number;
  readonly position: number;
  /** How far the viewer has gone back; 0 at the live edge. */
  readonly behindLive: number;
  readonly isLive: boolean;
};

/**
 * @param isRewound the viewer went back, and is not on the way to the edge again
 * @param windowLength of what can be gone back to, ms, where the playback itself does not know
 */
export function timelineOf(
  place: Place,
  { isRewound, windowLength }: { isRewound: boolean; windowLength: number | undefined },
): PlayerTimeline {
  const { edge } = place;
  const looked = windowLength === undefined ? undefined : edge - windowLength;
  const oldest = place.start ?? looked;
  const start = oldest === undefined ? undefined : Math.min(oldest, edge);
  const position = Math.min(place.position, edge);
  return {
    start,
    end: edge,
    position,
    behindLive: isRewound ? edge - position : 0,
    isLive: !isRewound,
  };
}

/**
 * Where a wish leads: within what is there, or to the live edge.
 *
 * @param time as asked, on the timeline
 */
export function destination(
  time: number,
  { start, end }: { readonly start: number | undefined; readonly end: number },
): number | "live" {
  if (start === undefined || end - start < REWIND.leastWindow) return "live";
  if (!(time < end - REWIND.nearLive)) return "live";
  return Math.max(time, earliest(start, end));
}

/** The oldest moment that is safe to go to. */
export const earliest = (start: number, end: number): number =>
  start + Math.min(REWIND.margin, REWIND.mostMargin * (end - start));
