import { expect, test } from "vitest";
import { LATENCY, LatencyController } from "../../../web/control/latency.ts";

/** A playback that obeys: media arrives in real time, the playhead moves at the decided rate. */
function simulate(
  controller: LatencyController,
  {
    ahead,
    seconds,
    from = 0,
    audible = true,
    pitchFrom = 0,
  }: { ahead: number; seconds: number; from?: number; audible?: boolean; pitchFrom?: number },
): { readonly ahead: number; readonly rates: readonly number[]; readonly jumps: number[] } {
  const rates: number[] = [];
  const jumps: number[] = [];
  let present = ahead;
  for (let now = from; now < from + seconds * 1_000; now += 50) {
    const reading = { now, ahead: present, playing: true, audible, pitchFrom, isCaughtUp: true };
    const { rate, jump } = controller.decide(reading);
    if (jump) {
      jumps.push(now);
      present = controller.target;
    }
    rates.push(rate);
    present += 0.05 * (1 - rate);
  }
  return { ahead: present, rates, jumps };
}

const BASE = 0.1;
const make = (steering: "rate" | "seek" = "rate", base = BASE) =>
  new LatencyController({ base, steering });

test.each([
  { ahead: 0.04, audible: true, pitchFrom: 0, isCaughtUp: true },
  { ahead: 0.15, audible: true, pitchFrom: 0.19 },
  { ahead: 0.3, audible: true, pitchFrom: 0.19 },
  { ahead: 0.6, audible: true, pitchFrom: 0, isCaughtUp: true },
  { ahead: 0.6, audible: false, pitchFrom: 0, isCaughtUp: true },
])(
  "LatencyController brings $ahead s to its target by gentle rates (audible: $audible, pitch from $pitchFrom s)",
  ({ ahead, audible, pitchFrom }) => {
    const from = { ahead, seconds: 30, audible, pitchFrom };
    const { ahead: after, rates, jumps } = simulate(make(), from);
    expect(Math.abs(after - BASE)).toBeLessThan(LATENCY.tolerance);
    expect(jumps).toEqual([]);
    expect(Math.max(...rates)).toBeLessThanOrEqual(audible ? 1.05 : 1.1);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.97);
    expect(rates.at(-1)).toBe(1);
  },
);

test("LatencyController hurries from its first reading on where too much is ahead of a jump, and seeks by none", () => {
  const controller = make();
  controller.jumped(0);
  const reading = { playing: true, audible: true, pitchFrom: 0, isCaughtUp: true };
  expect(controller.decide({ now: 50, ahead: 0.23, ...reading }).rate).toBe(1.05);
  const far = make();
  far.jumped(0);
  expect(far.decide({ now: 2_000, ahead: 5, ...reading })).toMatchObject({ rate: 1, jump: false });
});

test("LatencyController goes back to what was asked for while it hurried, once there is as much to go back in", () => {
  const controller = make();
  const reading = { playing: true, audible: false, pitchFrom: 0, isCaughtUp: true };
  for (let now = 0; now < 500; now += 50) controller.decide({ now, ahead: 0.3, ...reading });
  expect(controller.decide({ now: 500, ahead: 0.3, ...reading }).rate).toBe(1.1);
  controller.base = 1;
  for (let now = 550; now < 2_000; now += 50) {
    expect(controller.decide({ now, ahead: 0.3, reach: 0.8, ...reading }).jump).toBe(false);
  }
  expect(controller.decide({ now: 2_000, ahead: 0.3, reach: 1.1, ...reading }).jump).toBe(true);
});

test("LatencyController does not pump: within the tolerance the rate is 1, and it does not swing", () => {
  const { rates } = simulate(make(), { ahead: BASE + 0.009, seconds: 10 });
  expect(new Set(rates)).toEqual(new Set([1]));
  const { rates: from } = simulate(make(), { ahead: 0.3, seconds: 20 });
  expect(from.every((rate) => rate >= 1)).toBe(true);
});

test("LatencyController keeps the pitch of what is heard as soon as there is enough of it", () => {
  const controller = make();
  const reading = { playing: true, audible: true, pitchFrom: 0.19, isCaughtUp: true };
  for (let now = 0; now < 5_000; now += 50) {
    const ahead = 0.3 - now / 25_000;
    const { rate, keepsPitch } = controller.decide({ ...reading, now, ahead });
    if (rate > LATENCY.fastestUnkept[1]) expect(keepsPitch).toBe(true);
    if (ahead < 0.17) expect(keepsPitch).toBe(false);
  }
  const other = make();
  const kept = [0, 50, 100].map((now) =>
    other.decide({ ...reading, now, ahead: 0.12, pitchFrom: 0 }),
  );
  expect(kept.at(-1)).toMatchObject({ keepsPitch: true });
  const silent = { ...reading, now: 5_000, ahead: 0.5, audible: false };
  expect(controller.decide(silent)).toMatchObject({ keepsPitch: false });
});

test("LatencyController jumps when far off, and no two jumps within a second", () => {
  const controller = make();
  const { jumps, ahead } = simulate(controller, { ahead: 3, seconds: 5 });
  expect(jumps).toHaveLength(1);
  expect(ahead).toBeCloseTo(BASE, 1);
  const far = make();
  const at: number[] = [];
  for (let now = 0; now < 5_000; now += 50) {
    if (
      far.decide({ now, ahead: 9, playing: true, audible: true, pitchFrom: 0, isCaughtUp: true })
        .jump
    )
      at.push(now);
  }
  expect(at.length).toBeGreaterThan(2);
  expect(at.every((now, index) => index === 0 || now - (at[index - 1] ?? 0) >= 1_000)).toBe(true);
});

test("LatencyController does not jump into what is still coming", () => {
  const controller = make();
  const reading = { playing: true, audible: true, pitchFrom: 0 };
  for (let now = 0; now < 1_000; now += 50) {
    const coming = { ...reading, now, ahead: 2 + now / 500, isCaughtUp: false };
    expect(controller.decide(coming).jump).toBe(false);
  }
  expect(controller.decide({ ...reading, now: 1_000, ahead: 4, isCaughtUp: true }).jump).toBe(true);
});

test("LatencyController never changes the rate where it steers by jumps", () => {
  const { rates, jumps } = simulate(make("seek"), { ahead: 0.8, seconds: 5 });
  expect(new Set(rates)).toEqual(new Set([1]));
  expect(jumps).toHaveLength(1);
});

test("LatencyController that steers by jumps spares them, but for what is newly asked for", () => {
  const controller = make("seek");
  const at: number[] = [];
  for (let now = 0; now < 30_000; now += 50) {
    if (now === 15_000) controller.base = 1;
    if (now === 17_000) controller.base = 1.1;
    const plays = { playing: true, audible: true, isCaughtUp: true, pitchFrom: 0 };
    const reading = { now, ahead: 2, ...plays };
    if (controller.decide(reading).jump) at.push(now);
  }
  // The first, ten seconds later, what was asked for at 15 s and at 17 s, and ten seconds later.
  expect(at.map((now) => Math.round(now / 1_000))).toEqual([0, 10, 15, 17, 27]);
});

test("LatencyController decides nothing while nothing plays", () => {
  const controller = make();
  for (let now = 0; now < 2_000; now += 50) {
    expect(
      controller.decide({
        now,
        ahead: 9,
        playing: false,
        audible: true,
        pitchFrom: 0,
        isCaughtUp: true,
      }),
    ).toMatchObject({
      rate: 1,
      jump: false,
    });
  }
});

test.each([
  { audible: true, steady: 1.05, approach: 1.05, within: 5 },
  { audible: false, steady: 1.05, approach: 1.1, within: 3 },
])(
  "LatencyController meets its target soon after a start, and then keeps to gentle rates (audible: $audible)",
  ({ audible, steady, approach, within }) => {
    const controller = make("rate", 0.125);
    const start = simulate(controller, { ahead: 0.3, seconds: within, audible });
    expect(Math.abs(start.ahead - 0.125)).toBeLessThan(LATENCY.tolerance);
    expect(Math.max(...start.rates)).toBe(approach);
    simulate(controller, { ahead: start.ahead, seconds: 1, from: within * 1_000, audible });
    const later = simulate(controller, { ahead: 0.4, seconds: 10, from: 10_000, audible });
    expect(Math.max(...later.rates)).toBe(steady);
    controller.stalled(20_000);
    const after = simulate(controller, { ahead: 0.4, seconds: 1, from: 20_000, audible });
    expect(Math.max(...after.rates)).toBe(approach);
  },
);

test("LatencyController goes where it is asked to while it plays: near by rates, far by one jump", () => {
  const controller = make();
  simulate(controller, { ahead: BASE, seconds: 2 });
  controller.base = 1;
  const there = simulate(controller, { ahead: BASE, seconds: 3, from: 2_000 });
  expect(there.jumps).toHaveLength(1);
  expect(there.ahead).toBeCloseTo(1, 1);
  controller.base = 0.3;
  const back = simulate(controller, { ahead: there.ahead, seconds: 3, from: 6_000 });
  expect(back.jumps).toHaveLength(1);
  controller.base = 0.2;
  const near = simulate(controller, { ahead: back.ahead, seconds: 6, from: 10_000 });
  expect(near.jumps).toEqual([]);
  expect(Math.abs(near.ahead - 0.2)).toBeLessThan(LATENCY.tolerance);
});

test("LatencyController slows down gently where nobody asked for more: it never goes back by itself", () => {
  const controller = make();
  simulate(controller, { ahead: BASE, seconds: 2 });
  controller.setFloor(1);
  const { jumps } = simulate(controller, { ahead: BASE, seconds: 40, from: 2_000 });
  expect(jumps).toEqual([]);
});

test("LatencyController holds more than it needs where a group asks for it", () => {
  const controller = make();
  controller.lead = 0.15;
  expect(controller.target).toBeCloseTo(BASE + 0.15);
});

test("LatencyController raises its target at a stall, and lowers it slowly in calm", () => {
  const controller = make();
  controller.stalled(0);
  const { raise, calm, lower } = LATENCY;
  const raised = BASE * raise;
  expect(controller.target).toBeCloseTo(raised);
  simulate(controller, { ahead: raised, seconds: calm / 1_000 - 0.1 });
  expect(controller.target).toBeCloseTo(raised);
  simulate(controller, { ahead: raised, seconds: calm / 1_000, from: calm - 100 });
  expect(controller.target).toBeCloseTo(raised * lower);
  simulate(controller, { ahead: 0.11, seconds: 100, from: 2 * calm });
  expect(controller.target).toBeCloseTo(BASE);
});

test("LatencyController holds 3 s at most, and forgives an outage", () => {
  const controller = make();
  for (let index = 0; index < 40; index += 1) controller.stalled(index);
  expect(controller.target).toBeCloseTo(3);
  const other = make();
  other.stalled(0);
  other.forgiven();
  expect(other.target).toBeCloseTo(BASE);
  const nothing = make("rate", 0);
  nothing.stalled(0);
  expect(nothing.target).toBeCloseTo(0.13);
});

test("LatencyController never holds less than the stream needs", () => {
  const controller = make();
  controller.setFloor(0.25);
  expect(controller.target).toBeCloseTo(0.25);
});

test("LatencyController leaves it for a while where the element comes no nearer", () => {
  const controller = make();
  let now = 0;
  const look = (ahead = 0.21) => {
    now += 50;
    return controller.decide({
      now,
      ahead,
      playing: true,
      audible: true,
      pitchFrom: 0,
      isCaughtUp: true,
    });
  };
  for (let index = 0; index < 20; index += 1) look();
  expect(look().rate).toBeGreaterThan(1.02);
  controller.resisted(now);
  expect(controller.target).toBeCloseTo(0.21 + LATENCY.overLeast);
  expect(look().rate).toBeLessThanOrEqual(1);
  // A clock that is slow altogether does not drive it away farther and farther.
  for (let index = 0; index < 20; index += 1) look(0.35);
  controller.resisted(now);
  expect(controller.target).toBeCloseTo(0.21 + LATENCY.overLeast);
  now += LATENCY.leastHolds;
  look();
  expect(controller.target).toBeCloseTo(BASE);
});

test("LatencyController comes nearer again as soon as it can", () => {
  const controller = make();
  let now = 0;
  const look = () => {
    now += 50;
    return controller.decide({
      now,
      ahead: 0.21,
      playing: true,
      audible: true,
      pitchFrom: 0,
      isCaughtUp: true,
    });
  };
  for (let index = 0; index < 20; index += 1) look();
  controller.resisted(now);
  expect(controller.target).toBeGreaterThan(0.2);
  controller.released();
  expect(controller.target).toBeCloseTo(BASE);
  expect(look().rate).toBeGreaterThan(1.02);
});

test.each([
  { what: "something else is asked for", isNew: true },
  { what: "it has begun", isNew: false },
])(
  "LatencyController goes back as soon as there is enough to go back to, when $what",
  ({ isNew }) => {
    const controller = make("rate", isNew ? 0.3 : 2);
    let now = 0;
    const look = (ahead: number, reach: number) => {
      now += 50;
      const reading = { now, ahead, playing: true, audible: true, pitchFrom: 0, isCaughtUp: true };
      return controller.decide({ ...reading, reach });
    };
    if (isNew) {
      for (let index = 0; index < 20; index += 1) look(0.3, 0.5);
      controller.base = 2;
    }
    const before = Array.from({ length: 20 }, (_, index) => look(0.3, 0.5 + index / 20));
    expect(before.some(({ jump }) => jump)).toBe(false);
    expect(before.at(-1)?.rate).toBe(LATENCY.slowest);
    expect(look(0.3, 2.1).jump).toBe(true);
    const after = Array.from({ length: 40 }, () => look(2, 4));
    expect(after.some(({ jump }) => jump)).toBe(false);
  },
);
