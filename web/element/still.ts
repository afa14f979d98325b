import { besideOf } from "../engine/hls-playlist.ts";

/**
 * Shows the server's still of a broadcast, its newest key frame.
 *
 * @param place is emptied for it, and to be emptied when it is not needed any more
 * @param playlist of the stream
 */
export function showStill(place: Element, playlist: string): void {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  video.setAttribute("aria-hidden", "true");
  video.src = besideOf(playlist, "poster.mp4");
  video.play().catch(() => undefined); // on phones nothing is loaded for `preload` alone
  place.replaceChildren(video);
}
