import type { PlayerTextTrack } from "../player/player-text.ts";

/** Captions or subtitles, as a `TextTrack` says it. */
export type ElementTextTrack = {
  readonly id: string;
  readonly kind: "captions" | "subtitles";
  readonly label: string;
  /** BCP 47; empty where it is not known. */
  readonly language: string;
  /** Setting it to `showing` shows this one and no other. */
  mode: TextTrackMode;
};

/** The captions and subtitles of an element, like a `TextTrackList`: what media-chrome's menus go by. */
export class ElementTextTracks extends EventTarget {
  readonly [index: number]: ElementTextTrack;
  readonly #select: (id: string | undefined) => void;
  #tracks: readonly ElementTextTrack[] = [];
  #shown: string | undefined;

  /** @param select shows this one; undefined: none */
  constructor(select: (id: string | undefined) => void) {
    super();
    this.#select = select;
  }

  get length(): number {
    return this.#tracks.length;
  }

  [Symbol.iterator](): IterableIterator<ElementTextTrack> {
    return this.#tracks[Symbol.iterator]();
  }

  getTrackById(id: string): ElementTextTrack | null {
    return this.#tracks.find((track) => track.id === id) ?? null;
  }

  /** They are these now. */
  follow(tracks: readonly PlayerTextTrack[]): void {
    const before = this.#tracks;
    const shown = this.#shown;
    this.#shown = tracks.find(({ isSelected }) => isSelected)?.id;
    this.#tracks = tracks.map((track) => this.getTrackById(track.id) ?? this.#trackOf(track));
    for (let index = 0; index < Math.max(before.length, tracks.length); index += 1) {
      if (index < tracks.length) Reflect.set(this, index, this.#tracks[index]);
      else Reflect.deleteProperty(this, index);
    }
    for (const track of this.#tracks) if (!before.includes(track)) this.#tell("addtrack", track);
    for (const track of before) if (!this.#tracks.includes(track)) this.#tell("removetrack", track);
    if (shown !== this.#shown) this.dispatchEvent(new Event("change"));
  }

  #trackOf({ id, kind, name, language }: PlayerTextTrack): ElementTextTrack {
    const isShown = () => this.#shown === id;
    const select = this.#select;
    return {
      ...{ id, kind, label: name, language: language === "und" ? "" : language },
      get mode() {
        return isShown() ? "showing" : "disabled";
      },
      set mode(mode: TextTrackMode) {
        if (mode === "showing") select(id);
        else if (isShown()) select(undefined);
      },
    };
  }

  #tell(type: string, track: ElementTextTrack): void {
    this.dispatchEvent(Object.assign(new Event(type), { track }));
  }
}
