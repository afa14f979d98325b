import type { VideoSurface } from "../engine/video-surface.ts";

/**
 * Media keys, headphones, the system: tells of a pause of a `<video>` that nobody here asked for.
 *
 * @param isMeant whether this one is to play now, to be seen and heard
 */
export function watchSystemPause(
  surfaces: readonly VideoSurface[],
  isMeant: (video: HTMLVideoElement) => boolean,
  { onPause, signal }: { readonly onPause: () => void; readonly signal: AbortSignal },
): void {
  for (const { video } of surfaces) {
    const look = () => {
      const isOurs = document.hidden || video.readyState === 0 || video.ended;
      if (!isOurs && isMeant(video)) onPause();
    };
    video.addEventListener("pause", look, { signal });
  }
}
