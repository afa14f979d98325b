import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "../../../server/protocol/bytes/byte-queue.ts";

test("ByteQueue gives back what went in, however it is cut and however it is taken", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(pieces, sizes, fc.boolean(), (list, takes, isPeeking) => {
      const queue = new ByteQueue();
      for (const piece of list) queue.push(piece);
      const all = list.flatMap((piece) => [...piece]);
      const out: number[] = [];
      for (const size of takes) {
        const length = Math.min(size, queue.length);
        if (isPeeking) {
          out.push(...queue.peek(length));
          queue.skip(length);
        } else {
          out.push(...queue.take(length));
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

test("ByteQueue lets go of what was read, though something always waits", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const queue = new ByteQueue();
  const pieces: WeakRef<Uint8Array>[] = [];
  for (let n = 0; n < 1000; n += 1) {
    const piece = new Uint8Array(3);
    pieces.push(new WeakRef(piece));
    queue.push(piece);
    queue.skip(n === 0 ? 2 : 3);
  }
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds on until then
  collectGarbage();
  const held = pieces.filter((piece) => piece.deref() !== undefined);
  expect(queue.length).toBe(1);
  expect(held.length).toBeLessThan(100);
});
