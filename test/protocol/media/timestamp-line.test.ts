import fc from "fast-check";
import { expect, test } from "vitest";
import { TimestampLine } from "../../../server/protocol/media/timestamp-line.ts";

function placeAll(timestamps: readonly number[]): number[] {
  const line = new TimestampLine();
  return timestamps.map((timestamp) => line.place(timestamp));
}

test.each([
  { name: "2^32 (RTMP)", before: 2 ** 32 - 16, after: 17, expected: 2 ** 32 + 17 },
  { name: "2^31 (FFmpeg, OBS)", before: 2 ** 31 - 16, after: 17, expected: 2 ** 31 + 17 },
  {
    name: "24 bits, which is no boundary",
    before: 0xfffff0,
    after: 0x1000001,
    expected: 0x1000001,
  },
])("TimestampLine goes on past $name", ({ before, after, expected }) => {
  expect(placeAll([before, after])).toEqual([before, expected]);
});

test("TimestampLine steps back when the encoder does, over a boundary as well", () => {
  expect(placeAll([1000, 990])).toEqual([1000, 990]);
  expect(placeAll([2 ** 32 - 10, 5, 2 ** 32 - 3])).toEqual([
    2 ** 32 - 10,
    2 ** 32 + 5,
    2 ** 32 - 3,
  ]);
});

test("TimestampLine follows any pace over any number of boundaries", () => {
  const steps = fc.array(fc.integer({ min: -1000, max: 100_000_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), steps, (start, list) => {
      let at = start;
      const line = new TimestampLine();
      expect(line.place(start)).toBe(start);
      for (const step of list) {
        at += step;
        expect(line.place(((at % 2 ** 32) + 2 ** 32) % 2 ** 32)).toBe(at);
      }
    }),
  );
});

test("TimestampLine tells where an arbitrary timestamp lies, and stays where it is", () => {
  const line = new TimestampLine();
  expect(line.peek(3_000_000_000)).toBe(3_000_000_000);
  expect(line.place(2 ** 31 - 10)).toBe(2 ** 31 - 10);
  expect(line.peek(20)).toBe(2 ** 31 + 20);
  expect(line.peek(1_500_000_000)).toBe(1_500_000_000);
  expect(line.place(30)).toBe(2 ** 31 + 30);
});
