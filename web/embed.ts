import type { SluicePlayerElement } from "./element/sluice-player.ts";
import { EmbedController, seekTo } from "./embed/controller.ts";
import { readColour, readLock, readStart } from "./embed/switches.ts";
import { byId } from "./ui/elements.ts";

// The script is asynchronous: the page may still be on its way.
if (document.readyState === "loading") {
  await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
}
const query = new URLSearchParams(location.search);
const element = byId("player", HTMLElement) as SluicePlayerElement;
const accent = readColour(query.get("accent"));
if (accent !== undefined) element.style.setProperty("--sluice-accent", accent);

await customElements.whenDefined("sluice-player");

const start = readStart(query.get("t"));
if (start !== undefined) {
  const go = () => void seekTo(element, start).catch(() => undefined);
  element.addEventListener("playing", go, { once: true });
}

const lock = readLock(query.get("origin"));
if (parent !== window && lock !== undefined) {
  const controller = new EmbedController(element, (message) => {
    // Where nobody said who may listen, anybody who shows us may: nothing secret is told.
    parent.postMessage(message, lock);
  });
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || (lock !== "*" && origin !== lock)) return;
    controller.receive(data);
  });
}
