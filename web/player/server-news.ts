import type { ServerMessage, StreamState } from "../../server/protocol/wire/control.ts";
import type { DataTeller } from "./player-data.ts";
import type { PlayerTracks } from "./player-tracks.ts";
import type { Selection } from "./selection.ts";
import type { Texts } from "./texts.ts";

/** Who does something about what the server says. */
export type NewsListeners = {
  readonly tracks: PlayerTracks;
  readonly selection: Selection;
  readonly texts: Texts;
  readonly data: DataTeller;
  /** The line lost something. */
  onSuffered(): void;
  /** @param text a code, and what it is about */
  onError(text: string): void;
  /** Something that people may want to know. */
  onChange(): void;
};

/** What the server says of the broadcast over the WebSocket: kept here, or passed on to whom it is for. */
export class ServerNews {
  readonly #listeners: NewsListeners;
  #streamState: StreamState | undefined;
  #encoder: Extract<ServerMessage, { readonly type: "encoder" }> | undefined;
  #dropped = 0;

  constructor(listeners: NewsListeners) {
    this.#listeners = listeners;
  }

  /** Where the stream stands; undefined while nobody said so. */
  get streamState(): StreamState | undefined {
    return this.#streamState;
  }

  /** How old the encoder's pictures are when the server receives them, where it stamps its clock. */
  get encoder(): Extract<ServerMessage, { readonly type: "encoder" }> | undefined {
    return this.#encoder;
  }

  /** Samples that the server left out. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The server's list says so, while there is no WebSocket. */
  listed(state: StreamState): void {
    this.#streamState = state;
  }

  hear(message: ServerMessage): void {
    const { tracks, selection, texts, data, onSuffered, onError, onChange } = this.#listeners;
    switch (message.type) {
      case "hello":
      case "state":
        this.#streamState = message.state;
        if (message.state !== "live") this.#encoder = undefined;
        break;
      case "tracks":
        tracks.announce(message.tracks, message.unplayable);
        selection.look();
        break;
      case "selected":
      case "history":
        break;
      case "bitrates":
        selection.learn(message.tracks);
        return;
      case "dropped":
        this.#dropped += message.samples;
        selection.lost(message.samples);
        onSuffered();
        break;
      case "error":
        onError(`${message.code}: ${message.message}`);
        break;
      case "encoder":
        this.#encoder = message;
        return;
      case "data":
        data.hear(message);
        return;
      case "text-tracks":
      case "cue":
        texts.hear(message);
        return;
      case "clock":
        return;
    }
    onChange();
  }
}
