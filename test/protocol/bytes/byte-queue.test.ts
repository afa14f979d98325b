import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "../../../server/protocol/bytes/byte-queue.ts";

test("ByteQueue gives back what went in, however it is cut and however it is taken", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(pieces, sizes, fc.integer({ min: 0, max: 2 }), (list, takes, way) => {
      const queue = new ByteQueue();
      for (const piece of list) queue.push(piece);
      const all = list.flatMap((piece) => [...piece]);
      const out: number[] = [];
      for (const size of takes) {
        const length = Math.min(size, queue.length);
        if (length > 0) expect(queue.at(length - 1)).toBe(all[out.length + length - 1]);
        if (way === 0) {
          out.push(...queue.take(length));
        } else if (way === 1) {
          const target = new Uint8Array(length + 3);
          queue.copyTo(target, 3, length);
          out.push(...target.subarray(3));
        } else {
          out.push(...queue.peek(length));
          queue.skip(length);
        }
      }
      expect(out).toEqual(all.slice(0, out.length));
      expect(queue.length).toBe(all.length - out.length);
    }),
  );
});

test("ByteQueue takes a view, not a copy, of what lies in one piece", () => {
  const queue = new ByteQueue();
  const piece = Uint8Array.of(1, 2, 3, 4);
  queue.push(piece);
  queue.skip(1);
  expect(queue.take(2).buffer).toBe(piece.buffer);
});

test("ByteQueue lets go of what was read", () => {
  const queue = new ByteQueue();
  for (let n = 0; n < 10_000; n += 1) {
    queue.push(Uint8Array.of(n, n));
    queue.push(Uint8Array.of(n));
    queue.skip(3);
  }
  expect(queue.length).toBe(0);
});
