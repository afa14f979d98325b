import { LiveSample } from "../../server/live/live-sample.ts";
import type { LiveTrack } from "../../server/live/live-track.ts";
import type { Epoch } from "../../server/live/timeline.ts";

const NO_BYTES = new Uint8Array(0);

/** A video track of a live stream for tests of the hub, which never looks into configurations. */
export const videoTrack = (id = 1, configuration = 1, trackIndex = 0): LiveTrack => ({
  id,
  track: {
    mediaType: "video",
    trackIndex,
    codec: "avc",
    codecString: "avc1.64001f",
    configuration: NO_BYTES,
    width: 640,
    height: 360,
  },
  timescale: 90_000,
  configuration,
  initSegment: NO_BYTES,
  language: "und",
  name: "Video",
});

/** An audio track of a live stream, likewise. */
export const audioTrack = (id = 2, configuration = 1, trackIndex = 0): LiveTrack => ({
  id,
  track: {
    mediaType: "audio",
    trackIndex,
    codec: "aac",
    codecString: "mp4a.40.2",
    configuration: NO_BYTES,
    sampleRate: 48_000,
    channels: 2,
  },
  timescale: 48_000,
  configuration,
  initSegment: NO_BYTES,
  language: "und",
  name: "Audio",
});

/** The epoch that a test's samples lie in. */
export const epoch = (index = 0): Epoch => ({ index, wallOffset: 1_700_000_000_000 });

/** A sample `ms` into the timeline, sound 20 ms long; everything else can be set. */
export function sampleAt(
  track: LiveTrack,
  ms: number,
  fields: Partial<ConstructorParameters<typeof LiveSample>[0]> & { size?: number } = {},
): LiveSample {
  const { size = 100, ...rest } = fields;
  const isAudio = track.track.mediaType === "audio";
  return new LiveSample({
    track,
    epoch: epoch(),
    sequenceNumber: 1,
    step: 3000,
    at: ms,
    dts: Math.round((ms * track.timescale) / 1000),
    compositionOffset: 0,
    duration: isAudio ? track.timescale / 50 : 3000,
    isSync: isAudio,
    isDisposable: false,
    isDiscontinuity: false,
    serverTime: 1_700_000_000_000 + ms,
    data: new Uint8Array(size),
    ...rest,
  });
}
