import type { Player } from "../player/player.ts";
import { snapshotName } from "../player/snapshot.ts";
import { byId, make, setIcon, setText } from "./elements.ts";
import { formatDelay, formatSpan } from "./format.ts";
import { TextMenu } from "./text-menu.ts";
import { TimelineView } from "./timeline-view.ts";
import { notesFor, wordsFor } from "./words.ts";

/** Controls vanish after this long (ms) without a move, while it plays. */
const IDLE = 2_500;

/** Go somewhere wherever in the player they are pressed; others do on the slider only. */
const SEEK_KEYS = ["ArrowLeft", "ArrowRight", "j", "l", "Home", "End"];

/** Controls, states in words, and keys around one player, on the watch page's elements. */
export class PlayerView {
  readonly #player: Player;
  readonly #timeline: TimelineView;
  readonly #texts: TextMenu;
  readonly #frame: HTMLElement = byId("player", HTMLElement);
  readonly #play: HTMLButtonElement = byId("play", HTMLButtonElement);
  readonly #mute: HTMLButtonElement = byId("mute", HTMLButtonElement);
  readonly #volume: HTMLInputElement = byId("volume", HTMLInputElement);
  readonly #live: HTMLButtonElement = byId("live", HTMLButtonElement);
  readonly #snapshot: HTMLButtonElement = byId("snapshot", HTMLButtonElement);
  readonly #fullscreen: HTMLButtonElement = byId("fullscreen", HTMLButtonElement);
  readonly #controls: HTMLElement = byId("controls", HTMLElement);
  readonly #unmute: HTMLButtonElement = byId("unmute", HTMLButtonElement);
  readonly #big: HTMLButtonElement = byId("big-play", HTMLButtonElement);
  readonly #overlay: HTMLElement = byId("overlay", HTMLElement);
  readonly #title: HTMLElement = byId("overlay-title", HTMLElement);
  readonly #detail: HTMLElement = byId("overlay-detail", HTMLElement);
  readonly #notes: HTMLElement = byId("notes", HTMLElement);
  readonly #status: HTMLElement = byId("status", HTMLElement);
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** @param streamPath for the names of what is saved */
  constructor(player: Player, streamPath: string) {
    this.#player = player;
    this.#timeline = new TimelineView(player);
    this.#texts = new TextMenu(player);
    player.addEventListener("change", () => this.#show());
    this.#play.onclick = () => this.#toggle();
    this.#big.onclick = () => this.#toggle();
    this.#mute.onclick = () => player.setMuted(!player.muted);
    this.#unmute.onclick = () => player.setMuted(false);
    this.#volume.oninput = () => {
      player.setVolume(this.#volume.valueAsNumber / 100);
      if (player.volume > 0 && player.muted) player.setMuted(false);
    };
    this.#live.onclick = () => player.goLive();
    setIcon(this.#snapshot, "camera");
    this.#snapshot.onclick = () => {
      saveSnapshot(player, snapshotName(streamPath, new Date())).catch(() => undefined);
    };
    this.#fullscreen.onclick = () => this.#toggleFullscreen();
    document.addEventListener("fullscreenchange", () => this.#show());
    this.#watchPointer();
    this.#frame.addEventListener("keydown", (event) => this.#key(event));
    this.#show();
  }

  #toggle(): void {
    if (this.#player.paused) this.#player.play();
    else this.#player.pause();
  }

  #toggleFullscreen(): void {
    const { video } = this.#player;
    if (document.fullscreenElement !== null) {
      document.exitFullscreen().catch(() => undefined);
    } else if ("requestFullscreen" in this.#frame) {
      this.#frame.requestFullscreen().catch(() => undefined);
    } else {
      video?.webkitEnterFullscreen?.();
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOnControl = event.target instanceof HTMLButtonElement;
    if (event.key === "k" || (event.key === " " && !isOnControl)) this.#toggle();
    else if (event.key === "m") this.#player.setMuted(!this.#player.muted);
    else if (event.key === "f") this.#toggleFullscreen();
    else if (event.key === "c") this.#texts.toggle();
    else if (event.target === this.#volume || !SEEK_KEYS.includes(event.key)) return;
    else this.#timeline.key(event);
    event.preventDefault();
  }

  #watchPointer(): void {
    const wake = () => {
      this.#frame.classList.remove("idle");
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => {
        const isHeld = this.#frame.querySelector(":focus-visible") !== null;
        if (!this.#player.paused && !isHeld && !this.#texts.isOpen)
          this.#frame.classList.add("idle");
      }, IDLE);
    };
    for (const type of ["pointermove", "pointerdown", "focusin", "keydown"]) {
      this.#frame.addEventListener(type, wake);
    }
    this.#frame.addEventListener("dblclick", (event) => {
      if (event.target === byId("stage", HTMLElement)) this.#toggleFullscreen();
    });
    wake();
  }

  #show(): void {
    const player = this.#player;
    const { state, paused } = player;
    const isLive = state.name === "live";
    const isPast = player.timeline?.isLive === false;
    const words = wordsFor(state);
    this.#frame.dataset["state"] = state.name;
    this.#overlay.hidden = words === undefined;
    setText(this.#title, words?.title ?? "");
    setText(this.#detail, words?.detail ?? "");
    const notes = state.name === "unplayable" ? [] : this.#noteTexts();
    if (this.#notes.textContent !== notes.join("")) {
      this.#notes.replaceChildren(...notes.map((note) => make("p", "", note)));
    }
    this.#controls.hidden = !(isLive || state.name === "reconnecting");
    const spoken =
      words === undefined
        ? paused
          ? "Paused"
          : isPast
            ? "Playing the past"
            : "Live"
        : words.title;
    setText(this.#status, [spoken, ...notes].join(". "));

    setIcon(this.#play, paused ? "play" : "pause");
    this.#play.ariaLabel = paused ? "Play" : "Pause";
    this.#big.hidden = !(paused && isLive);
    const isSilent = player.muted || player.volume === 0;
    setIcon(this.#mute, isSilent ? "muted" : "sound");
    this.#mute.ariaLabel = isSilent ? "Turn sound on" : "Turn sound off";
    this.#mute.hidden = this.#volume.hidden = !player.hasSound;
    if (document.activeElement !== this.#volume) {
      this.#volume.valueAsNumber = player.muted ? 0 : Math.round(player.volume * 100);
    }
    this.#unmute.hidden = !(isLive && player.soundBlocked && player.hasSound && !paused);
    this.#showLive(isLive && !paused);
    this.#timeline.show(isLive);
    this.#texts.show();
    const isFull = document.fullscreenElement !== null;
    setIcon(this.#fullscreen, isFull ? "leave" : "fullscreen");
    this.#fullscreen.ariaLabel = isFull ? "Leave full screen" : "Full screen";
  }

  #noteTexts(): string[] {
    const { unsupported, unplayable } = this.#player.left;
    return notesFor(unsupported, unplayable);
  }

  #showLive(isOn: boolean): void {
    const { delay } = this.#player.stats();
    const timeline = this.#player.timeline;
    const isPast = timeline !== undefined && !timeline.isLive;
    const isLive = isOn && !isPast;
    const told = isLive && delay !== undefined ? formatDelay(delay) : "";
    this.#live.hidden = this.#player.state.name !== "live";
    this.#live.classList.toggle("on", isLive);
    setText(byId("delay", HTMLElement), isPast ? `−${formatSpan(timeline.behindLive)}` : told);
    this.#live.title = isLive ? "From server to screen. Go to the newest picture" : "Go live";
    this.#live.ariaLabel = isLive ? "Playing live" : "Go live";
  }
}

/** Hands the picture that is shown to the browser, to be saved as a file. */
async function saveSnapshot(player: Player, name: string): Promise<void> {
  const url = URL.createObjectURL(await player.snapshot());
  const link = make("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // it is read some time after the click
}
