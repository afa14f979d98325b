import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import { isSegmented, type Playback } from "../engine/playback.ts";
import { Later } from "./later.ts";
import type { PlayerText, PlayerTextTrack } from "./player-text.ts";

type TextMessage = Extract<ServerMessage, { readonly type: "text-tracks" | "cue" }>;

/** Captions and subtitles: none, and no code for them, before there is the first. */
export class Texts {
  readonly #text: Later<PlayerText>;

  constructor(onChange: () => void) {
    this.#text = new Later(async () => {
      const { PlayerText } = await import("./player-text.ts");
      return new PlayerText(onChange);
    });
  }

  /** All that are there. */
  get tracks(): readonly PlayerTextTrack[] {
    return this.#text.value?.tracks ?? [];
  }

  /** Shows this one, also when it comes later or comes back; undefined: none. */
  select(id: string | undefined): void {
    this.#text.use((text) => text.select(id));
  }

  /** The server told of them. */
  hear(message: TextMessage): void {
    if (message.type === "cue") {
      this.#text.use((text) => text.take(message));
    } else if (message.tracks.length > 0 || this.#text.value !== undefined) {
      this.#text.use((text) => text.announce(message.tracks));
    }
  }

  /** A new connection: what is still shown will be told again. @param edge live edge by now, ms */
  reconnected(edge: number | undefined): void {
    this.#text.value?.reconnected(edge);
  }

  /** Goes with what is on the stage. HLS lists its own: nobody has to tell of them. */
  follow(current: Playback | undefined): void {
    const text = this.#text.value;
    if (text !== undefined) text.follow(current);
    else if (isSegmented(current)) this.#text.get().catch(() => undefined);
  }
}
