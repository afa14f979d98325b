import type { SluicePlayerElement } from "../element/sluice-player.ts";
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
import { icon } from "./icons.ts";
import { type KeyAction, type KeyPlace, keyAction } from "./keys.ts";
import { ENGLISH, type Language, languageTagOf, loadLanguage, readWords } from "./language.ts";
import { type Layout, label, make, makeLayout } from "./layout.ts";
import { Menu } from "./menu.ts";
import { captionsPage, type MenuHost, settingsPage } from "./menu-pages.ts";
import { notePhrases, statePhrase, textTrackName } from "./phrases.ts";
import { SHEET } from "./sheet.ts";
import { makeShortcuts } from "./shortcuts.ts";
import type { StatisticsPanel } from "./statistics.ts";
import { PlayerStore } from "./store.ts";
import { TimelineBar } from "./timeline-bar.ts";
import { rememberVolume } from "./volume-memory.ts";

/** Figures are taken this often, ms; the panel shows them every other time. */
const SAMPLE = 250;

/** What is over sooner (ms) is not said aloud: on the way back to live, the line is new for a moment. */
const SETTLED = 400;

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
export function attachControls(element: SluicePlayerElement, root: ShadowRoot): AttachedControls {
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
  readonly #element: SluicePlayerElement;
  readonly #root: ShadowRoot;
  readonly #commands: Commands;
  readonly #casting: Casting;
  readonly #store: PlayerStore;
  readonly #layout: Layout;
  readonly #timeline: TimelineBar;
  readonly #settings: Menu;
  readonly #captions: Menu;
  readonly #minute = new FiguresOfMinute();
  readonly #sheet = new CSSStyleSheet();
  readonly #captionSheet = new CSSStyleSheet();
  readonly #listening = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #player: SluicePlayerElement["player"];
  #playerListening = new AbortController();
  #captionStyle: CaptionStyle = recallCaptionStyle();
  #statistics: StatisticsPanel | undefined;
  #shortcuts: HTMLElement | undefined;
  #samples = 0;
  #said = "";
  #saying: ReturnType<typeof setTimeout> | undefined;
  #flash: ReturnType<typeof setTimeout> | undefined;

  constructor(element: SluicePlayerElement, root: ShadowRoot, language: Language) {
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
      openStatistics: () => this.#openStatistics(),
      openShortcuts: () => this.#openShortcuts(),
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
    if (this.#element.hasAttribute("stats")) this.#openStatistics(false);
  }

  detach(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#flash);
    clearTimeout(this.#saying);
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
    if (this.#samples % 2 === 0) this.#statistics?.show(stats, this.#minute, at);
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

    this.#showState();
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

  /** What lies over the picture, what is noted beside it, and what is said aloud. */
  #showState(): void {
    const layout = this.#layout;
    const player = this.#player;
    const state = player?.state ?? { name: "idle" as const };
    const phrase = statePhrase(this.language, state);
    // What the page has put there itself says it already.
    const isError = state.name === "unplayable" || state.name === "forbidden";
    const own = isError ? "error" : "offline";
    const place = this.#root.querySelector<HTMLSlotElement>(`slot[name=${own}]`);
    const isTold = state.name !== "connecting" && (place?.assignedElements().length ?? 0) > 0;
    layout.overlay.hidden = phrase === undefined || isTold;
    if (phrase !== undefined && layout.overlay.dataset["sign"] !== phrase.sign) {
      layout.overlay.dataset["sign"] = phrase.sign;
      const sign = phrase.sign === "busy" ? [] : [icon(phrase.sign)];
      layout.sign.replaceChildren(...sign);
    }
    setText(layout.title, phrase?.title ?? "");
    setText(layout.detail, phrase?.detail ?? "");
    const { unsupported = [], unplayable = [] } = player?.left ?? {};
    const notes =
      state.name === "unplayable" ? [] : notePhrases(this.language, unsupported, unplayable);
    if (layout.notes.textContent !== notes.join("")) {
      const lines = notes.map((note) => {
        const line = make("p");
        line.textContent = note;
        return line;
      });
      layout.notes.replaceChildren(...lines);
    }
    const now = this.#element.paused
      ? "paused"
      : player?.timeline?.isLive === false
        ? "playingPast"
        : "live";
    const said = [phrase?.title ?? this.language.say(now), ...notes].join(". ");
    if (said === this.#said) return;
    this.#said = said;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => setText(layout.status, said), SETTLED);
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
    if (event.defaultPrevented) return;
    const place = placeOf(event.composedPath()[0]);
    if (event.key === "Escape" && this.#closePanels()) {
      event.preventDefault();
      return;
    }
    // A page must not scroll by the key that presses a button; a <button> sees to that itself.
    const isOurs = !(event.composedPath()[0] instanceof HTMLButtonElement);
    if (event.key === " " && place === "button" && isOurs) event.preventDefault();
    if (this.#element.hasAttribute("nohotkeys")) return;
    const action = keyAction(event, place);
    if (action === undefined) return;
    event.preventDefault();
    this.#act(action);
    this.#show();
  }

  #act(action: KeyAction): void {
    const commands = this.#commands;
    switch (action.do) {
      case "play":
        commands.togglePlay();
        break;
      case "mute":
        commands.setMuted(!this.#element.muted);
        break;
      case "fullscreen":
        commands.toggleFullscreen();
        break;
      case "captions":
        commands.toggleCaptions();
        break;
      case "pip":
        commands.togglePip();
        break;
      case "statistics":
        if (this.#statistics === undefined) this.#openStatistics();
        else this.#closePanels();
        break;
      case "help":
        if (this.#shortcuts === undefined) this.#openShortcuts();
        else this.#closePanels();
        break;
      case "live":
        commands.goLive();
        break;
      case "oldest":
        commands.seekToShare(0);
        break;
      case "tenth":
        commands.seekToShare(action.at / 10);
        break;
      case "seek":
        commands.seekBy(action.by);
        break;
      case "volume":
        commands.setVolume((this.#element.muted ? 0 : this.#element.volume) + action.by);
        break;
    }
  }

  #saveSnapshot(): void {
    this.#commands.saveSnapshot().catch(() => undefined);
  }

  /** @param isAsked by the viewer, just now; the page may have asked, too */
  #openStatistics(isAsked = true): void {
    this.#closePanels();
    // Few ever look at them.
    import("./statistics.ts").then(
      ({ StatisticsPanel }) => {
        if (this.#statistics !== undefined || this.#listening.signal.aborted) return;
        const panel = new StatisticsPanel(this.language, {
          onClose: () => this.#closePanels(),
          onCopied: (words) => setText(this.#layout.status, words),
        });
        this.#statistics = panel;
        this.#openPanel(panel.element, isAsked);
        const stats = this.#player?.stats();
        if (stats !== undefined) panel.show(stats, this.#minute, performance.now());
      },
      () => undefined,
    );
  }

  #openShortcuts(): void {
    this.#closePanels();
    this.#shortcuts = makeShortcuts(this.language, () => this.#closePanels());
    this.#openPanel(this.#shortcuts);
  }

  #openPanel(panel: HTMLElement, takesFocus = true): void {
    this.#layout.panels.append(panel);
    if (takesFocus) panel.querySelector<HTMLElement>(".close")?.focus();
  }

  /** @returns whether there was one */
  #closePanels(): boolean {
    const panels = [this.#statistics?.element, this.#shortcuts].filter((one) => one !== undefined);
    const hadFocus = panels.some((panel) => panel.contains(this.#root.activeElement));
    for (const panel of panels) panel.remove();
    this.#statistics = undefined;
    this.#shortcuts = undefined;
    if (hadFocus) this.#layout.controller.focus({ preventScroll: true });
    return panels.length > 0;
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

/** Sets text where it differs: screen readers repeat what is set again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** What has the focus, as far as keys go. */
function placeOf(target: EventTarget | undefined): KeyPlace {
  if (!(target instanceof HTMLElement)) return "elsewhere";
  if (target instanceof HTMLInputElement) return target.type === "range" ? "slider" : "text";
  if (target.matches("textarea, select") || target.isContentEditable) return "text";
  return target.matches("button, a, [role=button], [role^=menuitem]") ? "button" : "elsewhere";
}
