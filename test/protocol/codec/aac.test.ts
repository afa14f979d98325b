import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  aacTrack,
  audioSpecificConfigFromAdts,
  splitAdts,
} from "../../../server/protocol/codec/aac.ts";
import { BitWriter } from "../../../server/protocol/codec/bit-writer.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

/** A program_config_element of front pair and centre, back pair, low frequency: 5.1. */
const surroundElement = (writer: BitWriter): BitWriter =>
  writer
    .bits(4, 0)
    .bits(2, 1)
    .bits(4, 3)
    .bits(4, 2)
    .bits(4, 0)
    .bits(4, 1)
    .bits(2, 1)
    .bits(3, 0)
    .bits(4, 0)
    .bits(3, 0)
    .bits(5, 0)
    .bits(5, 16)
    .bits(5, 17)
    .bits(4, 0)
    .bits(4, 0); // to the byte, as this one lies

test.each([
  ["LC 48 kHz stereo", hex`1190`, "mp4a.40.2", 48_000, 2, 1024],
  ["LC 44.1 kHz stereo", hex`1210`, "mp4a.40.2", 44_100, 2, 1024],
  ["LC 48 kHz mono", hex`1188`, "mp4a.40.2", 48_000, 1, 1024],
  ["FFmpeg's 5.1 with an SBR refusal behind it", hex`11b056e500`, "mp4a.40.2", 48_000, 6, 1024],
  ["7.1", hex`11b8`, "mp4a.40.2", 48_000, 8, 1024],
  ["frames of 960 samples", hex`1194`, "mp4a.40.2", 48_000, 2, 960],
  ["a rate of its own", hex`17 805dc0 10`, "mp4a.40.2", 48_000, 2, 1024],
  ["HE-AAC, 24 kHz core", hex`2b118800`, "mp4a.40.5", 24_000, 2, 1024],
  ["HE-AAC v2, 22.05 kHz mono core", hex`eb8a0800`, "mp4a.40.29", 22_050, 2, 1024],
  ["HE-AAC said backward compatibly", hex`131056e598`, "mp4a.40.5", 24_000, 2, 1024],
])("aacTrack reads %s", (_name, config, codecString, sampleRate, channels, samplesPerFrame) => {
  const opened = aacTrack(1, config);
  expect(opened).toEqual({
    track: {
      ...{ mediaType: "audio", trackIndex: 1, codec: "aac" },
      ...{ codecString, sampleRate, channels, configuration: config },
    },
    samplesPerFrame,
  });
});

test("aacTrack counts the channels of a program_config_element", () => {
  const writer = new BitWriter().bits(5, 2).bits(4, 3).bits(4, 0).bits(3, 0);
  const element = surroundElement(writer);
  element.bits((8 - (element.length % 8)) % 8, 0).bits(8, 0);
  expect(aacTrack(0, element.finish()).track.channels).toBe(6);
  // One that is cut: two, and the configuration stays whole.
  const cut = hex`1180 04`;
  expect(aacTrack(0, cut).track).toMatchObject({ channels: 2, configuration: cut });
});

test("aacTrack leaves out what an encoder appends of its own", () => {
  expect(aacTrack(0, hex`1190 deadbeef`).track.configuration).toEqual(hex`1190`);
});

test.each([
  ["no bytes", hex``, "TRUNCATED"],
  ["one byte", hex`11`, "TRUNCATED"],
  ["a reserved rate", hex`1690`, "AAC_CONFIGURATION"],
  ["a reserved channel configuration", hex`11c8`, "AAC_CONFIGURATION"],
  ["object type 0", hex`0190`, "AAC_CONFIGURATION"],
])("aacTrack refuses %s", (_name, config, code) => {
  expect(() => aacTrack(0, config)).toThrow(expect.objectContaining({ code, scope: "message" }));
});

// 13 bytes: MPEG-4, no CRC, LC, 48 kHz, stereo.
const ADTS = hex`fff14c8001bffc 210049900219`;
const WITH_CRC = hex`fff04c8001fffc 1234 210049900219`;

test("splitAdts takes the headers off the frames of a message", () => {
  const raw = hex`210049900219`;
  expect(splitAdts(ADTS)).toEqual([raw]);
  expect(splitAdts(WITH_CRC)).toEqual([raw]);
  expect(splitAdts(concat(ADTS, WITH_CRC, ADTS))).toEqual([raw, raw, raw]);
  expect(splitAdts(raw)[0]).toBe(raw);
  const longer = concat(ADTS, hex`00`);
  expect(splitAdts(longer)[0]).toBe(longer);
});

test("splitAdts refuses more frames than a message may hold", () => {
  const many = concat(...Array(LIMITS.audioFramesInMessage + 1).fill(ADTS));
  expect(() => splitAdts(many)).toThrow(
    expect.objectContaining({ kind: "limit", code: "AAC_FRAMES" }),
  );
});

test("audioSpecificConfigFromAdts says what the header implies", () => {
  expect(audioSpecificConfigFromAdts(ADTS)).toEqual(hex`1190`);
  expect(audioSpecificConfigFromAdts(concat(ADTS, ADTS))).toEqual(hex`1190`);
  expect(audioSpecificConfigFromAdts(hex`210049900219`)).toBeUndefined();
});
