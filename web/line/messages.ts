import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { AnnouncedTrack, ServerMessage } from "../../server/protocol/wire/control.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import type { LineReading } from "../control/line-meter.ts";
import type { MediaSample } from "../engine/media-intake.ts";
import type { Plan, PlannedTrack } from "../engine/plan.ts";

/** What a `<video>` plays: the MediaSource, or what stands for one that lives in a worker. */
export type MediaProviding = MediaSource | MediaSourceHandle;

/** How a line is to behave; told as a whole. */
export type LineSettings = {
  /** Of the stream's WebSocket. */
  readonly url: string;
  /** Something else plays meanwhile: attempts to connect may become rare. */
  readonly isSpare: boolean;
  /** The connection is to be there, and bring no media. */
  readonly isIdle: boolean;
  /** Whether playbacks may be built: MSE rests after many errors, and while the past is played. */
  readonly mayBuild: boolean;
  /** Who takes the media of playbacks to come: a MediaSource that the line fills, or the page itself. */
  readonly sink: "media-source" | "page";
  /** MIME types that the page does not decode, where it takes the media itself. */
  readonly refused: readonly string[];
};

/** What a page tells a line. */
export type LineCommand =
  | { readonly type: "settings"; readonly settings: LineSettings }
  /** Connects for the first time. */
  | { readonly type: "start" }
  /** A MediaSource may begin to open, for a broadcast that nothing is known of yet. */
  | { readonly type: "prepare" }
  /** There is reason to believe that a connection would work now. */
  | { readonly type: "hurry" }
  /** Leaves the present connection for a new one. */
  | { readonly type: "restart" }
  /** Leaves it, and makes none until it is told to. */
  | { readonly type: "rest" }
  /** The viewer wants these tracks. */
  | { readonly type: "prefer"; readonly tracks: readonly number[] }
  /** What plays is to be replaced, by what the settings now say. */
  | { readonly type: "rebuild" }
  /** Where the page plays a medium (seconds), and what of it may go: all before `end`. */
  | {
      readonly type: "trim";
      readonly id: number;
      readonly playhead: number;
      readonly end: number | undefined;
    }
  /** Nobody needs this medium any more. */
  | { readonly type: "close"; readonly id: number }
  | { readonly type: "stop" };

/** What a line measures, four times a second. */
export type LineFigures = {
  /** The server should have spoken, and did not: the line may be lost. */
  readonly isSilent: boolean;
  /** Server's clock minus ours, ms. */
  readonly clockOffset: number | undefined;
  /** ms */
  readonly roundTrip: number | undefined;
  /** bits/s and pictures/s over the last seconds, history left out. */
  readonly bitrate: number;
  readonly frameRate: number;
  /** How well the line carries it. */
  readonly reading: LineReading;
};

/** What a line knows of the broadcast's tracks. */
export type LineTracks = {
  readonly announced: readonly AnnouncedTrack[];
  readonly plan: Plan;
  /** What the viewer chose, newest first. */
  readonly preferred: readonly number[];
};

/** How far a medium is. */
export type MediaProgress = {
  /** Until when everything can be shown, seconds: the track that is behind decides. */
  readonly edge: number | undefined;
  /** More of the past is still to come. */
  readonly isHistory: boolean;
  /** From picture to picture, seconds; 0 without pictures. */
  readonly pictureInterval: number;
  /** For how long (seconds) pictures wait for B-frames. */
  readonly reorderDelay: number;
  /** How long a frame of sound is, seconds; 0 without sound. */
  readonly soundInterval: number;
};

/** What a line tells its page. A medium is what one playback plays; it has an id within the line. */
export type LineReport =
  /** By the server, in order; answers about the clock are left out. */
  | { readonly type: "message"; readonly message: ServerMessage }
  /** The server spoke: what follows is a new connection's. */
  | { readonly type: "up"; readonly connections: number }
  /** A connection ended, or could not be made; the next attempt is planned. */
  | { readonly type: "down"; readonly failures: number }
  /** The connection was left, as the page wanted it. */
  | { readonly type: "left" }
  | { readonly type: "figures"; readonly figures: LineFigures }
  | { readonly type: "tracks"; readonly tracks: LineTracks }
  /** A MediaSource that waits for its tracks: it opens once a `<video>` plays it. */
  | { readonly type: "prepared"; readonly id: number; readonly source: MediaProviding }
  /** A playback is to be built. Without a source it is the prepared one, or the page's own. */
  | {
      readonly type: "built";
      readonly id: number;
      readonly sink: LineSettings["sink"];
      readonly plan: readonly PlannedTrack[];
      readonly source: MediaProviding | undefined;
    }
  /** Something came, or was appended. */
  | {
      readonly type: "progress";
      readonly id: number;
      readonly progress: MediaProgress;
      readonly samples: readonly MediaSample[];
    }
  | { readonly type: "failed"; readonly id: number; readonly reason: string }
  /** To a page that takes the media itself. */
  | {
      readonly type: "init";
      readonly id: number;
      readonly planned: PlannedTrack;
      readonly bytes: Bytes;
    }
  | {
      readonly type: "frames";
      readonly id: number;
      readonly frames: readonly Frame[];
      readonly isHistory: boolean;
    }
  | { readonly type: "history-end"; readonly id: number };
