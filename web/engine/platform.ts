import type { WebCodecsPresence } from "../control/choice.ts";

/** What this browser offers, found by feature and never by name. */

/** MediaSource, or Safari's managed one where only that exists (iPhone); undefined without MSE. */
export function mediaSourceClass(): typeof MediaSource | undefined {
  if (typeof MediaSource !== "undefined") return MediaSource;
  if (typeof ManagedMediaSource !== "undefined") return ManagedMediaSource;
  return undefined;
}

/** Whether that is the managed one, which opens only where remote playback is declined. */
export const isManaged = (): boolean => typeof MediaSource === "undefined";

/** WebKit stumbles over changes of the playback rate: there, delay is kept by jumps alone. */
export const isWebKit = (): boolean =>
  typeof ManagedMediaSource !== "undefined" || "GestureEvent" in globalThis;

/**
 * Whether a picture that was declared to last for seconds gives way to the next one all the same (Chromium,
 * known by its workers). Firefox shows it for as long as it was declared.
 */
export const replacesLongPictures = (): boolean =>
  !isWebKit() &&
  typeof MediaSource !== "undefined" &&
  "canConstructInDedicatedWorker" in MediaSource;

/** Whether HLS plays without MSE. Chromium says so too, but 9 s behind: ask only without MSE. */
export const playsNativeHls = (
  video: HTMLVideoElement = document.createElement("video"),
): boolean => video.canPlayType("application/vnd.apple.mpegurl") !== "";

/** Whether WebCodecs is there; browsers show it to secure contexts only. */
export function webCodecsPresence(): WebCodecsPresence {
  if ("VideoDecoder" in globalThis) return "there";
  return globalThis.isSecureContext ? "missing" : "insecure";
}

/** Whether HLS can bring a track to play here. @param track as the stream list or a playlist has it */
export function canPlayListed({
  mediaType,
  codec,
}: {
  readonly mediaType: "video" | "audio";
  readonly codec: string;
}): boolean {
  // In HLS, MP3 comes without boxes. Playlists write Opus and FLAC as their sample entries.
  const types = /^mp(3|4a\.40\.34|4a\.6b|4a\.69)$/i.test(codec)
    ? ["audio/mpeg", 'audio/mp4; codecs="mp3"']
    : [codec, codec.toLowerCase()].map((name) => `${mediaType}/mp4; codecs="${name}"`);
  const MediaSourceClass = mediaSourceClass();
  if (MediaSourceClass !== undefined) return types.some((t) => MediaSourceClass.isTypeSupported(t));
  const video = document.createElement("video");
  return types.some((type) => video.canPlayType(type) !== "");
}

/**
 * Whether sound may be led past the element's own way to the speakers, which wants much more of it ahead
 * (Chromium, Firefox). `AudioContext` does not care for secure contexts.
 */
export const canLeadSound = (): boolean => typeof AudioContext !== "undefined" && !isWebKit();

/** Whether the own way stops where less is ahead (Chromium); others make silence of what is not there. */
export const outputHoldsSound = (): boolean =>
  canLeadSound() && "webkitAudioDecodedByteCount" in HTMLMediaElement.prototype;

/**
 * Whether a page may ask an `AudioContext` for its `outputLatency`. Firefox holds a lock meanwhile that its
 * sound callback waits for, and on Linux the answer waits for that callback: one page in six or so that
 * asked stood still for ever.
 */
export const tellsOutputLatency = (): boolean => !("mozInnerScreenX" in globalThis);
