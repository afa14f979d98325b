import { readCueSettings } from "../control/cue-settings.ts";
import { joined, type TimedText } from "../control/text-cues.ts";
import { cueChange, type NamedText, type Texts } from "./surface.ts";

/** Cues that a track of a `<video>` keeps. */
const MOST = 300;

/** The end of a text that is not known: later than anything. Some browsers refuse Infinity. */
const FAR = 1e9;

type Shown = { readonly track: TextTrack; readonly cues: Map<string, VTTCue> };

/**
 * The texts on one `<video>`: a `TextTrack` for each track that is announced, one of them showing. They
 * cannot be taken from an element again: they are used for whatever it plays next.
 */
export class TextScreen implements Texts {
  readonly #video: HTMLVideoElement;
  readonly #shown = new Map<string, Shown>();
  #selected: string | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** There is a track. */
  announce({ id, kind, language, name }: NamedText): void {
    if (this.#shown.has(id)) return;
    const track = this.#video.addTextTrack(kind, name, language === "und" ? "" : language);
    track.mode = id === this.#selected ? "showing" : "hidden";
    track.addEventListener("cuechange", () => this.#tell(track));
    this.#shown.set(id, { track, cues: new Map() });
  }

  #tell({ mode, activeCues }: TextTrack): void {
    if (mode !== "showing") return;
    const texts = [...(activeCues ?? [])].map((cue) => (cue as VTTCue).text);
    this.#video.dispatchEvent(cueChange(texts));
  }

  /** Shows this track and no other. */
  select(trackId: string | undefined): void {
    this.#selected = trackId;
    for (const [id, { track }] of this.#shown) {
      const mode = id === trackId ? "showing" : "hidden";
      if (track.mode !== mode) track.mode = mode;
    }
  }

  /** Puts a text in its place; times are those of the element's clock. */
  put(text: TimedText): void {
    const shown = this.#shown.get(text.track);
    if (shown === undefined) return;
    const end = Math.min(text.end, FAR);
    const known = shown.cues.get(text.key);
    if (known !== undefined) {
      known.startTime = Math.min(text.start, end);
      known.endTime = end;
      if (known.text !== text.text) known.text = text.text;
      return;
    }
    const cue = new VTTCue(text.start, end, text.text);
    Object.assign(cue, readCueSettings(text.settings));
    this.#add(shown, text.key, cue);
  }

  /** Takes a cue that hls.js made of a segment: a text may come in several of them. */
  putCue(trackId: string, cue: VTTCue): void {
    const shown = this.#shown.get(trackId);
    if (shown === undefined) return;
    const key = `${cue.id} ${cue.text}`;
    const known = shown.cues.get(key);
    const both = known && joined(spanOf(known), spanOf(cue));
    if (known !== undefined && both !== undefined) {
      known.startTime = both.start;
      known.endTime = both.end;
    } else {
      this.#add(shown, known === undefined ? key : `${key} ${cue.startTime}`, cue);
    }
  }

  remove({ track, key }: TimedText): void {
    const shown = this.#shown.get(track);
    const cue = shown?.cues.get(key);
    if (shown === undefined || cue === undefined) return;
    shown.cues.delete(key);
    shown.track.removeCue(cue);
  }

  /** Nothing is shown on this element any more. */
  clear(): void {
    for (const { track, cues } of this.#shown.values()) {
      if (track.mode === "disabled") track.mode = "hidden"; // or its cues cannot be taken out
      for (const cue of cues.values()) track.removeCue(cue);
      cues.clear();
      track.mode = "disabled";
    }
    this.#selected = undefined;
  }

  #add({ track, cues }: Shown, key: string, cue: VTTCue): void {
    if (cues.has(key)) return;
    cues.set(key, cue);
    track.addCue(cue);
    for (const [oldest, old] of cues) {
      if (cues.size <= MOST) break;
      cues.delete(oldest);
      track.removeCue(old);
    }
  }
}

const spanOf = ({ startTime, endTime, text }: VTTCue) => ({
  start: startTime,
  end: endTime,
  text,
});
