import type { LatencySetting } from "../player/options.ts";
import type { PlayerFallback } from "../player/player.ts";
import type { PlayerData } from "../player/player-data.ts";

/**
 * Where an element stands:
 * - `idle`: nobody asked to see it yet;
 * - `connecting`: the first picture is on its way;
 * - `waiting`: nobody publishes; it begins by itself when somebody does;
 * - `playing`, and `paused` by the viewer;
 * - `stalled`: the publisher's line was lost, or nothing comes although the line is there;
 * - `offline`: the line to the server was lost; it is tried for ever;
 * - `ended`: the publisher said goodbye; it goes on by itself if they come back;
 * - `error`: it cannot be played, and `error` says why.
 */
export type ElementState =
  | "idle"
  | "connecting"
  | "waiting"
  | "playing"
  | "paused"
  | "stalled"
  | "offline"
  | "ended"
  | "error";

/** `detail` of `statuschange`. */
export type StatusDetail = { readonly state: ElementState; readonly previous: ElementState };

/** `detail` of `latencychange`; times in ms. */
export type LatencyDetail = {
  /** As asked. */
  readonly latency: LatencySetting;
  /** Media held ahead of the playhead. */
  readonly target: number;
  /** Server to screen, measured; undefined while it is not known. */
  readonly delay: number | undefined;
};

/** `detail` of `stall`. */
export type StallDetail = {
  /** Stalls of this playback so far. */
  readonly count: number;
};

/** What the element tells beside the events of a media element; none of them bubbles. */
export type PlayerEventMap = {
  /** `state` is another. */
  statuschange: CustomEvent<StatusDetail>;
  /** What is held, or what is measured, changed by 10 ms or more. */
  latencychange: CustomEvent<LatencyDetail>;
  /** The encoder said something. By strangers: text, never markup. */
  data: CustomEvent<PlayerData>;
  /** Media ran out. */
  stall: CustomEvent<StallDetail>;
  /** `tracks` are others, or others of them play. */
  trackschange: Event;
  /** Captions: what is to be read now, as WebVTT cue texts. By strangers. */
  cuechange: CustomEvent<readonly string[]>;
  /** `textTracks` are others, or another one is shown. */
  texttrackschange: Event;
  /** `quality` is another setting, another size plays, or `qualities` are others. */
  qualitychange: Event;
  /** WebCodecs was wanted and is given up; MSE plays. */
  fallback: CustomEvent<PlayerFallback>;
  streamtypechange: Event;
  targetlivewindowchange: Event;
};
