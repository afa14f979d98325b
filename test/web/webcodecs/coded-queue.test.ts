import { expect, test } from "vitest";
import type { Frame } from "../../../server/protocol/wire/frame.ts";
import { CodedQueue } from "../../../web/webcodecs/coded-queue.ts";

const picture = (time: number, isSync = time % 10 === 0, length = 100) => ({
  frame: { payload: new Uint8Array(length) } as unknown as Frame,
  time,
  isSync,
});

function queueOf(...times: number[]): CodedQueue {
  const queue = new CodedQueue();
  for (const time of times) queue.push(picture(time));
  return queue;
}

const timesOf = (queue: CodedQueue): number[] => {
  const times: number[] = [];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) times.push(one.time);
  return times;
};

test("CodedQueue begins with a sync sample", () => {
  expect(timesOf(queueOf(8, 9, 10, 11))).toEqual([10, 11]);
});

test("CodedQueue skips to the newest sync sample that is due", () => {
  const queue = queueOf(10, 11, 20, 21, 30, 31);
  expect(queue.skipTo(25)).toBe(2);
  expect(queue.skipTo(25)).toBe(0);
  expect(timesOf(queue)).toEqual([20, 21, 30, 31]);
});

test("CodedQueue keeps what follows a picture that was taken out", () => {
  const queue = queueOf(10, 11, 12);
  queue.shift();
  expect(queue.skipTo(100)).toBe(0);
  expect(timesOf(queue)).toEqual([11, 12]);
});

test("CodedQueue, after a break, waits for the next sync sample", () => {
  const queue = queueOf(10, 11, 12);
  queue.shift();
  queue.restart();
  queue.push(picture(13));
  expect(queue.length).toBe(0);
  queue.push(picture(20));
  queue.push(picture(21));
  expect(timesOf(queue)).toEqual([20, 21]);
});

test("CodedQueue holds no more than its bytes, and goes on at a sync sample", () => {
  const queue = new CodedQueue();
  queue.push(picture(10, true, 20_000_000));
  queue.push(picture(11, false, 20_000_000));
  expect(queue.length).toBe(0);
  queue.push(picture(12));
  queue.push(picture(20));
  queue.push(picture(21, false, 20_000_000));
  queue.push(picture(30, true, 20_000_000));
  expect(timesOf(queue)).toEqual([30]);
});
