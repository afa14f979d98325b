import type { SluicePlayerElement } from "../element/sluice-player.ts";

/** What was put over the picture. */
export type AttachedControls = {
  /** Takes it away again, with every listener. */
  detach(): void;
};

/**
 * Puts controls over the picture of an element: called when its attribute `controls` is set, and again
 * when its `lang` is another. This file and what it needs are loaded then, and not before.
 *
 * @param root the element's; what is put into `.layer` lies over the picture and under the slots `top` and
 *   `bottom`
 */
export function attachControls(_element: SluicePlayerElement, root: ShadowRoot): AttachedControls {
  const layer = root.querySelector(".layer");
  return { detach: () => layer?.replaceChildren() };
}
