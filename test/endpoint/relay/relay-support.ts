import type { LineEvents, RelayLine } from "../../../server/endpoint/relay/line.ts";
import { type RelayUrl, readRelayUrl } from "../../../server/endpoint/relay/relay-url.ts";
import { Registry } from "../../../server/live/registry.ts";
import { concat, NO_BYTES } from "../../../server/protocol/bytes/bytes.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import type { Sample } from "../../../server/protocol/media/sample.ts";
import type { Track } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

/** A line that a test holds by its other end. */
export type FakeLine = {
  readonly url: RelayUrl;
  readonly events: LineEvents;
  /** What was sent: kind and timestamp, or how it was ended. */
  readonly said: string[];
  readonly payloads: Uint8Array[];
  bytes: number;
  unsent: number;
};

/** Lines that lead nowhere, in the order they were opened. */
export function fakeLines() {
  const lines: FakeLine[] = [];
  const connect = (url: RelayUrl, events: LineEvents): RelayLine => {
    const fake: FakeLine = { url, events, said: [], payloads: [], bytes: 0, unsent: 0 };
    lines.push(fake);
    const end = (word: string) => () => void fake.said.push(word);
    return {
      get bytes() {
        return fake.bytes;
      },
      get unsent() {
        return fake.unsent;
      },
      send: (kind, timestamp, payload, head = NO_BYTES) => {
        fake.said.push(`${kind} ${timestamp}`);
        fake.payloads.push(concat(head, payload));
        fake.bytes += payload.length;
      },
      finish: end("finish"),
      abort: end("abort"),
      fail: (code, message) => {
        fake.said.push(`fail ${code}`);
        events.over({ type: "lost", code, message });
      },
    };
  };
  const line = (index: number): FakeLine => {
    const found = lines.at(index);
    if (found === undefined) throw new Error(`There is no line ${index}`);
    return found;
  };
  return { lines, line, connect };
}

/** What relays are made of in tests, with a clock that the test turns. */
export function relayStage(url = "rtmp://there/app/name?key=topsecret") {
  const clock = new ManualClock();
  const log = recordingLog();
  const fakes = fakeLines();
  const registry = new Registry(clock, {
    gracePeriod: LIMITS.gracePeriod,
    trackSkew: LIMITS.trackSkew,
    historyTime: LIMITS.historyTime,
    historyBytes: LIMITS.historyBytes,
    liveStreams: 10,
    waitingLiveStreams: 10,
    publisherYield: LIMITS.publisherYield,
    handover: { events: 1000, bytes: 1_000_000, time: 1000 },
    segmenter: {
      segment: LIMITS.hlsSegment,
      longestSegment: LIMITS.hlsTargetDuration,
      part: LIMITS.hlsPart,
      window: LIMITS.hlsMemoryWindow,
      windowBytes: LIMITS.hlsWindowBytes,
    },
  });
  const options = {
    ...{ url: readRelayUrl(url), clock, log, limits: LIMITS, chance: () => 0 },
    connect: fakes.connect,
  };
  return { clock, log, registry, options, ...fakes };
}

/** Publishes as an encoder does. */
export function encoder(registry: Registry, streamPath: string) {
  const publication = registry.open(streamPath, {
    identity: undefined,
    silence: () => 0,
    drop: () => {},
  });
  if ("refused" in publication) throw new Error(publication.description);
  const sample = (fields: Partial<Sample> & { dts: number; mediaType: Sample["mediaType"] }) =>
    publication.input({
      type: "sample",
      sample: {
        ...{ trackIndex: 0, compositionOffset: 0, isSync: false, isDisposable: false },
        ...{ audioSamples: 0, data: new Uint8Array(100), ...fields },
      },
    });
  return {
    publication,
    describe: (...tracks: readonly Track[]) => {
      for (const track of tracks) publication.input({ type: "track", track });
    },
    picture: (dts: number, isSync = false, more: Partial<Sample> = {}) =>
      sample({ mediaType: "video", dts, isSync, ...more }),
    sound: (dts: number) => sample({ mediaType: "audio", dts, isSync: true, audioSamples: 1024 }),
  };
}

export const AVC: Track = {
  ...{ mediaType: "video", trackIndex: 0, codec: "avc", codecString: "avc1.42c01e" },
  // FFmpeg 5.1, libx264 baseline, 640x360
  configuration: hex`0142c01effe100196742c01eda0280bfe5c0440000030004000003 00f03c58ba80010004 68ce0fc8`,
  ...{ width: 640, height: 360, frameRate: 30 },
};

export const AAC: Track = {
  ...{ mediaType: "audio", trackIndex: 0, codec: "aac", codecString: "mp4a.40.2" },
  ...{ configuration: hex`1190`, sampleRate: 48_000, channels: 2 },
};

export const OPUS: Track = {
  ...{ mediaType: "audio", trackIndex: 0, codec: "opus", codecString: "opus" },
  ...{ configuration: hex`00 02 0138 0000bb80 0000 00`, sampleRate: 48_000, channels: 2 },
};
