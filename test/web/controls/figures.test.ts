import { expect, test } from "vitest";
import { FiguresOfMinute, linesOf, roundTop } from "../../../web/controls/figures.ts";

const moment = (at: number, delay?: number) => ({ at, delay, buffer: 100, bitrate: 1e6 });

test("FiguresOfMinute keeps a minute, and knows half and most of its delays", () => {
  const minute = new FiguresOfMinute();
  expect(minute.delayAt(0.5)).toBeUndefined();
  for (let second = 0; second <= 100; second += 1) {
    minute.push(moment(second * 1_000, second));
  }
  expect(minute.moments[0]?.at).toBe(40_000);
  expect(minute.delayAt(0.5)).toBe(70);
  expect(minute.delayAt(0.95)).toBe(97);
  expect(minute.delayAt(1)).toBe(100);
  minute.clear();
  expect(minute.moments).toEqual([]);
});

test("FiguresOfMinute is bounded, however often it is told", () => {
  const minute = new FiguresOfMinute();
  for (let at = 0; at < 1_000; at += 1) minute.push(moment(at));
  expect(minute.moments.length).toBe(300);
});

test("linesOf draws what was measured, and breaks where nothing was", () => {
  const moments = [
    moment(0, 50),
    moment(15_000, 100),
    moment(30_000),
    moment(45_000, 0),
    moment(60_000, 25),
  ];
  const size = { now: 60_000, top: 100, width: 240, height: 40 };
  expect(linesOf(moments, "delay", size)).toEqual(["0.0,20.0 60.0,0.0", "180.0,40.0 240.0,30.0"]);
  expect(linesOf([], "delay", size)).toEqual([]);
});

test.each([
  [[undefined, 3], 100, 100],
  [[101], 100, 200],
  [[320, undefined], 100, 500],
  [[1_700_000], 100_000, 2_000_000],
])("roundTop(%j, %d) is %d", (values, least, top) => {
  expect(roundTop(values, least)).toBe(top);
});
