import { SluicePlayerElement } from "./element/sluice-player.ts";
import { linePlaces, placeWorker } from "./line/line-places.ts";

export type { SluicePlayerMarkup } from "./element/markup.ts";
export type { PlayerError, PlayerErrorCode } from "./element/player-error.ts";
export type { ElementState, PlayerEventMap } from "./element/player-event-map.ts";
export { SluicePlayerElement };

declare global {
  interface HTMLElementTagNameMap {
    "sluice-player": SluicePlayerElement;
  }
}

// From here, since this file is where it is in every bundle: its neighbours are found by it. The worker
// starts while the elements are made.
if (typeof LIVE_WORKER === "string") {
  placeWorker(new URL(LIVE_WORKER, import.meta.url));
  if (typeof document !== "undefined") linePlaces().workers.warm();
}

// Loaded twice (two versions on a page, a bundler's copy), the first one stays.
const registry = globalThis.customElements;
if (registry !== undefined && registry.get("sluice-player") === undefined) {
  registry.define("sluice-player", SluicePlayerElement);
}
