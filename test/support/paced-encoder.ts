import type { LiveStream, Publication } from "../../server/live/live-stream.ts";
import type { Sample } from "../../server/protocol/media/sample.ts";
import type { Track } from "../../server/protocol/media/track.ts";
import { audioTrack, videoTrack } from "./live-samples.ts";
import type { ManualClock } from "./manual-clock.ts";

/** How an encoder behaves; times in ms of its own clock, from its first picture. */
export type Pace = {
  readonly seconds: number;
  /** Pictures a second, or when each is; 25. */
  readonly frameRate?: number;
  readonly times?: readonly number[];
  /** Every so many pictures a keyframe; 50. 0: never. */
  readonly gop?: number;
  /** Composition offsets, over and over. */
  readonly offsets?: readonly number[];
  readonly pictureBytes?: (index: number) => number;
  /** undefined: no sound. */
  readonly audioBytes?: number | undefined;
  /** What timestamps of sound leave room for, of what it lasts; 1. */
  readonly audioRoom?: number;
  /**
   * When what is of this moment arrives: as promptly as can be, unless told; never before what was
   * sent before it.
   */
  readonly arrive?: (at: number, mediaType: "video" | "audio") => number;
  /** Pictures that never come. */
  readonly isLost?: (index: number) => boolean;
  /** Where its clock stands at first; a broadcast that goes on has to say. */
  readonly from?: number;
};

/** All that is sent is a part of this. */
const ZEROS = new Uint8Array(500_000);

const sample = (
  mediaType: "video" | "audio",
  dts: number,
  bytes: number,
  fields: Partial<Sample> = {},
): Sample => ({
  mediaType,
  trackIndex: 0,
  dts,
  compositionOffset: 0,
  isSync: mediaType === "audio",
  isDisposable: false,
  audioSamples: mediaType === "audio" ? 1024 : 0,
  data: ZEROS.subarray(0, bytes),
  ...fields,
});

/** Feeds a live stream as an encoder would, each sample when it arrives. */
export class PacedEncoder {
  readonly publication: Publication;
  readonly #clock: ManualClock;

  constructor(liveStream: LiveStream, clock: ManualClock) {
    this.publication = liveStream.publish();
    this.#clock = clock;
  }

  describe(...tracks: readonly Track[]): void {
    for (const track of tracks) this.publication.input({ type: "track", track });
  }

  /** Describes both tracks, H.264 and AAC at 48 kHz. */
  describeBoth(): void {
    this.describe({ ...videoTrack().track }, { ...audioTrack().track });
  }

  play(pace: Pace): void {
    const { seconds, frameRate = 25, gop = 50, offsets = [0], from = 0 } = pace;
    const { pictureBytes = () => 10_000, arrive = (at) => at, isLost = () => false } = pace;
    const count = Math.round(seconds * frameRate);
    const times =
      pace.times ?? Array.from({ length: count }, (_, index) => (index * 1000) / frameRate);
    const arrivals = times.flatMap((time, index) => {
      if (isLost(index)) return [];
      const isSync = gop > 0 && index % gop === 0;
      const compositionOffset = offsets[index % offsets.length] ?? 0;
      const fields = { isSync, compositionOffset };
      const one = sample("video", from + time, pictureBytes(index), fields);
      return [{ at: arrive(time, "video"), sample: one }];
    });
    if (pace.audioBytes !== undefined) {
      for (let time = 0; time < 1000 * seconds; time += ((pace.audioRoom ?? 1) * 1024) / 48) {
        const one = sample("audio", from + time, pace.audioBytes);
        arrivals.push({ at: arrive(time, "audio"), sample: one });
      }
    }
    const newest = { video: 0, audio: 0 };
    for (const arrival of arrivals) {
      const { mediaType } = arrival.sample;
      arrival.at = Math.max(newest[mediaType], arrival.at);
      newest[mediaType] = arrival.at;
    }
    const begun = this.#clock.now();
    for (const arrival of arrivals.sort((a, b) => a.at - b.at)) {
      this.#clock.pass(Math.max(0, begun + arrival.at - this.#clock.now()));
      this.publication.input({ type: "sample", sample: arrival.sample });
    }
    this.#clock.pass(Math.max(0, begun + arrive(1000 * seconds, "video") - this.#clock.now()));
  }
}
