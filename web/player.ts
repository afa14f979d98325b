import { SluicePlayerElement } from "./element/sluice-player.ts";

export { SluicePlayerElement };

declare global {
  interface HTMLElementTagNameMap {
    "sluice-player": SluicePlayerElement;
  }
}

// Loaded twice (two versions on a page, a bundler's copy), the first one stays.
const registry = globalThis.customElements;
if (registry !== undefined && registry.get("sluice-player") === undefined) {
  registry.define("sluice-player", SluicePlayerElement);
}
