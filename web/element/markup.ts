import type { ControlWords } from "../controls/words/en.ts";
import type { EngineSetting, LatencySetting, TransportSetting } from "../player/options.ts";
import type { PlayerEventMap } from "./player-event-map.ts";

/** The media events of the element. */
type MediaEventName =
  | "canplay"
  | "canplaythrough"
  | "durationchange"
  | "emptied"
  | "ended"
  | "enterpictureinpicture"
  | "error"
  | "leavepictureinpicture"
  | "loadeddata"
  | "loadedmetadata"
  | "loadstart"
  | "pause"
  | "play"
  | "playing"
  | "progress"
  | "ratechange"
  | "resize"
  | "seeked"
  | "seeking"
  | "timeupdate"
  | "volumechange"
  | "waiting";

type Listeners = { [Name in keyof PlayerEventMap]: (event: PlayerEventMap[Name]) => void } & {
  [Name in MediaEventName]: (event: Event) => void;
};

type Settings = {
  src: string;
  token: string;
  autoplay: boolean | "any" | "muted";
  muted: boolean;
  volume: number;
  controls: boolean;
  poster: string;
  preload: "metadata" | "none";
  loading: "eager" | "lazy" | "visible";
  latency: LatencySetting;
  transport: TransportSetting;
  engine: EngineSetting;
  syncGroup: string;
  "sync-group": string;
  words: Partial<ControlWords>;
  nohotkeys: boolean | "";
  disablePictureInPicture: boolean;
  disableRemotePlayback: boolean;
};

/**
 * What JSX and templates may write in the tag: what is set, and listeners (`onstatuschange`) as React,
 * Svelte and Preact name those of custom elements. It knows no framework: docs/embed.md says how each
 * is told of it.
 */
export type SluicePlayerMarkup = {
  [Name in keyof Settings]?: Settings[Name] | undefined;
} & {
  [Name in keyof Listeners as `on${Name}`]?: Listeners[Name] | undefined;
};
