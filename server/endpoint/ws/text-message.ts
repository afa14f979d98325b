import type { LiveStream } from "../../live/live-stream.ts";
import type { TextCue } from "../../live/text-track.ts";
import { packText } from "./packager.ts";

/** The texts of one live stream as messages, each made once for all its viewers. */
export class TextMessages {
  readonly #liveStream: LiveStream;
  #tracks: Buffer | undefined;
  readonly #cues = new WeakMap<TextCue, Buffer>();

  constructor(liveStream: LiveStream) {
    this.#liveStream = liveStream;
  }

  /** The `text-tracks` message. */
  get tracks(): Buffer {
    const tracks = this.#liveStream.textTracks.map(({ id, kind, language, name }) => ({
      ...{ id, kind, language, name },
    }));
    this.#tracks ??= packText({ type: "text-tracks", tracks });
    return this.#tracks;
  }

  /** The text tracks are others now. */
  change(): void {
    this.#tracks = undefined;
  }

  cue(cue: TextCue): Buffer {
    const known = this.#cues.get(cue);
    if (known !== undefined) return known;
    const { trackId: track, id, start, end, text, settings } = cue;
    const message = packText({
      ...{ type: "cue", track, id, start: rounded(start), text, settings },
      end: end === undefined ? null : rounded(end),
    });
    this.#cues.set(cue, message);
    return message;
  }
}

/** ms to the microsecond: shorter to write, and finer than any frame. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/**
 * What one viewer is told of texts. Who does not keep up goes on without, and is told how things are
 * when there is room again: a text whose end was left out would stay for ever.
 */
export class TextTeller {
  readonly #liveStream: LiveStream;
  readonly #messages: TextMessages;
  /** @returns whether there was room */
  readonly #send: (message: Buffer) => boolean;
  /** Cues without an end, by what the viewer knows. */
  readonly #open = new Set<string>();
  #isBehind = false;

  constructor(liveStream: LiveStream, messages: TextMessages, send: (message: Buffer) => boolean) {
    this.#liveStream = liveStream;
    this.#messages = messages;
    this.#send = send;
  }

  /** The tracks, and what they show now: for a newcomer. */
  begin(): void {
    if (this.#liveStream.textTracks.length === 0) return;
    this.#isBehind = true;
    this.catchUp();
  }

  tracks(): void {
    if (!this.#isBehind) this.#isBehind = !this.#send(this.#messages.tracks);
  }

  cue(cue: TextCue): void {
    if (this.#isBehind) this.catchUp();
    else this.#isBehind = !this.#tell(cue);
  }

  /** Tells what was left out and still matters. */
  catchUp(): void {
    if (!this.#isBehind || !this.#send(this.#messages.tracks)) return;
    for (const { id } of this.#liveStream.textTracks) {
      for (const cue of this.#liveStream.cues(id)) {
        if (cue.end !== undefined && !this.#open.has(keyOf(cue))) continue;
        if (!this.#tell(cue)) return;
      }
    }
    this.#isBehind = false;
  }

  #tell(cue: TextCue): boolean {
    if (!this.#send(this.#messages.cue(cue))) return false;
    if (cue.end === undefined) this.#open.add(keyOf(cue));
    else this.#open.delete(keyOf(cue));
    return true;
  }
}

const keyOf = ({ trackId, id }: TextCue): string => `${trackId} ${id}`;
