import type { AnnouncedTrack, AnnouncedUnplayable } from "../../server/protocol/wire/control.ts";
import type { ListedStream, ListedTrack } from "../../server/protocol/wire/stream-list.ts";
import { canPlayListed } from "../engine/platform.ts";
import { isSegmented } from "../engine/playback.ts";
import type { Line } from "../line/line.ts";
import type { NamedTrack, NamedUnplayable } from "../ui/words.ts";
import type { Succession } from "./succession.ts";

/** Tracks that are there and not played: unknown to this browser, or to all of them. */
export type Unplayed = {
  readonly unsupported: readonly NamedTrack[];
  readonly unplayable: readonly NamedUnplayable[];
};

/** One of the broadcast's tracks, as it may be chosen from. */
export type PlayerTrack = (AnnouncedTrack | ListedTrack) & {
  /** It is the one of its kind that plays, or is about to. */
  readonly isSelected: boolean;
};

/** What they are known from. */
export type TrackSources = {
  /** While it is up, it knows more than the list. */
  readonly line: () => Line;
  readonly succession: Succession;
};

/** The broadcast's tracks, by what the WebSocket says while it is there, else by the server's list. */
export class PlayerTracks {
  readonly #sources: TrackSources;
  #announced: readonly AnnouncedTrack[] = [];
  #unplayable: readonly AnnouncedUnplayable[] = [];
  #listed: ListedStream | undefined;

  constructor(sources: TrackSources) {
    this.#sources = sources;
  }

  /** The server's list, while it is asked for. */
  get listed(): ListedStream | undefined {
    return this.#listed;
  }

  /** The WebSocket tells of them. */
  announce(tracks: readonly AnnouncedTrack[], unplayable: readonly AnnouncedUnplayable[]): void {
    this.#announced = tracks;
    this.#unplayable = unplayable;
  }

  /** As the WebSocket told of them last. */
  get announced(): readonly AnnouncedTrack[] {
    return this.#announced;
  }

  /** The list tells of them. */
  list(stream: ListedStream | undefined): void {
    this.#listed = stream;
  }

  /** All of them: sizes of the picture, languages of the sound. */
  get all(): readonly PlayerTrack[] {
    const { current } = this.#sources.succession;
    const line = this.#sources.line();
    if (current?.transport === "hls" || !line.isUp) {
      const selected = isSegmented(current) ? current.trackIds : [];
      return (this.#listed?.tracks ?? this.#announced).map((track) => ({
        ...track,
        isSelected: selected.includes(track.id),
      }));
    }
    const { announced, plan } = line.tracks;
    const { wanted } = plan;
    return announced.map((track) => ({ ...track, isSelected: wanted.includes(track.id) }));
  }

  /** What plays (or would), as the server describes it. */
  get played(): readonly (AnnouncedTrack | ListedTrack)[] {
    const line = this.#sources.line();
    const isHls = this.#sources.succession.current?.transport === "hls";
    if (line.isUp && !isHls) return line.tracks.plan.tracks.map(({ track }) => track);
    const selected = this.all.filter(({ isSelected }) => isSelected);
    return selected.length > 0 ? selected : this.all;
  }

  /** What of the broadcast can be played here. */
  get playable(): Unplayed & { readonly isAnything: boolean } {
    const line = this.#sources.line();
    const { tracks, unsupported } = line.tracks.plan;
    if (line.isUp) {
      return { isAnything: tracks.length > 0, unsupported, unplayable: this.#unplayable };
    }
    const listed = this.#listed?.tracks ?? [];
    const refused = listed.filter((track) => !canPlayListed(track));
    return {
      isAnything: refused.length < listed.length,
      unsupported: refused,
      unplayable: this.#listed?.unplayable ?? [],
    };
  }
}
