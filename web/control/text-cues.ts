/** A text and when it is shown; times in seconds of whatever clock its owner uses. */
export type TimedText = {
  /** Of its text track. */
  readonly track: string;
  /** Of this text within its track. */
  readonly key: string;
  readonly start: number;
  /** Infinity while it is not known. */
  readonly end: number;
  /** WebVTT cue text. */
  readonly text: string;
  /** WebVTT cue settings. */
  readonly settings: string;
};

/** Texts kept of each track, and how long (seconds) behind the newest: nobody sees them any more. */
const MOST = 200;
const KEPT = 120;

/** A text that is told again that much (seconds) earlier is another broadcast's. */
const ANOTHER = 1;

/** Who shows them. */
export type TextListener = {
  /** There is one, or it is another now. */
  onText(text: TimedText): void;
  onGone(text: TimedText): void;
};

/** The texts of a live stream as they are told: bounded, changed in place, closed when nobody tells of their end. */
export class TextCues {
  readonly #listener: TextListener;
  readonly #tracks = new Map<string, Map<string, TimedText>>();

  constructor(listener: TextListener) {
    this.#listener = listener;
  }

  /** Texts of a track, in the order they came. */
  of(track: string): readonly TimedText[] {
    return [...(this.#tracks.get(track)?.values() ?? [])];
  }

  /** There is a text, or more is known of one. */
  take(text: TimedText): void {
    const known = this.#tracks.get(text.track) ?? new Map<string, TimedText>();
    this.#tracks.set(text.track, known);
    const before = known.get(text.key);
    if (before !== undefined && text.start < before.start - ANOTHER) this.#clear(known);
    known.set(text.key, text);
    this.#listener.onText(text);
    for (const [key, old] of known) {
      const isOld = old.end < text.start - KEPT;
      if (!isOld && known.size <= MOST) break;
      known.delete(key);
      this.#listener.onGone(old);
    }
  }

  /** These tracks and no others are there. */
  keep(tracks: readonly string[]): void {
    for (const [track, texts] of this.#tracks) {
      if (tracks.includes(track)) continue;
      this.#clear(texts);
      this.#tracks.delete(track);
    }
  }

  /** The line was lost: what ends meanwhile is not told, and what does not is told again. */
  close(at: number): void {
    for (const texts of this.#tracks.values()) {
      for (const [key, text] of texts) {
        if (text.end !== Number.POSITIVE_INFINITY) continue;
        const closed = { ...text, end: Math.max(text.start, at) };
        texts.set(key, closed);
        this.#listener.onText(closed);
      }
    }
  }

  #clear(texts: Map<string, TimedText>): void {
    for (const text of texts.values()) this.#listener.onGone(text);
    texts.clear();
  }
}

/**
 * Joins what segments tell of one text, each for its own stretch.
 *
 * @returns undefined where they are two
 */
export function joined(
  a: { readonly start: number; readonly end: number; readonly text: string },
  b: { readonly start: number; readonly end: number; readonly text: string },
): { readonly start: number; readonly end: number } | undefined {
  if (a.text !== b.text) return undefined;
  if (b.start > a.end + JOINT || a.start > b.end + JOINT) return undefined;
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

/** Segments meet within this, seconds. */
const JOINT = 0.1;
