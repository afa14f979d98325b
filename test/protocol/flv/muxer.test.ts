import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, NO_BYTES } from "../../../server/protocol/bytes/bytes.ts";
import { readColourInfo } from "../../../server/protocol/flv/colour-info.ts";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import {
  asItCame,
  canCarry,
  canPass,
  colourTag,
  configurationTag,
  type FlvBody,
  type FlvDialect,
  sampleTag,
  scriptDataTag,
  wrapTag,
} from "../../../server/protocol/flv/muxer.ts";
import { FlvTagReader, FlvTagType } from "../../../server/protocol/flv/tag.ts";
import type { MediaEvent, Sample } from "../../../server/protocol/media/sample.ts";
import { type Track, trackKey, type VideoTrack } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";

const whole = (body: FlvBody | undefined): Bytes | undefined =>
  body && concat(body.head, body.data);

const video = (codec: "avc" | "hevc" | "av1" | "vp9", trackIndex = 0): Track => ({
  mediaType: "video",
  trackIndex,
  codec,
  codecString: codec,
  configuration: hex`01 02 03`,
  width: 64,
  height: 48,
});

const audio = (
  codec: "aac" | "mp3" | "opus" | "flac" | "ac-3" | "ec-3",
  fields: {
    trackIndex?: number;
    sampleRate?: number;
    channels?: number;
    configuration?: Bytes;
  } = {},
): Track => ({
  mediaType: "audio",
  trackIndex: 0,
  codec,
  codecString: codec,
  configuration: NO_BYTES,
  sampleRate: 48_000,
  channels: 2,
  ...fields,
});

const DATA = hex`aa bb cc`;
const sample = (fields: Partial<Sample> = {}) => ({
  compositionOffset: 0,
  isSync: false,
  isDisposable: false,
  data: DATA,
  ...fields,
});

describe("configurationTag writes", () => {
  test.each([
    // Video File Format 10.1, §E.4.3.1 and §E.4.2.1
    { name: "AVC classic", track: video("avc"), bytes: hex`17 00 000000 010203` },
    {
      name: "AAC classic",
      track: audio("aac", { configuration: hex`1190` }),
      bytes: hex`af 00 1190`,
    },
    { name: "nothing for MP3 classic", track: audio("mp3"), bytes: undefined },
    // FFmpeg 8.1 and OBS 29.1
    { name: "HEVC", track: video("hevc"), bytes: hex`90 68766331 010203` },
    { name: "AV1", track: video("av1"), bytes: hex`90 61763031 010203` },
    { name: "VP9", track: video("vp9"), bytes: hex`90 76703039 010203` },
    {
      name: "AVC of track 1",
      track: video("avc", 1),
      bytes: hex`96 00 61766331 01 010203`,
    },
    {
      name: "AAC of track 1",
      track: audio("aac", { trackIndex: 1, configuration: hex`1188` }),
      bytes: hex`95 00 6d703461 01 1188`,
    },
    {
      name: "Opus with the OpusHead that FFmpeg 8.1 sent for this dOps",
      track: audio("opus", { configuration: hex`00 01 0138 0000bb80 0000 00` }),
      bytes: hex`90 4f707573 4f70757348656164 01 01 3801 80bb0000 0000 00`,
    },
    {
      name: "Opus of six channels (RFC 7845 §5.1.1), with its gain",
      track: audio("opus", {
        configuration: hex`00 06 0138 0000bb80 ff01 01 04 02 000401020305`,
      }),
      bytes: hex`90 4f707573 4f70757348656164 01 06 3801 80bb0000 01ff 01 04 02 000401020305`,
    },
    {
      name: "FLAC behind its magic and block header (Enhanced RTMP v2)",
      track: audio("flac", { configuration: new Uint8Array(34).fill(7) }),
      bytes: hex`90 664c6143 664c6143 80 000022 ${new Uint8Array(34).fill(7)}`,
    },
    { name: "AC-3, empty", track: audio("ac-3"), bytes: hex`90 61632d33` },
    { name: "E-AC-3, empty", track: audio("ec-3"), bytes: hex`90 65632d33` },
    {
      name: "MP3 of track 2, empty",
      track: audio("mp3", { trackIndex: 2 }),
      bytes: hex`95 00 2e6d7033 02`,
    },
  ])("$name", ({ track, bytes }) => {
    expect(whole(configurationTag(track, "enhanced"))).toEqual(bytes);
  });
});

describe("sampleTag writes", () => {
  test.each([
    {
      name: "a key frame of AVC, 80 ms late",
      track: video("avc"),
      sample: sample({ isSync: true, compositionOffset: 80 }),
      bytes: hex`17 01 000050 aabbcc`,
    },
    {
      name: "a picture of AVC that is shown before it is decoded",
      track: video("avc"),
      sample: sample({ compositionOffset: -1 }),
      bytes: hex`27 01 ffffff aabbcc`,
    },
    {
      name: "a disposable picture of AVC",
      track: video("avc"),
      sample: sample({ isDisposable: true }),
      bytes: hex`37 01 000000 aabbcc`,
    },
    {
      name: "HEVC with a composition time (CodedFrames)",
      track: video("hevc"),
      sample: sample({ isSync: true, compositionOffset: 80 }),
      bytes: hex`91 68766331 000050 aabbcc`,
    },
    {
      name: "HEVC without (CodedFramesX)",
      track: video("hevc"),
      sample: sample({ compositionOffset: 0.4 }),
      bytes: hex`a3 68766331 aabbcc`,
    },
    {
      name: "AVC of track 1 with a composition time",
      track: video("avc", 1),
      sample: sample({ isSync: true, compositionOffset: 80 }),
      bytes: hex`96 01 61766331 01 000050 aabbcc`,
    },
    {
      name: "AVC of track 1 without",
      track: video("avc", 1),
      sample: sample(),
      bytes: hex`a6 03 61766331 01 aabbcc`,
    },
    {
      name: "AV1, which has no composition time",
      track: video("av1"),
      sample: sample(),
      bytes: hex`a1 61763031 aabbcc`,
    },
    {
      name: "a disposable picture of VP9",
      track: video("vp9"),
      sample: sample({ isDisposable: true }),
      bytes: hex`b1 76703039 aabbcc`,
    },
    { name: "AAC", track: audio("aac"), sample: sample(), bytes: hex`af 01 aabbcc` },
    {
      name: "AAC of track 1",
      track: audio("aac", { trackIndex: 1 }),
      sample: sample(),
      bytes: hex`95 01 6d703461 01 aabbcc`,
    },
    { name: "Opus", track: audio("opus"), sample: sample(), bytes: hex`91 4f707573 aabbcc` },
    { name: "AC-3", track: audio("ac-3"), sample: sample(), bytes: hex`91 61632d33 aabbcc` },
  ])("$name", ({ track, sample: given, bytes }) => {
    const body = sampleTag(track, given, "enhanced");
    expect(whole(body)).toEqual(bytes);
    expect(body?.data).toBe(DATA);
    expect(body?.typeId).toBe(track.mediaType === "video" ? 9 : 8);
  });

  test.each([
    { sampleRate: 48_000, channels: 2, first: 0x2f }, // as FFmpeg writes it
    { sampleRate: 44_100, channels: 1, first: 0x2e },
    { sampleRate: 32_000, channels: 2, first: 0x2f },
    { sampleRate: 24_000, channels: 2, first: 0x2b },
    { sampleRate: 22_050, channels: 1, first: 0x2a },
    { sampleRate: 11_025, channels: 1, first: 0x26 },
    { sampleRate: 8000, channels: 1, first: 0xe2 },
  ])("MP3 of $sampleRate Hz and $channels channels as format $first", ({ first, ...fields }) => {
    const tag = sampleTag(audio("mp3", fields), sample(), "classic");
    expect(whole(tag)).toEqual(Uint8Array.of(first, ...DATA));
  });

  test.each([2 ** 23, -(2 ** 23), 1e9])("nothing for a composition time of %d ms", (ms) => {
    for (const track of [video("avc"), video("hevc"), video("hevc", 1)]) {
      expect(sampleTag(track, sample({ compositionOffset: ms }), "enhanced")).toBeUndefined();
      const most = sample({ compositionOffset: Math.sign(ms) * (2 ** 23 - 1) });
      expect(sampleTag(track, most, "enhanced")).toBeDefined();
    }
  });
});

test("canCarry knows what classic FLV has no form for, and nothing is written of it", () => {
  const classic = [video("avc"), audio("aac"), audio("mp3")];
  const others = [
    video("avc", 1),
    audio("aac", { trackIndex: 1 }),
    audio("mp3", { trackIndex: 1 }),
    video("hevc"),
    video("av1"),
    video("vp9"),
    audio("opus"),
    audio("flac"),
    audio("ac-3"),
    audio("ec-3"),
  ];
  for (const track of [...classic, ...others]) expect(canCarry(track, "enhanced")).toBe(true);
  for (const track of classic) expect(canCarry(track, "classic")).toBe(true);
  for (const track of others) {
    expect(canCarry(track, "classic")).toBe(false);
    expect(configurationTag(track, "classic")).toBeUndefined();
    expect(sampleTag(track, sample(), "classic")).toBeUndefined();
  }
});

describe("colourTag", () => {
  const hdr: Track = {
    ...(video("hevc") as VideoTrack),
    colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    masteringDisplay: {
      ...{ red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] },
      ...{ whitePoint: [0.3127, 0.329], maxLuminance: 1000, minLuminance: 0.0001 },
    },
    contentLight: { maxCll: 1000, maxFall: 400 },
  };

  test("begins as OBS's does, and says what readColourInfo reads", () => {
    const body = whole(colourTag(hdr, "enhanced"));
    const prefix = hex`84 68766331 02 0009 636f6c6f72496e666f 03`;
    expect(body?.subarray(0, prefix.length)).toEqual(prefix);
    const { colour, masteringDisplay, contentLight } = hdr as VideoTrack;
    const { fullRange: _, ...numbers } = colour ?? { fullRange: false };
    expect(readColourInfo(body?.subarray(5) ?? NO_BYTES)).toEqual({
      ...numbers,
      masteringDisplay,
      contentLight,
    });
    const second = whole(colourTag({ ...hdr, trackIndex: 1 }, "enhanced"));
    expect(second?.subarray(0, 7)).toEqual(hex`86 04 68766331 01`);
  });

  test("is there for high dynamic range only, and where there is a form for it", () => {
    const sdr = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
    const hlg = { ...sdr, transfer: 18 };
    const plain = video("hevc") as VideoTrack;
    expect(colourTag(plain, "enhanced")).toBeUndefined();
    expect(colourTag({ ...plain, colour: sdr }, "enhanced")).toBeUndefined();
    expect(colourTag({ ...plain, colour: hlg }, "enhanced")).toBeDefined();
    expect(colourTag(hdr, "classic")).toBeUndefined();
    expect(colourTag({ ...hdr, codec: "avc" }, "enhanced")).toBeUndefined();
    expect(colourTag(audio("opus"), "enhanced")).toBeUndefined();
  });
});

test("canPass keeps Enhanced tag bodies from who reads classic ones", () => {
  expect(canPass("video", hex`22 00`, "classic")).toBe(true);
  expect(canPass("video", hex`a1 76766331`, "classic")).toBe(false);
  expect(canPass("video", hex`a1 76766331`, "enhanced")).toBe(true);
  expect(canPass("audio", hex`72 d5`, "classic")).toBe(true);
  expect(canPass("audio", hex`91 73707821`, "classic")).toBe(false);
  expect(canPass("audio", hex`91 73707821`, "enhanced")).toBe(true);
});

test("wrapTag writes what FlvTagReader reads, at any time of 32 bits", () => {
  const holds = fc.property(
    fc.nat({ max: 2 ** 32 - 1 }),
    fc.uint8Array({ maxLength: 70 }),
    fc.boolean(),
    (timestamp, payload, isVideo) => {
      const tag = wrapTag(asItCame(isVideo ? "video" : "audio", payload), timestamp);
      const header = hex`464c5601 05 00000009 00000000`;
      const read = new FlvTagReader().push(concat(header, tag));
      expect(read).toEqual([{ typeId: isVideo ? 9 : 8, timestamp, payload }]);
      expect(new DataView(tag.buffer).getUint32(tag.length - 4)).toBe(tag.length - 4);
    },
  );
  fc.assert(holds);
  const late = wrapTag(scriptDataTag(DATA), 2 ** 32 + 5.4);
  expect(late).toEqual(hex`12 000003 000005 00 000000 aabbcc 0000000e`);
});

/** Everything that a file holds, as events and as tags. */
function readVector(name: string) {
  const file = new Uint8Array(
    readFileSync(new URL(`../../vectors/flv/${name}.flv`, import.meta.url)),
  );
  const tags = new FlvTagReader().push(file);
  return { tags, events: demux(tags) };
}

function demux(
  tags: readonly { typeId: number; timestamp: number; payload: Bytes }[],
): MediaEvent[] {
  const place = (timestamp: number): number => timestamp;
  const demuxer = new FlvDemuxer({ place, peek: place });
  return tags.flatMap(({ typeId, timestamp, payload }) => {
    if (typeId === FlvTagType.Audio) return demuxer.audio(timestamp, payload);
    if (typeId === FlvTagType.Video) return demuxer.video(timestamp, payload);
    return demuxer.data(timestamp, payload, "amf0");
  });
}

function mux(events: readonly MediaEvent[], dialect: FlvDialect) {
  const tracks = new Map<string, Track>();
  const tags: { typeId: number; timestamp: number; payload: Bytes }[] = [];
  const add = (body: FlvBody | undefined, timestamp: number): void => {
    if (body === undefined) return;
    const { typeId, head, data } = body;
    tags.push({ typeId, timestamp, payload: concat(head, data) });
  };
  for (const event of events) {
    if (event.type === "track") {
      tracks.set(trackKey(event.track), event.track);
      add(configurationTag(event.track, dialect), 0);
    }
    if (event.type === "sample") {
      const track = tracks.get(trackKey(event.sample));
      if (track !== undefined) add(sampleTag(track, event.sample, dialect), event.sample.dts);
    }
    if (event.type === "metadata") add(scriptDataTag(event.body), 0);
  }
  return tags;
}

describe("the muxer writes again, byte by byte, what FFmpeg wrote of", () => {
  // What it need not say again: colours that are in the bitstream, speakers that are in the codec's
  // configuration, the end of a sequence; its form of FLAC's header, which is not the standard's; and
  // hvcC, whose parameter sets a track's configuration calls complete, as hvc1 asks for.
  const isOfNoUse = ({ typeId, payload }: { typeId: number; payload: Bytes }): boolean => {
    const [first = 0, second = 0] = payload;
    if (typeId === 9 && first < 0x80) return second === 2;
    const packetType = first & (typeId === 9 || first >> 4 === 9 ? 15 : 0);
    const isMultitrack = packetType === (typeId === 9 ? 6 : 5);
    const type = isMultitrack ? second & 15 : packetType;
    const isFlacHeader = typeId === 8 && first === 0x90 && second === 0x66;
    const isHvcC = typeId === 9 && first === 0x90 && second === 0x68;
    return type === 4 || type === 2 || isFlacHeader || isHvcC;
  };

  test.each([
    { name: "ffmpeg-5.1-h264-bframes-aac", dialect: "classic" },
    { name: "ffmpeg-5.1-mp3", dialect: "classic" },
    { name: "ffmpeg-8.1-hevc-opus", dialect: "enhanced" },
    { name: "ffmpeg-8.1-av1-flac", dialect: "enhanced" },
    { name: "ffmpeg-8.1-vp9-eac3", dialect: "enhanced" },
    { name: "ffmpeg-8.1-ac3", dialect: "enhanced" },
    { name: "ffmpeg-8.1-multitrack-h264-aac", dialect: "enhanced" },
  ] as const)("$name", ({ name, dialect }) => {
    const { tags, events } = readVector(name);
    const media = (list: typeof tags) =>
      list.filter((tag) => tag.typeId !== FlvTagType.Data && !isOfNoUse(tag));
    const written = media(mux(events, dialect));
    const text = (list: typeof tags, typeId: number) =>
      list
        .filter((tag) => tag.typeId === typeId)
        .map(({ timestamp, payload }) => `${timestamp} ${Buffer.from(payload).toString("hex")}`);
    expect(written.length).toBeGreaterThan(5);
    for (const typeId of [8, 9]) {
      // Self-describing sound is known with its first frame, and its header follows it here.
      expect(text(written, typeId).sort()).toEqual(text(media(tags), typeId).sort());
    }
  });
});

test("the demuxer reads samples and tracks as they were before the muxer wrote them", () => {
  const vectors = [
    "ffmpeg-5.1-h264-bframes-aac",
    "ffmpeg-8.1-hevc-opus",
    "ffmpeg-8.1-av1-flac",
    "ffmpeg-8.1-multitrack-h264-aac",
  ].map((name) => readVector(name).events);
  const holds = fc.property(
    fc.constantFrom(...vectors),
    fc.integer({ min: -(2 ** 23) + 1, max: 2 ** 23 - 1 }),
    fc.integer({ min: 1, max: 7 }),
    (events, compositionOffset, trackIndex) => {
      const isTimed = (sample: Sample): boolean =>
        sample.mediaType === "video" && events !== vectors[2]; // AV1 has no composition time
      const moved = events.flatMap((event): MediaEvent[] => {
        if (event.type === "track") return [{ ...event, track: { ...event.track, trackIndex } }];
        if (event.type !== "sample" || event.sample.trackIndex !== 0) return [];
        const offset = isTimed(event.sample) ? compositionOffset : 0;
        const sample = { ...event.sample, trackIndex, compositionOffset: offset };
        return [{ type: "sample", sample }];
      });
      const firstOfEach = moved.filter(
        (event, index) =>
          event.type !== "track" ||
          moved.findIndex(
            (other) => other.type === "track" && other.track.mediaType === event.track.mediaType,
          ) === index,
      );
      expect(demux(mux(firstOfEach, "enhanced"))).toEqual(
        firstOfEach.map((event) =>
          // Metadata told the frame rate of track 0 only.
          event.type === "track" && event.track.mediaType === "video"
            ? { ...event, track: expect.objectContaining(withoutRate(event.track)) }
            : event,
        ),
      );
    },
  );
  fc.assert(holds, { numRuns: 40 });
});

function withoutRate(track: Track): Partial<Track> {
  const { frameRate: _, ...rest } = { frameRate: undefined, ...track };
  return rest as Partial<Track>;
}
