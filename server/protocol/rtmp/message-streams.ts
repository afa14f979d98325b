import type { Amf0Value } from "../amf0/value.ts";
import { LIMITS } from "../limits.ts";
import { IDLE, type NetStream } from "./net-stream.ts";

/** The message streams of one connection by their ids: at most LIMITS.messageStreams. */
export class MessageStreams {
  readonly #streams = new Map<number, NetStream>();
  /** Those that createStream gave out; others are guesses of the client. */
  readonly #created = new Set<number>();
  #asking: number | undefined;

  /** Whether this can be the id of a stream here. */
  static isId(id: number): boolean {
    return Number.isInteger(id) && id >= 1 && id <= LIMITS.messageStreams;
  }

  /** Those that are in use: publishing, playing, or asking whether they may. */
  get active(): number[] {
    return [...this.#streams.keys()];
  }

  /** The stream about which the caller has yet to decide; there is one at most. */
  get asking(): number | undefined {
    return this.#asking;
  }

  /** A stream nobody has used is idle. */
  get(id: number): NetStream {
    return this.#streams.get(id) ?? IDLE;
  }

  set(id: number, stream: NetStream): void {
    if (this.#asking === id) this.#asking = undefined;
    if (stream.name === "idle") {
      this.#streams.delete(id);
      return;
    }
    if (!MessageStreams.isId(id)) return;
    this.#streams.set(id, stream);
    if (stream.name === "asking" || stream.name === "asking-to-play") this.#asking = id;
  }

  /** @returns the lowest id that is free (some clients take it to be 1), or undefined */
  create(): number | undefined {
    let id = 1;
    while (this.#created.has(id)) id += 1;
    if (!MessageStreams.isId(id)) return undefined;
    this.#created.add(id);
    return id;
  }

  delete(id: number): void {
    this.set(id, IDLE);
    this.#created.delete(id);
  }

  /** The stream whose broadcast a message on stream `id` belongs to. */
  publishing(id: number): number | undefined {
    if (this.#streams.get(id)?.name === "publishing") return id;
    if (this.#created.has(id)) return undefined;
    // Where there is only one broadcast, an id nobody gave out can mean nothing else.
    const ids = this.active.filter((each) => this.get(each).name === "publishing");
    return ids.length === 1 ? ids[0] : undefined;
  }

  /**
   * The streams in use that a command can mean: by its stream, by a published or played name, else
   * the only one, where `id` is none that was given out.
   */
  meant(id: number, name?: Amf0Value): number[] {
    if (this.#streams.has(id)) return [id];
    const ids = this.active.filter((each) => nameOf(this.get(each)) === name);
    if (name !== undefined && ids.length > 0) return ids;
    return this.#streams.size === 1 && !this.#created.has(id) ? this.active : [];
  }
}

/** The name as the client sent it. */
function nameOf(stream: NetStream): string | undefined {
  switch (stream.name) {
    case "idle":
      return undefined;
    case "asking":
    case "publishing":
      return stream.publication.publishName;
    case "asking-to-play":
    case "playing":
      return stream.playback.playName;
  }
}
