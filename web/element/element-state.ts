import type { PlayerState } from "../ui/words.ts";
import type { ElementState } from "./player-event-map.ts";

/** Where an element stands by what its player says. @param state undefined: there is none */
export function elementStateOf(state: PlayerState | undefined, isPaused: boolean): ElementState {
  if (state === undefined) return "idle";
  switch (state.name) {
    case "live":
      return isPaused ? "paused" : "playing";
    case "reconnecting":
      return state.whose === "publisher" ? "stalled" : "offline";
    case "forbidden":
    case "unplayable":
      return "error";
    default:
      return state.name;
  }
}
