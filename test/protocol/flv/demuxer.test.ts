import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { ascii, type Bytes, concat, u8, u24 } from "../../../server/protocol/bytes/bytes.ts";
import { readAvcConfiguration } from "../../../server/protocol/codec/avc.ts";
import { lengthPrefixed, nalUnits } from "../../../server/protocol/codec/nal-units.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import { type FlvTag, FlvTagReader } from "../../../server/protocol/flv/tag.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import { hex } from "../../support/hex.ts";
import { AC3_MONO, EAC3_SURROUND, FLAC_FRAMES, FLAC_STREAM_INFO } from "../codec/vectors.ts";

function tagsOf(name: string): FlvTag[] {
  const path = new URL(`../../vectors/flv/${name}.flv`, import.meta.url);
  return new FlvTagReader().push(Uint8Array.from(readFileSync(path)));
}

/** The bodies of a file's video (9) or audio (8) messages; the first is the configuration. */
const bodiesOf = (name: string, typeId: number): Bytes[] =>
  tagsOf(name)
    .filter((tag) => tag.typeId === typeId)
    .map(({ payload }) => payload);

function at(bodies: readonly Bytes[], index: number): Bytes {
  const body = bodies[index];
  if (body === undefined) throw new Error(`No message ${index}`);
  return body;
}

const avcBodies = bodiesOf("ffmpeg-5.1-h264-bframes-aac", 9);
const avcHeader = at(avcBodies, 0);
const avcKey = at(avcBodies, 1);
const avcInter = at(avcBodies, 2);
const aacBodies = bodiesOf("ffmpeg-5.1-h264-bframes-aac", 8);
const aacHeader = at(aacBodies, 0);
const aacFrame = at(aacBodies, 1);
const mp3Frame = at(bodiesOf("ffmpeg-5.1-mp3", 8), 0);
/** FFmpeg 8 puts a Metadata packet between SequenceStart and the first frame. */
const hevcBodies = bodiesOf("ffmpeg-8.1-hevc-opus", 9);
const hevcHeader = at(hevcBodies, 0);
const hevcKey = at(hevcBodies, 2);
const vp9Bodies = bodiesOf("ffmpeg-8.1-vp9-eac3", 9).filter((body) => body[0] !== 0xd4);

/** Sync frames, of which only the beginning is read; an E-AC-3 frame of 5.1 and two more channels. */
const ac3 = concat(AC3_MONO, new Uint8Array(384 - AC3_MONO.length));
const eac3 = concat(
  ...[EAC3_SURROUND, new Uint8Array(1792 - EAC3_SURROUND.length)],
  hex`0b77 4007 3480 1020 00 00000000000000`,
);

const multitrack = bodiesOf("ffmpeg-8.1-multitrack-h264-aac", 9);
const ofPacket = (first: string) =>
  multitrack.find((body) => Buffer.from(body).toString("hex").startsWith(first));
/** 32x32, of track 1: avcC and a key frame, behind their 7-byte headers. */
const smallRecord = (ofPacket("9600617663310") ?? hex``).subarray(7);

function newDemuxer() {
  const placed: number[] = [];
  const peeked: number[] = [];
  const ignored: string[] = [];
  const demuxer = new FlvDemuxer({
    place: (timestamp) => {
      placed.push(timestamp);
      return timestamp + 1000;
    },
    peek: (timestamp) => {
      peeked.push(timestamp);
      return timestamp + 1000;
    },
    onIgnored: (code) => ignored.push(code),
  });
  return { demuxer, placed, peeked, ignored };
}

const typesOf = (events: readonly MediaEvent[]): string[] => events.map(({ type }) => type);

const samplesOf = (events: readonly MediaEvent[]) =>
  events.flatMap((event) => (event.type === "sample" ? [event.sample] : []));

const withFirstByte = (body: Bytes, first: number): Bytes => concat(u8(first), body.subarray(1));

describe("FlvDemuxer follows a classic track", () => {
  test("from its configuration on", () => {
    const { demuxer, ignored } = newDemuxer();
    expect(demuxer.video(0, avcKey)).toEqual([]);
    expect(ignored).toEqual(["FLV_NO_CONFIGURATION"]);
    expect(demuxer.video(0, avcHeader)).toEqual([
      { type: "track", track: expect.objectContaining({ codec: "avc", width: 64, height: 48 }) },
    ]);
    expect(demuxer.video(40, avcKey)).toEqual([
      {
        type: "sample",
        sample: {
          mediaType: "video",
          trackIndex: 0,
          dts: 1040,
          compositionOffset: 200,
          isSync: true,
          isDisposable: false,
          audioSamples: 0,
          data: avcKey.subarray(5),
        },
      },
    ]);
  });

  test("without copying it", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const [sample] = samplesOf(demuxer.video(40, avcKey));
    expect(sample?.data.buffer).toBe(avcKey.buffer);
  });

  test("through repeated and new configurations", () => {
    const { demuxer } = newDemuxer();
    expect(typesOf(demuxer.video(0, avcHeader))).toEqual(["track"]);
    expect(demuxer.video(0, Uint8Array.from(avcHeader))).toEqual([]);
    const [event] = demuxer.video(0, concat(hex`17 00 000000`, smallRecord));
    expect(event).toEqual({
      type: "track",
      track: expect.objectContaining({ width: 32, height: 32 }),
    });
    expect(typesOf(demuxer.video(0, avcHeader))).toEqual(["track"]);
  });

  test("through a configuration that cannot be read", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    expect(() => demuxer.video(0, hex`17 00 000000 01640028ffe0`)).toThrow(ProtocolError);
    expect(typesOf(demuxer.video(40, avcKey))).toEqual(["sample"]);
  });

  test("and marks as sync what decoding can begin with, and what the encoder says", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const isSync = (body: Bytes) => samplesOf(demuxer.video(0, body))[0]?.isSync;
    expect(isSync(avcInter)).toBe(false);
    expect(isSync(withFirstByte(avcKey, 0x27))).toBe(true); // IDR without the flag
    expect(isSync(withFirstByte(avcInter, 0x17))).toBe(true); // the flag without IDR
  });

  test("and tells disposable pictures", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const [sample] = samplesOf(demuxer.video(0, withFirstByte(avcInter, 0x37)));
    expect(sample).toMatchObject({ isDisposable: true, isSync: false });
  });

  test("and makes lengths of start codes", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const units = nalUnits(avcKey.subarray(5));
    const annexB = concat(...units.flatMap((unit) => [hex`00000001`, unit]));
    const [sample] = samplesOf(demuxer.video(0, concat(avcKey.subarray(0, 5), annexB)));
    expect(sample?.data).toEqual(Uint8Array.from(avcKey.subarray(5)));
  });

  test("past empty messages, empty frames, commands and the end of sequence", () => {
    const { demuxer, placed, ignored } = newDemuxer();
    demuxer.video(0, avcHeader);
    for (const body of [hex``, hex`17 02 000000`, hex`27 01 000000`, hex`57 01`]) {
      expect(demuxer.video(0, body)).toEqual([]);
    }
    expect(demuxer.audio(0, hex``)).toEqual([]);
    expect(placed).toEqual([]);
    expect(ignored).toEqual(["FLV_EMPTY_FRAME"]);
  });

  test("of HEVC under codec id 12, and under that of AVC", () => {
    const record = hevcHeader.subarray(5);
    const data = hevcKey.subarray(8);
    for (const codecId of [12, 7]) {
      const { demuxer } = newDemuxer();
      const [event] = demuxer.video(0, concat(u8(0x10 | codecId), hex`00 000000`, record));
      expect(event).toMatchObject({ type: "track", track: { codec: "hevc", width: 64 } });
      // An IRAP picture without the key flag.
      const events = demuxer.video(0, concat(u8(0x20 | codecId), hex`01 000050`, data));
      expect(samplesOf(events)).toMatchObject([{ isSync: true, compositionOffset: 80 }]);
    }
  });
});

describe("FlvDemuxer finds parameter sets among the pictures", () => {
  const { sps, pps } = readAvcConfiguration(smallRecord);
  const keyWithSets = concat(
    avcKey.subarray(0, 5),
    lengthPrefixed([...sps, ...pps]),
    avcKey.subarray(5),
  );
  const sizesOf = (events: readonly MediaEvent[]) =>
    events.map((event) =>
      event.type === "track" && event.track.mediaType === "video" ? event.track.width : event.type,
    );

  test("and announces the track anew, the sample untouched", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const events = demuxer.video(0, keyWithSets);
    expect(sizesOf(events)).toEqual([32, "sample"]);
    expect(samplesOf(events)[0]?.data).toEqual(keyWithSets.subarray(5));
    expect(sizesOf(demuxer.video(0, keyWithSets))).toEqual(["sample"]);
    expect(sizesOf(demuxer.video(0, avcInter))).toEqual(["sample"]);
  });

  test("and believes them more than a sequence header that is repeated with each", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    demuxer.video(0, keyWithSets);
    expect(demuxer.video(0, avcHeader)).toEqual([]);
    expect(sizesOf(demuxer.video(0, keyWithSets))).toEqual(["sample"]);
  });

  test("and returns to a sequence header when a key frame has none", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    demuxer.video(0, keyWithSets);
    expect(demuxer.video(0, avcHeader)).toEqual([]);
    expect(sizesOf(demuxer.video(0, avcKey))).toEqual([64, "sample"]);
  });

  test("and is not troubled by those it knows", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, avcHeader);
    const known = readAvcConfiguration(avcHeader.subarray(5));
    const sets = lengthPrefixed([...known.sps, ...known.pps]);
    const body = concat(avcKey.subarray(0, 5), sets, avcKey.subarray(5));
    expect(sizesOf(demuxer.video(0, body))).toEqual(["sample"]);
  });
});

describe("FlvDemuxer follows an Enhanced track", () => {
  test("to its end, and on where it begins again", () => {
    const { demuxer } = newDemuxer();
    for (const body of hevcBodies.slice(0, 3)) demuxer.video(0, body);
    const end = { type: "track-end", mediaType: "video", trackIndex: 0 };
    expect(demuxer.video(0, hex`92 68766331`)).toEqual([end]);
    expect(demuxer.video(0, hex`92 68766331`)).toEqual([]);
    expect(typesOf(demuxer.video(0, hevcHeader))).toEqual(["track"]);
    expect(demuxer.video(0, hex`92 68766331`)).toEqual([end]);
    expect(typesOf(demuxer.video(0, hevcKey))).toEqual(["track", "sample"]);
  });

  test("from another codec", () => {
    const { demuxer, ignored } = newDemuxer();
    demuxer.video(0, avcHeader);
    expect(demuxer.video(0, hevcKey)).toEqual([]);
    expect(ignored).toEqual(["FLV_NO_CONFIGURATION"]);
    expect(typesOf(demuxer.video(0, hevcHeader))).toEqual(["track"]);
    expect(typesOf(demuxer.video(0, hevcKey))).toEqual(["sample"]);
    expect(demuxer.video(0, avcKey)).toEqual([]);
  });

  test("of VP9 from its first key frame on", () => {
    const { demuxer, ignored } = newDemuxer();
    const start = vp9Bodies.findIndex((body) => body[0] === 0x90);
    const frames = vp9Bodies.slice(start + 1);
    const inter = frames.find((body) => body[0] === 0xa1);
    expect(demuxer.video(0, at(vp9Bodies, start))).toEqual([]);
    expect(demuxer.video(0, inter ?? hex``)).toEqual([]);
    expect(ignored).toEqual(["FLV_NO_CONFIGURATION"]);
    expect(typesOf(demuxer.video(0, at(frames, 0)))).toEqual(["track", "sample"]);
    expect(typesOf(demuxer.video(0, inter ?? hex``))).toEqual(["sample"]);
  });

  test("of AV1, without temporal delimiters, its sequence header first seen in a key frame", () => {
    const { demuxer } = newDemuxer();
    const bodies = bodiesOf("ffmpeg-8.1-av1-flac", 9);
    const start = bodies.findIndex((body) => body[0] === 0x90);
    const key = at(bodies, start + 1);
    // 0a: an OBU with a sequence header, as the record of this file has it behind its 4 bytes
    const record = at(bodies, start).subarray(5);
    const unit = concat(hex`1200`, record.subarray(4), key.subarray(5));
    expect(demuxer.video(0, concat(hex`90 61763031`, record.subarray(0, 4)))).toEqual([]);
    const events = demuxer.video(0, concat(hex`91 61763031`, unit));
    expect(events[0]).toMatchObject({ type: "track", track: { codec: "av1", width: 64 } });
    expect(samplesOf(events)[0]?.data).toEqual(unit.subarray(2));
  });

  test("of AV1 whose configuration has metadata only, from its first key frame on", () => {
    const { demuxer } = newDemuxer();
    const bodies = bodiesOf("ffmpeg-8.1-av1-flac", 9);
    const start = bodies.findIndex((body) => body[0] === 0x90);
    const sequenceHeader = at(bodies, start).subarray(9);
    const unit = concat(sequenceHeader, at(bodies, start + 1).subarray(5));
    expect(demuxer.video(0, hex`90 61763031 81000c00 2a021000`)).toEqual([]);
    const events = demuxer.video(0, concat(hex`91 61763031`, unit));
    expect(events[0]).toMatchObject({ type: "track", track: { codec: "av1", width: 64 } });
    expect(typesOf(events)).toEqual(["track", "sample"]);
    expect(() => demuxer.video(0, hex`90 61763031 82000c00 2a021000`)).toThrow(ProtocolError);
  });

  test("with the nanoseconds of ModEx", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, hevcHeader);
    const data = hevcKey.subarray(8);
    const [sample] = samplesOf(
      demuxer.video(40, concat(hex`97 02 03d090 01 68766331 ffffff`, data)),
    );
    expect(sample).toMatchObject({ dts: 1040, compositionOffset: -0.75 });
    demuxer.audio(0, aacHeader);
    const sound = demuxer.audio(40, concat(hex`97 02 07a120 01 6d703461`, aacFrame.subarray(2)));
    expect(samplesOf(sound)[0]).toMatchObject({ dts: 1040.5, compositionOffset: 0 });
  });

  test("among many in one message, which is placed once", () => {
    const { demuxer, placed } = newDemuxer();
    const record = avcHeader.subarray(5);
    const track = (index: number, body: Bytes) => concat(u8(index), u24(body.length), body);
    const start = concat(hex`96 10 61766331`, track(0, record), track(1, smallRecord));
    expect(typesOf(demuxer.video(0, start))).toEqual(["track", "track"]);
    expect(placed).toEqual([]);
    const data = avcKey.subarray(5);
    const frames = concat(hex`96 13 61766331`, track(0, data), track(1, data));
    expect(samplesOf(demuxer.video(7, frames))).toMatchObject([
      { trackIndex: 0, dts: 1007 },
      { trackIndex: 1, dts: 1007 },
    ]);
    expect(placed).toEqual([7]);
  });

  test("beside one that is bad in the same message", () => {
    const { demuxer, ignored } = newDemuxer();
    const track = (index: number, body: Bytes) => concat(u8(index), u24(body.length), body);
    const start = concat(hex`96 10 61766331`, track(0, hex`02`), track(1, smallRecord));
    expect(demuxer.video(0, start)).toMatchObject([{ type: "track", track: { trackIndex: 1 } }]);
    expect(ignored).toHaveLength(1);
  });

  test("up to the limit, beyond which those there are go on", () => {
    const { demuxer, ignored } = newDemuxer();
    const start = (index: number) => concat(hex`96 00 61766331`, u8(index), smallRecord);
    for (let index = 0; index < LIMITS.videoTracks; index += 1) {
      expect(typesOf(demuxer.video(0, start(index)))).toEqual(["track"]);
    }
    // Ten thousand more, and no message of theirs is a bad one.
    for (let count = 0; count < 10_000; count += 1) {
      expect(demuxer.video(0, start(LIMITS.videoTracks + (count % 200)))).toEqual([]);
    }
    expect(new Set(ignored)).toEqual(new Set(["FLV_TRACKS"]));
    expect(typesOf(demuxer.video(0, avcHeader))).toEqual(["track"]);
    expect(typesOf(demuxer.audio(0, aacHeader))).toEqual(["track"]);
  });

  test("up to the limit of one message that holds more", () => {
    const { demuxer, ignored } = newDemuxer();
    const tracks = Array.from({ length: LIMITS.videoTracks + 2 }, (_, index) =>
      concat(u8(index), u24(smallRecord.length), smallRecord),
    );
    const events = demuxer.video(0, concat(hex`96 10 61766331`, ...tracks));
    expect(events).toHaveLength(LIMITS.videoTracks);
    expect(ignored).toEqual(["FLV_TRACKS", "FLV_TRACKS"]);
  });

  test("whatever bad ones came before", () => {
    const { demuxer, ignored } = newDemuxer();
    for (let index = 1; index <= LIMITS.videoTracks; index += 1) {
      const start = concat(hex`96 00 61766331`, u8(index));
      expect(() => demuxer.video(0, concat(start, hex`01640028ffe0`))).toThrow(ProtocolError);
      expect(demuxer.video(0, start)).toEqual([]);
      const frame = concat(hex`a6 01 61766331`, u8(index), hex`000000 00000001 41`);
      expect(demuxer.video(0, frame)).toEqual([]);
    }
    expect(ignored).not.toContain("FLV_TRACKS");
    expect(typesOf(demuxer.video(0, avcHeader))).toEqual(["track"]);
  });
});

describe("FlvDemuxer takes sound", () => {
  test("of AAC after an empty configuration", () => {
    const { demuxer, ignored } = newDemuxer();
    expect(demuxer.audio(0, hex`af 00`)).toEqual([]);
    expect(demuxer.audio(0, aacFrame)).toEqual([]);
    expect(ignored).toEqual(["FLV_EMPTY_CONFIGURATION", "FLV_NO_CONFIGURATION"]);
    expect(typesOf(demuxer.audio(0, aacHeader))).toEqual(["track"]);
    expect(demuxer.audio(0, hex`af 00`)).toEqual([]);
    expect(samplesOf(demuxer.audio(20, aacFrame))).toEqual([
      {
        mediaType: "audio",
        trackIndex: 0,
        dts: 1020,
        compositionOffset: 0,
        isSync: true,
        isDisposable: false,
        audioSamples: 1024,
        data: aacFrame.subarray(2),
      },
    ]);
  });

  test("of AAC in ADTS, with and without configuration", () => {
    const raw = aacFrame.subarray(2);
    const length = raw.length + 7;
    // LC, 22,050 Hz, mono
    const adts = concat(hex`fff1 5c`, u24((1 << 22) | (length << 5) | 0x1f), hex`fc`, raw);
    const { demuxer } = newDemuxer();
    const events = demuxer.audio(0, concat(hex`af 01`, adts));
    expect(events).toMatchObject([
      { type: "track", track: { codecString: "mp4a.40.2", sampleRate: 22_050, channels: 1 } },
      { type: "sample" },
    ]);
    expect(samplesOf(events)[0]?.data).toEqual(Uint8Array.from(raw));
    demuxer.audio(0, aacHeader);
    expect(samplesOf(demuxer.audio(0, concat(hex`af 01`, adts)))[0]?.data).toEqual(
      Uint8Array.from(raw),
    );
    const data = Uint8Array.from(raw);
    expect(samplesOf(demuxer.audio(0, concat(hex`af 01`, adts, adts)))).toMatchObject([
      { dts: 1000, data },
      { dts: 1000 + (1024 * 1000) / 22_050, data },
    ]);
  });

  test("of AAC with a channel map between its classic frames (FFmpeg 8)", () => {
    const { demuxer, placed } = newDemuxer();
    demuxer.audio(0, aacHeader);
    expect(demuxer.audio(0, hex`94 6d703461 01 06 0000003f`)).toEqual([]);
    expect(placed).toEqual([]);
    expect(typesOf(demuxer.audio(0, aacFrame))).toEqual(["sample"]);
  });

  test("of several MPEG audio frames in one message", () => {
    const { demuxer } = newDemuxer();
    const frame = mp3Frame.subarray(1);
    const events = demuxer.audio(100, concat(mp3Frame, frame, frame));
    expect(typesOf(events)).toEqual(["track", "sample", "sample", "sample"]);
    const samples = samplesOf(events);
    const step = (576 * 1000) / 22_050;
    for (const [index, sample] of samples.entries()) {
      expect(sample.dts).toBeCloseTo(1100 + index * step);
      expect(sample.audioSamples).toBe(576);
      expect(sample.data).toEqual(Uint8Array.from(frame));
    }
    expect(typesOf(demuxer.audio(200, mp3Frame))).toEqual(["sample"]);
  });

  test.each([
    {
      codec: "FLAC",
      head: hex`91 664c6143`,
      frame: FLAC_FRAMES[0],
      next: FLAC_FRAMES[1],
      step: 24,
    },
    { codec: "AC-3", head: hex`91 61632d33`, frame: ac3, next: ac3, step: 32 },
    { codec: "E-AC-3", head: hex`91 65632d33`, frame: eac3, next: eac3, step: 32 },
  ])("of several $codec frames in one message", ({ codec, head, frame, next, step }) => {
    const { demuxer } = newDemuxer();
    if (codec === "FLAC") demuxer.audio(0, concat(hex`90 664c6143`, FLAC_STREAM_INFO));
    const events = demuxer.audio(100, concat(head, frame, next));
    expect(samplesOf(events)).toMatchObject([
      { dts: 1100, data: frame },
      { dts: 1100 + step, data: next },
    ]);
  });

  test("of Opus whose header is empty", () => {
    const { demuxer } = newDemuxer();
    const packet = hex`91 4f707573 fc fffe`; // CELT, fullband, 20 ms, stereo
    expect(demuxer.audio(0, packet)).toEqual([]);
    expect(demuxer.audio(0, hex`90 4f707573`)).toEqual([]);
    expect(demuxer.audio(0, packet)).toMatchObject([
      { type: "track", track: { codec: "opus", sampleRate: 48_000, channels: 2 } },
      { type: "sample", sample: { audioSamples: 960 } },
    ]);
  });

  test("of AC-3 without a sequence header", () => {
    const { demuxer } = newDemuxer();
    const frame = bodiesOf("ffmpeg-8.1-ac3", 8).find((body) => body[0] === 0x91) ?? hex``;
    expect(typesOf(demuxer.audio(0, frame))).toEqual(["track", "sample"]);
    expect(typesOf(demuxer.audio(0, frame))).toEqual(["sample"]);
  });
});

describe("FlvDemuxer makes FLAC of PCM", () => {
  const alaw = concat(hex`72`, new Uint8Array(320));

  test("of which it keeps the message", () => {
    const { demuxer, placed } = newDemuxer();
    const events = demuxer.audio(40, alaw);
    expect(events).toMatchObject([
      { type: "track", track: { codec: "flac", sampleRate: 8_000, channels: 1 } },
      { type: "sample", sample: { dts: 1040, isSync: true, audioSamples: 320 } },
    ]);
    expect(samplesOf(events)[0]?.original).toBe(alaw);
    expect(typesOf(demuxer.audio(80, alaw))).toEqual(["sample"]);
    expect(placed).toEqual([40, 80]);
  });

  test("and believes metadata about what the tag does not tell", () => {
    const { demuxer } = newDemuxer();
    const values = { audiocodecid: 7, audiosamplerate: 16_000, stereo: true };
    demuxer.data(0, encodeAmf0("onMetaData", values), "amf0");
    expect(demuxer.audio(0, alaw)).toMatchObject([
      { track: { sampleRate: 16_000, channels: 2 } },
      { sample: { audioSamples: 160 } },
    ]);
    demuxer.data(0, encodeAmf0("onMetaData", { audiocodecid: 7 }), "amf0");
    expect(demuxer.audio(20, alaw)).toMatchObject([
      { track: { sampleRate: 8_000, channels: 1 } },
      { sample: { audioSamples: 320 } },
    ]);
  });

  test("and says nothing of what is kept for the next frame, or holds nothing", () => {
    const { demuxer, ignored } = newDemuxer();
    expect(demuxer.audio(0, hex`72 d5d5`)).toEqual([]);
    expect(ignored).toEqual([]);
    expect(demuxer.audio(0, hex`72`)).toEqual([]);
    expect(ignored).toEqual(["FLV_EMPTY_FRAME"]);
    expect(samplesOf(demuxer.audio(0, alaw))).toMatchObject([{ audioSamples: 322 }]);
  });

  test("and takes another codec in its place", () => {
    const { demuxer } = newDemuxer();
    demuxer.audio(0, alaw);
    expect(typesOf(demuxer.audio(40, mp3Frame))).toEqual(["track", "sample"]);
    expect(typesOf(demuxer.audio(80, alaw))).toEqual(["track", "sample"]);
  });
});

describe("FlvDemuxer announces what no browser plays", () => {
  test("once, and passes on what has the classic form as it came", () => {
    const { demuxer, placed } = newDemuxer();
    const unplayable = (mediaType: string, trackIndex: number, codecName: string) => ({
      ...{ type: "unplayable", track: { mediaType, trackIndex, codecName } },
    });
    const opaque = (mediaType: string, dts: number, isSync: boolean, tag: Bytes) => ({
      ...{ type: "opaque", frame: { mediaType, trackIndex: 0, dts, isSync, tag } },
    });
    const speex = hex`b6 aa`;
    expect(demuxer.audio(0, speex)).toEqual([
      unplayable("audio", 0, "Speex"),
      opaque("audio", 1000, true, speex),
    ]);
    const [event] = demuxer.audio(20, speex);
    expect(event).toEqual(opaque("audio", 1020, true, speex));
    expect(event?.type === "opaque" && event.frame.tag).toBe(speex);
    expect(typesOf(demuxer.audio(30, hex`52 aa`))).toEqual(["unplayable", "opaque"]);
    expect(demuxer.video(40, hex`14 aa`)).toEqual([
      unplayable("video", 0, "On2 VP6"),
      opaque("video", 1040, true, hex`14 aa`),
    ]);
    expect(demuxer.video(50, hex`24 aa`)).toEqual([opaque("video", 1050, false, hex`24 aa`)]);
    expect(demuxer.video(60, hex`24`)).toEqual([]);
    expect(placed).toEqual([0, 20, 30, 40, 50]);
  });

  test("but not what has a header of Enhanced RTMP: nobody could decode it without a configuration", () => {
    const { demuxer, placed } = newDemuxer();
    const unplayable = (trackIndex: number, codecName: string) => [
      { type: "unplayable", track: { mediaType: "video", trackIndex, codecName } },
    ];
    const wxyz = ascii("wxyz");
    expect(demuxer.video(0, hex`96 00 ${wxyz} 03 aa`)).toEqual(unplayable(3, "wxyz"));
    expect(demuxer.video(0, hex`96 01 ${wxyz} 03 000000 aa`)).toEqual([]);
    expect(demuxer.video(0, hex`90 ${wxyz} aa`)).toEqual(unplayable(0, "wxyz"));
    expect(demuxer.video(0, hex`91 ${wxyz} aa`)).toEqual([]);
    expect(placed).toEqual([]);
  });

  test("but does not let a stray message take a track away", () => {
    const { demuxer, ignored } = newDemuxer();
    demuxer.video(0, avcHeader);
    expect(demuxer.video(0, hex`10 aa`)).toEqual([]);
    expect(ignored).toEqual(["FLV_OTHER_CODEC"]);
    expect(typesOf(demuxer.video(0, avcKey))).toEqual(["sample"]);
  });

  test("and takes what comes in its place", () => {
    const { demuxer } = newDemuxer();
    expect(typesOf(demuxer.video(0, hex`12 aa`))).toEqual(["unplayable", "opaque"]);
    expect(typesOf(demuxer.video(0, avcHeader))).toEqual(["track"]);
    expect(typesOf(demuxer.video(0, hex`90 ${ascii("wxyz")} aa`))).toEqual(["unplayable"]);
    expect(demuxer.video(0, avcKey)).toEqual([]);
  });
});

describe("FlvDemuxer takes script data", () => {
  test("and moves no clock", () => {
    const { demuxer, placed, peeked } = newDemuxer();
    const metadata = encodeAmf0("onMetaData", { width: 1 });
    expect(demuxer.data(5, concat(encodeAmf0("@setDataFrame"), metadata), "amf0")).toEqual([
      { type: "metadata", values: { width: 1 }, body: metadata },
    ]);
    expect(peeked).toEqual([]);
    const text = encodeAmf0("onTextData", { text: "hello" });
    expect(demuxer.data(7, text, "amf0")).toEqual([
      { type: "data", dts: 1007, name: "onTextData", values: [{ text: "hello" }], body: text },
    ]);
    expect(peeked).toEqual([7]);
    expect(placed).toEqual([]);
  });

  test("and passes over metadata that only repeats itself", () => {
    const { demuxer } = newDemuxer();
    const first = encodeAmf0("onMetaData", { width: 1 });
    const second = encodeAmf0("onMetaData", { width: 2 });
    expect(demuxer.data(0, first, "amf0")).toHaveLength(1);
    expect(demuxer.data(0, Uint8Array.from(first), "amf0")).toHaveLength(0);
    expect(demuxer.data(0, second, "amf0")).toHaveLength(1);
    expect(demuxer.data(0, first, "amf0")).toHaveLength(1);
  });

  test.each([
    { framerate: 29.97, frameRate: 29.97 },
    { framerate: 1000, frameRate: undefined },
    { framerate: 0, frameRate: undefined },
    { framerate: "30", frameRate: undefined },
  ])("and believes framerate $framerate: $frameRate", ({ framerate, frameRate }) => {
    const { demuxer } = newDemuxer();
    demuxer.data(0, encodeAmf0("onMetaData", { framerate }), "amf0");
    const events = vp9Bodies.flatMap((body) => demuxer.video(0, body));
    const track = events.find((event) => event.type === "track")?.track;
    expect(track).toMatchObject({ codec: "vp9" });
    expect(track).toHaveProperty("codec", "vp9");
    expect((track as { frameRate?: number }).frameRate).toBe(frameRate);
  });
});

test("FlvDemuxer places no sequence header, SequenceEnd or Metadata packet", () => {
  const { demuxer, placed } = newDemuxer();
  demuxer.video(1, avcHeader);
  demuxer.audio(2, aacHeader);
  for (const body of hevcBodies.slice(0, 2)) demuxer.video(3, body);
  demuxer.video(4, hex`92 68766331`);
  demuxer.video(5, hex`84 68766331 02 0009 ${ascii("colorInfo")} 06`);
  expect(placed).toEqual([]);
  demuxer.video(6, hevcKey);
  demuxer.audio(7, aacFrame);
  expect(placed).toEqual([6, 7]);
});

test("FlvDemuxer throws nothing but ProtocolError in message scope, and goes on", () => {
  const names = [
    "ffmpeg-5.1-h264-bframes-aac",
    "ffmpeg-5.1-mp3",
    "ffmpeg-8.1-hevc-opus",
    "ffmpeg-8.1-av1-flac",
    "ffmpeg-8.1-vp9-eac3",
    "ffmpeg-8.1-ac3",
    "ffmpeg-8.1-multitrack-h264-aac",
  ];
  const tags = names.flatMap(tagsOf).filter(({ typeId }) => typeId !== 18);
  const anyBody = fc.record({
    tag: fc.constantFrom(...tags),
    changes: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
    length: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(100)),
  });
  const holds = fc.property(fc.array(anyBody, { maxLength: 30 }), (bodies) => {
    const { demuxer } = newDemuxer();
    for (const { tag, changes, length } of bodies) {
      const payload = Uint8Array.from(
        tag.payload.subarray(0, Math.min(length, tag.payload.length)),
      );
      for (const [index, byte] of changes) if (index < payload.length) payload[index] = byte;
      try {
        if (tag.typeId === 8) demuxer.audio(tag.timestamp, payload);
        else demuxer.video(tag.timestamp, payload);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        expect((error as ProtocolError).scope).toBe("message");
      }
    }
    // Whatever came before: a new sequence header begins anew (a track before it may be the same).
    const other = concat(hex`17 00 000000`, smallRecord);
    demuxer.video(0, avcHeader);
    expect(typesOf(demuxer.video(0, other))).toEqual(["track"]);
    expect(typesOf(demuxer.video(0, withFirstByte(avcInter, 0x17)))).toContain("sample");
  });
  fc.assert(holds, { numRuns: 300 });
});
