import type { ListedStreamHealth } from "../../server/protocol/wire/stream-health.ts";
import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import { HealthPoints, POINTS } from "../control/health-points.ts";
import { DoctorView } from "./doctor-view.ts";
import { make, setText } from "./elements.ts";
import { formatUptime, formatViewers } from "./format.ts";
import { findingsOf, type HealthFigure, healthBadge, healthFigures } from "./health-words.ts";
import { isShowable } from "./posters.ts";
import { Sparkline } from "./sparkline.ts";
import { codecName } from "./words.ts";

const STATES = {
  live: "Live",
  reconnecting: "Interrupted",
  ended: "Ended",
  waiting: "Waiting",
} as const;

/** Sentences of the doctor that a card has room for. */
const SENTENCES = 2;

/** One stream on the wall: its picture, what it is, how it comes, and what the doctor says. */
export class WallCard {
  readonly element: HTMLElement = make("article", "card");
  /** Where still and live preview are shown. */
  readonly picture: HTMLElement;
  readonly #link: HTMLAnchorElement = make("a");
  readonly #badge: HTMLElement = make("span", "badge");
  readonly #recorded: HTMLElement = make("span", "badge recorded", "● REC");
  readonly #health: HTMLElement = make("span", "health");
  readonly #viewers: HTMLElement = make("span");
  readonly #uptime: HTMLElement = make("span");
  readonly #facts: HTMLElement = make("p", "card-facts");
  readonly #figures: HTMLElement = make("dl", "card-figures");
  readonly #doctor = new DoctorView({ most: SENTENCES });
  readonly #sparks = { bitrate: new Sparkline(), pictures: new Sparkline() };
  readonly #points = new HealthPoints();
  #stream: ListedStream;
  #readAt = 0;

  /**
   * @param picture see `Posters.place`
   * @param href of the player page
   */
  constructor(stream: ListedStream, picture: HTMLElement, href: string) {
    this.#stream = stream;
    this.picture = picture;
    this.#link.href = href;
    this.#link.textContent = stream.path;
    this.#recorded.title = "It is being recorded";
    const title = make("h2");
    title.append(this.#link);
    const over = make("div", "card-over");
    over.append(this.#badge, this.#recorded, this.#health);
    picture.append(over);
    const line = make("p", "card-line");
    line.append(this.#viewers, this.#uptime);
    const body = make("div", "card-body");
    const head = make("div", "card-head");
    head.append(title, line);
    body.append(head, this.#facts, this.#figures, this.#doctor.element);
    this.element.append(picture, body);
  }

  get stream(): ListedStream {
    return this.#stream;
  }

  get isLive(): boolean {
    return this.#stream.state === "live";
  }

  /** Whether there are pictures to be shown live. */
  get isShowable(): boolean {
    return this.isLive && this.#stream.tracks.some(isShowable);
  }

  /**
   * @param now ms since 1970, to count on from
   * @returns whether its graphs lack something that the server has
   */
  show(stream: ListedStream, now: number): boolean {
    this.#stream = stream;
    this.#readAt = now;
    const { state, recording, viewers, health } = stream;
    this.element.dataset["state"] = state;
    this.#badge.dataset["state"] = state;
    setText(this.#badge, STATES[state]);
    this.#recorded.hidden = recording === undefined;
    const { level, words } = healthBadge(stream);
    this.element.dataset["health"] = level;
    this.#health.dataset["level"] = level;
    this.#health.hidden = words === "";
    setText(this.#health, words);
    setText(this.#viewers, formatViewers(viewers.total));
    const { websocket, hls, flv, mp4, rtmp, previews } = viewers;
    this.#viewers.title = `${websocket} by WebSocket, ${hls} by HLS, ${flv} by FLV, ${mp4} by MP4, ${rtmp} by RTMP; ${previews} previews, not counted`;
    setText(this.#facts, factsOf(stream));
    this.#doctor.show(findingsOf(stream));
    const lacks = health !== undefined && this.#points.push(health);
    this.#showFigures(healthFigures(health));
    this.#draw();
    this.tick(now);
    return lacks;
  }

  /** What was before it was pushed. */
  fill(health: ListedStreamHealth["health"]): void {
    this.#points.fill(health);
    this.#draw();
  }

  tick(now: number): void {
    const since = this.isLive ? (now - this.#readAt) / 1_000 : 0;
    setText(this.#uptime, formatUptime(this.#stream.uptimeSeconds + since));
  }

  #showFigures(figures: readonly HealthFigure[]): void {
    figures.forEach(({ key, name, value, severity }, index) => {
      const cell = this.#figures.children[index] ?? this.#cell(key, name);
      const words = cell.querySelector("dd");
      if (words !== null) setText(words, value);
      if (severity === undefined) cell.removeAttribute("data-severity");
      else cell.setAttribute("data-severity", severity);
    });
  }

  #cell(key: HealthFigure["key"], name: string): HTMLElement {
    const cell = make("div");
    cell.dataset["figure"] = key;
    cell.append(make("dt", "", name), make("dd"));
    if (key === "bitrate" || key === "pictures") cell.append(this.#sparks[key].element);
    this.#figures.append(cell);
    return cell;
  }

  #draw(): void {
    const { points } = this.#points;
    const declared = this.#stream.health?.declaredFrameRate;
    this.#sparks.bitrate.show(
      points.map(({ bitrate }) => bitrate),
      POINTS,
    );
    this.#sparks.pictures.show(
      points.map(({ pictures }) => pictures),
      POINTS,
      declared,
    );
  }
}

function factsOf({ tracks, unplayable }: ListedStream): string {
  const described = tracks.map((track) => {
    const name = codecName(track.codec);
    if (track.mediaType === "video") {
      const hasSize = track.width !== undefined && track.height !== undefined;
      return hasSize ? `${name} ${track.width} × ${track.height}` : name;
    }
    const rate = track.sampleRate === undefined ? "" : ` ${Number(track.sampleRate / 1_000)} kHz`;
    return `${name}${rate}`;
  });
  const silent = unplayable.map((track) => `${track.codecName} (no browser plays it)`);
  return [...described, ...silent].join(" · ") || "No picture or sound yet";
}
