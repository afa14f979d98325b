import type { Clock } from "../../live/clock.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { DataValue, Milliseconds } from "../../protocol/media/sample.ts";
import type { MediaType } from "../../protocol/media/track.ts";

/** What an opening needs of a live stream. */
export type OpenableStream = Pick<
  LiveStream,
  "state" | "tracks" | "unplayable" | "metadata" | "observe"
>;

/** How long may be waited; times in ms. */
export type OpeningLimits = {
  /** For somebody to publish. */
  readonly publisherWait: Milliseconds;
  /** For a track that metadata names, once another one is there. */
  readonly trackWait: Milliseconds;
  /** For another track where there is no metadata to say whether one comes. */
  readonly trackGrace: Milliseconds;
};

/** How much there is of what somebody wants: all of it, some that can be begun with, or nothing. */
export type Readiness = "all" | "some" | "none";

/** What is made of an opening. */
export type OpeningOptions = {
  readonly clock: Clock;
  readonly limits: OpeningLimits;
  readonly readiness: () => Readiness;
  /** Called once, when there is something to begin with. */
  readonly onOpen: () => void;
  /** Called once instead, when it was waited for too long. */
  readonly onGiveUp: () => void;
};

/**
 * The wait before an output can begin that tells its tracks in front: for a publisher, and then for
 * as long as something is missing of which it is known that it comes.
 */
export class Opening {
  readonly #liveStream: OpenableStream;
  readonly #options: OpeningOptions;
  readonly #stops: (() => void)[] = [];
  #cancelTrackWait: (() => void) | undefined;
  #beganAt: Milliseconds | undefined;

  constructor(liveStream: OpenableStream, options: OpeningOptions) {
    this.#liveStream = liveStream;
    this.#options = options;
  }

  /** Begins to wait; one of the calls may come before it returns. */
  start(): void {
    const { clock, limits, onGiveUp } = this.#options;
    const giveUp = (): void => {
      this.cancel();
      onGiveUp();
    };
    this.#stops.push(clock.after(limits.publisherWait, giveUp));
    const look = (): void => this.#look();
    this.#stops.push(this.#liveStream.observe({ state: look, tracks: look, data: look }));
    this.#look();
  }

  /** Waits no more. */
  cancel(): void {
    this.#cancelTrackWait?.();
    for (const stop of this.#stops.splice(0)) stop();
  }

  #look(): void {
    const { clock, readiness, onOpen } = this.#options;
    const { state } = this.#liveStream;
    const isOnAir = state === "live" || state === "reconnecting";
    const ready = isOnAir ? readiness() : "none";
    this.#cancelTrackWait?.();
    this.#cancelTrackWait = undefined;
    if (ready === "none") {
      this.#beganAt = undefined;
      return;
    }
    this.#beganAt ??= clock.now();
    const wait = ready === "all" ? 0 : this.#beganAt + this.#patience() - clock.now();
    if (wait > 0) {
      this.#cancelTrackWait = clock.after(wait, () => this.#look());
      return;
    }
    this.cancel();
    onOpen();
  }

  /** How long what is missing is waited for. */
  #patience(): Milliseconds {
    const { limits } = this.#options;
    const metadata = this.#liveStream.metadata?.values[0];
    if (metadata === undefined) return limits.trackGrace;
    return missingKinds(this.#liveStream).some((kind) => names(metadata, kind))
      ? limits.trackWait
      : 0;
  }
}

/** The kinds of tracks of which nothing came: neither one that can be played nor another. */
export function missingKinds({
  tracks,
  unplayable,
}: Pick<OpenableStream, "tracks" | "unplayable">): MediaType[] {
  const there = new Set<MediaType>();
  for (const { track } of tracks) there.add(track.mediaType);
  for (const { mediaType } of unplayable) there.add(mediaType);
  return KINDS.filter((kind) => !there.has(kind));
}

const KINDS: readonly MediaType[] = ["video", "audio"];

/** Whether onMetaData says that there is a track of a kind. */
function names(metadata: DataValue, kind: MediaType): boolean {
  if (metadata === null || typeof metadata !== "object" || Array.isArray(metadata)) return false;
  const says = (name: string): unknown => Reflect.get(metadata, name);
  const codec = says(`${kind}codecid`);
  const has = says(kind === "video" ? "hasVideo" : "hasAudio");
  return has === true || (codec !== undefined && codec !== null && has !== false);
}
