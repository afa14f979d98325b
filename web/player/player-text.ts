import type { AnnouncedTextTrack, ServerMessage } from "../../server/protocol/wire/control.ts";
import { fittingText, readTextWish, type TextWish } from "../control/text-choice.ts";
import { TextCues } from "../control/text-cues.ts";
import { isSegmented, type Playback } from "../engine/playback.ts";
import type { Surface, Texts } from "../engine/surface.ts";
import { TextScreen } from "../engine/text-screen.ts";

/** Captions or subtitles that one may choose. */
export type PlayerTextTrack = AnnouncedTextTrack & {
  /** It is shown. */
  readonly isSelected: boolean;
};

type CueMessage = Extract<ServerMessage, { readonly type: "cue" }>;

/** Where the choice is kept, from page to page. */
const KEPT = "sluice.text";

/**
 * Captions and subtitles of the player, whatever plays: over the WebSocket they are told as they
 * appear, in HLS they are renditions. They follow when one surface takes over from another.
 */
export class PlayerText {
  readonly #onChange: () => void;
  readonly #cues: TextCues;
  /** Told over the WebSocket. */
  #announced: readonly AnnouncedTextTrack[] = [];
  #wish: TextWish = readTextWish(recall());
  #playback: Playback | undefined;
  #screen: Texts | undefined;
  /** Text tracks cannot be taken from a `<video>` again: they are used for whatever comes after. */
  readonly #screens = new WeakMap<HTMLVideoElement, TextScreen>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#cues = new TextCues({
      onText: (text) => {
        if (this.#isLive) this.#screen?.put(text);
      },
      onGone: (text) => this.#screen?.remove(text),
    });
  }

  /** All that are there. */
  get tracks(): readonly PlayerTextTrack[] {
    const { id: selected } = fittingText(this.#present, this.#wish) ?? {};
    return this.#present.map((track) => ({ ...track, isSelected: track.id === selected }));
  }

  /** Shows this one, also when it comes later or comes back; undefined: none. */
  select(id: string | undefined): void {
    const track = this.#present.find((one) => one.id === id);
    this.#wish = id === undefined ? undefined : { id, language: track?.language ?? "und" };
    keep(this.#wish);
    this.#apply();
  }

  /** The tracks are these now. */
  announce(tracks: readonly AnnouncedTextTrack[]): void {
    this.#announced = tracks;
    this.#cues.keep(tracks.map(({ id }) => id));
    this.#apply();
  }

  take({ track, id, start, end, text, settings }: CueMessage): void {
    this.#cues.take({
      track,
      key: String(id),
      start: start / 1_000,
      end: end === null ? Number.POSITIVE_INFINITY : end / 1_000,
      text,
      settings,
    });
  }

  /** A new connection: what is still shown will be told again. @param edge live edge by now, ms */
  reconnected(edge: number | undefined): void {
    if (edge !== undefined) this.#cues.close(edge / 1_000);
  }

  /** Goes with what is on the stage. To be called every 50 ms or so. */
  follow(playback: Playback | undefined): void {
    if (playback !== this.#playback) {
      this.#screen?.clear();
      this.#playback = playback;
      this.#screen = playback && this.#screenOf(playback.surface);
      this.#apply();
      if (isSegmented(playback)) {
        const screen = this.#screen;
        playback.onTexts({
          onTracks: () => this.#apply(),
          onCues: (trackId, cues) => {
            for (const cue of cues) screen?.putCue(trackId, cue);
          },
        });
      }
    }
  }

  #screenOf({ texts, video }: Surface): Texts | undefined {
    if (texts !== undefined || video === undefined) return texts;
    const screen = this.#screens.get(video) ?? new TextScreen(video);
    this.#screens.set(video, screen);
    return screen;
  }

  /** Whether texts come as they are told, and not in segments. */
  get #isLive(): boolean {
    return !isSegmented(this.#playback);
  }

  /** What is there to be shown: over HLS it may be known without a WebSocket. */
  get #present(): readonly AnnouncedTextTrack[] {
    if (!isSegmented(this.#playback)) return this.#announced;
    const { textTracks } = this.#playback;
    return textTracks.length > 0 ? textTracks : this.#announced;
  }

  #apply(): void {
    const screen = this.#screen;
    const selected = fittingText(this.#present, this.#wish)?.id;
    for (const track of this.#present) screen?.announce(track);
    screen?.select(selected);
    if (isSegmented(this.#playback)) {
      this.#playback.showText(selected);
    } else if (screen !== undefined) {
      for (const { id } of this.#present) {
        for (const text of this.#cues.of(id)) screen.put(text);
      }
    }
    this.#onChange();
  }
}

/** A page may be denied its storage. */
function recall(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(wish: TextWish): void {
  try {
    if (wish === undefined) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(wish));
  } catch {
    // It is forgotten with the page.
  }
}
