import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, type OwnBytes } from "../../../server/protocol/bytes/bytes.ts";
import { type FlacFrame, flacTrack, splitFlacFrames } from "../../../server/protocol/codec/flac.ts";
import {
  FlacEncoder,
  type FlacFormat,
  flacStreamInfo,
  MAX_FLAC_BLOCK,
  MIN_FLAC_BLOCK,
} from "../../../server/protocol/codec/flac-encoder.ts";
import { initSegment } from "../../../server/protocol/isobmff/init-segment.ts";
import { fragmentHead } from "../../../server/protocol/isobmff/media-segment.ts";

/**
 * A file that says where each frame ends. In FLAC's own, ffmpeg has to find out, and takes values that look
 * like a header for one.
 */
function file(format: FlacFormat, frames: readonly FlacFrame[]): OwnBytes {
  const track = flacTrack(0, flacStreamInfo(format));
  const init = initSegment({ track, trackId: 1, timescale: format.sampleRate });
  let dts = 0;
  const fragments = frames.map(({ data, samples }, index) => {
    const head = fragmentHead({
      ...{ trackId: 1, mediaType: "audio", sequenceNumber: index + 1 },
      ...{ dts, compositionOffset: 0, duration: samples, size: data.length },
      ...{ isSync: true, isDisposable: false },
    });
    dts += samples;
    return concat(head, data);
  });
  return concat(init, ...fragments);
}

/** What another decoder makes of it: values of all channels in turn. */
function decode(format: FlacFormat, frames: readonly FlacFrame[]): number[] {
  const args = ["-v", "warning", "-xerror", "-f", "mp4", "-i", "pipe:0", "-f", "s16le", "pipe:1"];
  const { stdout, stderr } = spawnSync("ffmpeg", args, {
    input: file(format, frames),
    maxBuffer: 2 ** 28,
  });
  expect(stderr.toString()).toBe("");
  const shift = 16 - format.bitsPerSample; // ffmpeg gives 8 bits as the upper ones of 16
  const values = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  return Array.from(values, (value) => value >> shift);
}

const interleaved = (blocks: readonly (readonly Int32Array[])[]): number[] =>
  blocks.flatMap((channels) =>
    Array.from(channels[0] ?? []).flatMap((_, at) => channels.map((values) => values[at] ?? 0)),
  );

function encode(format: FlacFormat, blocks: readonly (readonly Int32Array[])[]) {
  const encoder = new FlacEncoder(format);
  return blocks.map((channels) => encoder.encode(channels));
}

const span = ({ bitsPerSample }: FlacFormat) => ({
  min: -(2 ** (bitsPerSample - 1)),
  max: 2 ** (bitsPerSample - 1) - 1,
});

const anyFormat: fc.Arbitrary<FlacFormat> = fc.record({
  sampleRate: fc.constantFrom(5_512, 8_000, 11_025, 12_000, 16_000, 22_050, 44_100, 48_000),
  channels: fc.constantFrom(1, 2),
  bitsPerSample: fc.constantFrom<(8 | 16)[]>(8, 16),
});

/** Sound of every kind: still, noise, edges, curves, and values whose low bits are not used. */
function anyChannel(format: FlacFormat, length: number): fc.Arbitrary<Int32Array> {
  const { min, max } = span(format);
  const values = (value: fc.Arbitrary<number>) =>
    fc.array(value, { minLength: length, maxLength: length, size: "max" });
  const curve = fc
    .tuple(fc.integer({ min: 0, max }), fc.double({ min: 0.001, max: 3, noNaN: true }))
    .map(([height, step]) =>
      Array.from({ length }, (_, at) => Math.round(height * Math.sin(at * step))),
    );
  const wasteful = fc
    .tuple(values(fc.integer({ min, max })), fc.integer({ min: 0, max: format.bitsPerSample - 1 }))
    .map(([list, shift]) => list.map((value) => (value >> shift) << shift));
  return fc
    .oneof(
      fc.integer({ min, max }).map((value) => Array.from({ length }, () => value)),
      values(fc.integer({ min, max })),
      values(fc.constantFrom(min, max)),
      values(fc.constantFrom(0, 0, 0, min, -1, 1)),
      curve,
      wasteful,
    )
    .map((list) => Int32Array.from(list));
}

const anyBlocks = fc
  .tuple(
    anyFormat,
    fc.array(
      fc.oneof(
        fc.integer({ min: MIN_FLAC_BLOCK, max: 400 }),
        fc.constantFrom(MIN_FLAC_BLOCK, 17, 255, 256, 257, MAX_FLAC_BLOCK),
      ),
      { minLength: 1, maxLength: 12 },
    ),
  )
  .chain(([format, lengths]) =>
    fc.tuple(
      fc.constant(format),
      fc.tuple(
        ...lengths.map((length) =>
          fc.array(anyChannel(format, length), {
            minLength: format.channels,
            maxLength: format.channels,
          }),
        ),
      ),
    ),
  );

describe("FlacEncoder", () => {
  test("gives what ffmpeg decodes to the very values, whatever they are", () => {
    const holds = fc.property(anyBlocks, ([format, blocks]) => {
      const frames = encode(format, blocks).map((data, index) => ({
        data,
        samples: blocks[index]?.[0]?.length ?? 0,
      }));
      expect(decode(format, frames)).toEqual(interleaved(blocks));
    });
    fc.assert(holds, { numRuns: 12 });
  });

  test("writes headers that tell the frames apart", () => {
    const format: FlacFormat = { sampleRate: 8_000, channels: 2, bitsPerSample: 16 };
    const noise = (length: number) => Int32Array.from({ length }, (_, at) => (at * 7919) % 30_000);
    const blocks = [16, 160, 300, 4608].map((length) => [noise(length), noise(length)]);
    const frames = encode(format, blocks);
    const streamInfo = flacStreamInfo(format);
    expect(flacTrack(0, streamInfo)).toMatchObject({ sampleRate: 8_000, channels: 2 });
    expect(splitFlacFrames(concat(...frames), streamInfo)).toEqual(
      frames.map((data, index) => ({ data, samples: blocks[index]?.[0]?.length })),
    );
  });

  test("writes silence in a few bytes, a tone in less than its values, noise in hardly more", () => {
    const format: FlacFormat = { sampleRate: 44_100, channels: 1, bitsPerSample: 16 };
    const size = (value: (at: number) => number) =>
      encode(format, [[Int32Array.from({ length: 1024 }, (_, at) => value(at))]])[0]?.length ?? 0;
    expect(size(() => 0)).toBeLessThan(16);
    expect(size((at) => Math.round(8000 * Math.sin(at / 20)))).toBeLessThan(1024);
    let state = 1;
    const noise = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return state >> 16;
    };
    expect(size(noise)).toBeLessThan(2048 + 20);
  });

  test("counts samples in up to 36 bits, and begins anew behind them", () => {
    const format: FlacFormat = { sampleRate: 8_000, channels: 1, bitsPerSample: 16 };
    const numbers = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x1_0000, 2 ** 31, 2 ** 36 - 16];
    const silence = [new Int32Array(16)];
    const header = (first: number) =>
      Buffer.from(new FlacEncoder(format, first).encode(silence)).toString("hex").slice(8, -16);
    // As UTF-8 has them up to 0xffff (RFC 3629 §3).
    expect(numbers.map(header)).toEqual([
      "00",
      "7f",
      "c280",
      "dfbf",
      "e0a080",
      "efbfbf",
      "f0908080",
      "fe8280808080" + "80",
      "febfbfbfbfbfb0",
    ]);
    const encoder = new FlacEncoder(format, 2 ** 36 - 16);
    encoder.encode(silence);
    expect(encoder.encode(silence)).toEqual(new FlacEncoder(format).encode(silence));
  });
});
