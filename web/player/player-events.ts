import { EventPlayhead } from "../control/event-playhead.ts";
import { EventSchedule, type TimedEvent } from "../control/event-schedule.ts";
import type { Playback } from "../engine/playback.ts";

/** What the encoder says in between, told with the picture on the stage that it belongs to. */
export class PlayerEvents {
  readonly #schedule: EventSchedule;
  #playhead: { playback: Playback; watch: EventPlayhead; end: AbortController } | undefined;

  /**
   * @param tell is called once for each event, when it is due
   * @param position what was shown when the first of them came, ms; undefined: nothing yet
   */
  constructor(tell: (event: TimedEvent) => void, position: number | undefined) {
    this.#schedule = new EventSchedule(tell);
    if (position !== undefined) this.#schedule.advance(position);
  }

  /** Something was told, or found in the media. */
  offer(event: TimedEvent): void {
    this.#schedule.offer(event);
  }

  /** Goes by what is on the stage. To be called often. */
  follow(current: Playback | undefined): void {
    if (current !== this.#playhead?.playback) this.stop();
    if (current?.isReady !== true) return;
    if (this.#playhead === undefined) {
      const end = new AbortController();
      const onShown = (mediaTime: number) => {
        const time = current.streamTime(mediaTime);
        if (time !== undefined) this.#schedule.advance(time);
      };
      const watch = new EventPlayhead(current.surface, onShown, end.signal);
      this.#playhead = { playback: current, watch, end };
    }
    this.#playhead.watch.tick();
  }

  /** Watches nothing any more. */
  stop(): void {
    this.#playhead?.end.abort();
    this.#playhead = undefined;
  }
}
