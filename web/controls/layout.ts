import "media-chrome/dist/media-airplay-button.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-volume-range.js";
import { MediaChromeButton } from "media-chrome/dist/media-chrome-button.js";
import { type IconName, icon } from "./icons.ts";

/** A button of media-chrome's that does something of ours. */
class ActionButton extends MediaChromeButton {
  action: () => void = () => undefined;

  override handleClick(): void {
    this.action();
  }
}

/** Names that nobody else on a page has: `bundling.mjs` gives media-chrome's elements such ones too. */
const ACTION = "sluice-media-action-button";
if (customElements.get(ACTION) === undefined) customElements.define(ACTION, ActionButton);

/** What media-chrome's controller is to us. */
export type Controller = HTMLElement & { mediaStore: unknown };

type ElementName =
  | "frame"
  | "notes"
  | "overlay"
  | "alone"
  | "sign"
  | "title"
  | "detail"
  | "unmuteWords"
  | "play"
  | "mute"
  | "captions"
  | "settings"
  | "airplay"
  | "cast"
  | "snapshot"
  | "pip"
  | "fullscreen"
  | "bottom"
  | "sound"
  | "volume"
  | "liveWord"
  | "liveDelay"
  | "flash"
  | "panels"
  | "status";

/** Everything that is seen of the controls. */
export type Layout = { readonly [Name in ElementName]: HTMLElement } & {
  readonly controller: Controller;
  readonly big: HTMLButtonElement;
  readonly unmute: HTMLButtonElement;
  readonly live: HTMLButtonElement;
};

/** Makes the controls, empty of words. @param actions what the buttons of ours do */
export function makeLayout(actions: {
  readonly play: () => void;
  readonly sound: () => void;
  readonly live: () => void;
  readonly captions: () => void;
  readonly settings: () => void;
  readonly cast: () => void;
  readonly snapshot: () => void;
}): Layout {
  const frame = make("div", "controls", "controls");
  const controller = make("sluice-media-controller", "chrome") as Controller;
  for (const name of ["nohotkeys", "nodefaultstore", "gesturesdisabled"]) {
    controller.setAttribute(name, "");
  }
  controller.setAttribute("autohide", "3");
  // A click on the picture gives the keys to it. Not -1: what stands in a host that Tab passes by, it passes by too.
  controller.tabIndex = 0;

  const notes = make("div", "notes", "notes");
  notes.slot = "top-chrome";
  notes.setAttribute("noautohide", "");

  const middle = make("div", "middle");
  middle.slot = "centered-chrome";
  middle.setAttribute("noautohide", "");
  const overlay = make("div", "overlay", "overlay");
  overlay.id = "overlay";
  overlay.hidden = true;
  const sign = make("span", "sign");
  const title = make("p", "title");
  const detail = make("p", "detail");
  overlay.append(sign, title, detail);
  const big = plainButton("big-play", "big-play-button", actions.play);
  big.append(icon("play"));
  const unmute = plainButton("unmute", "unmute-button", actions.sound);
  const unmuteWords = make("span");
  unmute.append(icon("muted"), unmuteWords);
  const alone = make("p", "alone");
  alone.hidden = true;
  alone.append(icon("sound"), make("span"));
  middle.append(alone, overlay, big, unmute);

  const bottom = make("div", "bottom");
  const bar = make("sluice-media-control-bar", "bar", "bar");
  const play = chromeButton("play-button", "play-button");
  const mute = chromeButton("mute-button", "mute-button");
  const volume = make("sluice-media-volume-range", "volume", "volume");
  volume.dir = "ltr";
  const live = plainButton("live", "live-button", actions.live);
  const liveWord = make("span", "word");
  const liveDelay = make("span", "delay", "delay");
  liveDelay.dir = "ltr"; // "118 ms" in every language
  live.append(make("span", "dot"), liveWord);
  const captions = actionButton("captions", "captions", "captions-button", actions.captions);
  const settings = actionButton("settings", "settings", "settings-button", actions.settings);
  const airplay = chromeButton("airplay-button", "airplay-button");
  const cast = actionButton("cast", "cast", "cast-button", actions.cast);
  const snapshot = actionButton("snapshot", "camera", "snapshot-button", actions.snapshot);
  const pip = chromeButton("pip-button", "pip-button");
  const fullscreen = chromeButton("fullscreen-button", "fullscreen-button");
  const sound = make("div", "sound");
  sound.append(mute, volume);
  bar.append(play, sound, live, liveDelay, make("span", "gap"));
  bar.append(captions, settings, airplay, cast, snapshot, pip, fullscreen);
  bottom.append(bar);

  const flash = make("div", "flash");
  flash.setAttribute("noautohide", "");
  flash.slot = "middle-chrome";
  flash.hidden = true;
  const panels = make("div", "panels");
  panels.slot = "dialog";
  panels.setAttribute("noautohide", "");
  const status = make("p", "unseen");
  status.role = "status";
  status.ariaLive = "polite";
  controller.append(notes, middle, flash, panels, bottom);
  frame.append(controller, status);
  const top = {
    frame,
    controller,
    notes,
    overlay,
    alone,
    sign,
    title,
    detail,
    big,
    unmute,
    unmuteWords,
  };
  const buttons = {
    play,
    mute,
    live,
    captions,
    settings,
    airplay,
    cast,
    snapshot,
    pip,
    fullscreen,
  };
  const rest = { bottom, sound, volume, liveWord, liveDelay, flash, panels, status };
  return { ...top, ...buttons, ...rest };
}

/** An element with a class, and a part for who styles the player from outside. */
export function make(name: string, className = "", part = ""): HTMLElement {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  if (part !== "") element.part.add(...part.split(" "));
  return element;
}

/** Gives a button its name, for who hears it and for who points at it. */
export function label(button: HTMLElement, words: string, key = ""): void {
  if (button.ariaLabel !== words) button.ariaLabel = words;
  const tip = button.querySelector<HTMLElement>("[slot=tooltip-content]");
  const told = key === "" ? words : `${words} (${key})`;
  if (tip !== null && tip.textContent !== told) tip.textContent = told;
}

function plainButton(id: string, part: string, action: () => void): HTMLButtonElement {
  const button = make("button", id, `button ${part}`) as HTMLButtonElement;
  button.type = "button";
  button.id = id;
  button.onclick = action;
  return button;
}

/** One of media-chrome's. */
function chromeButton(name: string, part: string): HTMLElement {
  const button = make(`sluice-media-${name}`);
  button.part.add("button", part);
  return withTip(button);
}

function actionButton(id: string, sign: IconName, part: string, action: () => void): HTMLElement {
  const button = make(ACTION) as ActionButton;
  button.part.add("button", part);
  button.id = id;
  button.action = action;
  button.append(icon(sign));
  return withTip(button);
}

function withTip(button: HTMLElement): HTMLElement {
  const tip = make("span");
  tip.slot = "tooltip-content";
  button.append(tip);
  return button;
}
