import type { MediaFace } from "../element/media-face.ts";
import { setText } from "../ui/elements.ts";
import { formatDelay, formatSpan } from "../ui/format.ts";
import {
  type CaptionStyle,
  captionCss,
  keepCaptionStyle,
  recallCaptionStyle,
} from "./caption-style.ts";
import { Casting } from "./casting.ts";
import { Commands } from "./commands.ts";
import { FiguresOfMinute } from "./figures.ts";
import { watchGestures } from "./gestures.ts";
import { pressKey } from "./keyboard.ts";
import { ENGLISH, type Language, languageTagOf, loadLanguage, readWords } from "./language.ts";
import { type Layout, label, makeLayout } from "./layout.ts";
import { Menu } from "./menu.ts";
import { captionsPage, type MenuHost, settingsPage } from "./menu-pages.ts";
import { Panels } from "./panels.ts";
import { textTrackName } from "./phrases.ts";
import { SHEET } from "./sheet.ts";
import { StateView } from "./state-view.ts";
import { PlayerStore } from "./store.ts";
import { TimelineBar } from "./timeline-bar.ts";
import { rememberVolume } from "./volume-memory.ts";

/** Figures are taken this often, ms; the panel shows them every other time. */
const SAMPLE = 250;

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
export function attachControls(element: MediaFace, root: ShadowRoot): AttachedControls {
  const controls = new Controls(element, root, ENGLISH);
  const tag = languageTagOf(element);
  const own = { ...readWords(element.getAttribute("words")), ...element.words };
  let isAttached = true;
  if (/^en\b/i.test(tag) && Object.keys(own).length === 0) {
    controls.attach();
  } else {
    loadLanguage(tag, own).then(
      (language) => {
        if (!isAttached) return;
        controls.language = language;
        controls.attach();
      },
      () => undefined,
    );
  }
  return {
    detach: () => {
      isAttached = false;
      controls.detach();
    },
  };
}

/** Controls, states in words, keys and touch of one player. */
class Controls {
  language: Language;
  readonly #element: MediaFace;
  readonly #root: ShadowRoot;
  readonly #commands: Commands;
  readonly #casting: Casting;
  readonly #store: PlayerStore;
  readonly #layout: Layout;
  readonly #stateView: StateView;
  readonly #panels: Panels;
  readonly #timeline: TimelineBar;
  readonly #settings: Menu;
  readonly #captions: Menu;
  readonly #minute = new FiguresOfMinute();
  readonly #sheet = new CSSStyleSheet();
  readonly #captionSheet = new CSSStyleSheet();
  readonly #listening = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #player: MediaFace["player"];
  #playerListening = new AbortController();
  #captionStyle: CaptionStyle = recallCaptionStyle();
  #samples = 0;
  #flash: ReturnType<typeof setTimeout> | undefined;

  constructor(element: MediaFace, root: ShadowRoot, language: Language) {
    this.#element = element;
    this.#root = root;
    this.language = language;
    this.#commands = new Commands(element, root);
    this.#casting = new Casting(() => this.#show());
    this.#store = new PlayerStore(this.#commands, this.#casting);
    this.#layout = makeLayout({
      play: () => this.#commands.play(),
      sound: () => this.#commands.setMuted(false),
      live: () => this.#commands.goLive(),
      captions: () => this.#captions.toggle(),
      settings: () => this.#settings.toggle(),
      cast: () => this.#casting.pickRemote(),
      snapshot: () => this.#saveSnapshot(),
    });
    this.#stateView = new StateView(element, root, this.#layout);
    this.#panels = new Panels({
      ...{ root, layout: this.#layout, minute: this.#minute },
      language: () => this.language,
      stats: () => this.#player?.stats(),
    });
    const host: MenuHost = {
      element,
      language: () => this.language,
      captionStyle: () => this.#captionStyle,
      setCaptionStyle: (style) => {
        this.#captionStyle = style;
        keepCaptionStyle(style);
        this.#captionSheet.replaceSync(captionCss(style));
        this.#show();
      },
      openStatistics: () => this.#panels.openStatistics(),
      openShortcuts: () => this.#panels.openShortcuts(),
      saveSnapshot: () => this.#saveSnapshot(),
    };
    const menu = (button: HTMLElement, page: (host: MenuHost) => ReturnType<typeof settingsPage>) =>
      new Menu(button, () => page(host), {
        back: () => this.language.say("back"),
        onToggle: () => this.#show(),
      });
    this.#settings = menu(this.#layout.settings, settingsPage);
    this.#captions = menu(this.#layout.captions, captionsPage);
    this.#timeline = new TimelineBar(this.#commands, () => this.language);
    this.#layout.bottom.prepend(this.#timeline.element);
    this.#layout.bottom.append(this.#settings.element, this.#captions.element);
    this.#sheet.replaceSync(SHEET);
    this.#captionSheet.replaceSync(captionCss(this.#captionStyle));
  }

  attach(): void {
    const { frame, controller } = this.#layout;
    frame.lang = this.language.tag;
    frame.dir = this.language.direction;
    const sheets = [this.#sheet, this.#captionSheet];
    this.#root.adoptedStyleSheets = [...this.#root.adoptedStyleSheets, ...sheets];
    this.#nameThings();
    (this.#root.querySelector(".layer") ?? this.#root).append(frame);
    controller.mediaStore = this.#store;
    this.#listen();
    this.#timer = setInterval(() => this.#sample(), SAMPLE);
    this.#show();
    // It names itself as it enters.
    controller.ariaLabel = this.language.say("player");
    if (this.#element.hasAttribute("stats")) this.#panels.openStatistics(false);
  }

  detach(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#flash);
    this.#stateView.stop();
    this.#panels.stop();
    this.#listening.abort();
    this.#playerListening.abort();
    this.#casting.stop();
    this.#layout.frame.remove();
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter(
      (sheet) => sheet !== this.#sheet && sheet !== this.#captionSheet,
    );
  }

  /** What is called the same all the time. */
  #nameThings(): void {
    const say = this.language.say.bind(this.language);
    const layout = this.#layout;
    label(layout.settings, say("settings"));
    label(layout.snapshot, say("snapshot"));
    label(layout.cast, say("cast"));
    label(layout.airplay, say("airplay"));
    layout.unmuteWords.textContent = say("tapForSound");
    layout.liveWord.textContent = say("live");
    setText(layout.alone.lastElementChild as HTMLElement, say("soundOnly"));
    label(layout.big, say("play"));
    layout.big.title = say("clickToPlay");
    this.#timeline.slider.ariaLabel = say("rewind");
  }

  #listen(): void {
    const { signal } = this.#listening;
    rememberVolume(this.#element, signal);
    const element = this.#element;
    const { frame, controller } = this.#layout;
    for (const type of ["loadstart", "emptied", "statuschange", "volumechange", "play", "pause"]) {
      element.addEventListener(type as "play", () => this.#show(), { signal });
    }
    for (const type of ["enterpictureinpicture", "leavepictureinpicture"]) {
      this.#root.addEventListener(type, () => this.#show(), { signal });
    }
    document.addEventListener("fullscreenchange", () => this.#show(), { signal });
    element.addEventListener("keydown", (event) => this.#key(event), { signal });
    for (const type of ["pointermove", "pointerdown", "focusin"]) {
      frame.addEventListener(type, () => this.#timeline.approach());
    }
    for (const type of ["focusin", "focusout"]) {
      frame.addEventListener(type, () => this.#hold());
    }
    document.addEventListener(
      "pointerdown",
      (event) => {
        const path = event.composedPath();
        for (const menu of [this.#settings, this.#captions]) {
          const { captions, settings } = this.#layout;
          const isOwn = [menu.element, captions, settings].some((one) => path.includes(one));
          if (!isOwn) menu.close(false);
        }
      },
      { signal, capture: true },
    );
    watchGestures(controller, this.#commands, (side) => this.#flashSide(side));
  }

  /** The element may have another player than before. */
  #follow(): void {
    const { player } = this.#element;
    if (player !== this.#player) {
      this.#playerListening.abort();
      this.#playerListening = new AbortController();
      const { signal } = this.#playerListening;
      this.#player = player;
      this.#minute.clear();
      this.#timeline.forget();
      player?.addEventListener("change", () => this.#show(), { signal });
      player?.addEventListener("surfacechange", () => this.#commands.keepPip(), { signal });
    }
    this.#casting.watch(this.#commands.video);
  }

  #sample(): void {
    this.#follow();
    const stats = this.#player?.stats();
    if (stats === undefined) return;
    const isOn = stats.state === "live" && !stats.paused;
    const at = performance.now();
    this.#minute.push({
      at,
      delay: isOn ? stats.delay : undefined,
      buffer: isOn ? stats.buffer : undefined,
      bitrate: isOn ? stats.bitrate : undefined,
    });
    this.#samples += 1;
    if (this.#samples % 2 === 0) this.#panels.show(stats, at);
  }

  #show(): void {
    this.#follow();
    this.#store.update();
    const layout = this.#layout;
    const say = this.language.say.bind(this.language);
    const element = this.#element;
    const player = this.#player;
    const state = player?.state ?? { name: "idle" as const };
    const { paused } = element;
    const isLive = state.name === "live";
    const hasPlace = player?.timeline !== undefined;
    const isOn = isLive || state.name === "reconnecting" || (state.name === "ended" && hasPlace);
    const hasSound = player?.hasSound === true;
    layout.frame.dataset["state"] = state.name;

    this.#stateView.show(this.language);
    layout.big.hidden = !(paused && (isLive || state.name === "idle"));
    layout.unmute.hidden = !(isLive && player?.soundBlocked === true && hasSound && !paused);
    layout.play.hidden = !isOn;
    label(layout.play, say(paused ? "play" : "pause"), "k");
    const isSilent = element.muted || element.volume === 0;
    layout.sound.hidden = !(isOn && hasSound);
    label(layout.mute, say(isSilent ? "soundOn" : "soundOff"), "m");
    const slider = layout.volume.shadowRoot?.querySelector("input");
    if (slider != null) slider.ariaLabel = say("volume");
    this.#showLive(isLive && !paused, isOn);
    layout.alone.hidden = !(isLive && hasSound && layout.big.hidden && !this.#isSeen);
    this.#timeline.show();
    this.#timeline.element.hidden ||= !isOn;

    const texts = player?.textTracks ?? [];
    const text = texts.find(({ isSelected }) => isSelected);
    layout.captions.hidden = texts.length === 0;
    layout.captions.classList.toggle("on", text !== undefined);
    const name = text === undefined ? say("off") : textTrackName(this.language, text);
    label(layout.captions, say("captionsAre", { name }), "c");
    if (texts.length === 0) this.#captions.close(false);
    layout.airplay.hidden = !this.#casting.canAirplay;
    layout.cast.hidden = !this.#casting.canRemote;
    layout.snapshot.hidden = !(isLive && (player?.surface.width ?? 0) > 0);
    layout.pip.hidden = !(isLive && this.#commands.canPip);
    label(layout.pip, say(this.#commands.isPip ? "leavePip" : "pip"), "p");
    layout.fullscreen.hidden = !this.#commands.canFullscreen;
    label(
      layout.fullscreen,
      say(this.#commands.isFullscreen ? "leaveFullscreen" : "fullscreen"),
      "f",
    );
    this.#settings.show();
    this.#captions.show();
    this.#hold();
  }

  /** There is a picture, or is about to be; or the page has one of its own for sound alone. */
  get #isSeen(): boolean {
    const hasPicture = this.#player?.tracks.some(
      ({ mediaType, isSelected }) => mediaType === "video" && isSelected,
    );
    const own = this.#root.querySelector<HTMLSlotElement>("slot[name=poster]");
    return (
      hasPicture === true || this.#element.poster !== "" || own?.assignedElements().length !== 0
    );
  }

  #showLive(isPlaying: boolean, isOn: boolean): void {
    const { live, liveDelay } = this.#layout;
    const timeline = this.#player?.timeline;
    const isPast = timeline?.isLive === false;
    const isLive = isPlaying && !isPast;
    const delay = this.#player?.stats().delay;
    live.hidden = !isOn;
    live.classList.toggle("on", isLive);
    const told = isLive && delay !== undefined ? formatDelay(delay) : "";
    liveDelay.hidden = !isOn;
    setText(liveDelay, isPast ? `−${formatSpan(timeline.behindLive)}` : told);
    label(live, this.language.say(isLive ? "playingLive" : "goLive"));
    if (live.title !== this.language.say("goLive")) live.title = this.language.say("goLive");
  }

  /** Controls stay where somebody is at them. */
  #hold(): void {
    const { frame } = this.#layout;
    const isAtKeys = frame.querySelector(":focus-visible:not(.chrome)") !== null;
    frame.classList.toggle("held", isAtKeys || this.#settings.isOpen || this.#captions.isOpen);
  }

  #key(event: KeyboardEvent): void {
    const isDone = pressKey(event, {
      element: this.#element,
      commands: this.#commands,
      panels: this.#panels,
    });
    if (isDone) this.#show();
  }

  #saveSnapshot(): void {
    this.#commands.saveSnapshot().catch(() => undefined);
  }

  #flashSide(side: "back" | "forward"): void {
    const { flash } = this.#layout;
    flash.textContent = side === "back" ? "−10" : "+10";
    flash.dataset["side"] = side;
    flash.hidden = false;
    clearTimeout(this.#flash);
    this.#flash = setTimeout(() => {
      flash.hidden = true;
    }, 600);
  }
}
