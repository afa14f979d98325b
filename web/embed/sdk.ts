/*
 * `/embed.js`, and `sluice/embed`: puts a player into an iframe, and speaks with it.
 */
import {
  type AnswerMessage,
  type EmbedAnswers,
  type EmbedCommandName,
  type EmbedCommands,
  type EmbedEventName,
  type EmbedEvents,
  type EmbedState,
  EVENT_NAMES,
  type EventMessage,
  readPlayerMessage,
  VERSION,
} from "./messages.ts";

export type {
  EmbedAnswers,
  EmbedCommandName,
  EmbedCommands,
  EmbedEventName,
  EmbedEvents,
  EmbedState,
};

/** What a player in a frame is to be like; what is not said is as the player has it. */
export type SluiceEmbedOptions = {
  /** APP/NAME */
  readonly stream: string;
  /** Where the server's pages lie; unless told, where this module came from. */
  readonly server?: string | URL;
  readonly autoplay?: boolean | "muted";
  readonly muted?: boolean;
  readonly controls?: boolean;
  readonly latency?: EmbedCommands["setLatency"];
  readonly transport?: "auto" | "websocket" | "hls";
  readonly engine?: "auto" | "mse" | "webcodecs";
  /** BCP 47 */
  readonly lang?: string;
  /** A colour: `#1db954`. */
  readonly accent?: string;
  /** Address of an image. */
  readonly poster?: string;
  /** Statistics are over the picture. */
  readonly stats?: boolean;
  /** Seconds on the stream's timeline, or negative: behind the live edge. */
  readonly t?: number;
  readonly token?: string;
  /** The player may do nothing but run its scripts: it remembers nothing, and knows nothing of its site. */
  readonly sandbox?: boolean;
  /** For screen readers. */
  readonly title?: string;
  /** Sends the event `stats` this often, ms, from 250 to 60,000. */
  readonly statsEvery?: number;
};

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** Switches of the frame's address, by the names of the options. */
const SWITCHES = [
  ...(["autoplay", "muted", "controls", "latency", "transport", "engine", "lang"] as const),
  ...(["accent", "poster", "stats", "t", "token"] as const),
];

/** Apart: bundlers take `new URL("…", import.meta.url)` for a file that they are to bring. */
const HERE = import.meta.url;

/**
 * A player in an iframe. It fires the protocol's events as `CustomEvent`s with their `detail`; commands
 * are methods, which resolve when the player has done them, and wait for it to be ready.
 *
 *     const player = new SluiceEmbed(document.querySelector("#here"), { stream: "live/demo" });
 *     player.addEventListener("online", () => …);
 *     await player.setVolume(0.5);
 */
export class SluiceEmbed extends EventTarget {
  readonly iframe: HTMLIFrameElement;
  /** Resolves when the player takes commands. */
  readonly ready: Promise<EmbedState>;
  readonly #origin: string;
  readonly #statsEvery: number | undefined;
  readonly #waiting: Map<number, Waiting> = new Map();
  #isReady: (state: EmbedState) => void = () => {};
  #lastId = 0;

  /** @param container the frame is put into it */
  constructor(container: Element, options: SluiceEmbedOptions) {
    super();
    const { server: told } = options;
    const server = told === undefined ? new URL("./", HERE) : new URL(told, document.baseURI);
    if (!server.pathname.endsWith("/")) server.pathname += "/";
    const path = options.stream.split("/").map(encodeURIComponent).join("/");
    const source = new URL(`embed/${path}`, server);
    for (const name of SWITCHES) {
      const value = options[name];
      if (value !== undefined) source.searchParams.set(name, String(value));
    }
    // Who listens is named, so that nobody else can: but a page without an origin has no name.
    if (origin !== "null") source.searchParams.set("origin", origin);
    this.#origin = options.sandbox ? "null" : source.origin;
    this.#statsEvery = options.statsEvery;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    addEventListener("message", this.#hear);
    const frame = document.createElement("iframe");
    frame.title = options.title ?? options.stream;
    frame.allow = "autoplay; fullscreen; picture-in-picture";
    frame.allowFullscreen = true;
    if (options.sandbox) frame.setAttribute("sandbox", "allow-scripts");
    frame.src = source.href;
    this.iframe = frame;
    container.append(frame);
  }

  play(): Promise<void> {
    return this.send("play");
  }
  pause(): Promise<void> {
    return this.send("pause");
  }
  mute(): Promise<void> {
    return this.send("mute");
  }
  unmute(): Promise<void> {
    return this.send("unmute");
  }
  setVolume(volume: EmbedCommands["setVolume"]): Promise<void> {
    return this.send("setVolume", volume);
  }
  seek(seconds: EmbedCommands["seek"]): Promise<void> {
    return this.send("seek", seconds);
  }
  seekToLive(): Promise<void> {
    return this.send("seekToLive");
  }
  setLatency(latency: EmbedCommands["setLatency"]): Promise<void> {
    return this.send("setLatency", latency);
  }
  setQuality(quality: EmbedCommands["setQuality"]): Promise<void> {
    return this.send("setQuality", quality);
  }
  selectTextTrack(id: EmbedCommands["selectTextTrack"]): Promise<void> {
    return this.send("selectTextTrack", id);
  }
  getStats(): Promise<EmbedAnswers["getStats"]> {
    return this.send("getStats");
  }

  /**
   * Sends a command.
   *
   * @returns what it is answered with @throws (rejects with) an Error that has the answer's `code` as its name
   */
  async send<Name extends EmbedCommandName>(
    command: Name,
    value?: EmbedCommands[Name],
  ): Promise<Name extends keyof EmbedAnswers ? EmbedAnswers[Name] : void> {
    if (command !== "subscribe") await this.ready;
    const id = ++this.#lastId;
    const target = this.#origin === "null" ? "*" : this.#origin;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      this.iframe.contentWindow?.postMessage({ sluice: VERSION, id, command, value }, target);
    });
  }

  /** Takes the frame away; what was not answered by then is refused. */
  destroy(): void {
    removeEventListener("message", this.#hear);
    this.iframe.remove();
    for (const { reject } of this.#waiting.values()) reject(new Error("The player is gone"));
    this.#waiting.clear();
  }

  override addEventListener<Name extends EmbedEventName>(
    type: Name,
    listener: (event: CustomEvent<EmbedEvents[Name]>) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(...parameters: [string, never, never?]): void {
    super.addEventListener(...parameters);
  }

  readonly #hear = ({ source, origin: from, data }: MessageEvent): void => {
    if (source !== this.iframe.contentWindow || from !== this.#origin) return;
    const message = readPlayerMessage(data);
    if (message === undefined) return;
    if ("event" in message) this.#tell(message);
    else this.#answer(message);
  };

  #answer({ id, value, error }: AnswerMessage): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(Object.assign(new Error(error.message), { name: error.code }));
  }

  #tell({ event, detail }: EventMessage): void {
    if (event === "ready") {
      const every = this.#statsEvery;
      const events = EVENT_NAMES.filter((name) => name !== "stats" || every !== undefined);
      const wanted = every === undefined ? { events } : { events, statsEvery: every };
      this.send("subscribe", wanted).catch(() => undefined);
      this.#isReady(detail as EmbedState);
    }
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}
