import fc from "fast-check";
import { expect, test } from "vitest";
import { LineMeter } from "../../../web/control/line-meter.ts";
import {
  QUALITY,
  QualityController,
  type QualityReading,
  type Rung,
} from "../../../web/control/quality.ts";

const LADDER: readonly Rung[] = [
  { id: 1, bitrate: 4_000_000, width: 1920, height: 1080 },
  { id: 3, bitrate: 1_500_000, width: 1280, height: 720 },
  { id: 5, bitrate: 500_000, width: 640, height: 360 },
];
const MBIT = 1_000_000;

/** What of the line, the page and the machine is not as good as it can be. */
type World = {
  /** bits/s that the line carries. */
  readonly line?: (seconds: number) => number;
  /** ms that a picture may be late by itself. */
  readonly jitter?: number;
  readonly size?: (seconds: number) => readonly [width: number, height: number];
  readonly undecoded?: (id: number) => number;
  readonly isAwake?: (seconds: number) => boolean;
  readonly first?: number;
  readonly seconds: number;
};

type Run = {
  readonly plays: readonly number[];
  readonly switches: readonly { readonly at: number; readonly to: number }[];
  readonly worst: number;
};

/**
 * A server, a line and a player: 30 pictures a second, a key frame every two seconds that is as large as
 * eight others, a queue that the server clears when it is two seconds old, and changes of the track at
 * key frames only, behind what waits.
 */
function simulate({ seconds, line = () => 100 * MBIT, ...world }: World): Run {
  const { jitter = 0, size = () => [1920, 1080], isAwake = () => true } = world;
  const { undecoded = () => 0, first = 1 } = world;
  const meter = new LineMeter();
  const controller = new QualityController();
  const plays: number[] = [];
  const switches: { at: number; to: number }[] = [];
  const arrivals: { at: number; lag: number; bytes: number; id: number }[] = [];
  let [sent, wanted, playing] = [first, first, first];
  let free = 0; // when the line is free again
  let [dropped, isLosing, worst] = [0, false, 0];
  let random = 1;
  for (let frame = 0; frame < seconds * 30; frame += 1) {
    const now = (frame * 1_000) / 30;
    const isKey = frame % 60 === 0;
    if (isKey) sent = wanted;
    const rung = LADDER.find(({ id }) => id === sent);
    const bytes = (((rung?.bitrate ?? 0) / 8) * 2 * (isKey ? 8 : 1)) / 67;
    if (free - now > 2_000) isLosing = true;
    else if (isKey) isLosing = false;
    if (isLosing) dropped += 1;
    else {
      const rate = line(now / 1_000);
      free = Math.max(free, now) + (bytes * 8_000) / rate;
      random = (random * 16_807) % 2_147_483_647;
      const late = 20 + jitter * (random / 2_147_483_647);
      const at = Math.max(arrivals.at(-1)?.at ?? 0, free + late);
      arrivals.push({ at, lag: at - now, bytes, id: sent });
    }
    while ((arrivals[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
      const arrival = arrivals.shift();
      if (arrival === undefined) break;
      meter.push(arrival.at, arrival.lag, arrival.bytes);
      playing = arrival.id;
      worst = Math.max(worst, arrival.lag);
    }
    if (frame % 8 !== 7) continue;
    const [width, height] = size(now / 1_000);
    const { lateness, throughput, capacity } = meter.read(now, 20);
    const page = { width, height, isAwake: isAwake(now / 1_000), undecoded: undecoded(playing) };
    const reading = { now, rungs: LADDER, playing, lateness, throughput, capacity, dropped };
    dropped = 0;
    const next = controller.decide({ ...reading, ...page, stalled: false });
    if (next !== wanted) switches.push({ at: now / 1_000, to: next });
    wanted = next;
    plays.push(playing);
  }
  return { plays, switches, worst };
}

const last = <T>(list: readonly T[]): T | undefined => list.at(-1);

test("QualityController leaves a good line at the largest, and never moves", () => {
  const { switches } = simulate({ seconds: 120 });
  expect(switches).toEqual([]);
});

test("QualityController climbs from the smallest to the largest on a good line, within seconds", () => {
  const { switches, plays } = simulate({ seconds: 30, first: 5 });
  expect(last(plays)).toBe(1);
  expect(switches[0]?.at).toBeLessThan(QUALITY.climbAfter / 1_000 + 1);
});

test.each([
  { name: "half of the largest", capacity: 2.2 * MBIT, ends: 3 },
  { name: "half of the middle one", capacity: 0.9 * MBIT, ends: 5 },
])(
  "QualityController goes down where the line carries $name, and stays there",
  ({ capacity, ends }) => {
    const { switches, plays } = simulate({
      seconds: 60,
      line: (second) => (second < 10 ? 100 * MBIT : capacity),
    });
    expect(switches[0]?.at).toBeGreaterThan(10);
    expect(switches[0]?.at).toBeLessThan(12);
    const steady = plays.slice(-60);
    expect(steady.filter((id) => id === ends).length / steady.length).toBeGreaterThan(0.7);
    expect(switches.length).toBeLessThanOrEqual(6);
  },
);

test("QualityController comes back up when the line does, and probes ever more rarely where it does not", () => {
  const back = simulate({
    seconds: 120,
    line: (second) => (second > 10 && second < 30 ? 2.2 * MBIT : 100 * MBIT),
  });
  expect(last(back.plays)).toBe(1);
  const never = simulate({ seconds: 900, line: () => 2.2 * MBIT });
  const climbs = never.switches.filter(({ to }) => to === 1).map(({ at }) => at);
  expect(climbs.length).toBeLessThan(10);
  const gaps = climbs.map((at, index) => at - (climbs[index - 1] ?? 0)).slice(1);
  expect(last(gaps) ?? 0).toBeGreaterThan(100);
  const inMiddle = never.plays.filter((id) => id === 3).length / never.plays.length;
  expect(inMiddle).toBeGreaterThan(0.85);
});

test("QualityController does not take jitter for a full line", () => {
  expect(simulate({ seconds: 120, jitter: 60 }).switches).toEqual([]);
  expect(simulate({ seconds: 120, jitter: 250 }).switches).toEqual([]);
});

test("QualityController: no larger than what is to be filled, and larger at once when that grows", () => {
  const grows = simulate({
    seconds: 40,
    size: (second) => (second < 20 ? [640, 360] : [1920, 1080]),
  });
  expect(grows.switches.map(({ to }) => to)).toEqual([5, 1]);
  expect(grows.switches[0]?.at).toBeLessThan(4);
  expect(grows.switches[1]?.at).toBeLessThan(22);
  const tall = simulate({ seconds: 20, size: () => [640, 2_000] });
  expect(last(tall.plays)).toBe(5); // the width decides
  expect(simulate({ seconds: 20, size: () => [3_840, 2_160] }).switches).toEqual([]);
});

test("QualityController goes down where the decoder does not manage, and rarely tries again", () => {
  const { switches } = simulate({ seconds: 300, undecoded: (id) => (id === 1 ? 0.5 : 0) });
  expect(switches[0]).toMatchObject({ to: 3 });
  const climbs = switches.filter(({ to }) => to === 1).length;
  expect(climbs).toBeGreaterThan(0);
  expect(climbs).toBeLessThan(6);
});

test("QualityController: while nobody looks nothing changes", () => {
  const { switches } = simulate({
    seconds: 120,
    first: 5,
    isAwake: (second) => second > 60,
  });
  expect(switches.length).toBeGreaterThan(0);
  expect(switches[0]?.at).toBeGreaterThan(60 + QUALITY.climbSoonAfter / 1_000);
  const hidden = simulate({ seconds: 60, first: 5, size: () => [0, 0] });
  expect(hidden.switches).toEqual([]);
});

test("QualityController goes down where it stands still for want of media, and no lower than the smallest", () => {
  const controller = new QualityController();
  const full: Omit<QualityReading, "now"> = {
    ...{ rungs: LADDER, playing: 5, lateness: 900, throughput: 200_000, capacity: undefined },
    ...{ dropped: 0, stalled: true, undecoded: 0, width: 1920, height: 1080, isAwake: true },
  };
  expect(controller.decide({ ...full, now: 0 })).toBe(5);
  const stalling = { ...full, playing: 1, lateness: 0, throughput: 2 * MBIT };
  expect(new QualityController().decide({ ...stalling, now: 0 })).toBe(3);
  expect(new QualityController().decide({ ...stalling, now: 0, stalled: false })).toBe(1);
});

test("QualityController gives up a track that does not come, and one that is gone", () => {
  const controller = new QualityController();
  const good: Omit<QualityReading, "now"> = {
    ...{ rungs: LADDER, playing: 3, lateness: 0, throughput: MBIT, capacity: 50 * MBIT },
    ...{ dropped: 0, stalled: false, undecoded: 0, width: 1920, height: 1080, isAwake: true },
  };
  let now = 0;
  while (controller.decide({ ...good, now }) !== 1) now += 250;
  const asked = now;
  while (controller.decide({ ...good, now }) === 1) now += 250;
  expect(now - asked).toBeGreaterThan(QUALITY.pending);
  const left = LADDER.slice(1);
  expect(controller.decide({ ...good, rungs: left, now })).toBe(3);
  expect(controller.decide({ ...good, rungs: left, playing: 1, now: now + 250 })).toBe(1);
});

test("QualityController names a track that is there, and is not restless, whatever the line does", () => {
  const anyLine = fc.array(fc.integer({ min: 100_000, max: 8 * MBIT }), {
    minLength: 12,
    maxLength: 12,
  });
  const holds = fc.property(anyLine, fc.integer({ min: 0, max: 100 }), (steps, jitter) => {
    const line = (second: number) => steps[Math.floor(second / 10)] ?? MBIT;
    const { switches } = simulate({ seconds: 120, line, jitter });
    for (const { to } of switches) expect(LADDER.some(({ id }) => id === to)).toBe(true);
    for (const [index, { at }] of switches.entries()) {
      const before = switches[index - 1]?.at ?? Number.NEGATIVE_INFINITY;
      expect((at - before) * 1_000).toBeGreaterThanOrEqual(QUALITY.settling - 1);
    }
    expect(switches.length).toBeLessThan(24);
  });
  fc.assert(holds, { numRuns: 30 });
});
