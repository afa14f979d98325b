import {
  findTimedMetadata,
  readTimedMetadata,
  TIMED_METADATA,
  type TimedMetadata,
} from "../../server/protocol/text/timed-metadata.ts";
import type { TimedEvent } from "../control/event-schedule.ts";

/** What a cue of timed metadata holds in WebKit. */
type MetadataCue = TextTrackCue & {
  readonly value?: { readonly key?: string; readonly info?: string; readonly data?: unknown };
};

/** Places where both timelines are known. */
const MOST_ANCHORS = 64;

/**
 * Events in the media of HLS. Each lies at a place of the element's timeline and says its time on the
 * stream's: so the one is known by the other.
 */
export class HlsEvents {
  readonly #onEvent: (event: TimedEvent) => void;
  /** By `at`, seconds on the element's timeline; `offset` in ms leads to the stream's. */
  #anchors: { readonly at: number; readonly offset: number }[] = [];

  constructor(onEvent: (event: TimedEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Takes an ID3 tag, ours or not, that lies at so many seconds. */
  read(tag: Uint8Array, at: number): void {
    const event = findTimedMetadata(tag);
    if (event !== undefined) this.#take(event, at);
  }

  /** Where the browser itself plays HLS, it makes cues of the tags. */
  watchCues(video: HTMLVideoElement, signal: AbortSignal): void {
    const known = new WeakSet<TextTrackCue>();
    const look = () => {
      for (const track of video.textTracks) {
        if (track.kind !== "metadata") continue;
        if (track.mode === "disabled") track.mode = "hidden";
        for (const cue of (track.cues ?? []) as Iterable<MetadataCue>) {
          if (known.has(cue)) continue;
          known.add(cue);
          const { key, info, data } = cue.value ?? {};
          if (key !== "TXXX" || info !== TIMED_METADATA || typeof data !== "string") continue;
          const event = readTimedMetadata(data);
          if (event !== undefined) this.#take(event, cue.startTime);
        }
      }
    };
    video.textTracks.addEventListener("addtrack", look, { signal });
    video.addEventListener("timeupdate", look, { signal });
  }

  /** ms on the stream's timeline; undefined before the first event. */
  streamTime(mediaTime: number): number | undefined {
    const anchor = this.#anchors.findLast(({ at }) => at <= mediaTime) ?? this.#anchors[0];
    return anchor === undefined ? undefined : mediaTime * 1_000 + anchor.offset;
  }

  #take({ id, name, time, values }: TimedMetadata, at: number): void {
    const anchor = { at, offset: time - at * 1_000 };
    this.#anchors = [...this.#anchors.filter((other) => other.at !== at), anchor]
      .sort((a, b) => a.at - b.at)
      .slice(-MOST_ANCHORS);
    this.#onEvent({ id, name, time, values });
  }
}
