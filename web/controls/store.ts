import type { Casting } from "./casting.ts";
import type { Commands } from "./commands.ts";

/** What media-chrome's components show, by the names they know. */
type MediaState = Readonly<Record<string, boolean | number | string | undefined>>;

type Request = { readonly type: string; readonly detail?: unknown };

/**
 * The player as media-chrome's controller sees it: a media store (its `mediaStore`) that tells states and
 * takes requests. So nothing has to look like a `<video>` to be controlled.
 */
export class PlayerStore {
  readonly #commands: Commands;
  readonly #casting: Casting;
  readonly #listeners = new Set<(state: MediaState) => void>();
  #state: MediaState = {};

  constructor(commands: Commands, casting: Casting) {
    this.#commands = commands;
    this.#casting = casting;
  }

  getState(): MediaState {
    return this.#state;
  }

  subscribe(listener: (state: MediaState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state);
    return () => this.#listeners.delete(listener);
  }

  /** A component asks for something; what is none of the player's is passed over. */
  dispatch({ type, detail }: Request): void {
    const commands = this.#commands;
    switch (type) {
      case "mediaplayrequest":
        commands.play();
        break;
      case "mediapauserequest":
        commands.element.pause();
        break;
      case "mediamuterequest":
        commands.setMuted(true);
        break;
      case "mediaunmuterequest":
        commands.setMuted(false);
        break;
      case "mediavolumerequest":
        commands.setVolume(Number(detail));
        break;
      case "mediaenterfullscreenrequest":
      case "mediaexitfullscreenrequest":
        commands.toggleFullscreen();
        break;
      case "mediaenterpiprequest":
      case "mediaexitpiprequest":
        commands.togglePip();
        break;
      case "mediaairplayrequest":
        this.#casting.pickAirplay();
        break;
    }
  }

  /** To be called when something may have changed. */
  update(): void {
    const commands = this.#commands;
    const { element } = commands;
    const { volume, muted: isMuted } = element;
    const level = volume < 0.5 ? "low" : volume < 0.75 ? "medium" : "high";
    const state: MediaState = {
      mediaPaused: element.paused,
      mediaMuted: isMuted,
      mediaVolume: volume,
      mediaVolumeLevel: isMuted || volume === 0 ? "off" : level,
      mediaStreamType: "live",
      mediaTimeIsLive: element.isLive,
      mediaIsFullscreen: commands.isFullscreen,
      mediaIsPip: commands.isPip,
      mediaIsAirplaying: this.#casting.isAirplaying,
    };
    const isSame = Object.entries(state).every(([name, value]) => this.#state[name] === value);
    if (isSame) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
