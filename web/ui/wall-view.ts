import type { ListedStream, StreamList } from "../../server/protocol/wire/stream-list.ts";
import { byId, make, setIcon, setText } from "./elements.ts";
import { formatBitrate, formatFrameRate, formatUptime, formatViewers } from "./format.ts";
import { Posters } from "./posters.ts";
import { codecName } from "./words.ts";

const STATES = {
  live: "Live",
  reconnecting: "Interrupted",
  ended: "Ended",
  waiting: "Waiting",
} as const;

/** A card of the wall, and what of it changes by the second. */
type Card = {
  readonly element: HTMLAnchorElement;
  readonly badge: HTMLElement;
  readonly facts: HTMLElement;
  readonly warnings: HTMLElement;
  readonly figures: HTMLElement;
  readonly uptime: HTMLElement;
  readonly recorded: HTMLElement;
  stream: ListedStream;
  readAt: number;
};

/** The dashboard: a card for each live stream, and how to publish one. */
export class WallView {
  readonly #list: HTMLElement;
  readonly #base: URL;
  readonly #posters: Posters;
  #cards = new Map<string, Card>();
  #publish = "";

  constructor(list: HTMLElement, base: URL) {
    this.#list = list;
    this.#base = base;
    this.#posters = new Posters(base);
    for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
      setIcon(button, "copy");
      button.onclick = () => copyFrom(button);
    }
  }

  /** @param now ms since 1970, to count uptimes on from */
  show(list: StreamList, now: number): void {
    const { streams } = list;
    byId("summary", HTMLElement).hidden = false;
    const viewers = streams.reduce((sum, stream) => sum + stream.viewers.total, 0);
    const live = streams.filter(({ state }) => state === "live").length;
    const summary = `${live} live · ${formatViewers(viewers)}`;
    setText(byId("summary", HTMLElement), streams.length === 0 ? "Nothing on air" : summary);
    byId("empty", HTMLElement).hidden = streams.length > 0;
    byId("lost", HTMLElement).hidden = true;
    const before = this.#cards;
    this.#cards = new Map();
    for (const stream of streams) {
      const card = before.get(stream.path) ?? this.#makeCard(stream);
      before.delete(stream.path);
      this.#cards.set(stream.path, card);
      card.stream = stream;
      card.readAt = now;
      this.#fill(card);
    }
    for (const [path, { element }] of before) {
      element.remove();
      this.#posters.remove(path);
    }
    this.#order();
    for (const stream of streams) this.#posters.update(stream);
    this.#showPublish(list);
    this.tick(now);
  }

  /** The server cannot be reached: what is shown is old. */
  lost(): void {
    byId("lost", HTMLElement).hidden = false;
  }

  tick(now: number): void {
    for (const { uptime, stream, readAt } of this.#cards.values()) {
      const since = stream.state === "live" ? (now - readAt) / 1_000 : 0;
      setText(uptime, formatUptime(stream.uptimeSeconds + since));
    }
  }

  #makeCard(stream: ListedStream): Card {
    const element = make("a", "card");
    const parts = stream.path.split("/").map(encodeURIComponent).join("/");
    element.href = new URL(`watch/${parts}`, this.#base).href;
    const head = make("div", "card-head");
    const badge = make("span", "badge");
    const uptime = make("span", "uptime");
    const facts = make("p", "card-facts");
    const warnings = make("p", "card-warnings");
    const figures = make("dl", "card-figures");
    const body = make("div", "card-body");
    const recorded = make("span", "badge recorded", "● REC");
    recorded.title = "It is being recorded";
    head.append(badge, recorded, uptime);
    body.append(head, make("h3", "", stream.path), facts, warnings, figures);
    element.append(this.#posters.place(stream), body);
    return { element, badge, facts, warnings, figures, uptime, recorded, stream, readAt: 0 };
  }

  #fill({ stream, element, badge, facts, warnings, figures, recorded }: Card): void {
    recorded.hidden = stream.recording === undefined;
    element.dataset["state"] = stream.state;
    badge.dataset["state"] = stream.state;
    setText(badge, STATES[stream.state]);
    setText(facts, factsOf(stream));
    setText(warnings, stream.warnings.map(({ message }) => message).join(" · "));
    warnings.hidden = stream.warnings.length === 0;
    const video = stream.tracks.find(({ mediaType }) => mediaType === "video");
    const { websocket, hls, flv, mp4, rtmp, total } = stream.viewers;
    const ways = `${websocket} by WebSocket, ${hls} by HLS, ${flv} by FLV, ${mp4} by MP4, ${rtmp} by RTMP`;
    const rows: [name: string, value: string, title: string][] = [
      ["Rate", formatBitrate(stream.bitrate), ""],
      ["Pictures", video?.frameRate === undefined ? "–" : formatFrameRate(video.frameRate), ""],
      ["Viewers", String(total), ways],
    ];
    if (figures.children.length === 0) {
      for (const [name] of rows) {
        const row = make("div");
        row.append(make("dt", "", name), make("dd"));
        figures.append(row);
      }
    }
    rows.forEach(([, value, title], index) => {
      const cell = figures.children[index]?.lastElementChild;
      if (!(cell instanceof HTMLElement)) return;
      setText(cell, value);
      cell.title = title;
    });
  }

  #order(): void {
    let index = 0;
    for (const { element } of this.#cards.values()) {
      if (this.#list.children[index] !== element) {
        this.#list.insertBefore(element, this.#list.children[index] ?? null);
      }
      index += 1;
    }
  }

  /** Server and key: the key itself only where the server gives it to us. */
  #showPublish({ publish }: StreamList): void {
    const shown = JSON.stringify(publish ?? null);
    if (shown === this.#publish) return;
    this.#publish = shown;
    const host = this.#base.hostname;
    const server = publish?.server ?? `rtmp://${host}/live`;
    const streamKey = publish?.streamKey ?? "NAME?key=PUBLISHKEY";
    setText(byId("publish-server", HTMLElement), server);
    setText(byId("publish-key", HTMLElement), streamKey);
    const target = `"${server}/${streamKey}"`;
    setText(
      byId("publish-ffmpeg", HTMLElement),
      `ffmpeg -re -i input.mp4 -c:v libx264 -preset veryfast -tune zerolatency -g 60 -c:a aac -f flv ${target}`,
    );
    byId("key-hint", HTMLElement).hidden = publish !== undefined;
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

/** Copies the text of the element that the button names, and says so for a moment. */
function copyFrom(button: HTMLButtonElement): void {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  const label = button.querySelector("span");
  const say = (text: string) => {
    if (label === null) return;
    setText(label, text);
    setTimeout(() => setText(label, "Copy"), 1_500);
  };
  // Without HTTPS (on a LAN) there is no clipboard to write to: select it, and let people copy.
  if (navigator.clipboard === undefined && source !== null) {
    getSelection()?.selectAllChildren(source);
    say(document.execCommand("copy") ? "Copied" : "Selected");
    return;
  }
  navigator.clipboard.writeText(source?.textContent ?? "").then(
    () => say("Copied"),
    () => say("Not allowed"),
  );
}
