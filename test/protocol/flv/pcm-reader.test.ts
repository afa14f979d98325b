import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, type OwnBytes, u8 } from "../../../server/protocol/bytes/bytes.ts";
import { flacStreamInfo } from "../../../server/protocol/codec/flac-encoder.ts";
import { PcmReader } from "../../../server/protocol/flv/pcm-reader.ts";
import { pcmFormatOf, readSaidOfSound } from "../../../server/protocol/flv/sound-header.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";
import { decodePcm } from "../../support/pcm.ts";

const said = (values: Parameters<typeof readSaidOfSound>[0] = {}) => readSaidOfSound(values);

describe("pcmFormatOf reads", () => {
  test.each<{
    name: string;
    first: number;
    metadata?: Parameters<typeof readSaidOfSound>[0];
    expected: [string, number, number];
  }>([
    { name: "16 bit in stereo at 44.1 kHz (ffmpeg)", first: 0x3f, expected: ["s16le", 44_100, 2] },
    { name: "16 bit in mono at 22 kHz (ffmpeg)", first: 0x3a, expected: ["s16le", 22_050, 1] },
    { name: "8 bit in mono at 5.5 kHz (ffmpeg)", first: 0x00, expected: ["u8", 5_512, 1] },
    { name: "8 bit in stereo at 11 kHz (ffmpeg)", first: 0x05, expected: ["u8", 11_025, 2] },
    { name: "the platform's byte order", first: 0x0e, expected: ["s16le", 44_100, 1] },
    { name: "A-law, which has 8 kHz", first: 0x72, expected: ["alaw", 8_000, 1] },
    { name: "µ-law, whatever rate its header has", first: 0x8e, expected: ["mulaw", 8_000, 1] },
    { name: "µ-law in stereo", first: 0x83, expected: ["mulaw", 8_000, 2] },
    {
      name: "A-law at another rate and in stereo, as ffmpeg's metadata says",
      ...{ first: 0x72, metadata: { audiocodecid: 7, audiosamplerate: 16_000, stereo: true } },
      expected: ["alaw", 16_000, 2],
    },
    {
      name: "A-law, where metadata says nothing that sound has",
      ...{ first: 0x72, metadata: { audiocodecid: 7, audiosamplerate: 3 } },
      expected: ["alaw", 8_000, 1],
    },
    {
      name: "A-law, where metadata speaks of another codec",
      ...{ first: 0x72, metadata: { audiocodecid: 10, audiosamplerate: 48_000, stereo: true } },
      expected: ["alaw", 8_000, 1],
    },
    {
      name: "16 bit at a rate for which the header has no place (ffmpeg)",
      ...{ first: 0x33, metadata: { audiocodecid: 3, audiosamplerate: 16_000, stereo: true } },
      expected: ["s16le", 16_000, 2],
    },
    {
      name: "16 bit, the header rather than metadata, where it has a place",
      ...{ first: 0x3a, metadata: { audiosamplerate: 44_100, stereo: true } },
      expected: ["s16le", 22_050, 1],
    },
  ])("$name", ({ first, metadata, expected: [coding, sampleRate, channels] }) => {
    expect(pcmFormatOf(first, said(metadata))).toEqual({ coding, sampleRate, channels });
  });
});

const open = (reader: PcmReader, body: Bytes, values = {}) =>
  reader.open(body.subarray(1), true, { body, said: said(values) });

const ramp = (length: number): OwnBytes => Uint8Array.from({ length }, (_, at) => at * 5);

describe("PcmReader", () => {
  test("makes a FLAC frame of a message, and keeps the message", () => {
    const reader = new PcmReader(3);
    const body = concat(u8(0x72), ramp(160));
    expect(open(reader, body)).toEqual([
      { data: expect.any(Uint8Array), isSync: true, audioSamples: 160, original: body },
    ]);
    expect(reader.track).toEqual({
      ...{ mediaType: "audio", trackIndex: 3, codec: "flac", codecString: "flac" },
      ...{ sampleRate: 8_000, channels: 1 },
      configuration: flacStreamInfo({ sampleRate: 8_000, channels: 1, bitsPerSample: 16 }),
    });
  });

  test("is another track when the sound is another, and the same one otherwise", () => {
    const reader = new PcmReader(0);
    open(reader, concat(u8(0x72), ramp(160)));
    const { track } = reader;
    open(reader, concat(u8(0x72), ramp(100)));
    expect(reader.track).toBe(track);
    open(reader, concat(u8(0x82), ramp(160)));
    // The same to a decoder: µ-law and A-law are both FLAC of 16 bit.
    expect(reader.track).toEqual(track);
    open(reader, concat(u8(0x3f), ramp(160)));
    expect(reader.track).toMatchObject({ sampleRate: 44_100, channels: 2 });
    open(reader, concat(u8(0x3f), ramp(160)), { audiosamplerate: 48_000 });
    expect(reader.track).toMatchObject({ sampleRate: 48_000, channels: 2 });
  });

  test("gives nothing for an empty message", () => {
    expect(open(new PcmReader(0), hex`72`)).toEqual([]);
  });

  test("keeps less than a FLAC frame takes for the next message", () => {
    const reader = new PcmReader(0);
    expect(open(reader, concat(u8(0x3e), ramp(2 * 15)))).toBeUndefined();
    expect(open(reader, concat(u8(0x3e), ramp(2 * 15)))).toMatchObject([
      { audioSamples: 30, original: concat(u8(0x3e), ramp(30), ramp(30)) },
    ]);
    expect(open(reader, concat(u8(0x3e), ramp(2 * 16)))).toMatchObject([{ audioSamples: 16 }]);
  });

  test("makes several frames of a long message, which is kept with the first", () => {
    const reader = new PcmReader(0);
    const body = concat(u8(0x3e), ramp(2 * 10_000));
    const units = open(reader, body) ?? [];
    expect(units.map(({ audioSamples }) => audioSamples)).toEqual([3334, 3334, 3332]);
    expect(units.map(({ original }) => original)).toEqual([body, hex``, hex``]);
  });

  test("refuses more than the limit, and stays as it was", () => {
    const reader = new PcmReader(0);
    open(reader, concat(u8(0x72), ramp(160)));
    const { track } = reader;
    const limit = expect.objectContaining({ code: "PCM_LENGTH", kind: "limit", scope: "message" });
    const long = new Uint8Array(2 + LIMITS.audioFramesInMessage * 4608);
    expect(() => open(reader, long)).toThrow(limit);
    expect(reader.track).toBe(track);
  });

  test("loses nothing, however messages are cut", () => {
    const coding = fc.constantFrom(
      { first: 0x3e, format: "s16le", bytes: 2 },
      { first: 0x3f, format: "s16le", bytes: 4 },
      { first: 0x0c, format: "u8", bytes: 1 },
      { first: 0x0d, format: "u8", bytes: 2 },
      { first: 0x72, format: "alaw", bytes: 1 },
      { first: 0x83, format: "mulaw", bytes: 2 },
    );
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(2000)), { minLength: 1, maxLength: 20 });
    const holds = fc.property(
      coding,
      lengths,
      fc.integer(),
      ({ first, format, bytes }, messages, seed) => {
        const reader = new PcmReader(0);
        let state = seed;
        const noise = (length: number) =>
          Uint8Array.from({ length }, () => {
            state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
            return state >>> 24;
          });
        const bodies = messages.map((length) => concat(u8(first), noise(length * bytes)));
        const units = bodies.flatMap((body) => open(reader, body) ?? []);
        const sent = concat(...bodies.map((body) => body.subarray(1)));
        const kept = concat(...units.map(({ original = hex`` }) => original.subarray(1)));
        expect(kept).toEqual(sent.subarray(0, kept.length));
        expect(sent.length - kept.length).toBeLessThan(16 * bytes);
        if (units.length === 0) return;
        const { configuration } = reader.track ?? { configuration: hex`` };
        const file = concat(
          hex`664c6143 80 000022`,
          configuration,
          ...units.map(({ data }) => data),
        );
        expect(decodePcm(file, ["-f", "flac"])).toEqual(
          decodePcm(kept, ["-guess_layout_max", "0", "-f", format]),
        );
      },
    );
    fc.assert(holds, { numRuns: 6 });
  });
});
