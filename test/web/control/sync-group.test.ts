import { expect, test } from "vitest";
import { LatencyController } from "../../../web/control/latency.ts";
import { SyncGroup } from "../../../web/control/sync-group.ts";

test("SyncGroup lets everybody wait for the one that needs most", () => {
  const group = new SyncGroup();
  const [a, b] = [{}, {}];
  expect(group.report(a, { needed: 0.12, encoder: undefined }, 0)).toBe(0);
  expect(group.report(b, { needed: 0.3, encoder: undefined }, 10)).toBe(0);
  expect(group.report(a, { needed: 0.12, encoder: undefined }, 50)).toBeCloseTo(0.18);
});

test("SyncGroup goes by the encoders' clocks where all of them stamp theirs, and only there", () => {
  const group = new SyncGroup();
  const [a, b, c] = [{}, {}, {}];
  group.report(a, { needed: 0.1, encoder: 0.5 }, 0);
  expect(group.report(b, { needed: 0.2, encoder: 0.1 }, 0)).toBeCloseTo(0.3);
  group.report(c, { needed: 0.1, encoder: undefined }, 10);
  expect(group.report(b, { needed: 0.2, encoder: 0.1 }, 20)).toBeCloseTo(0);
});

test("SyncGroup waits for nobody who left, fell silent, or is far behind", () => {
  const group = new SyncGroup();
  const [a, b, c] = [{}, {}, {}];
  group.report(b, { needed: 1, encoder: undefined }, 0);
  expect(group.report(a, { needed: 0.1, encoder: undefined }, 0)).toBeCloseTo(0.9);
  group.leave(b);
  expect(group.report(a, { needed: 0.1, encoder: undefined }, 50)).toBe(0);
  group.report(b, { needed: 1, encoder: undefined }, 100);
  expect(group.report(a, { needed: 0.1, encoder: undefined }, 2_000)).toBe(0);
  expect(group.size).toBe(1);
  group.report(c, { needed: 20, encoder: undefined }, 2_000);
  expect(group.report(a, { needed: 0.1, encoder: undefined }, 2_050)).toBe(0);
});

test("SyncGroup averages: what one look at a saw-tooth says does not move the others", () => {
  const group = new SyncGroup();
  const [a, b] = [{}, {}];
  const leads: number[] = [];
  for (let now = 0; now < 5_000; now += 50) {
    group.report(b, { needed: 0.2 + (now % 150 === 0 ? 0.033 : 0), encoder: undefined }, now);
    leads.push(group.report(a, { needed: 0.1, encoder: undefined }, now));
  }
  const settled = leads.slice(60);
  expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(0.005);
});

test("players of a SyncGroup come to the same moment by gentle rates, whatever each needs", () => {
  const group = new SyncGroup();
  // Different lines, targets and clocks: the second one's media is 80 ms older when it arrives.
  const players = [
    { controller: new LatencyController({ base: 0.1, steering: "rate" }), late: 0, ahead: 0.1 },
    { controller: new LatencyController({ base: 0.3, steering: "rate" }), late: 0.08, ahead: 0.2 },
  ];
  const lag = ({ late, ahead }: { late: number; ahead: number }) => late + ahead;
  const rates: number[] = [];
  for (let now = 0; now < 30_000; now += 50) {
    for (const player of players) {
      const { controller, late } = player;
      controller.lead = 0;
      const needed = late + controller.target;
      controller.lead = group.report(player, { needed, encoder: undefined }, now);
      const reading = { now, playing: true, audible: false, pitchFrom: 0, isCaughtUp: true };
      const { rate, jump } = controller.decide({ ...reading, ahead: player.ahead });
      expect(jump).toBe(false);
      rates.push(rate);
      player.ahead += 0.05 * (1 - rate);
    }
  }
  const [first, second] = players.map(lag);
  expect(Math.abs((first ?? 0) - (second ?? 1))).toBeLessThan(0.025);
  expect(second).toBeGreaterThan(0.36);
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.97);
});
