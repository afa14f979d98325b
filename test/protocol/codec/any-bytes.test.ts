import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import * as aac from "../../../server/protocol/codec/aac.ts";
import * as ac3 from "../../../server/protocol/codec/ac3.ts";
import * as av1 from "../../../server/protocol/codec/av1.ts";
import * as avc from "../../../server/protocol/codec/avc.ts";
import * as flac from "../../../server/protocol/codec/flac.ts";
import * as hevc from "../../../server/protocol/codec/hevc.ts";
import * as mp3 from "../../../server/protocol/codec/mp3.ts";
import * as nal from "../../../server/protocol/codec/nal-units.ts";
import * as opus from "../../../server/protocol/codec/opus.ts";
import * as vp8 from "../../../server/protocol/codec/vp8.ts";
import * as vp9 from "../../../server/protocol/codec/vp9.ts";
import * as vvc from "../../../server/protocol/codec/vvc.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { initSegment } from "../../../server/protocol/isobmff/init-segment.ts";
import type { Track } from "../../../server/protocol/media/track.ts";
import { hex } from "../../support/hex.ts";
import * as vectors from "./vectors.ts";

/** What a parser says yes to must also be fit for an init segment. */
const wrapped = (track: Track): unknown => initSegment({ trackId: 1, timescale: 1000, track });

const padded = (start: Bytes, length: number): Bytes =>
  concat(start, new Uint8Array(length - start.length));

const PARSERS: Record<string, { seed: Bytes; parse: (bytes: Bytes) => unknown }> = {
  avcTrack: { seed: vectors.AVC_X264, parse: (bytes) => wrapped(avc.avcTrack(0, bytes).track) },
  "avcTrack, interlaced": {
    seed: vectors.AVC_X264_INTERLACED,
    parse: (bytes) => wrapped(avc.avcTrack(0, bytes).track),
  },
  newAvcConfiguration: {
    seed: nal.lengthPrefixed([vectors.AVC_SPS_WITHOUT_VUI, hex`68ce3c80`, hex`658884`]),
    parse: (bytes) => [avc.newAvcConfiguration(vectors.AVC_X264, bytes), avc.isAvcSync(bytes)],
  },
  withBitstreamRestriction: {
    seed: hex`01 42001e ff e1 0009 ${vectors.AVC_SPS_WITHOUT_VUI} 00`,
    parse: avc.withBitstreamRestriction,
  },
  hevcTrack: { seed: vectors.HEVC_X265, parse: (bytes) => wrapped(hevc.hevcTrack(0, bytes).track) },
  newHevcConfiguration: {
    seed: nal.lengthPrefixed(
      hevc.readHevcConfiguration(vectors.HEVC_X265_MAIN10).arrays.flatMap(({ units }) => units),
    ),
    parse: (bytes) => [hevc.newHevcConfiguration(vectors.HEVC_X265, bytes), hevc.isHevcIrap(bytes)],
  },
  toLengthPrefixed: {
    seed: hex`00000001 0910 000001 658884 000001 419a`,
    parse: (bytes) => [1, 2, 3, 4].map((size) => nal.toLengthPrefixed(bytes, size)),
  },
  av1Track: { seed: vectors.AV1_LIBAOM, parse: (bytes) => wrapped(av1.av1Track(0, bytes)) },
  "AV1 temporal units": {
    seed: hex`1200 ${vectors.AV1_SVT_KEY_FRAME}`,
    parse: (bytes) => [
      av1.isAv1Sync(bytes),
      av1.newAv1Configuration(vectors.AV1_LIBAOM, bytes),
      av1.withoutTemporalDelimiters(bytes),
    ],
  },
  vp9Track: {
    seed: vectors.VP9_LIBVPX_KEY_FRAME,
    parse: (bytes) => [vp9.isVp9Sync(bytes), wrapped(vp9.vp9Track(0, hex``, bytes))],
  },
  "vp9Track, record": {
    seed: vectors.VP9_LIBVPX,
    parse: (bytes) => wrapped(vp9.vp9Track(0, bytes, vectors.VP9_LIBVPX_KEY_FRAME)),
  },
  vp8Track: {
    seed: vectors.VP8_LIBVPX_KEY_FRAME,
    parse: (bytes) => [vp8.isVp8Sync(bytes), wrapped(vp8.vp8Track(0, hex``, bytes))],
  },
  vvcTrack: { seed: vectors.VVC_RECORD, parse: (bytes) => wrapped(vvc.vvcTrack(0, bytes).track) },
  newVvcConfiguration: {
    seed: nal.lengthPrefixed([vectors.VVC_RECORD.subarray(21, 63), hex`0041aa`]),
    parse: (bytes) => [vvc.newVvcConfiguration(vectors.VVC_RECORD, bytes), vvc.isVvcIrap(bytes)],
  },
  aacTrack: { seed: hex`11b056e500`, parse: (bytes) => wrapped(aac.aacTrack(0, bytes).track) },
  ADTS: {
    seed: hex`fff14c8001bffc 210049900219`,
    parse: (bytes) => [aac.splitAdts(bytes), aac.audioSpecificConfigFromAdts(bytes)],
  },
  splitMpegAudioFrames: { seed: vectors.MP3_48000, parse: mp3.splitMpegAudioFrames },
  opusTrack: { seed: vectors.OPUS_HEAD, parse: (bytes) => wrapped(opus.opusTrack(0, bytes)) },
  opusPacketSamples: { seed: hex`fb03`, parse: opus.opusPacketSamples },
  flacTrack: {
    seed: vectors.FLAC_STREAM_INFO,
    parse: (bytes) => wrapped(flac.flacTrack(0, bytes)),
  },
  splitFlacFrames: {
    seed: vectors.FLAC_FRAMES[0],
    parse: (bytes) => flac.splitFlacFrames(bytes, vectors.FLAC_STREAM_INFO),
  },
  ac3Track: { seed: vectors.AC3_SURROUND, parse: (bytes) => wrapped(ac3.ac3Track(0, bytes)) },
  splitAc3Frames: { seed: padded(vectors.AC3_MONO, 384), parse: ac3.splitAc3Frames },
  eac3Track: { seed: vectors.EAC3_SURROUND, parse: (bytes) => wrapped(ac3.eac3Track(0, bytes)) },
  splitEac3Frames: { seed: padded(vectors.EAC3_SURROUND, 1792), parse: ac3.splitEac3Frames },
};

function survives(parse: (bytes: Bytes) => unknown, bytes: Bytes): void {
  const before = bytes.slice();
  try {
    parse(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error.scope).toBe("message");
  }
  expect(bytes).toEqual(before);
}

describe.each(Object.entries(PARSERS))("%s", (_name, { seed, parse }) => {
  test("reads its vector", () => {
    expect(() => parse(seed)).not.toThrow();
  });

  test("throws nothing but ProtocolErrors of a message's scope, whatever the bytes", () => {
    const anything = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(anything, (bytes) => survives(parse, bytes)),
      { numRuns: 100 },
    );
  });

  test("the same of its vector with some bytes changed, cut anywhere", () => {
    const change = fc.tuple(fc.nat(seed.length - 1), fc.nat(255));
    const holds = fc.property(
      fc.array(change, { maxLength: 4 }),
      fc.nat(seed.length),
      (changes, length) => {
        const bytes = seed.slice();
        for (const [at, value] of changes) bytes[at] = value;
        survives(parse, bytes);
        survives(parse, bytes.slice(0, length));
      },
    );
    fc.assert(holds, { numRuns: 200 });
  });
});
