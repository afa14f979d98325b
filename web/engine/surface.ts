import type { TimedText } from "../control/text-cues.ts";

/** A text track as it is announced. */
export type NamedText = {
  readonly id: string;
  readonly kind: "captions" | "subtitles";
  readonly language: string;
  readonly name: string;
};

/** Where the texts of a broadcast are written over its picture. Times are those of the surface's clock. */
export type Texts = {
  /** There is a track. */
  announce(track: NamedText): void;
  /** Shows this track and no other. */
  select(trackId: string | undefined): void;
  /** Puts a text in its place, or in its place anew. */
  put(text: TimedText): void;
  /** Takes a cue that was made of an HLS segment. */
  putCue(trackId: string, cue: VTTCue): void;
  remove(text: TimedText): void;
  /** Nothing is shown any more. */
  clear(): void;
};

/**
 * What `Texts` tell, on the element they are written over, each time that something else is to be read.
 *
 * @param texts WebVTT cue texts, by strangers
 */
export const cueChange = (texts: readonly string[]): CustomEvent<readonly string[]> =>
  new CustomEvent("cuechange", { bubbles: true, detail: texts });

/** The events of a surface, as a `<video>` has them. */
export type SurfaceEvent =
  | "play"
  | "playing"
  | "pause"
  | "waiting"
  | "ended"
  | "timeupdate"
  | "volumechange"
  | "resize";

/**
 * What a playback shows and sounds on: a `<video>`, or a canvas with sound of its own. It is like a
 * `<video>` in what it has of one.
 */
export type Surface = {
  /** In the player's container. */
  readonly element: HTMLElement;
  /** The `<video>`, where it is one: for what only that can do. */
  readonly video: HTMLVideoElement | undefined;
  /** What can be drawn elsewhere, as large as it was coded; undefined without a picture. */
  readonly picture: HTMLVideoElement | HTMLCanvasElement | undefined;
  muted: boolean;
  /** 0 to 1 */
  volume: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  /** Whether there is something to show or hear now. */
  readonly hasCurrentData: boolean;
  /** Seconds of the clock that everything here goes by. */
  readonly currentTime: number;
  /** Of the coded picture; 0 without one. */
  readonly width: number;
  readonly height: number;
  /** Pictures that were shown, and those that came too late. */
  readonly shown: number;
  readonly dropped: number;
  /** Undefined where the `<video>` has text tracks of its own. */
  readonly texts: Texts | undefined;
  /** @throws (rejects with) a DOMException `NotAllowedError` where sound needs a gesture */
  play(): Promise<void>;
  pause(): void;
  /** In a gesture: into a window of its own. @throws (rejects) where the browser will not */
  requestPictureInPicture(): Promise<PictureInPictureWindow>;
  /** In a gesture: it may sound from now on. */
  bless(): void;
  /**
   * Tells of each picture as it gets on the screen, where the browser tells at all.
   *
   * @param onShown takes its time (seconds of the clock above) and the moment (ms since 1970, our clock)
   */
  watchPictures(onShown: (mediaTime: number, at: number) => void, signal: AbortSignal): void;
  addEventListener(
    type: SurfaceEvent,
    listener: (event: Event) => void,
    options?: AddEventListenerOptions,
  ): void;
};
