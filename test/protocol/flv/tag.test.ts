import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { type FlvTag, FlvTagReader, flvHeader, flvTag } from "../../../server/protocol/flv/tag.ts";

import { cut, hex } from "../../support/hex.ts";

const clip = readFileSync(
  new URL("../../vectors/flv/ffmpeg-5.1-h264-bframes-aac.flv", import.meta.url),
);

const anyTag: fc.Arbitrary<FlvTag> = fc.record({
  typeId: fc.constantFrom(8, 9, 15, 18),
  timestamp: fc.nat(0xffff_ffff),
  payload: fc.uint8Array({ maxLength: 300 }),
});

const copied = (tags: readonly FlvTag[]): FlvTag[] =>
  tags.map((tag) => ({ ...tag, payload: Uint8Array.from(tag.payload) }));

describe("FlvTagReader", () => {
  test("reads a tag with a timestamp of 32 bits", () => {
    const bytes = hex`464c56 01 05 00000009  00000000
                      09 000003 fffffe ff 000000 d40102 0000000e`;
    expect(new FlvTagReader().push(bytes)).toEqual([
      { typeId: 9, timestamp: 0xffff_fffe, payload: hex`d40102` },
    ]);
  });

  test("passes over what a longer file header holds", () => {
    const bytes = hex`464c56 01 05 0000000b abcd 00000000  08 000000 000001 00 000000 0000000b`;
    expect(new FlvTagReader().push(bytes)).toEqual([{ typeId: 8, timestamp: 1, payload: hex`` }]);
  });

  test("reads a file the same however it is cut", () => {
    const whole = new FlvTagReader().push(clip);
    expect(whole).toHaveLength(56);
    const holds = fc.property(fc.integer({ min: 1, max: 2000 }), (size) => {
      const reader = new FlvTagReader();
      expect(copied(cut(clip, size).flatMap((piece) => reader.push(piece)))).toEqual(copied(whole));
    });
    fc.assert(holds, { numRuns: 30 });
  });

  test("reads what flvHeader and flvTag write, however it is cut", () => {
    const sizes = fc.integer({ min: 1, max: 100 });
    const holds = fc.property(fc.array(anyTag, { maxLength: 5 }), sizes, (tags, size) => {
      const reader = new FlvTagReader();
      const bytes = concat(flvHeader({ audio: true, video: true }), ...tags.map(flvTag));
      expect(cut(bytes, size).flatMap((piece) => reader.push(piece))).toEqual(tags);
    });
    fc.assert(holds);
  });

  test.each([
    { name: "what is no FLV", bytes: hex`494433 03 00 00000009`, code: "FLV_HEADER" },
    { name: "an offset into the header", bytes: hex`464c56 01 05 00000008`, code: "FLV_HEADER" },
    { name: "an offset far away", bytes: hex`464c56 01 05 7fffffff`, code: "FLV_HEADER" },
    {
      name: "an encrypted tag",
      bytes: hex`464c56 01 05 00000009 00000000  29 000000 000000 00 000000`,
      code: "FLV_ENCRYPTED",
    },
  ])("refuses $name", ({ bytes, code }) => {
    expect(() => new FlvTagReader().push(bytes)).toThrow(
      expect.objectContaining({ code, scope: "connection" }),
    );
  });

  test("throws nothing but ProtocolError, whatever the bytes", () => {
    const holds = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new FlvTagReader().push(concat(flvHeader({ audio: true, video: true }), bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    fc.assert(holds);
  });
});

test("flvHeader and flvTag write what FFmpeg writes", () => {
  const written = concat(
    flvHeader({ audio: true, video: true }),
    ...new FlvTagReader().push(clip).map(flvTag),
  );
  expect(Buffer.from(written).equals(clip)).toBe(true);
});
