import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import { PosterRound } from "../control/poster-round.ts";
import { canPlayListed } from "../engine/platform.ts";
import { make, setIcon, setText } from "./elements.ts";
import { type NamedTrack, noPosterWords } from "./words.ts";

/** Between one look and the next, ms: fifty streams are gone through in some seconds. */
const BETWEEN = 120;

/** A poster that has not been shown after this long (ms) is given up. */
const PATIENCE = 6_000;

/** Pixels across that are kept of a poster: a card is no wider, on a fine screen neither. */
const WIDTH = 640;

type Place = {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly words: HTMLElement;
  readonly url: string;
  stream: ListedStream;
  isSeen: boolean;
  /** Of what is drawn. */
  etag: string | null;
};

/**
 * Stills of many live streams: each is the server's `poster.mp4`, decoded by one `<video>` for all of
 * them, one after the other, and drawn. Only what is within view is looked at, and only while the page
 * is seen.
 */
export class Posters {
  readonly #base: URL;
  readonly #round = new PosterRound();
  readonly #places = new Map<string, Place>();
  readonly #placeOf = new WeakMap<Element, Place>();
  readonly #video: HTMLVideoElement = document.createElement("video");
  readonly #watching: IntersectionObserver;
  #isBusy = false;

  /** @param onSeen told of each that comes into view, or leaves it */
  constructor(base: URL, onSeen: (path: string, isSeen: boolean) => void = () => {}) {
    this.#base = base;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.preload = "auto";
    this.#watching = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const place = this.#placeOf.get(target);
        if (place === undefined) continue;
        place.isSeen = isIntersecting;
        this.#round.setSeen(place.stream.path, isIntersecting);
        onSeen(place.stream.path, isIntersecting);
      }
    });
    setInterval(() => this.#tick(), BETWEEN);
  }

  /** @returns where the stream's still appears, to be put into the page */
  place(stream: ListedStream): HTMLElement {
    const element = make("div", "poster");
    const canvas = make("canvas");
    const words = make("span", "poster-words");
    canvas.hidden = true;
    canvas.setAttribute("aria-hidden", "true");
    setIcon(element, "picture");
    element.append(words, canvas);
    const parts = stream.path.split("/").map(encodeURIComponent).join("/");
    const url = new URL(`streams/${parts}/poster.mp4`, this.#base).href;
    const place = { element, canvas, words, url, stream, isSeen: false, etag: null };
    this.#places.set(stream.path, place);
    this.#placeOf.set(element, place);
    this.#watching.observe(element);
    return element;
  }

  /** Tells how the stream is now. */
  update(stream: ListedStream): void {
    const place = this.#places.get(stream.path);
    if (place === undefined) return;
    place.stream = stream;
    const isWorthIt = stream.state === "live" && stream.tracks.some(isShowable);
    if (isWorthIt) this.#round.add(stream.path);
    else this.#round.remove(stream.path);
    this.#round.setSeen(stream.path, place.isSeen);
    if (stream.state === "live" && !stream.tracks.some(isPicture)) place.canvas.hidden = true;
    setIcon(place.element, stream.tracks.some(isPicture) ? "picture" : "sound");
    setText(place.words, place.canvas.hidden ? noPosterWords(stream, isShowable) : "");
  }

  remove(path: string): void {
    const place = this.#places.get(path);
    if (place !== undefined) this.#watching.unobserve(place.element);
    this.#places.delete(path);
    this.#round.remove(path);
  }

  #tick(): void {
    if (this.#isBusy || document.hidden) return;
    const path = this.#round.next(performance.now());
    const place = path === undefined ? undefined : this.#places.get(path);
    if (path === undefined || place === undefined) return;
    this.#isBusy = true;
    this.#load(place)
      .then(
        (isShown) => this.#round.took(path, isShown, performance.now()),
        () => this.#round.took(path, false, performance.now()),
      )
      .finally(() => {
        this.#isBusy = false;
      });
  }

  /** @returns whether there is something to see now */
  async #load(place: Place): Promise<boolean> {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(place.url, { cache: "no-cache", signal });
    if (!response.ok) return false;
    const etag = response.headers.get("etag");
    if (etag !== null && etag === place.etag) {
      await response.body?.cancel();
      return true;
    }
    const url = URL.createObjectURL(await response.blob());
    try {
      await this.#show(url, signal);
      this.#draw(place);
      place.etag = etag;
    } finally {
      this.#video.removeAttribute("src");
      this.#video.load();
      URL.revokeObjectURL(url);
    }
    return true;
  }

  /** Resolves when the picture can be drawn. */
  #show(url: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const video = this.#video;
      video.addEventListener("loadeddata", () => resolve(), { once: true, signal });
      video.addEventListener("error", () => reject(video.error), { once: true, signal });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      video.src = url;
      // On phones nothing is loaded for `preload` alone.
      video.play().catch(() => undefined);
    });
  }

  #draw({ canvas, words }: Place): void {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    const scale = Math.min(1, WIDTH / videoWidth);
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d")?.drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
    setText(words, "");
  }
}

const isPicture = ({ mediaType }: NamedTrack): boolean => mediaType === "video";

/** Whether this browser can show pictures of such a track. */
export const isShowable = (track: NamedTrack): boolean => isPicture(track) && canPlayListed(track);
