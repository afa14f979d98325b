import type { SluicePlayerElement } from "../element/sluice-player.ts";
import type { Player } from "../player/player.ts";
import {
  type AnswerMessage,
  type CommandErrorCode,
  type CommandMessage,
  type EmbedEventName,
  type EmbedEvents,
  type EmbedState,
  type EventMessage,
  readCommand,
  statsInterval,
  VERSION,
} from "./messages.ts";

/** What is driven: the element, as far as that goes. */
export type EmbeddedElement = Pick<
  SluicePlayerElement,
  | ("state" | "paused" | "muted" | "volume" | "currentTime" | "isLive" | "latency" | "delay")
  | ("targetLatency" | "tracks" | "error" | "stats")
  | ("play" | "pause" | "goLive" | "quality" | "qualities")
> & {
  readonly player: Pick<Player, "textTracks" | "selectTextTrack" | "timeline" | "seek"> | undefined;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
};

/** The player's side of the protocol: does what commands say, and tells what was subscribed to. */
export class EmbedController {
  readonly #element: EmbeddedElement;
  readonly #post: (message: AnswerMessage | EventMessage) => void;
  readonly #ends: (() => void)[] = [];
  #wanted: ReadonlySet<EmbedEventName> = new Set();
  #statsTimer: ReturnType<typeof setInterval> | undefined;
  #isOnline: boolean | undefined;

  /** Says that it is ready. @param post sends to who embeds us */
  constructor(element: EmbeddedElement, post: (message: AnswerMessage | EventMessage) => void) {
    this.#element = element;
    this.#post = post;
    this.#isOnline = isOnline(element);
    this.#listen();
    post({ sluice: VERSION, event: "ready", detail: stateOf(element) });
  }

  /** Takes whatever was posted to us; what is no command of this protocol is passed over. */
  receive(data: unknown): void {
    const read = readCommand(data);
    if (read === undefined) return;
    if (!("command" in read)) {
      this.#post(read);
      return;
    }
    const { id } = read;
    const answer = (value?: unknown) => {
      this.#post(value === undefined ? { sluice: VERSION, id } : { sluice: VERSION, id, value });
    };
    const fail = (error: unknown) => {
      const code: CommandErrorCode = "COMMAND_FAILED";
      const message = error instanceof Error ? error.message : String(error);
      this.#post({ sluice: VERSION, id, error: { code, message } });
    };
    this.#do(read).then(answer, fail);
  }

  /** Tells nothing any more. */
  destroy(): void {
    for (const end of this.#ends.splice(0)) end();
    clearInterval(this.#statsTimer);
  }

  async #do(message: CommandMessage): Promise<unknown> {
    const element = this.#element;
    // A message of its own type for each command: the value is what the command's reader let pass.
    switch (message.command) {
      case "play":
        return await element.play();
      case "pause":
        return element.pause();
      case "mute":
      case "unmute":
        element.muted = message.command === "mute";
        return undefined;
      case "setVolume":
        element.volume = message.value ?? 1;
        return undefined;
      case "seek":
        return await seekTo(element, message.value ?? 0);
      case "seekToLive":
        return element.goLive();
      case "setLatency":
        element.latency = message.value ?? "low";
        return undefined;
      case "setQuality":
        element.quality = message.value ?? "auto";
        return undefined;
      case "selectTextTrack":
        return element.player?.selectTextTrack(message.value ?? undefined);
      case "getStats":
        return element.stats();
      case "subscribe": {
        const { events } = message.value ?? { events: [] };
        this.#wanted = new Set(events);
        clearInterval(this.#statsTimer);
        if (message.value !== undefined && this.#wanted.has("stats")) {
          const every = statsInterval(message.value);
          this.#statsTimer = setInterval(() => this.#tellStats(), every);
        }
        return stateOf(element);
      }
    }
  }

  #listen(): void {
    const element = this.#element;
    const on = (type: string, heard: (event: Event) => void) => {
      element.addEventListener(type, heard);
      this.#ends.push(() => element.removeEventListener(type, heard));
    };
    const detailOf = (event: Event) => (event as CustomEvent).detail;
    on("statuschange", (event) => {
      this.#tell("statuschange", detailOf(event));
      this.#tellOnline();
    });
    on("playing", () => this.#tell("playing", {}));
    on("pause", () => this.#tell("pause", {}));
    on("ended", () => this.#tell("ended", {}));
    on("stall", (event) => this.#tell("stalled", detailOf(event)));
    on("latencychange", (event) => this.#tell("latency", detailOf(event)));
    on("volumechange", () => {
      const { muted, volume } = element;
      this.#tell("volumechange", { muted, volume });
    });
    for (const type of ["trackschange", "texttrackschange", "qualitychange"]) {
      on(type, () => {
        const { quality, qualities, tracks, textTracks } = stateOf(element);
        this.#tell("trackschange", { quality, qualities, tracks, textTracks });
      });
    }
    on("data", (event) => this.#tell("data", detailOf(event)));
    on("error", () => {
      const { error } = element;
      if (error !== null) this.#tell("error", { name: error.name, message: error.message });
    });
  }

  #tellOnline(): void {
    const now = isOnline(this.#element);
    if (now === undefined || now === this.#isOnline) return;
    this.#isOnline = now;
    this.#tell(now ? "online" : "offline", {});
  }

  #tellStats(): void {
    const stats = this.#element.stats();
    if (stats !== undefined) this.#tell("stats", stats);
  }

  #tell<Name extends EmbedEventName>(event: Name, detail: EmbedEvents[Name]): void {
    if (!this.#wanted.has(event)) return;
    this.#post({ sluice: VERSION, event, detail } as EventMessage);
  }
}

/** Goes to a moment: seconds on the stream's timeline, or, where negative, behind the live edge. */
export async function seekTo(
  element: Pick<EmbeddedElement, "player">,
  seconds: number,
): Promise<void> {
  const { player } = element;
  if (player?.timeline === undefined) throw new Error("Nothing plays yet");
  await player.seek(seconds < 0 ? player.timeline.end + seconds * 1_000 : seconds * 1_000);
}

/** @returns undefined while it is not known, and while a publisher whose line was lost may come back */
function isOnline(element: EmbeddedElement): boolean | undefined {
  switch (element.stats()?.streamState) {
    case "live":
      return true;
    case "waiting":
    case "ended":
      return false;
    default:
      return undefined;
  }
}

function stateOf(element: EmbeddedElement): EmbedState {
  const { state, paused, muted, volume, currentTime, isLive, latency, delay, tracks } = element;
  return {
    ...{ version: VERSION, state, paused, muted, volume, currentTime, isLive, latency, delay },
    ...{ isOnline: isOnline(element), target: element.targetLatency, tracks },
    ...{ quality: element.quality, qualities: element.qualities },
    textTracks: element.player?.textTracks ?? [],
  };
}
