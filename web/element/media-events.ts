/** What of a media element its listeners are told about, at one moment. */
export type MediaSnapshot = {
  /** Counts what was loaded; 0: nothing. */
  readonly load: number;
  /** As of `<video>`: 0 nothing, 1 its metadata, 2 a picture, 4 it goes on. */
  readonly readyState: number;
  /** The most of that since it was loaded. */
  readonly reached: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  readonly muted: boolean;
  readonly volume: number;
  readonly rate: number;
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly currentTime: number;
  /** End of what is buffered, seconds. */
  readonly buffered: number;
  /** Name of what is wrong. */
  readonly error: string | undefined;
};

/** What is so before anything was loaded. */
export const NOTHING: MediaSnapshot = {
  load: 0,
  readyState: 0,
  reached: 0,
  paused: true,
  seeking: false,
  ended: false,
  muted: false,
  volume: 1,
  rate: 1,
  width: 0,
  height: 0,
  currentTime: 0,
  buffered: 0,
  error: undefined,
};

const plays = ({ paused, readyState, ended }: MediaSnapshot): boolean =>
  !paused && !ended && readyState > 2;

/**
 * The events by which a media element tells how it came from one moment to the next, in the order of the
 * standard (HTML §4.8.11).
 */
export function eventsBetween(before: MediaSnapshot, now: MediaSnapshot): string[] {
  const events: string[] = [];
  const tell = (name: string, isSo: boolean) => {
    if (isSo) events.push(name);
  };
  if (now.load !== before.load) {
    tell("emptied", before.load > 0);
    tell("loadstart", now.load > 0);
  }
  const from =
    now.load === before.load
      ? before
      : { ...before, readyState: 0, reached: 0, width: 0, height: 0 };
  const hasFirst = (state: number) => from.reached < state && now.reached >= state;
  const reached = (state: number) => from.readyState < state && now.readyState >= state;
  tell("play", before.paused && !now.paused);
  tell("durationchange", hasFirst(1));
  const isResized = now.width !== from.width || now.height !== from.height;
  tell("resize", isResized && now.readyState > 0 && now.width > 0);
  tell("loadedmetadata", hasFirst(1));
  tell("loadeddata", hasFirst(2));
  tell("seeking", now.seeking && !from.seeking);
  const hasRunOut = plays(before) && now.load > 0; // where nothing is loaded, nothing is waited for
  tell("waiting", !now.paused && !now.ended && !plays(now) && (hasRunOut || before.paused));
  tell("progress", now.buffered > from.buffered);
  tell("canplay", reached(3));
  tell("canplaythrough", reached(4));
  tell("playing", plays(now) && !plays(from));
  tell("timeupdate", now.currentTime !== from.currentTime || (now.paused && !before.paused));
  tell("seeked", from.seeking && !now.seeking);
  tell("pause", now.paused && !before.paused);
  tell("volumechange", now.muted !== before.muted || now.volume !== before.volume);
  tell("ratechange", now.rate !== before.rate);
  tell("ended", now.ended && !from.ended);
  tell("error", now.error !== undefined && now.error !== before.error);
  return events;
}
