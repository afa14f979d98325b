import fc from "fast-check";
import { expect, test } from "vitest";
import { PresentationOrder } from "../../../server/protocol/text/presentation-order.ts";

/** I B B P, coded I P B B; the times of FFmpeg's FLV with two B-frames at 25 pictures a second. */
const PYRAMID = [
  [0, 80],
  [40, 200],
  [80, 120],
  [120, 160],
  [160, 320],
  [200, 240],
  [240, 280],
] as const;

const orderOf = (
  depth: number | undefined,
  pictures: readonly (readonly [number, number])[] = PYRAMID,
) => {
  const order = new PresentationOrder();
  const told = pictures.flatMap(([decodedAt, shownAt]) =>
    order
      .push({ decodedAt, shownAt, data: Uint8Array.of(1) }, depth)
      .map((one) => [one.shownAt, decodedAt]),
  );
  return { told, left: order.flush().map(({ shownAt }) => shownAt) };
};

test("with a known depth each picture is told as soon as no other can come before it", () => {
  expect(orderOf(1)).toEqual({
    told: [
      [80, 40],
      [120, 80],
      [160, 120],
      [200, 160],
      [240, 200],
      [280, 240],
    ],
    left: [320],
  });
});

test("without one, when another is decoded at the moment at which it is shown", () => {
  expect(orderOf(undefined)).toEqual({
    told: [
      [80, 80],
      [120, 120],
      [160, 160],
      [200, 200],
      [240, 240],
    ],
    left: [280, 320],
  });
});

test("without reordering none waits", () => {
  const pictures = [0, 40, 80].map((at) => [at, at] as const);
  const told = pictures.map(([at]) => [at, at]);
  expect(orderOf(0, pictures)).toEqual({ told, left: [] });
  expect(orderOf(undefined, pictures)).toEqual({ told, left: [] });
});

test("a picture that came twice is told once, two at one moment both", () => {
  const order = new PresentationOrder();
  const push = (shownAt: number, byte: number) =>
    order.push({ decodedAt: 0, shownAt, data: Uint8Array.of(byte) }, 4);
  for (const [at, byte] of [
    [80, 1],
    [80, 1],
    [80, 2],
    [40, 3],
  ] as const)
    push(at, byte);
  expect(order.flush().map(({ data }) => data?.[0])).toEqual([3, 1, 2]);
});

test("whatever the clock of the encoder: all are told, once, and few wait", () => {
  const times = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: -200, max: 200 })),
  );
  const holds = fc.property(
    times,
    fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
    (list, depth) => {
      const order = new PresentationOrder();
      let decodedAt = 0;
      let told = 0;
      for (const [index, [step, offset]] of list.entries()) {
        decodedAt += step;
        const data = Uint8Array.of(index >> 8, index);
        told += order.push({ decodedAt, shownAt: decodedAt + offset, data }, depth).length;
        expect(index + 1 - told).toBeLessThanOrEqual(16);
      }
      expect(told + order.flush().length).toBe(list.length);
    },
  );
  fc.assert(holds);
});
