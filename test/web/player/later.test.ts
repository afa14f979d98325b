import { expect, test } from "vitest";
import { Later } from "../../../web/player/later.ts";

test("Later loads when it is needed first, once, and does what waited in order", async () => {
  let loads = 0;
  const done: number[] = [];
  const later = new Later(async () => {
    loads += 1;
    return done;
  });
  expect([loads, later.value]).toEqual([0, undefined]);
  later.use((list) => list.push(1));
  later.use((list) => list.push(2));
  await later.get();
  later.use((list) => list.push(3)); // what waited before comes before
  await Promise.resolve().then(() => undefined);
  await new Promise<void>((resolve) => later.use(() => resolve()));
  expect([loads, done]).toEqual([1, [1, 2, 3]]);
  later.use((list) => list.push(4));
  expect(later.value).toEqual([1, 2, 3, 4]);
});

test("Later asks again where its code did not come, and forgets what waited", async () => {
  let loads = 0;
  const later = new Later(async () => {
    loads += 1;
    if (loads === 1) throw new Error("offline");
    return loads;
  });
  let done = 0;
  later.use(() => {
    done += 1;
  });
  await expect(later.get()).rejects.toThrow("offline");
  expect(await later.get()).toBe(2);
  expect(done).toBe(0);
});
