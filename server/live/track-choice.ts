import type { MediaType } from "../protocol/media/track.ts";
import type { LiveSample } from "./live-sample.ts";
import type { LiveTrack } from "./live-track.ts";

const KINDS: readonly MediaType[] = ["video", "audio"];

/** Pictures, then sound, each in the encoder's own order: the first of each is the default. */
export const inOrder = (tracks: readonly LiveTrack[]): LiveTrack[] =>
  tracks.toSorted(
    ({ track: a }, { track: b }) =>
      KINDS.indexOf(a.mediaType) - KINDS.indexOf(b.mediaType) || a.trackIndex - b.trackIndex,
  );

/** Which of several tracks of a kind somebody is given who asked for none: the encoder's first. */
export function firstTrack(
  tracks: readonly LiveTrack[],
  mediaType: MediaType,
): LiveTrack | undefined {
  return inOrder(tracks).find(({ track }) => track.mediaType === mediaType);
}

/**
 * Which tracks of a live stream one receiver is sent: the first of each kind, or those it chose. Sound
 * changes at once. A picture can only begin at a sync sample, so the track before goes on until the
 * one chosen has one.
 */
export class TrackChoice {
  readonly #onSwitch: () => void;
  #announced: readonly LiveTrack[] = [];
  #chosen: readonly number[] | undefined;
  /** Of the tracks chosen, those that are gone included: another stands in for its kind. */
  readonly #kinds = new Map<number, MediaType>();
  #wanted: ReadonlySet<number> = new Set();
  /** What is sent: all sound that is wanted, and the video tracks that have begun. */
  #begun = new Set<number>();

  /** @param onSwitch called when a video track begins that was waited for, before its first sample */
  constructor(onSwitch: () => void = () => {}) {
    this.#onSwitch = onSwitch;
  }

  /** Whether nothing is waited for: these tracks and no others, until something changes. */
  get isSettled(): boolean {
    if (this.#wanted.size !== this.#begun.size) return false;
    for (const id of this.#wanted) if (!this.#begun.has(id)) return false;
    return true;
  }

  /** The tracks that are sent, or begin at their next sync sample because nothing else is. */
  get sent(): readonly number[] {
    const waiting = this.#announced.filter(({ id }) => this.#wanted.has(id));
    const goesOn = this.#announced.some((live) => isVideo(live) && this.#begun.has(live.id));
    if (!goesOn) return waiting.map(({ id }) => id);
    return this.#announced.filter(({ id }) => this.#begun.has(id)).map(({ id }) => id);
  }

  /** The tracks are these now. */
  announce(tracks: readonly LiveTrack[]): void {
    this.#announced = tracks;
    this.#update();
  }

  /**
   * These are to be sent, and no others. For one that is not there, the first of its kind stands in
   * until it comes.
   */
  choose(trackIds: readonly number[]): void {
    this.#chosen = [...new Set(trackIds)];
    this.#kinds.clear();
    this.#update();
  }

  /** @returns what of the history is to be given; its video tracks have begun with it */
  join(history: readonly LiveSample[]): LiveSample[] {
    const given = history.filter(({ track }) => this.#wanted.has(track.id));
    for (const { track } of given) this.#begun.add(track.id);
    return given;
  }

  /** Whether this sample is to be sent; a sync sample that was waited for switches to its track. */
  takes(sample: LiveSample): boolean {
    const { id } = sample.track;
    if (this.#begun.has(id)) return true;
    if (!sample.isSync || !this.#wanted.has(id)) return false;
    this.#begun.add(id);
    this.#endOthers();
    this.#onSwitch();
    return true;
  }

  #update(): void {
    for (const live of this.#announced) {
      if (this.#chosen?.includes(live.id)) this.#kinds.set(live.id, live.track.mediaType);
    }
    this.#wanted = new Set(KINDS.flatMap((kind) => this.#ofKind(kind)));
    const begun = this.#announced.filter((live) =>
      isVideo(live) ? this.#begun.has(live.id) : this.#wanted.has(live.id),
    );
    this.#begun = new Set(begun.map(({ id }) => id));
    this.#endOthers();
  }

  #ofKind(mediaType: MediaType): number[] {
    const ofKind = this.#announced.filter(({ track }) => track.mediaType === mediaType);
    const chosen = this.#chosen;
    const present = ofKind.map(({ id }) => id).filter((id) => chosen?.includes(id));
    if (present.length > 0) return present;
    const isMissing = chosen?.some((id) => (this.#kinds.get(id) ?? mediaType) === mediaType);
    if (isMissing === false) return [];
    const first = firstTrack(ofKind, mediaType);
    return first === undefined ? [] : [first.id];
  }

  /** Video tracks that are wanted no more end, unless a wanted one is still waited for. */
  #endOthers(): void {
    const videos = this.#announced.filter(isVideo).map(({ id }) => id);
    const wanted = videos.filter((id) => this.#wanted.has(id));
    if (wanted.length > 0 && !wanted.some((id) => this.#begun.has(id))) return;
    for (const id of videos) if (!this.#wanted.has(id)) this.#begun.delete(id);
  }
}

const isVideo = ({ track }: LiveTrack): boolean => track.mediaType === "video";
