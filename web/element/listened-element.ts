import type { PlayerEventMap } from "./player-event-map.ts";

/** Where there is no page (rendering on a server), the class exists and is never used. */
const Base: typeof HTMLElement =
  globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/** An element whose listeners know what the events of a player bring. */
export class ListenedElement extends Base {
  override addEventListener<Name extends keyof PlayerEventMap>(
    type: Name,
    listener: (this: this, event: PlayerEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: this, event: HTMLElementEventMap[Name]) => unknown,
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

  override removeEventListener<Name extends keyof PlayerEventMap>(
    type: Name,
    listener: (this: this, event: PlayerEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: this, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(...parameters: [string, never, never?]): void {
    super.removeEventListener(...parameters);
  }
}
