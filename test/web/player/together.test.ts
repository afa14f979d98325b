import { expect, test } from "vitest";
import type { Playback } from "../../../web/engine/playback.ts";
import { Together } from "../../../web/player/together.ts";

/** A playback so far (ms) behind the server's clock, with as much ahead as it wants. */
const playback = (moment: number): Playback =>
  ({ figures: { moment, ahead: 0.1, target: 0.1 } }) as unknown as Playback;

test("a player that stands still holds nobody back", () => {
  const [moving, still] = [new Together(), new Together()];
  const leads: number[] = [];
  for (let now = 0; now < 6_000; now += 50) {
    const situation = { now, serverNow: now, encoderDelay: undefined };
    still.follow("wall", playback(Math.min(now, 1_000) - 100), situation);
    leads.push(moving.follow("wall", playback(now - 100), situation));
  }
  expect(Math.max(...leads)).toBeLessThan(0.3);
  expect(leads.at(-1)).toBe(0);
});
