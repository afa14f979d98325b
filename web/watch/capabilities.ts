/** What a report asks of a browser: MIME types as MediaSource is asked. */
const TYPES = [
  'video/mp4; codecs="avc1.42e01e"',
  'video/mp4; codecs="avc1.64001f"',
  'video/mp4; codecs="avc1.6e001f"',
  'video/mp4; codecs="hvc1.1.6.L93.B0"',
  'video/mp4; codecs="hvc1.2.4.L93.B0"',
  'video/mp4; codecs="av01.0.04M.08"',
  'video/mp4; codecs="av01.0.04M.10"',
  'video/mp4; codecs="vp09.00.10.08"',
  'audio/mp4; codecs="mp4a.40.2"',
  'audio/mp4; codecs="mp4a.40.5"',
  'audio/mp4; codecs="opus"',
  'audio/mp4; codecs="flac"',
  'audio/mp4; codecs="mp3"',
  'audio/mp4; codecs="mp4a.6B"',
  "audio/mpeg",
  'audio/mp4; codecs="ac-3"',
  'audio/mp4; codecs="ec-3"',
] as const;

/** What this browser has of what a player needs. */
export type Capabilities = {
  readonly userAgent: string;
  readonly isSecureContext: boolean;
  readonly isCrossOriginIsolated: boolean;
  readonly features: { readonly [name: string]: boolean };
  /** By `isTypeSupported`, which says yes too often, never too seldom. */
  readonly mediaSource: { readonly [type: string]: boolean };
  /** By `canPlayType`, of HLS. */
  readonly nativeHls: string;
};

/** Looks at this browser; nothing is remembered, and nothing that says who uses it. */
export function capabilities(): Capabilities {
  const MediaSourceClass =
    Reflect.get(globalThis, "ManagedMediaSource") ?? Reflect.get(globalThis, "MediaSource");
  const plays = (type: string): boolean => MediaSourceClass?.isTypeSupported(type) ?? false;
  const has = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, name in globalThis]));
  return {
    userAgent: navigator.userAgent,
    isSecureContext,
    isCrossOriginIsolated: globalThis.crossOriginIsolated ?? false,
    features: {
      ...has("MediaSource", "ManagedMediaSource", "VideoDecoder", "AudioDecoder"),
      ...has("AudioWorkletNode", "OffscreenCanvas", "WebSocket", "WebTransport", "Worker"),
      mediaSourceInWorker: MediaSourceClass?.canConstructInDedicatedWorker === true,
      changeType: typeof SourceBuffer !== "undefined" && "changeType" in SourceBuffer.prototype,
      frameCallback: "requestVideoFrameCallback" in HTMLVideoElement.prototype,
      pictureInPicture: document.pictureInPictureEnabled === true,
      fullscreen: document.fullscreenEnabled === true,
      remotePlayback: "remote" in HTMLMediaElement.prototype,
      clipboard: navigator.clipboard !== undefined,
    },
    mediaSource: Object.fromEntries(TYPES.map((type) => [type, plays(type)])),
    nativeHls: document.createElement("video").canPlayType("application/vnd.apple.mpegurl"),
  };
}
