import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii, concat, u8 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { type AudioPacket, readAudioTag } from "../../../server/protocol/flv/audio-tag.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

const AAC = { codec: "aac", codecName: "AAC" } as const;
const OPUS = { codec: "opus", codecName: "Opus" } as const;
const frame = { type: "frame", trackIndex: 0, timeOffset: 0 } as const;
const opusHead = hex`4f70757348656164 01 01 3801 80bb0000 0000 00`;

describe("readAudioTag reads", () => {
  test.each<{ name: string; body: Uint8Array; packets: AudioPacket[] }>([
    { name: "an empty body: silence", body: hex``, packets: [] },
    {
      name: "an AAC sequence header",
      body: hex`af 00 1190`,
      packets: [{ type: "configuration", ...AAC, trackIndex: 0, record: hex`1190` }],
    },
    {
      name: "an empty AAC sequence header",
      body: hex`af 00`,
      packets: [{ type: "configuration", ...AAC, trackIndex: 0, record: hex`` }],
    },
    {
      name: "an AAC frame",
      body: hex`af 01 2110`,
      packets: [{ ...frame, ...AAC, data: hex`2110` }],
    },
    {
      name: "MP3",
      body: hex`2f fffb90`,
      packets: [{ ...frame, codec: "mp3", codecName: "MP3", data: hex`fffb90` }],
    },
    {
      name: "MP3 at 8 kHz",
      body: hex`e2 ffe3`,
      packets: [{ ...frame, codec: "mp3", codecName: "MP3", data: hex`ffe3` }],
    },
    ...[
      { first: 0x0f, codec: "pcm" as const, codecName: "linear PCM" },
      { first: 0x1f, codecName: "ADPCM" },
      { first: 0x3f, codec: "pcm" as const, codecName: "linear PCM" },
      { first: 0x42, codecName: "Nellymoser (16 kHz)" },
      { first: 0x52, codecName: "Nellymoser (8 kHz)" },
      { first: 0x6a, codecName: "Nellymoser" },
      { first: 0x72, codec: "pcm" as const, codecName: "G.711 A-law" },
      { first: 0x82, codec: "pcm" as const, codecName: "G.711 µ-law" },
      { first: 0xb6, codecName: "Speex" },
      { first: 0xf2, codecName: "device-specific sound" },
      { first: 0xc2, codecName: "audio format 12" },
    ].map(({ first, ...codec }) => ({
      name: codec.codecName,
      body: hex`${u8(first)} aabb`,
      packets: [{ ...frame, ...codec, data: hex`aabb` }],
    })),

    {
      name: "Opus SequenceStart",
      body: hex`90 4f707573 ${opusHead}`,
      packets: [{ type: "configuration", ...OPUS, trackIndex: 0, record: opusHead }],
    },
    {
      name: "an Opus frame",
      body: hex`91 4f707573 fc00`,
      packets: [{ ...frame, ...OPUS, data: hex`fc00` }],
    },
    {
      name: "MultichannelConfig in native order",
      body: hex`94 4f707573 01 01 00000004`,
      packets: [{ type: "multichannel", trackIndex: 0, channels: 1, layout: ["FC"] }],
    },
    {
      name: "MultichannelConfig in an order of its own",
      body: hex`94 4f707573 02 02 00 fe`,
      packets: [
        {
          type: "multichannel",
          trackIndex: 0,
          channels: 2,
          layout: ["FL", "-"],
        },
      ],
    },
    {
      name: "MultichannelConfig without order",
      body: hex`94 4f707573 00 02`,
      packets: [{ type: "multichannel", trackIndex: 0, channels: 2, layout: undefined }],
    },
    {
      name: "FLAC SequenceStart",
      body: hex`90 664c6143 1200`,
      packets: [
        {
          type: "configuration",
          codec: "flac",
          codecName: "FLAC",
          trackIndex: 0,
          record: hex`1200`,
        },
      ],
    },
    {
      name: "AC-3 SequenceStart",
      body: hex`90 61632d33`,
      packets: [
        { type: "configuration", codec: "ac-3", codecName: "AC-3", trackIndex: 0, record: hex`` },
      ],
    },
    {
      name: "SequenceEnd",
      body: hex`92 ${ascii("ec-3")}`,
      packets: [{ type: "end", trackIndex: 0 }],
    },
    {
      name: "MP3 by FourCC",
      body: hex`91 ${ascii(".mp3")} fffb`,
      packets: [{ ...frame, codec: "mp3", codecName: "MP3", data: hex`fffb` }],
    },
    {
      name: "OneTrack SequenceStart of track 1",
      body: hex`95 00 6d703461 01 1188`,
      packets: [{ type: "configuration", ...AAC, trackIndex: 1, record: hex`1188` }],
    },
    {
      name: "MultichannelConfig of track 1",
      body: hex`95 04 6d703461 01 01 01 00000004`,
      packets: [{ type: "multichannel", trackIndex: 1, channels: 1, layout: ["FC"] }],
    },
    {
      name: "MultichannelConfig of 5.1 (FFmpeg 8, between classic frames)",
      body: hex`94 6d703461 01 06 0000003f`,
      packets: [
        {
          type: "multichannel",
          trackIndex: 0,
          channels: 6,
          layout: ["FL", "FR", "FC", "LFE", "BL", "BR"],
        },
      ],
    },
    {
      name: "ManyTracksManyCodecs",
      body: hex`95 21 4f707573 00 000003 010203 6d703461 01 000004 04050607`,
      packets: [
        { ...frame, ...OPUS, data: hex`010203` },
        { ...frame, ...AAC, trackIndex: 1, data: hex`04050607` },
      ],
    },
    {
      name: "ModEx with 500,000 ns",
      body: hex`97 02 07a120 01 4f707573 fc00`,
      packets: [{ ...frame, ...OPUS, timeOffset: 0.5, data: hex`fc00` }],
    },
  ])("$name", ({ body, packets }) => {
    expect(readAudioTag(body)).toEqual(packets);
  });
});

describe("readAudioTag refuses", () => {
  const tracks = Array.from(
    { length: LIMITS.tracksInMessage + 1 },
    (_, index) => hex`${u8(index)} 000000`,
  );
  test.each([
    { name: "an AAC tag of one byte", body: hex`af`, code: "TRUNCATED" },
    { name: "an unknown AAC packet type", body: hex`af 02`, code: "FLV_PACKET_TYPE" },
    { name: "a reserved packet type", body: hex`93 4f707573`, code: "FLV_PACKET_TYPE" },
    { name: "a channel mask cut short", body: hex`94 4f707573 01 01 0000`, code: "TRUNCATED" },
    { name: "a channel map cut short", body: hex`94 4f707573 02 ff 00`, code: "TRUNCATED" },
    { name: "multitrack within multitrack", body: hex`95 05 6d703461 01`, code: "FLV_MULTITRACK" },
    {
      name: "more tracks than are allowed",
      body: concat(hex`95 11 6d703461`, ...tracks),
      code: "FLV_TRACKS",
    },
  ])("$name", ({ body, code }) => {
    expect(() => readAudioTag(body)).toThrow(expect.objectContaining({ code, scope: "message" }));
  });

  test("nothing by any other error than ProtocolError", () => {
    const ex = fc
      .tuple(fc.integer({ min: 0x90, max: 0x9f }), fc.uint8Array(), fc.uint8Array())
      .map(([first, ...rest]) => concat(u8(first), rest[0].subarray(0, 3), ascii("Opus"), rest[1]));
    const holds = fc.property(fc.oneof(fc.uint8Array(), ex), (body) => {
      try {
        readAudioTag(body);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    fc.assert(holds, { numRuns: 1000 });
  });
});
