import type { AttachedControls } from "../controls/controls.ts";
import type { MediaFace } from "./media-face.ts";

/** The controls of an element, whose code comes when they are wanted. */
export class ControlLoader {
  readonly #element: MediaFace;
  readonly #root: ShadowRoot;
  #controls: AttachedControls | undefined;
  #isComing = false;
  #asked = 0;

  constructor(element: MediaFace, root: ShadowRoot) {
    this.#element = element;
    this.#root = root;
  }

  /** They are wanted, as soon as they can be there. */
  attach(): void {
    if (this.#controls !== undefined || this.#isComing) return;
    this.#isComing = true;
    this.#asked += 1;
    const asked = this.#asked;
    import("../controls/controls.ts").then(
      ({ attachControls }) => {
        if (asked !== this.#asked) return;
        this.#isComing = false;
        this.#controls = attachControls(this.#element, this.#root);
      },
      () => {
        if (asked === this.#asked) this.#isComing = false; // it plays without them
      },
    );
  }

  /** They are not wanted, or not these. */
  detach(): void {
    this.#asked += 1;
    this.#isComing = false;
    this.#controls?.detach();
    this.#controls = undefined;
  }
}
