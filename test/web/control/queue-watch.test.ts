import { expect, test } from "vitest";
import { QueueWatch } from "../../../web/control/queue-watch.ts";

/** Looks every 50 ms. @returns what was told, and when */
function look(watch: QueueWatch, from: number, queues: readonly number[]): [number, number][] {
  return queues.flatMap((queue, index): [number, number][] => {
    const told = watch.look(from + index * 50, queue);
    return told === undefined ? [] : [[from + index * 50, told]];
  });
}

const steps = (count: number, queue: (step: number) => number) =>
  Array.from({ length: count }, (_, step) => queue(step));

test("QueueWatch tells of a queue that grows a few times a second, and of its end once", () => {
  const watch = new QueueWatch();
  const growing = look(
    watch,
    0,
    steps(20, (step) => step * 40),
  );
  expect(growing.map(([at]) => at)).toEqual([400, 650, 900]);
  expect(growing[0]).toEqual([400, 320]);
  expect(watch.isLong).toBe(true);
  expect(look(watch, 1_000, [500, 300, 100, 0, 0])).toEqual([[1_100, 100]]);
  expect(watch.isLong).toBe(false);
});

test("QueueWatch tells nothing on a good line, nor of what drains after an interruption", () => {
  const watch = new QueueWatch();
  expect(
    look(
      watch,
      0,
      steps(40, (step) => (step % 3) * 40),
    ),
  ).toEqual([]);
  expect(
    look(
      watch,
      2_000,
      steps(40, (step) => Math.max(0, 5_000 - step * 200)),
    ),
  ).toEqual([]);
});
