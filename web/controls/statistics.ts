import type { PlayerStats } from "../player/player-stats.ts";
import { make } from "../ui/elements.ts";
import { formatBitrate, formatDelay, formatFrameRate } from "../ui/format.ts";
import { codecName } from "../ui/words.ts";
import { type FiguresOfMinute, linesOf, roundTop } from "./figures.ts";
import { icon } from "./icons.ts";
import type { Language } from "./language.ts";
import type { ControlWords } from "./words/en.ts";

/** Replaced by the build. */
declare const SLUICE_VERSION: string | undefined;

/** One line of the statistics. */
export type StatisticsLine = { readonly name: keyof ControlWords; readonly value: string };

/** What the graphs show, and what their upper edge is at least. */
const GRAPHS = [
  { name: "delay", word: "statDelay", least: 100, format: formatDelay },
  { name: "buffer", word: "statBuffer", least: 100, format: formatDelay },
  { name: "bitrate", word: "statBitrate", least: 100_000, format: formatBitrate },
] as const;

/** As coordinates of the graphs count. */
const SIZE = { width: 240, height: 40 };

/** Everything that is measured, as people read it. */
export function statisticsLines(
  stats: PlayerStats,
  minute: FiguresOfMinute,
  language: Language,
): StatisticsLine[] {
  const ms = (value: number | undefined) => (value === undefined ? "–" : formatDelay(value));
  const via = { websocket: "WebSocket", hls: "HLS" };
  const half = minute.delayAt(0.5);
  const shares = half === undefined ? "" : ` · p50 ${ms(half)} · p95 ${ms(minute.delayAt(0.95))}`;
  const codecs = stats.codecs.map((codec) => {
    const name = codecName(codec);
    return name === codec ? codec : `${name} (${codec})`;
  });
  const dropped = { here: stats.droppedByBrowser, server: stats.droppedByServer };
  const isWhole = stats.encoderDelayIsWhole && stats.delay !== undefined;
  const version = typeof SLUICE_VERSION === "undefined" ? "–" : SLUICE_VERSION;
  const value: Readonly<Partial<Record<keyof ControlWords, string>>> = {
    statDelay: `${ms(stats.delay)}${shares}`,
    ...(isWhole ? { statEye: ms((stats.delay ?? 0) + (stats.encoderDelay ?? 0)) } : {}),
    statTarget: ms(stats.target),
    statBuffer: ms(stats.buffer),
    statRate: `${stats.rate.toFixed(2)}×`,
    statDropped: language.say("droppedHere", dropped),
    statStalls: String(stats.stalls),
    statBitrate: stats.bitrate > 0 ? formatBitrate(stats.bitrate) : "–",
    statFrameRate: stats.frameRate > 0 ? formatFrameRate(stats.frameRate) : "–",
    statCodec: codecs.join(", ") || "–",
    statSize: stats.width > 0 ? `${stats.width} × ${stats.height}` : "–",
    statTransport:
      stats.transport === undefined ? "–" : `${via[stats.transport]} (${stats.reason ?? "–"})`,
    statEngine: stats.engine ?? "–",
    statReorder: ms(stats.reorderDelay),
    statJitter: ms(stats.jitter),
    statRoundTrip: ms(stats.roundTrip),
    statVersion: version,
  };
  return Object.entries(value).map(([name, value]) => ({
    name: name as keyof ControlWords,
    value,
  }));
}

/** The same as lines of text, with what only a maintainer asks for. */
export function statisticsText(
  stats: PlayerStats,
  minute: FiguresOfMinute,
  language: Language,
): string {
  const lines = statisticsLines(stats, minute, language);
  const told = lines.map(({ name, value }) => `${language.say(name)}: ${value}`);
  return [...told, JSON.stringify(stats)].join("\n");
}

/** Statistics over the picture: a table, graphs of the last minute, and a button that copies. */
export class StatisticsPanel {
  readonly element: HTMLElement;
  readonly #table: HTMLElement;
  readonly #graphs: HTMLElement[] = [];
  readonly #language: Language;
  #text = "";

  /** @param onCopied is told what came of copying, in words */
  constructor(
    language: Language,
    { onClose, onCopied }: { onClose: () => void; onCopied: (words: string) => void },
  ) {
    this.#language = language;
    const say = language.say.bind(language);
    this.element = make("section", "panel statistics");
    this.element.part.add("statistics");
    this.element.ariaLabel = say("statistics");
    const head = make("div", "head");
    const copy = button(say("copy"), "copy");
    const words = make("span", "", say("copy"));
    copy.append(words);
    copy.onclick = () => {
      this.#copy().then((isCopied) => {
        words.textContent = say(isCopied ? "copied" : "notCopied");
        onCopied(words.textContent);
      }, onClose);
    };
    const close = button(say("close"), "close");
    close.onclick = onClose;
    head.append(make("h2", "", say("statistics")), copy, close);
    this.#table = make("dl");
    this.element.append(head, this.#table);
    for (const { word } of GRAPHS) {
      const graph = make("figure");
      const caption = make("figcaption");
      const top = make("span", "top");
      top.dir = "ltr";
      caption.append(make("span", "", `${say(word)}, ${say("lastMinute")}`), top);
      graph.append(caption, svg("svg", { viewBox: "0 0 240 40", preserveAspectRatio: "none" }));
      graph.querySelector("svg")?.setAttribute("aria-hidden", "true");
      this.#graphs.push(graph);
      this.element.append(graph);
    }
  }

  /** To be called a few times a second at most. */
  show(stats: PlayerStats, minute: FiguresOfMinute, now: number): void {
    this.#text = statisticsText(stats, minute, this.#language);
    const lines = statisticsLines(stats, minute, this.#language);
    if (this.#table.children.length !== lines.length) {
      this.#table.replaceChildren();
      for (const { name } of lines) {
        const line = make("div");
        const value = make("dd");
        value.dir = "auto";
        line.append(make("dt", "", this.#language.say(name)), value);
        this.#table.append(line);
      }
    }
    const values = this.#table.querySelectorAll("dd");
    lines.forEach(({ value }, index) => {
      const place = values[index];
      if (place !== undefined && place.textContent !== value) place.textContent = value;
    });
    GRAPHS.forEach(({ name, least, format }, index) => {
      const graph = this.#graphs[index];
      const { moments } = minute;
      const top = roundTop(
        moments.map((moment) => moment[name]),
        least,
      );
      const lines = linesOf(moments, name, { now, top, ...SIZE });
      const drawn = lines.map((points) => svg("polyline", { points }));
      graph?.querySelector("svg")?.replaceChildren(...drawn);
      const word = graph?.querySelector(".top");
      if (word != null) word.textContent = format(top);
    });
  }

  /** @returns whether it is in the clipboard */
  async #copy(): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(this.#text);
      return true;
    } catch {
      // Not a secure context, or not allowed: the old way.
      const area = document.createElement("textarea");
      area.className = "unseen";
      area.value = this.#text;
      this.element.append(area);
      area.select();
      const isCopied = document.execCommand("copy");
      area.remove();
      return isCopied;
    }
  }
}

function button(words: string, sign: "copy" | "close"): HTMLButtonElement {
  const element = make("button", sign);
  element.type = "button";
  element.append(icon(sign));
  if (sign === "close") element.ariaLabel = words;
  return element;
}

function svg(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
