// What TypeScript's DOM library lacks of the platforms a viewer may have.

/** Safari: MediaSource whose memory the browser manages; the only one on iPhone (17.1 and later). */
declare const ManagedMediaSource: typeof MediaSource | undefined;

interface HTMLVideoElement {
  /** iPhone: the only way to fill the screen. */
  webkitEnterFullscreen?: () => void;
  /** Safari: AirPlay. */
  webkitShowPlaybackTargetPicker?: () => void;
  readonly webkitCurrentPlaybackTargetIsWireless?: boolean;
}

interface Element {
  /** Safari before 16.4. */
  webkitRequestFullscreen?: () => void;
}

/** Where the worker's module is beside `player.js`: `web/build.mjs` says it, and nothing else does. */
declare const LIVE_WORKER: string | undefined;

interface Navigator {
  /** Firefox: whether sound may begin without a gesture. */
  getAutoplayPolicy?: (type: "mediaelement" | "audiocontext") => string;
}
