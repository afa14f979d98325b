import { Registry } from "../../server/live/registry.ts";
import { aacTrack } from "../../server/protocol/codec/aac.ts";
import { avcTrack } from "../../server/protocol/codec/avc.ts";
import { mp3Track, readMpegAudioHeader } from "../../server/protocol/codec/mp3.ts";
import { LIMITS } from "../../server/protocol/limits.ts";
import type { MediaEvent } from "../../server/protocol/media/sample.ts";
import { Recorder } from "../../server/store/recorder.ts";
import type { RecordingManifest } from "../../server/store/recording-manifest.ts";
import { RecordingRules } from "../../server/store/recording-rules.ts";
import { Recordings, type RecordingsOptions } from "../../server/store/recordings.ts";
import { AVC_X264, AVC_X264_BASELINE, MP3_48000 } from "../protocol/codec/vectors.ts";
import { hex } from "./hex.ts";
import { ManualClock } from "./manual-clock.ts";
import { recordingLog } from "./recording-log.ts";

const settings = {
  ...{ gracePeriod: 30_000, trackSkew: 10_000, historyTime: 12_000, historyBytes: 2 ** 24 },
  ...{ liveStreams: 10, waitingLiveStreams: 10, publisherYield: 5000 },
  handover: { events: 10, bytes: 1000, time: 1000 },
  segmenter: {
    ...{ segment: 2000, longestSegment: 10_000, part: 200, window: 10_000, windowBytes: 2 ** 24 },
  },
};

const publisher = { identity: undefined, silence: () => 0, drop: () => {} };
/** H.264. */
export const video: MediaEvent = { type: "track", track: avcTrack(0, AVC_X264).track };
/** The same in another profile. */
export const otherVideo: MediaEvent = {
  type: "track",
  track: avcTrack(0, AVC_X264_BASELINE).track,
};
/** AAC of 48 kHz. */
export const audio: MediaEvent = { type: "track", track: aacTrack(0, hex`1190`).track };

const header = readMpegAudioHeader(MP3_48000);
if (header === undefined) throw new Error("The vector is no MP3 frame");
/** MP3 of 48 kHz. */
export const mp3: MediaEvent = { type: "track", track: mp3Track(0, header) };

/** A recording that is over. */
export type Ended = RecordingManifest & { readonly file: string };

/** A hub whose streams are recorded into a folder, and who publishes there. */
export function recorderWorld(
  folder: string,
  options: Partial<RecordingsOptions> & { rules?: string[] } = {},
) {
  const { rules = ["live/*"], ...others } = options;
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = new Registry(clock, settings);
  const ended: Ended[] = [];
  let tell = (): void => {};
  const recordings = new Recordings({
    ...{ folder, version: "1.2.3", interval: 1000, keep: undefined, disk: 1e9 },
    ...{ clock, log, limits: LIMITS },
    onState: (manifest, file) => {
      if (manifest.state === "recording") return;
      ended.push({ ...manifest, file });
      tell();
    },
    ...others,
  });
  const recorder = new Recorder({
    ...{ registry, recordings, clock, log, limits: LIMITS },
    rules: new RecordingRules(rules),
  });
  /** Resolves when so many recordings have ended. */
  const over = (count: number): Promise<readonly Ended[]> =>
    new Promise((resolve) => {
      tell = () => {
        // Files close when their disk is done with them: told is when they began.
        const byAge = (a: Ended, b: Ended) => (a.startedAt < b.startedAt ? -1 : 1);
        if (ended.length >= count) resolve(ended.toSorted(byAge));
      };
      tell();
    });
  const publish = (streamPath = "live/demo") => {
    const publication = registry.open(streamPath, publisher);
    if ("refused" in publication) throw new Error(publication.description);
    return publication;
  };
  type Publication = ReturnType<typeof publish>;
  /** Pictures each 40 ms with a GOP of a second, and sound; as fast as they come. */
  const send = (publication: Publication, from: number, to: number, withSound = true) => {
    for (let at = from; at < to; at += 40) {
      const common = { trackIndex: 0, dts: at, isDisposable: false };
      const picture = { compositionOffset: 80, isSync: at % 1000 === 0, audioSamples: 0 };
      const data = Uint8Array.from({ length: 50 }, (_, index) => (at / 40 + index) % 256);
      const sample = { ...common, ...picture, mediaType: "video" as const, data };
      publication.input({ type: "sample", sample });
      if (withSound) {
        const sound = { compositionOffset: 0, isSync: true, audioSamples: 1920 };
        const frame = { ...common, ...sound, mediaType: "audio" as const, data: data.subarray(9) };
        publication.input({ type: "sample", sample: frame });
      }
      clock.pass(40);
    }
  };
  return { clock, log, registry, recordings, recorder, over, publish, send };
}
