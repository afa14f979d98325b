import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import type { TimedEvent } from "../control/event-schedule.ts";
import type { Playback } from "../engine/playback.ts";
import { Later } from "./later.ts";
import type { PlayerEvents } from "./player-events.ts";

/** What the encoder said in between: the `detail` of `data`. From strangers: text, never markup. */
export type PlayerData = TimedEvent;

/** Tells each thing that the encoder said once: onMetaData at once, others with their picture. */
export class DataTeller {
  readonly #tell: (event: PlayerData) => void;
  readonly #events: Later<PlayerEvents>;
  /** Id of the latest onMetaData that was told: each connection begins with it. */
  #toldMetaData: string | undefined;

  /** @param position what is shown now, ms on the stream's timeline; undefined: nothing yet */
  constructor(tell: (event: PlayerData) => void, position: () => number | undefined) {
    this.#tell = tell;
    this.#events = new Later(async () => {
      const shown = position();
      const { PlayerEvents } = await import("./player-events.ts");
      return new PlayerEvents((event) => this.#due(event), shown);
    });
  }

  /** The server told of it. onMetaData has no moment of its own. */
  hear({ id, name, time, values }: Extract<ServerMessage, { readonly type: "data" }>): void {
    const event = { id, name, time, values };
    if (name === "onMetaData") this.#due(event);
    else this.offer(event);
  }

  /** It was found in the media. */
  offer(event: TimedEvent): void {
    this.#events.use((events) => events.offer(event));
  }

  /** Goes by what is on the stage. To be called often. */
  follow(current: Playback | undefined): void {
    this.#events.value?.follow(current);
  }

  /** Watches nothing any more. */
  stop(): void {
    this.#events.value?.stop();
  }

  #due(event: PlayerData): void {
    if (event.name === "onMetaData") {
      if (event.id === this.#toldMetaData) return;
      this.#toldMetaData = event.id;
    }
    this.#tell(event);
  }
}
