import { expect, test } from "vitest";
import { LineWatch } from "../../../web/control/line-watch.ts";

/** Four bad seconds. @returns the last of them */
function suffer(line: LineWatch, now: number): number {
  for (let bad = 1; bad <= 4; bad += 1) line.suffered(now + bad * 1_000);
  return now + 4_000;
}

test("LineWatch: a way that never comes to be is blocked after two attempts, until it does", () => {
  const line = new LineWatch();
  expect(line.state(0)).toBe("untried");
  line.down(100, 1);
  expect(line.state(100)).toBe("untried");
  line.down(500, 2);
  expect(line.state(500)).toBe("blocked");
  line.up(60_000);
  expect(line.state(60_000)).toBe("up");
});

test("LineWatch: one lost connection is no verdict; two attempts behind it that fail are", () => {
  const line = new LineWatch();
  line.up(0);
  line.down(1_000, 0);
  expect(line.state(1_000)).toBe("up");
  line.down(1_300, 1);
  line.down(1_900, 2);
  expect(line.state(1_900)).toBe("blocked");
});

test("LineWatch: four bad seconds of twenty make it lossy; many troubles in one second are one", () => {
  const line = new LineWatch();
  line.up(0);
  for (let now = 1_000; now < 2_000; now += 50) line.suffered(now);
  expect(line.state(2_000)).toBe("up");
  line.suffered(5_000);
  line.suffered(9_000);
  expect(line.state(9_000)).toBe("up");
  line.suffered(12_000);
  expect(line.state(12_000)).toBe("lossy");
});

test("LineWatch: what a line suffered under a heavier load is not held against it", () => {
  const line = new LineWatch();
  line.up(0);
  for (const now of [1_000, 2_000, 3_000]) line.suffered(now);
  line.relieved();
  line.suffered(4_000);
  expect(line.state(4_000)).toBe("up");
});

test("LineWatch: bad seconds that lie far apart are forgotten", () => {
  const line = new LineWatch();
  line.up(0);
  for (let now = 1_000; now < 200_000; now += 7_000) line.suffered(now);
  expect(line.state(200_000)).toBe("up");
});

test("LineWatch: connections that are lost again and again make it lossy", () => {
  const line = new LineWatch();
  for (const at of [1_000, 6_000, 11_000]) {
    line.up(at);
    line.down(at + 2_000, 0);
  }
  expect(line.state(13_000)).toBe("lossy");
});

test("LineWatch: a lossy line is tried again after a rest, which doubles while it stays lossy", () => {
  const line = new LineWatch();
  line.up(0);
  let now = 0;
  const rests: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    now = suffer(line, now);
    expect(line.state(now)).toBe("lossy");
    const from = now;
    while (line.state(now) === "lossy") now += 1_000;
    rests.push((now - from) / 1_000);
  }
  expect(rests).toEqual([30, 60, 120, 240, 480, 600, 600]);
  // A minute without a fault, and the next verdict costs half a minute again.
  now += 60_000;
  expect(line.state(now)).toBe("up");
  now = suffer(line, now);
  expect(line.state(now + 29_000)).toBe("lossy");
  expect(line.state(now + 30_000)).toBe("up");
});

test("LineWatch: another network begins with a clean slate", () => {
  const line = new LineWatch();
  line.up(0);
  for (let now = 1_000; now <= 4_000; now += 1_000) line.suffered(now);
  expect(line.state(4_000)).toBe("lossy");
  line.forgive();
  expect(line.state(4_000)).toBe("up");
});
