import {
  type EngineSetting,
  type LatencySetting,
  readLatency,
  type TransportSetting,
} from "../player/options.ts";
import { ListenedElement } from "./listened-element.ts";

/** What is asked of a player: attributes, as properties too. */
export class PlayerAttributes extends ListenedElement {
  static readonly observedAttributes: readonly string[] = [
    ...["src", "token", "loading", "preload", "autoplay", "muted", "poster", "controls", "lang"],
    ...["words", "latency", "transport", "engine", "disablepictureinpicture"],
    ...["disableremoteplayback", "sync-group", "preview"],
  ];

  /** `/streams/APP/NAME`, of this server or of another. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }
  set src(source: string) {
    this.#reflect("src", source);
  }

  /** What lets this viewer in, where the server asks for something: sent as `?token=`. */
  get token(): string {
    return this.getAttribute("token") ?? "";
  }
  set token(token: string) {
    this.#reflect("token", token);
  }

  /** An image to be seen before the first picture; else a still of the broadcast, where one is needed. */
  get poster(): string {
    return this.getAttribute("poster") ?? "";
  }
  set poster(url: string) {
    this.#reflect("poster", url);
  }

  /** Begins by itself: with sound where the browser allows it, else muted (`muted`: at once so). */
  get autoplay(): boolean {
    return this.#isOn("autoplay");
  }
  set autoplay(how: boolean | "any" | "muted") {
    this.#reflect("autoplay", how === "any" || how === "muted" ? how : isMeantOn(how));
  }

  get controls(): boolean {
    return this.#isOn("controls");
  }
  set controls(has: boolean) {
    this.#reflect("controls", isMeantOn(has));
  }

  /** Whether it is muted at first. */
  get defaultMuted(): boolean {
    return this.#isOn("muted");
  }
  set defaultMuted(isMuted: boolean) {
    this.#reflect("muted", isMeantOn(isMuted));
  }

  /**
   * Without `autoplay`: `metadata` learns by push whether the broadcast is on air, `none` does nothing at
   * all before `play()`.
   */
  get preload(): "metadata" | "none" {
    return this.getAttribute("preload") === "none" ? "none" : "metadata";
  }
  set preload(what: "metadata" | "none") {
    this.#reflect("preload", what);
  }

  /** `lazy` begins when it comes into view, `visible` also ends some seconds after it went out of it. */
  get loading(): "eager" | "lazy" | "visible" {
    const asked = this.getAttribute("loading");
    return asked === "lazy" || asked === "visible" ? asked : "eager";
  }
  set loading(when: "eager" | "lazy" | "visible") {
    this.#reflect("loading", when);
  }

  /** A mode, or ms to be held ahead of the playhead. */
  get latency(): LatencySetting {
    return readLatency(this.getAttribute("latency") ?? "") ?? "low";
  }
  set latency(latency: LatencySetting) {
    this.#reflect("latency", String(latency));
  }

  /** Elements of the page with the same name show the same moment. */
  get syncGroup(): string {
    return this.getAttribute("sync-group") ?? "";
  }
  set syncGroup(name: string) {
    this.#reflect("sync-group", name);
  }

  /** How the broadcast is to come; what is so: `stats().transport`. */
  get transport(): TransportSetting {
    const asked = this.getAttribute("transport");
    return asked === "websocket" || asked === "hls" ? asked : "auto";
  }
  set transport(transport: TransportSetting) {
    this.#reflect("transport", transport);
  }

  /** What is to decode it; what is so: `stats().engine`. */
  get engine(): EngineSetting {
    const asked = this.getAttribute("engine");
    return asked === "mse" || asked === "webcodecs" ? asked : "auto";
  }
  set engine(engine: EngineSetting) {
    this.#reflect("engine", engine);
  }

  get disablePictureInPicture(): boolean {
    return this.#isOn("disablepictureinpicture");
  }
  set disablePictureInPicture(isOff: boolean) {
    this.#reflect("disablepictureinpicture", isMeantOn(isOff));
  }

  get disableRemotePlayback(): boolean {
    return this.#isOn("disableremoteplayback");
  }
  set disableRemotePlayback(isOff: boolean) {
    this.#reflect("disableremoteplayback", isMeantOn(isOff));
  }

  #isOn(name: string): boolean {
    const value = this.getAttribute(name);
    return value !== null && isMeantOn(value);
  }

  #reflect(name: string, value: string | boolean): void {
    if (value === this.#isOn(name)) return;
    if (value === false || value === "") this.removeAttribute(name);
    else if (value === true) this.setAttribute(name, "");
    else this.setAttribute(name, value);
  }
}

/** Templates and JSX write `muted=""` for on, and `muted="false"` for off. */
export function isMeantOn(value: unknown): boolean {
  return value === "" || (Boolean(value) && value !== "false");
}
