import type { ControlWords } from "../controls/words/en.ts";
import type { Player } from "../player/player.ts";
import type { QualitySetting } from "../player/player-quality.ts";
import { isMeantOn } from "./attributes.ts";
import { ControlLoader } from "./control-loader.ts";
import { Load, pass } from "./load.ts";
import { MediaFace } from "./media-face.ts";
import { PlayWishes } from "./play-wishes.ts";
import { errorOf, type PlayerError } from "./player-error.ts";
import type { ElementState } from "./player-event-map.ts";
import { Poster } from "./poster.ts";
import { furnish, type Shadow } from "./shadow.ts";
import { Teller } from "./teller.ts";
import { ElementTextTracks } from "./text-track-list.ts";
import { ViewWatch } from "./view-watch.ts";

/**
 * `<sluice-player src="/streams/APP/NAME">`: one live stream in anybody's page, like a `<video>` as far as
 * there is no difference between live and not. It begins when it is put into a document, and ends when it
 * is taken out; see docs/embed.md.
 */
export class SluicePlayerElement extends MediaFace {
  readonly #load: Load = new Load(this, () => this.#teller.plan());
  readonly #wishes = new PlayWishes();
  readonly #teller: Teller = new Teller(this, {
    load: () =>
      this.player === undefined && this.#load.error === undefined ? 0 : this.#load.count,
    onTold: ({ readyState, width, paused, error }) => {
      // As with a <video>, sound alone leaves the poster where it is.
      if (readyState > 1 && width > 0) this.#begun();
      this.#showStill();
      if (readyState > 2 && !paused) this.#wishes.fulfil();
      else if (error !== undefined)
        this.#wishes.disappoint("NotSupportedError", this.error?.message ?? "");
    },
  });
  readonly #view = new ViewWatch({
    onSeen: () => this.#begin(),
    onLeft: () => {
      if (this.loading === "visible") this.#end();
    },
  });
  /** What is inside, once it was in a document. */
  #inside: (Shadow & { readonly still: Poster; readonly loader: ControlLoader }) | undefined;
  #words: Partial<ControlWords> = {};
  #isSeeking = false;

  constructor() {
    super();
    // What a page set before this class was there lies in the way of what it is to set.
    for (const [name, value] of Object.entries(this)) {
      if (!(name in SluicePlayerElement.prototype)) continue;
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  get player(): Player | undefined {
    return this.#load.player;
  }

  get state(): ElementState {
    return this.#teller.state;
  }

  get error(): PlayerError | null {
    return this.#load.error ?? errorOf(this.player?.state) ?? null;
  }

  get words(): Partial<ControlWords> {
    return this.#words;
  }
  set words(words: Partial<ControlWords>) {
    this.#words = { ...words };
    this.#furnishControls(true);
  }

  get paused(): boolean {
    return this.#load.paused;
  }

  get muted(): boolean {
    return this.#load.muted;
  }
  set muted(isMuted: boolean) {
    this.#load.muted = isMeantOn(isMuted);
    this.#teller.plan();
  }

  get volume(): number {
    return this.#load.volume;
  }
  set volume(volume: number) {
    this.#load.volume = Math.min(1, Math.max(0, Number(volume) || 0));
    this.#teller.plan();
  }

  get currentTime(): number {
    return (this.player?.timeline?.position ?? 0) / 1_000;
  }
  set currentTime(seconds: number) {
    this.#seek(seconds * 1_000);
  }

  get seeking(): boolean {
    return this.#isSeeking;
  }

  readonly textTracks: ElementTextTracks = new ElementTextTracks((id) => {
    this.player?.selectTextTrack(id);
  });

  get quality(): QualitySetting {
    return this.#load.quality;
  }
  set quality(quality: QualitySetting) {
    this.#load.quality = quality;
  }

  play(): Promise<void> {
    this.#load.isHeld = false;
    this.#load.forgive();
    this.#begin();
    this.player?.play();
    this.#teller.plan();
    return this.#wishes.add();
  }

  pause(): void {
    this.#load.isHeld = true;
    this.player?.pause();
    this.#wishes.disappoint("AbortError", "It was paused");
    this.#teller.plan();
  }

  load(): void {
    this.#end();
    this.#load.isHeld = !this.autoplay;
    this.#begin();
  }

  goLive(): void {
    this.#load.isHeld = false;
    this.player?.goLive();
    this.#teller.plan();
  }

  /** The keys are the player's from then on, where it has controls; else as of any element. */
  override focus(options?: FocusOptions): void {
    const layer = this.#inside?.layer;
    if (layer === undefined || !this.controls || this.hasAttribute("tabindex")) {
      super.focus(options);
      return;
    }
    if (layer.querySelector(":focus") !== null) return;
    layer.tabIndex = -1; // the controls may not be loaded yet
    (layer.querySelector<HTMLElement>("[tabindex]") ?? layer).focus(options);
  }

  connectedCallback(): void {
    if (this.#inside === undefined) this.#furnish();
    if (this.player === undefined) {
      if (this.#load.count === 0) this.#load.isHeld &&= !this.autoplay;
      this.#watchView();
    }
    this.#furnishControls();
  }

  /** Moved by `moveBefore`: nothing is to be done. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    // Moved within one task, it goes on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#view.end();
      this.#inside?.loader.detach();
      this.#end();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || this.#inside === undefined) return;
    switch (name) {
      case "src":
        this.quality = "auto"; // the sizes are another broadcast's
        this.load();
        return;
      case "token":
      case "preview":
        this.load();
        return;
      case "autoplay":
        if (this.autoplay && this.#teller.told.readyState === 0 && this.paused)
          this.play().catch(() => undefined);
        return;
      case "muted":
        this.muted = this.defaultMuted;
        return;
      case "loading":
        this.#watchView();
        return;
      case "lang":
      case "words":
        this.#furnishControls(true);
        return;
      case "controls":
        this.#furnishControls();
        return;
      case "poster":
        this.#inside.still.show(this.poster);
        return;
      case "preload":
        this.#begin();
        return;
      default:
        this.#load.settle(this.#inside.root);
    }
  }

  #furnish(): void {
    const shadow = furnish(this);
    const { root, poster } = shadow;
    this.#inside = { ...shadow, still: new Poster(poster), loader: new ControlLoader(this, root) };
    this.#teller.style();
    for (const type of ["enterpictureinpicture", "leavepictureinpicture", "cuechange"]) {
      root.addEventListener(type, (event) => pass(event, this));
    }
    this.#inside.still.show(this.poster);
  }

  /** Begins what is to begin now. */
  #begin(): void {
    const isToBegin = this.loading === "eager" || this.#view.isSeen;
    if (this.#inside === undefined || !this.isConnected || !isToBegin) return;
    this.#load.begin(this.#inside);
    if (this.paused && this.poster === "" && this.player !== undefined)
      this.#inside.still.prepare();
  }

  #end(): void {
    this.#load.end();
    this.#wishes.disappoint("AbortError", "It ended before it could play");
    this.toggleAttribute("data-begun", false);
    this.#inside?.still.dropStill(this.poster);
  }

  #seek(time: number): void {
    const { player } = this;
    if (player === undefined || !Number.isFinite(time)) return;
    const tell = (isSeeking: boolean) => {
      this.#isSeeking = isSeeking;
      this.#teller.plan();
    };
    tell(true);
    const settled = () => tell(false);
    player.seek(time).then(settled, settled);
  }

  #watchView(): void {
    if (this.loading === "eager") this.#view.end();
    else this.#view.watch(this);
    this.#begin();
  }

  /** There is something to see. */
  #begun(): void {
    if (this.hasAttribute("data-begun")) return;
    this.toggleAttribute("data-begun", true);
    this.#inside?.still.dropStill(this.poster);
  }

  /** Where nothing plays although there is something to see: the server has a picture of it. */
  #showStill(): void {
    const isNeeded = () => this.player?.state.name === "idle";
    const { address } = this.#load;
    if (!isNeeded() || this.poster !== "" || address === undefined) return;
    this.#inside?.still.showStill(address, isNeeded);
  }

  /** @param isAnew they are there, and are to be others */
  #furnishControls(isAnew = false): void {
    const loader = this.#inside?.loader;
    if (isAnew || !this.controls) loader?.detach();
    if (this.controls) loader?.attach();
  }
}
