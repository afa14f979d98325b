import type { MediaFace } from "../element/media-face.ts";
import type { Commands } from "./commands.ts";
import { type KeyAction, type KeyPlace, keyAction } from "./keys.ts";
import type { Panels } from "./panels.ts";

/** What keys are for. */
export type KeyedPlayer = {
  readonly element: MediaFace;
  readonly commands: Commands;
  readonly panels: Panels;
};

/** Does what a key asks for, where it is the player's. @returns whether something was done */
export function pressKey(event: KeyboardEvent, player: KeyedPlayer): boolean {
  if (event.defaultPrevented) return false;
  const [target] = event.composedPath();
  const place = placeOf(target);
  if (event.key === "Escape" && player.panels.close()) {
    event.preventDefault();
    return false;
  }
  // A page must not scroll by the key that presses a button; a <button> sees to that itself.
  const isOurs = !(target instanceof HTMLButtonElement);
  if (event.key === " " && place === "button" && isOurs) event.preventDefault();
  if (player.element.hasAttribute("nohotkeys")) return false;
  const action = keyAction(event, place);
  if (action === undefined) return false;
  event.preventDefault();
  act(action, player);
  return true;
}

function act(action: KeyAction, { element, commands, panels }: KeyedPlayer): void {
  switch (action.do) {
    case "play":
      commands.togglePlay();
      break;
    case "mute":
      commands.setMuted(!element.muted);
      break;
    case "fullscreen":
      commands.toggleFullscreen();
      break;
    case "captions":
      commands.toggleCaptions();
      break;
    case "pip":
      commands.togglePip();
      break;
    case "statistics":
      panels.toggleStatistics();
      break;
    case "help":
      panels.toggleShortcuts();
      break;
    case "live":
      commands.goLive();
      break;
    case "oldest":
      commands.seekToShare(0);
      break;
    case "tenth":
      commands.seekToShare(action.at / 10);
      break;
    case "seek":
      commands.seekBy(action.by);
      break;
    case "volume":
      commands.setVolume((element.muted ? 0 : element.volume) + action.by);
      break;
  }
}

/** What has the focus, as far as keys go. */
function placeOf(target: EventTarget | undefined): KeyPlace {
  if (!(target instanceof HTMLElement)) return "elsewhere";
  if (target instanceof HTMLInputElement) return target.type === "range" ? "slider" : "text";
  if (target.matches("textarea, select") || target.isContentEditable) return "text";
  return target.matches("button, a, [role=button], [role^=menuitem]") ? "button" : "elsewhere";
}
