import type { StreamAddress } from "../address.ts";

/** What is seen before the first picture. */
export class Poster {
  readonly #place: HTMLSlotElement;
  #hasStill = false;

  /** @param place of the page's own, if it brings one */
  constructor(place: HTMLSlotElement) {
    this.#place = place;
  }

  /** This image, or none. */
  show(url: string): void {
    this.#hasStill = false;
    if (url === "") {
      this.#place.replaceChildren();
      return;
    }
    const image = document.createElement("img");
    image.alt = "";
    image.src = url;
    this.#place.replaceChildren(image);
  }

  /** A still may be wanted soon: its code comes while the server is asked whether there is anything to see. */
  prepare(): void {
    import("./still.ts").catch(() => undefined);
  }

  /**
   * Where nothing plays although there is something to see: the server has a picture of it.
   *
   * @param isNeeded whether it still is when its code has come
   */
  showStill(address: StreamAddress, isNeeded: () => boolean): void {
    if (this.#hasStill) return;
    this.#hasStill = true;
    import("./still.ts").then(
      ({ showStill }) => {
        if (isNeeded()) showStill(this.#place, address.playlist);
      },
      () => undefined, // it is dark without
    );
  }

  /** It is not needed any more: something is seen, or nothing is there to be seen. @param url instead */
  dropStill(url: string): void {
    if (this.#hasStill) this.show(url);
  }
}
