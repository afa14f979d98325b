import {
  type Bytes,
  concat,
  type OwnBytes,
  u32,
  u64,
} from "../../../server/protocol/bytes/bytes.ts";
import { fullBox } from "../../../server/protocol/isobmff/box.ts";
import { initSegment } from "../../../server/protocol/isobmff/init-segment.ts";
import { mediaSegmentHead } from "../../../server/protocol/isobmff/media-segment.ts";
import type { Track } from "../../../server/protocol/media/track.ts";

/*
 * A broadcast for the tests of the checker: ten pictures a second in GOPs of one second, AAC, and
 * captions, cut into parts of half a second. Nothing in it can be seen or heard.
 */

/** A part of the fake; times in ms since the broadcast began. */
export type FakePart = {
  readonly number: number;
  readonly bytes: Bytes;
  /** Seconds. */
  readonly duration: number;
  readonly isIndependent: boolean;
  /** When its last sample is there. */
  readonly availableAt: number;
};

export type FakeSegment = {
  readonly msn: number;
  readonly parts: readonly FakePart[];
  readonly bytes: Bytes;
  readonly duration: number;
  readonly startsAt: number;
  readonly completeAt: number;
  readonly isDiscontinuity: boolean;
  /** Which configuration it has. */
  readonly configuration: number;
};

export type FakeRendition = {
  readonly id: number;
  readonly kind: "video" | "audio" | "subtitles";
  /** `t1.m3u8` */
  readonly name: string;
  readonly segments: readonly FakeSegment[];
  /** By configuration. */
  readonly inits: readonly Bytes[];
};

/** What a broken broadcast has otherwise. */
export type FakeMediaOptions = {
  /** Pictures of a part, over and over; default 5. */
  readonly pictures?: readonly number[];
  /** Sound frames of a part at most; default 23. */
  readonly frames?: number;
  /** Ticks by which a part's time is wrong, in its tfdt. */
  readonly shift?: (kind: "video" | "audio", part: number) => number;
  /** The number of a fragment, by that of its part. */
  readonly count?: (part: number) => number;
  /** Which segments have no sync sample. */
  readonly isPlain?: (msn: number) => boolean;
  /** Which of them begin with a plain sample, and have their sync sample behind it. */
  readonly isLateSync?: (msn: number) => boolean;
  /** Which samples lie about being sync samples. */
  readonly lies?: (picture: number) => boolean;
  /** Seconds by which sound is cut elsewhere. */
  readonly soundCut?: number;
  /** Bytes of a picture. */
  readonly size?: (picture: number) => number;
  /** Of `emsg` in a video part. */
  readonly event?: { readonly version?: number; readonly scheme?: string; readonly shift?: number };
  /** Boxes of an init segment, after they were made. */
  readonly init?: (bytes: OwnBytes, kind: "video" | "audio") => OwnBytes;
  /** Bytes of a part, after they were made. */
  readonly part?: (bytes: OwnBytes, kind: "video" | "audio", part: number) => OwnBytes;
  /** Text of a subtitle segment. */
  readonly text?: (text: string, msn: number) => string;
};

/** Length of the broadcast in s, and where its second run begins. */
export const LENGTH = 14;
export const SECOND_RUN = 12;

const PICTURE = 9_000;
const FRAME = 1024;
/** As any H.264 encoder's; the checker reads the first four bytes. */
const AVC = Uint8Array.of(
  ...[1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 5, 0x67, 0x42, 0xc0, 0x1e, 0x80],
  ...[1, 0, 4, 0x68, 0xce, 0x3c, 0x80],
);

const videoTrack = (width: number): Track => ({
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  configuration: AVC,
  width,
  height: 360,
});
const AUDIO: Track = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "aac",
  codecString: "mp4a.40.2",
  configuration: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
};

type Sample = { dts: number; duration: number; isSync: boolean; data: Bytes };

export function fakeRenditions(options: FakeMediaOptions = {}): FakeRendition[] {
  const { init = (bytes) => bytes } = options;
  const initOf = (id: number, timescale: number, track: Track) =>
    init(initSegment({ trackId: id, track, timescale }), track.mediaType);
  const video = segmentsOf(1, "video", 90_000, videoSamples(options), options);
  const audio = segmentsOf(2, "audio", 48_000, audioSamples(), options);
  return [
    {
      ...{ id: 1, kind: "video", name: "t1.m3u8", segments: video },
      inits: [640, 640].map((width) => initOf(1, 90_000, videoTrack(width))),
    },
    {
      ...{ id: 2, kind: "audio", name: "t2.m3u8", segments: audio },
      inits: [initOf(2, 48_000, AUDIO), initOf(2, 48_000, AUDIO)],
    },
    {
      ...{ id: 3, kind: "subtitles", name: "text-cc1.m3u8", inits: [] },
      segments: video.map((segment) => textSegment(segment, options)),
    },
  ];
}

function videoSamples({ isPlain, isLateSync, lies, size }: FakeMediaOptions): Sample[] {
  return Array.from({ length: LENGTH * 10 }, (_, index) => {
    const msn = 1 + Math.floor(index / 10);
    const place = isLateSync?.(msn) === true ? 1 : 0;
    const isIdr = index % 10 === place && isPlain?.(msn) !== true;
    const length = size?.(index) ?? (isIdr ? 60 : 30);
    const data = new Uint8Array(length + 5);
    new DataView(data.buffer).setUint32(0, length + 1);
    data[4] = isIdr ? 0x65 : 0x41;
    const isSync = lies?.(index) === true ? !isIdr : isIdr;
    return { dts: index * PICTURE, duration: PICTURE, isSync, data };
  });
}

const audioSamples = (): Sample[] =>
  Array.from({ length: Math.floor((LENGTH * 48_000) / FRAME) }, (_, index) => ({
    ...{ dts: index * FRAME, duration: FRAME, isSync: true },
    data: new Uint8Array(20).fill(index),
  }));

function segmentsOf(
  id: number,
  kind: "video" | "audio",
  timescale: number,
  samples: readonly Sample[],
  options: FakeMediaOptions,
): FakeSegment[] {
  const { pictures = [5], frames = 23, soundCut = 0 } = options;
  const cut = kind === "audio" ? soundCut : 0;
  const segments: FakeSegment[] = [];
  let number = 0;
  for (let msn = 1; msn <= LENGTH; msn += 1) {
    const own = samples.filter(
      ({ dts }) => Math.max(0, Math.floor(dts / timescale - cut)) === msn - 1,
    );
    const parts: FakePart[] = [];
    for (let at = 0; at < own.length; ) {
      const count = kind === "video" ? (pictures[parts.length % pictures.length] ?? 5) : frames;
      number += 1;
      parts.push(partOf(own.slice(at, at + count), { id, kind, timescale, number }, options));
      at += count;
    }
    const first = own[0];
    const duration = parts.reduce((sum, part) => sum + part.duration, 0);
    segments.push({
      ...{ msn, parts, duration, bytes: concat(...parts.map(({ bytes }) => bytes)) },
      startsAt: ((first?.dts ?? 0) / timescale) * 1000,
      completeAt: parts.at(-1)?.availableAt ?? 0,
      isDiscontinuity: msn === SECOND_RUN + 1,
      configuration: msn > SECOND_RUN ? 1 : 0,
    });
  }
  return segments;
}

function partOf(
  samples: readonly Sample[],
  at: { id: number; kind: "video" | "audio"; timescale: number; number: number },
  { shift, event, part, count = (own) => own }: FakeMediaOptions,
): FakePart {
  const { id, kind, timescale, number } = at;
  const [first] = samples;
  const start = first?.dts ?? 0;
  const ticks = samples.reduce((sum, { duration }) => sum + duration, 0);
  const head = mediaSegmentHead({
    ...{ trackId: id, sequenceNumber: count(number), mediaType: kind },
    baseMediaDecodeTime: start + (shift?.(kind, number) ?? 0),
    samples: samples.map(({ duration, isSync, data }) => ({
      ...{ duration, isSync, size: data.length, isDisposable: false, compositionOffset: 0 },
    })),
  });
  const events = kind === "video" && event !== undefined ? [emsg(start, event)] : [];
  const made = concat(...events, head, ...samples.map(({ data }) => data));
  return {
    ...{ number, bytes: part?.(made, kind, number) ?? made, duration: ticks / timescale },
    isIndependent: samples.some(({ isSync }) => isSync),
    availableAt: ((start + ticks) / timescale) * 1000,
  };
}

/** DASHEventMessageBox, version 1 (ISO/IEC 23009-1 §5.10.3.3). */
function emsg(
  start: number,
  { version = 1, scheme = "urn:example:events", shift = 0 }: NonNullable<FakeMediaOptions["event"]>,
): OwnBytes {
  const strings = Buffer.from(`${scheme}\0value\0{}`);
  return fullBox("emsg", version, 0, u32(90_000), u64(start + shift), u32(0), u32(1), strings);
}

function textSegment(
  segment: FakeSegment,
  { text = (made) => made }: FakeMediaOptions,
): FakeSegment {
  const { msn, startsAt } = segment;
  const time = (ms: number) => `00:00:${(ms / 1000).toFixed(3).padStart(6, "0")}`;
  const cues = [200, 600].map(
    (ms) => `${time(startsAt + ms)} --> ${time(startsAt + ms + 300)} line:90%\nsegment ${msn}\n`,
  );
  const made = ["WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n", ...cues].join("\n");
  return { ...segment, parts: [], bytes: Buffer.from(text(made, msn)) };
}
