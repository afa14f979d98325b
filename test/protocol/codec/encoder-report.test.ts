import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import { readEncoderReport } from "../../../server/protocol/codec/encoder-report.ts";
import { lengthPrefixed } from "../../../server/protocol/codec/nal-units.ts";
import { seiMessages } from "../../../server/protocol/codec/sei.ts";
import type { VideoCodec } from "../../../server/protocol/media/track.ts";
import {
  type ConstructedReport,
  metadataObu,
  reportMessages,
  seiUnit,
} from "../../support/encoder-report.ts";
import { hex } from "../../support/hex.ts";

const constructed: ConstructedReport = {
  times: [
    ...(["2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00.012Z"] as const),
    ...(["2026-05-01T10:00:00.015Z", "2026-05-01T10:00:00.050Z"] as const),
  ],
  // A zero before tag 3: the unit needs emulation prevention there.
  session: [120, 0, 3, 240],
  rendition: [120, 1, 119],
};
const began = Date.UTC(2026, 4, 1, 10);
const report = {
  times: { composed: began, encodeBegan: began + 12, encodeEnded: began + 15, sent: began + 50 },
  session: { rendered: 120, lagged: 0, dropped: 3, output: 240 },
  rendition: { input: 120, skipped: 1, output: 119 },
};
const messages = reportMessages(constructed);

test.each<[string, VideoCodec, Bytes]>([
  [
    "SEI behind the slices of H.264",
    "avc",
    lengthPrefixed([hex`658884`, ...messages.map((message) => seiUnit(hex`06`, message))]),
  ],
  [
    "suffix SEI of HEVC",
    "hevc",
    lengthPrefixed([hex`2601af`, ...messages.map((message) => seiUnit(hex`5001`, message))]),
  ],
  [
    "prefix SEI of HEVC, as OBS before 32.1 wrote it",
    "hevc",
    lengthPrefixed([hex`2601af`, ...messages.map((message) => seiUnit(hex`4e01`, message))]),
  ],
  [
    "metadata OBUs of AV1",
    "av1",
    concat(hex`0a0b 000000043d06d4daf90040 3204 1a1400a1`, ...messages.map(metadataObu)),
  ],
])("readEncoderReport reads %s (constructed)", (_name, codec, data) => {
  expect(readEncoderReport(codec, data)).toEqual(report);
});

test("readEncoderReport reads the stamp that is meant for Millicast: ms since 1970 (constructed)", () => {
  const stamp = hex`9a21f3be 31f0 4b78 b0be c7f7dbb97250 0000019de2d96a80`;
  const data = lengthPrefixed([hex`658884`, seiUnit(hex`06`, stamp)]);
  expect(readEncoderReport("avc", data)).toEqual({ times: { composed: 0x019de2d96a80 } });
});

test("the unit of the session's counters has emulation prevention", () => {
  const [, session = hex``] = messages;
  const unit = seiUnit(hex`06`, session);
  expect(Buffer.from(unit).includes(Buffer.from(hex`000003 0003`))).toBe(true);
  expect(seiMessages(unit, 1)).toEqual([{ payloadType: 5, payload: session }]);
});

const h264 = (message: Bytes) => lengthPrefixed([hex`658884`, seiUnit(hex`06`, message)]);
const timestamps = (rest: Bytes) => h264(concat(hex`0aecffe752724e2fa62fd19cd61a93b5`, rest));

test.each([
  ["a time as ms since 1970", hex`00 0204 00000199a0b1c2d3`, { sent: 0x199a0b1c2d3 }],
  [
    "no distance, which is from nowhere",
    hex`01 0301 0000000000000001 0204 0000000000000007`,
    { sent: 7 },
  ],
  ["events that nobody knows", hex`01 0209 0000000000000001 0204 0000000000000007`, { sent: 7 }],
])("readEncoderReport takes %s", (_name, rest, times) => {
  expect(readEncoderReport("avc", timestamps(rest))).toEqual({ times });
});

test.each<[string, Bytes]>([
  ["x264's settings", h264(hex`dc45e9bde6d948b7962cd820d923eeef 78323634`)],
  ["a message that is cut", timestamps(hex`03 0101 3230`)],
  ["a time that is none", timestamps(hex`00 0101 3230323600`)],
  ["a time without an end", timestamps(concat(hex`00 0101`, new Uint8Array(100).fill(0x31)))],
  ["a form that is none", timestamps(hex`00 0701 00`)],
  ["a time that no calendar has", timestamps(hex`00 0201 7fffffffffffffff`)],
  ["a picture of nothing", hex``],
])("readEncoderReport makes nothing of %s", (_name, data) => {
  expect(readEncoderReport("avc", data)).toBeUndefined();
});

test("readEncoderReport leaves one bad message out, and units that are too long", () => {
  const [times = hex``, session = hex``] = messages;
  const bad = seiUnit(hex`06`, times.subarray(0, 30));
  const long = concat(seiUnit(hex`06`, times), new Uint8Array(4096).fill(1));
  const data = lengthPrefixed([bad, long, seiUnit(hex`06`, session)]);
  expect(readEncoderReport("avc", data)).toEqual({ times: {}, session: report.session });
});

describe("whatever the bytes", () => {
  test("readEncoderReport throws nothing, and changes nothing", () => {
    const seed = lengthPrefixed(messages.map((message) => seiUnit(hex`06`, message)));
    const change = fc.tuple(fc.nat(seed.length - 1), fc.nat(255));
    const holds = fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
      const bytes = seed.slice();
      for (const [at, value] of changes) bytes[at] = value;
      const before = bytes.slice();
      for (const codec of ["avc", "hevc", "av1"] as const) readEncoderReport(codec, bytes);
      expect(bytes).toEqual(before);
    });
    fc.assert(holds, { numRuns: 200 });
  });
});
