import type { TimedEvent } from "../control/event-schedule.ts";
import type { Place } from "../control/timeline.ts";
import type { LiveSink } from "./live-feed.ts";
import type { NamedText, Surface } from "./surface.ts";

/** What the statistics say of one playback. */
export type PlaybackFigures = {
  /** Server to screen, ms, measured on the pictures shown; undefined while unknown. */
  readonly delay: number | undefined;
  /** Seconds of media ahead of the playhead, and how many are held. */
  readonly ahead: number;
  readonly target: number;
  readonly rate: number;
  readonly stalls: number;
  readonly jumps: number;
  /** What B-frames add, ms. */
  readonly reorderDelay: number;
  /** What uneven arrival asks for, ms. */
  readonly jitter: number;
  /**
   * When the server received what is shown now, ms since 1970 by its clock, had nothing been late; undefined
   * where that is not known. Players go together by it (`sync-group`).
   */
  readonly moment?: number | undefined;
};

/** A way of playing on one surface: the player composes these and swaps one for another. */
export type Playback = {
  readonly engine: "mse" | "webcodecs" | "hls.js" | "native-hls";
  readonly transport: "websocket" | "hls";
  readonly surface: Surface;
  /** Whether there is something to show (or hear), so that it may take the stage. */
  readonly isReady: boolean;
  /** Whether its clock runs. */
  readonly isMoving: boolean;
  /** Whether the picture has been standing still for so long that people should know. */
  readonly isStarved: boolean;
  readonly figures: PlaybackFigures;
  /** Where it is on the stream's timeline; undefined while that is not known. */
  readonly place: Place | undefined;
  /** To be called every 50 ms or so. */
  tick(situation: Situation): void;
  /**
   * Where a moment of its surface (seconds) lies on the stream's timeline, ms; undefined while that is
   * unknown.
   */
  streamTime(mediaTime: number): number | undefined;
  /** Goes to the newest that can be shown. */
  jumpToLive(): void;
  destroy(): void;
};

/** A playback of what comes over the WebSocket that takes it itself, frame by frame. */
export type LivePlayback = Playback & Pick<LiveSink, "init" | "feed" | "endHistory">;

/** Where a playback of segments is to begin: at the live edge, or back in the window. */
export type HlsStart = {
  /** On the stream's timeline, ms … */
  readonly time: number;
  /** … and how far that is from the beginning of the window, ms, to load about the right place. */
  readonly intoWindow: number;
};

/** A picture that stands still, since no media comes any more. */
export type StandingPicture = {
  /** ms on the stream's timeline. */
  readonly time: number;
  /** How long ago the server had it, ms; undefined where that is not known. */
  readonly age: number | undefined;
};

/** How a playback of segments begins; without a time at the live edge. */
export type HlsBeginning = Partial<HlsStart> & {
  /** The picture before, where that stands still: from there it goes on, if that is not too far back. */
  readonly standsAt?: () => StandingPicture | undefined;
  /** Where the picture before is, ms on the timeline, that goes on meanwhile: nothing is to be shown twice. */
  readonly follows?: () => number | undefined;
};

/** What is told of the texts of segments. */
export type HlsTextListener = {
  onTracks(): void;
  onCues(trackId: string, cues: readonly VTTCue[]): void;
};

/** A playback of segments: of renditions, with texts among them, and back in time. */
export type SegmentPlayback = Playback & {
  readonly transport: "hls";
  /** The tracks that play; where the browser plays HLS by itself, it does not tell. */
  readonly trackIds: readonly number[];
  /** What the playlist listed that it plays by (`signatureOf`); undefined while that is not known. */
  readonly listing: string | undefined;
  /** Plays these tracks: a rendition of the picture without adapting it any more, a sound. */
  select(trackIds: readonly number[]): void;
  /** The picture is to begin with the first of these that is one, and be adapted from there on. */
  beginWith(trackIds: readonly number[]): void;
  /** Adapts the picture to the line from now on, whatever was selected. */
  adapt(): void;
  /** Captions and subtitles that the playlist lists. */
  readonly textTracks: readonly NamedText[];
  /** Loads the texts of this track, and no others. */
  showText(id: string | undefined): void;
  /** Who shows texts: cues have times of the surface. */
  onTexts(listener: HlsTextListener): void;
  /** Goes to a moment of the window, ms on the timeline, and plays on from there. */
  seek(time: number): void;
};

/** Whether it plays segments. Its code is another chunk: nobody else may ask for the class. */
export const isSegmented = (playback: Playback | undefined): playback is SegmentPlayback =>
  playback?.transport === "hls";

/** What a playback has to know of the player. */
export type Situation = {
  /** ms, `performance.now()`. */
  readonly now: number;
  /** Whether the viewer wants it to play. */
  readonly wantsPlay: boolean;
  /** Whether media is to be expected: the line is up and somebody publishes. */
  readonly expectsMedia: boolean;
  /** Seconds to hold beyond what is asked and needed, for others' sake; 0 unless told. */
  readonly lead?: number;
};

/** What a playback asks of the player. */
export type PlaybackHost = {
  /** Begins to play, muted if the browser demands it. */
  play(surface: Surface): void;
  /** Something that was said at a moment of the stream, found in the media. */
  onEvent(event: TimedEvent): void;
  onError(playback: Playback, error: unknown): void;
  /** Server's clock minus ours, ms. */
  clockOffset(): number | undefined;
  /** Seconds of media to hold ahead on a calm line, as it is asked for now. */
  asked(): number;
};
