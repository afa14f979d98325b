import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii, concat, u8, u16 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { readVideoTag, type VideoPacket } from "../../../server/protocol/flv/video-tag.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

const AVC = { codec: "avc", codecName: "H.264" } as const;
const HEVC = { codec: "hevc", codecName: "H.265" } as const;
const VVC = { codec: "vvc", codecName: "H.266" } as const;
const AV1 = { codec: "av1", codecName: "AV1" } as const;
const frame = { type: "frame", trackIndex: 0, compositionTime: 0 } as const;

/** A ModEx element of `size` zero bytes and of a type that nobody knows. */
const modEx = (size: number, nextPacketType: number) =>
  concat(
    size >= 256 ? concat(u8(0xff), u16(size - 1)) : u8(size - 1),
    new Uint8Array(size),
    u8(0xf0 | nextPacketType),
  );

describe("readVideoTag reads", () => {
  test.each<{ name: string; body: Uint8Array; packets: VideoPacket[] }>([
    { name: "an empty body: silence", body: hex``, packets: [] },
    {
      name: "a sequence header",
      body: hex`17 00 000000 01640028`,
      packets: [{ type: "configuration", ...AVC, trackIndex: 0, record: hex`01640028` }],
    },
    {
      name: "a key frame",
      body: hex`17 01 000050 00000001 65`,
      packets: [{ ...frame, ...AVC, frameType: 1, compositionTime: 80, data: hex`0000000165` }],
    },
    {
      name: "a picture that is shown before it is decoded (OBS before 31.1)",
      body: hex`27 01 ffffff 00000001 41`,
      packets: [{ ...frame, ...AVC, frameType: 2, compositionTime: -1, data: hex`0000000141` }],
    },
    {
      name: "a disposable picture",
      body: hex`37 01 000000 00000001 01`,
      packets: [{ ...frame, ...AVC, frameType: 3, data: hex`0000000101` }],
    },
    { name: "end of sequence (FFmpeg)", body: hex`17 02 000000`, packets: [] },
    { name: "end of sequence without composition time", body: hex`17 02`, packets: [] },
    {
      name: "a message without NAL units (DJI)",
      body: hex`27 01 000000`,
      packets: [{ ...frame, ...AVC, frameType: 2, data: hex`` }],
    },
    {
      name: "HEVC under codec id 12 (Larix)",
      body: hex`1c 00 000000 0101`,
      packets: [{ type: "configuration", ...HEVC, trackIndex: 0, record: hex`0101` }],
    },
    {
      name: "a frame of HEVC under codec id 12",
      body: hex`2c 01 000021 00000001 02`,
      packets: [{ ...frame, ...HEVC, frameType: 2, compositionTime: 33, data: hex`0000000102` }],
    },
    {
      name: "Sorenson H.263",
      body: hex`12 0102`,
      packets: [{ ...frame, codecName: "Sorenson H.263", frameType: 1, data: hex`0102` }],
    },
    {
      name: "a codec id that nobody uses",
      body: hex`1d`,
      packets: [{ ...frame, codecName: "video codec 13", frameType: 1, data: hex`` }],
    },
    {
      name: "a classic command frame",
      body: hex`57 01`,
      packets: [{ type: "command", command: 1 }],
    },
    { name: "a bare command frame", body: hex`50`, packets: [{ type: "command", command: 0 }] },

    {
      name: "hvc1 SequenceStart",
      body: hex`90 68766331 01 01600000`,
      packets: [{ type: "configuration", ...HEVC, trackIndex: 0, record: hex`0101600000` }],
    },
    {
      name: "hvc1 CodedFrames",
      body: hex`91 68766331 000050 00000001 26`,
      packets: [{ ...frame, ...HEVC, frameType: 1, compositionTime: 80, data: hex`0000000126` }],
    },
    {
      name: "hvc1 CodedFrames, inter",
      body: hex`a1 68766331 000000 00000001 02`,
      packets: [{ ...frame, ...HEVC, frameType: 2, data: hex`0000000102` }],
    },
    {
      name: "hvc1 CodedFramesX, inter",
      body: hex`a3 68766331 00000001 02`,
      packets: [{ ...frame, ...HEVC, frameType: 2, data: hex`0000000102` }],
    },
    {
      name: "hvc1 SequenceEnd (OBS)",
      body: hex`92 68766331`,
      packets: [{ type: "end", trackIndex: 0 }],
    },
    {
      name: "Metadata with frame type 5 (FFmpeg)",
      body: hex`d4 68766331 02 0009 ${ascii("colorInfo")} 06`,
      packets: [{ type: "metadata", trackIndex: 0, values: hex`02 0009 ${ascii("colorInfo")} 06` }],
    },
    {
      name: "Metadata with frame type 0 (OBS)",
      body: hex`84 68766331 02 0009 ${ascii("colorInfo")} 06`,
      packets: [{ type: "metadata", trackIndex: 0, values: hex`02 0009 ${ascii("colorInfo")} 06` }],
    },
    { name: "a command frame", body: hex`d1 01`, packets: [{ type: "command", command: 1 }] },
    {
      name: "a command frame, whose test comes before multitrack's",
      body: hex`d6 00`,
      packets: [{ type: "command", command: 0 }],
    },
    {
      name: "av01 SequenceStart",
      body: hex`90 61763031 81 05 0c 00 0a0b`,
      packets: [{ type: "configuration", ...AV1, trackIndex: 0, record: hex`81050c000a0b` }],
    },
    {
      name: "av01 CodedFrames, which have no composition time",
      body: hex`91 61763031 32 03 aabbcc`,
      packets: [{ ...frame, ...AV1, frameType: 1, data: hex`3203aabbcc` }],
    },
    {
      name: "VVC, with its composition time",
      body: hex`91 ${ascii("vvc1")} 000001 aa`,
      packets: [{ ...frame, ...VVC, frameType: 1, compositionTime: 1, data: hex`aa` }],
    },
    {
      name: "VP8, which has none",
      body: hex`91 ${ascii("vp08")} 000001`,
      packets: [{ ...frame, codec: "vp8", codecName: "VP8", frameType: 1, data: hex`000001` }],
    },
    {
      name: "a FourCC that nobody knows",
      body: hex`90 ${ascii("wxyz")} aa`,
      packets: [{ type: "configuration", codecName: "wxyz", trackIndex: 0, record: hex`aa` }],
    },

    {
      name: "OneTrack SequenceStart of track 1",
      body: hex`96 00 61766331 01 0164`,
      packets: [{ type: "configuration", ...AVC, trackIndex: 1, record: hex`0164` }],
    },
    {
      name: "a key frame of track 1",
      body: hex`96 01 61766331 01 000050 00000001 65`,
      packets: [
        {
          ...frame,
          ...AVC,
          trackIndex: 1,
          frameType: 1,
          compositionTime: 80,
          data: hex`0000000165`,
        },
      ],
    },
    {
      name: "an inter frame of track 1",
      body: hex`a6 01 61766331 01 000000 00000001 41`,
      packets: [{ ...frame, ...AVC, trackIndex: 1, frameType: 2, data: hex`0000000141` }],
    },
    {
      name: "ManyTracks of two",
      body: hex`a6 11 61766331 00 00000a 000000 01020304050607 01 000008 000000 0102030405`,
      packets: [
        { ...frame, ...AVC, frameType: 2, data: hex`01020304050607` },
        { ...frame, ...AVC, trackIndex: 1, frameType: 2, data: hex`0102030405` },
      ],
    },
    {
      name: "ManyTracks of one",
      body: hex`a6 13 61766331 02 000001 aa`,
      packets: [{ ...frame, ...AVC, trackIndex: 2, frameType: 2, data: hex`aa` }],
    },
    { name: "ManyTracks of none", body: hex`a6 11 61766331`, packets: [] },
    {
      name: "ManyTracksManyCodecs",
      body: hex`a6 21 61766331 00 000004 000001 aa 61763031 01 000001 bb`,
      packets: [
        { ...frame, ...AVC, frameType: 2, compositionTime: 1, data: hex`aa` },
        { ...frame, ...AV1, trackIndex: 1, frameType: 2, data: hex`bb` },
      ],
    },
    {
      name: "ModEx with 250,000 ns, then CodedFramesX",
      body: hex`97 02 03d090 03 68766331 00000001 26`,
      packets: [{ ...frame, ...HEVC, frameType: 1, compositionTime: 0.25, data: hex`0000000126` }],
    },
    {
      name: "ModEx before CodedFrames with a composition time",
      body: hex`a7 02 07a120 01 68766331 ffffff 00000001 02`,
      packets: [{ ...frame, ...HEVC, frameType: 2, compositionTime: -0.5, data: hex`0000000102` }],
    },
    {
      name: "ModEx before multitrack",
      body: hex`97 02 03d090 06 03 61766331 01 aa`,
      packets: [
        { ...frame, ...AVC, trackIndex: 1, frameType: 1, compositionTime: 0.25, data: hex`aa` },
      ],
    },
    {
      name: "ModEx with fewer bytes than its offset has",
      body: hex`97 00 ff 03 68766331 26`,
      packets: [{ ...frame, ...HEVC, frameType: 1, data: hex`26` }],
    },
    ...[1, 255, 256, 65_536].map((size) => ({
      name: `ModEx of an unknown type and ${size} bytes`,
      body: concat(hex`97`, modEx(size, 3), hex`68766331 26`),
      packets: [{ ...frame, ...HEVC, frameType: 1, data: hex`26` }],
    })),
    {
      name: "as many ModEx elements as are allowed",
      body: concat(
        hex`97`,
        ...Array.from({ length: LIMITS.modExElements }, (_, index) =>
          modEx(1, index === LIMITS.modExElements - 1 ? 3 : 7),
        ),
        hex`68766331 26`,
      ),
      packets: [{ ...frame, ...HEVC, frameType: 1, data: hex`26` }],
    },
  ])("$name", ({ body, packets }) => {
    expect(readVideoTag(body)).toEqual(packets);
  });
});

describe("readVideoTag refuses", () => {
  const endless = Array.from({ length: LIMITS.modExElements }, () => modEx(1, 7));
  const tracks = Array.from(
    { length: LIMITS.tracksInMessage + 1 },
    (_, index) => hex`${u8(index)} 000000`,
  );
  test.each([
    { name: "a tag cut in its composition time", body: hex`17 01 0000`, code: "TRUNCATED" },
    { name: "a tag of one byte", body: hex`17`, code: "TRUNCATED" },
    { name: "an unknown AVC packet type", body: hex`17 03 000000`, code: "FLV_PACKET_TYPE" },
    { name: "a FourCC cut short", body: hex`90 6876`, code: "TRUNCATED" },
    { name: "a FourCC that is not printable", body: hex`90 00000000`, code: "FLV_FOURCC" },
    { name: "a composition time cut short", body: hex`91 68766331 0000`, code: "TRUNCATED" },
    { name: "a reserved packet type", body: hex`98 68766331`, code: "FLV_PACKET_TYPE" },
    { name: "MPEG2TSSequenceStart", body: hex`95 61763031`, code: "FLV_PACKET_TYPE" },
    { name: "multitrack within multitrack", body: hex`96 06 61766331 01`, code: "FLV_MULTITRACK" },
    { name: "ModEx within multitrack", body: hex`96 07 61766331 01`, code: "FLV_MULTITRACK" },
    { name: "a reserved multitrack type", body: hex`96 31 61766331 01`, code: "FLV_MULTITRACK" },
    {
      name: "a track that runs past the end",
      body: hex`a6 11 61766331 00 00000a 00`,
      code: "TRUNCATED",
    },
    { name: "a track size cut short", body: hex`a6 11 61766331 00 0000`, code: "TRUNCATED" },
    {
      name: "more tracks than are allowed",
      body: concat(hex`a6 11 61766331`, ...tracks),
      code: "FLV_TRACKS",
    },
    { name: "ModEx without end", body: concat(hex`97`, ...endless), code: "FLV_MOD_EX" },
    { name: "ModEx that runs past the end", body: hex`97 ff ffff 00`, code: "TRUNCATED" },
    { name: "a command frame without command", body: hex`d1`, code: "TRUNCATED" },
  ])("$name", ({ body, code }) => {
    expect(() => readVideoTag(body)).toThrow(expect.objectContaining({ code, scope: "message" }));
  });

  test("nothing by any other error than ProtocolError", () => {
    const ex = fc
      .tuple(fc.integer({ min: 0x80, max: 0xff }), fc.uint8Array(), fc.uint8Array())
      .map(([first, ...rest]) => concat(u8(first), rest[0].subarray(0, 3), ascii("avc1"), rest[1]));
    const holds = fc.property(fc.oneof(fc.uint8Array(), ex), (body) => {
      try {
        readVideoTag(body);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    fc.assert(holds, { numRuns: 1000 });
  });
});
