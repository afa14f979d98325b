import { expect, test } from "vitest";
import { POSTER, PosterRound } from "../../../web/control/poster-round.ts";

/** A round of these, all within view. */
function roundOf(...keys: string[]): PosterRound {
  const round = new PosterRound();
  for (const key of keys) {
    round.add(key);
    round.setSeen(key, true);
  }
  return round;
}

test("PosterRound takes everybody's turn, and then again who has waited longest", () => {
  const round = roundOf("a", "b", "c");
  const order: (string | undefined)[] = [];
  for (let now = 1; now <= 3; now += 1) {
    const next = round.next(now);
    order.push(next);
    round.took(next ?? "", true, now);
  }
  expect(order).toEqual(["a", "b", "c"]);
  expect(round.next(POSTER.again)).toBeUndefined();
  expect(round.next(POSTER.again + 1)).toBe("a");
  expect(round.next(POSTER.again + 9)).toBe("a");
  round.add("a"); // it takes part already
  round.took("a", true, POSTER.again + 9);
  expect(round.next(POSTER.again + 9)).toBe("b");
});

test("PosterRound leaves out what nobody sees, and waits longer where there was nothing", () => {
  const round = roundOf("a", "b");
  round.setSeen("a", false);
  expect(round.next(0)).toBe("b");
  round.took("b", false, 0);
  expect(round.next(POSTER.again)).toBeUndefined();
  round.setSeen("a", true);
  expect(round.next(1)).toBe("a");
  round.remove("a");
  expect(round.next(POSTER.afterFailure - 1)).toBeUndefined();
  expect(round.next(POSTER.afterFailure)).toBe("b");
});
