import type { SluicePlayerElement } from "../element/sluice-player.ts";
import { LATENCY_MODES, type LatencyMode } from "../player/options.ts";
import { type Copied, copyFrom } from "../ui/copying.ts";
import { byId, setIcon, setText } from "../ui/elements.ts";
import { embedCode } from "./embed-code.ts";
import { reportText, type SupportReport } from "./report.ts";
import type { WatchWords } from "./words/en.ts";

/** What the tools are about. */
export type ToolsWorld = {
  readonly element: SluicePlayerElement;
  readonly base: URL;
  readonly streamPath: string;
  readonly words: () => WatchWords;
  readonly capture: () => Promise<SupportReport>;
};

const PANELS = ["share", "embed", "report"] as const;

/** What one may do with a broadcast besides watching it: share it, embed it, report a fault. */
export class Tools {
  readonly #world: ToolsWorld;
  #report: SupportReport | undefined;

  constructor(world: ToolsWorld) {
    this.#world = world;
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-icon-name]")) {
      setIcon(button, button.dataset["iconName"] ?? "");
    }
    for (const name of PANELS) {
      byId(`${name}-open`, HTMLButtonElement).onclick = () => this.#toggle(name);
    }
    for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
      setIcon(button, "copy");
      button.onclick = () => void this.#copy(button);
    }
    byId("share-moment", HTMLInputElement).onchange = () => this.#showLink();
    const native = byId("share-native", HTMLButtonElement);
    native.hidden = !("share" in navigator);
    native.onclick = () => {
      const { title } = document;
      navigator.share({ title, url: this.#link }).catch(() => undefined); // or they think better of it
    };
    byId("embed", HTMLElement).addEventListener("change", () => this.#showCode());
    byId("report-capture", HTMLButtonElement).onclick = () => void this.#capture();
    byId("report-save", HTMLButtonElement).onclick = () => this.#save();
  }

  #toggle(name: (typeof PANELS)[number]): void {
    for (const one of PANELS) {
      const panel = byId(one, HTMLElement);
      panel.hidden = one !== name || !panel.hidden;
      byId(`${one}-open`, HTMLButtonElement).ariaExpanded = String(!panel.hidden);
    }
    this.#showLink();
    this.#showCode();
    byId(name, HTMLElement).scrollIntoView({ block: "nearest" });
  }

  get #link(): string {
    const link = new URL(location.href);
    // What else this viewer was let in with, or set for themselves, is not for others.
    link.search = "";
    link.hash = "";
    if (byId("share-moment", HTMLInputElement).checked) {
      link.searchParams.set("t", this.#world.element.currentTime.toFixed(1));
    }
    return link.href;
  }

  #showLink(): void {
    byId("share-link", HTMLInputElement).value = this.#link;
  }

  #showCode(): void {
    const { base, streamPath, element } = this.#world;
    const isOn = (name: string) =>
      document.querySelector<HTMLInputElement>(`#embed [name=${name}]`)?.checked === true;
    const frame = document.querySelector<HTMLInputElement>("#embed [value=iframe]");
    const latency = document.querySelector<HTMLSelectElement>("#embed [name=latency]")?.value;
    const choice = {
      kind: frame?.checked === true ? ("iframe" as const) : ("element" as const),
      ...{ autoplay: isOn("autoplay"), muted: isOn("muted"), controls: isOn("controls") },
      latency: latency !== undefined && latency in LATENCY_MODES ? (latency as LatencyMode) : "low",
    } as const;
    const { videoWidth: width, videoHeight: height } = element;
    const code = embedCode(choice, { base, streamPath, width, height });
    byId("embed-code", HTMLTextAreaElement).value = code;
  }

  async #capture(): Promise<void> {
    const button = byId("report-capture", HTMLButtonElement);
    button.disabled = true;
    this.#report = await this.#world.capture();
    button.disabled = false;
    const text = byId("report-text", HTMLTextAreaElement);
    text.value = reportText(this.#report);
    for (const id of ["report-text", "report-copy", "report-save"]) {
      byId(id, HTMLElement).hidden = false;
    }
    const label = button.querySelector("span");
    if (label !== null) setText(label, this.#world.words().reportAgain);
  }

  #save(): void {
    if (this.#report === undefined) return;
    const json = JSON.stringify(this.#report, undefined, 2);
    const url = URL.createObjectURL(new Blob([json], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    const name = this.#world.streamPath.replace(/[^\w.-]+/g, "-");
    link.download = `sluice-${name}-${this.#report.at.replace(/[:.]/g, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000); // it is read some time after the click
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    const source = document.getElementById(button.dataset["copy"] ?? "");
    const label = button.querySelector("span");
    if (source === null || label === null) return;
    const words = this.#world.words();
    const said: Readonly<Record<Copied, string>> = {
      ...{ copied: words.copied, selected: words.selected },
      "not-allowed": words.notAllowed,
    };
    setText(label, said[await copyFrom(source)]);
    setTimeout(() => setText(label, this.#world.words().copy), 1_500);
  }
}
