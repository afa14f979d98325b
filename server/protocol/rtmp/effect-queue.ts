import { join, type OwnBytes } from "../bytes/bytes.ts";

/** Bytes to send. */
export type SendEffect = { readonly type: "send"; readonly bytes: OwnBytes };

/**
 * The effects of a session as they gather. Bytes sent one after the other become one piece: joined
 * once, when something else follows, so that a burst of replies costs no more than its length.
 */
export class EffectQueue<Effect> {
  #effects: (Effect | SendEffect)[] = [];
  #unsent: OwnBytes[] = [];

  push(effect: Effect): void {
    this.#settle();
    this.#effects.push(effect);
  }

  send(bytes: OwnBytes): void {
    this.#unsent.push(bytes);
  }

  /** Takes the effects out, in order. */
  flush(): (Effect | SendEffect)[] {
    this.#settle();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #settle(): void {
    if (this.#unsent.length === 0) return;
    const bytes = join(this.#unsent);
    this.#unsent = [];
    this.#effects.push({ type: "send", bytes });
  }
}
