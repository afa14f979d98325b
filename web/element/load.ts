import { addressOf, locateSource, type StreamAddress } from "../address.ts";
import { mediaSourceClass, playsNativeHls } from "../engine/platform.ts";
import { Player } from "../player/player.ts";
import type { QualitySetting } from "../player/player-quality.ts";
import type { PlayerAttributes } from "./attributes.ts";
import { type PlayerError, playerError } from "./player-error.ts";
import type { Shadow } from "./shadow.ts";

/** What an element has loaded, and what it keeps from one player to the next: sound, size, pause. */
export class Load {
  /** Nobody wants it to play. */
  isHeld = true;
  readonly #element: PlayerAttributes;
  readonly #onChange: () => void;
  #player: Player | undefined;
  #address: StreamAddress | undefined;
  #error: PlayerError | undefined;
  #count = 0;
  #isMuted: boolean | undefined;
  #volume = 1;
  #quality: QualitySetting = "auto";

  /** @param element what is asked; the player's events are passed on to it */
  constructor(element: PlayerAttributes, onChange: () => void) {
    this.#element = element;
    this.#onChange = onChange;
  }

  get player(): Player | undefined {
    return this.#player;
  }

  /** Of what was loaded last. */
  get address(): StreamAddress | undefined {
    return this.#address;
  }

  /** Why nothing is. */
  get error(): PlayerError | undefined {
    return this.#error;
  }

  /** Loads so far. */
  get count(): number {
    return this.#count;
  }

  get paused(): boolean {
    return this.#player?.paused ?? this.isHeld;
  }

  get muted(): boolean {
    return this.#player?.muted ?? this.#isMuted ?? this.#element.defaultMuted;
  }

  set muted(isMuted: boolean) {
    this.#isMuted = isMuted;
    this.#player?.setMuted(isMuted);
  }

  get volume(): number {
    return this.#player?.volume ?? this.#volume;
  }

  set volume(volume: number) {
    this.#volume = volume;
    this.#player?.setVolume(volume);
  }

  get quality(): QualitySetting {
    return this.#player?.quality ?? this.#quality;
  }

  set quality(quality: QualitySetting) {
    this.#quality = quality;
    if (this.#player !== undefined) this.#player.quality = quality;
  }

  /** Makes a player for what is asked, where that is something. */
  begin({ root, stage }: Shadow): void {
    const element = this.#element;
    if (this.#player !== undefined || element.src === "") return;
    if (this.isHeld && element.preload === "none") return;
    this.#count += 1;
    const source = URL.canParse(element.src, document.baseURI)
      ? locateSource(new URL(element.src, document.baseURI))
      : undefined;
    this.#error = undefined;
    if (source === undefined) {
      this.#error = playerError("SOURCE_INVALID", `No stream is named by "${element.src}"`);
    } else if (mediaSourceClass() === undefined && !playsNativeHls()) {
      this.#error = playerError("NO_ENGINE", "This browser has neither MediaSource nor HLS");
    } else {
      const isPreview = element.hasAttribute("preview");
      const address = addressOf(source.base, source.streamPath, element.token, isPreview);
      this.#address = address;
      this.#player = this.#make(stage, address);
      this.settle(root);
      this.#player.start();
    }
    this.#onChange();
  }

  end(): void {
    this.#error = undefined;
    const player = this.#player;
    if (player !== undefined) {
      this.#isMuted = player.muted;
      this.#quality = player.quality;
      this.#volume = player.volume;
      this.isHeld = player.paused;
      this.#player = undefined;
      player.destroy();
    }
    this.#onChange();
  }

  /** What was wrong may be right now. */
  forgive(): void {
    this.#error = undefined;
  }

  /** Tells the player what is asked by now. */
  settle(root: ShadowRoot): void {
    const player = this.#player;
    if (player === undefined) return;
    const element = this.#element;
    player.latency = element.latency;
    player.syncGroup = element.syncGroup;
    player.transport = element.transport;
    player.engine = element.engine;
    for (const video of root.querySelectorAll("video")) {
      video.disablePictureInPicture = element.disablePictureInPicture;
      if (element.disableRemotePlayback) video.disableRemotePlayback = true;
    }
  }

  #make(stage: HTMLElement, address: StreamAddress): Player {
    const { latency, transport, engine, defaultMuted } = this.#element;
    const isStandby = this.isHeld;
    const player = new Player(stage, { address, latency, transport, engine, isStandby });
    player.setVolume(this.#volume);
    const isBornMuted = defaultMuted || this.#element.getAttribute("autoplay") === "muted";
    player.setMuted(this.#isMuted ?? isBornMuted);
    player.addEventListener("change", () => this.#onChange());
    for (const type of ["qualitychange", "fallback", "data"]) {
      player.addEventListener(type, (event) => pass(event, this.#element));
    }
    player.quality = this.#quality;
    return player;
  }
}

/** Tells it once more, of another target. */
export function pass(event: Event, to: EventTarget): void {
  const { detail } = event as CustomEvent<unknown>;
  to.dispatchEvent(new CustomEvent(event.type, { detail }));
}
