import type { Commands } from "./commands.ts";

/** Two taps or clicks within this long (ms) are one gesture. */
const DOUBLE = 280;

/** Seconds a double tap on a side goes. */
const STEP = 10;

/**
 * Clicks and taps on the picture itself: one click plays and pauses, two fill the screen; one tap shows the
 * controls (media-chrome does that), two on a side go back or forward.
 *
 * @param surface what is clicked where there is no button
 * @param onSeek is told of a double tap, to show it
 */
export function watchGestures(
  surface: HTMLElement,
  commands: Commands,
  onSeek: (side: "back" | "forward") => void,
): void {
  let tappedAt = Number.NEGATIVE_INFINITY;
  let click: ReturnType<typeof setTimeout> | undefined;
  surface.addEventListener("pointerup", (event) => {
    if (event.target !== surface || event.button !== 0) return;
    const isSecond = event.timeStamp - tappedAt < DOUBLE;
    tappedAt = isSecond ? Number.NEGATIVE_INFINITY : event.timeStamp;
    if (event.pointerType === "touch") {
      const { left, width } = surface.getBoundingClientRect();
      const at = (event.clientX - left) / width;
      if (!isSecond || (at > 1 / 3 && at < 2 / 3)) return;
      const isBack = at < 0.5;
      const isPossible = isBack
        ? commands.player?.timeline !== undefined
        : commands.player?.timeline?.isLive === false;
      if (!isPossible) return;
      commands.seekBy(isBack ? -STEP : STEP);
      onSeek(isBack ? "back" : "forward");
      return;
    }
    clearTimeout(click);
    if (isSecond) commands.toggleFullscreen();
    else click = setTimeout(() => surface.isConnected && commands.togglePlay(), DOUBLE);
  });
}
