import fc from "fast-check";
import { expect, test } from "vitest";
import { EventSchedule, LATEST, type TimedEvent } from "../../../web/control/event-schedule.ts";

const at = (time: number, id = String(time)): TimedEvent => ({
  ...{ id, name: "onCuePoint", time, values: [] },
});

function stage() {
  const fired: string[] = [];
  const schedule = new EventSchedule(({ id }) => fired.push(id));
  const offer = (...times: number[]) => {
    for (const time of times) schedule.offer(at(time));
  };
  return { schedule, fired, offer };
}

test("EventSchedule fires with the picture that reaches an event's time, in order, each once", () => {
  const { schedule, fired, offer } = stage();
  schedule.advance(10_000);
  offer(10_200, 10_100, 10_040, 10_100);
  schedule.advance(10_037);
  expect(fired).toEqual([]);
  schedule.advance(10_040);
  expect(fired).toEqual(["10040"]);
  offer(10_040);
  schedule.advance(10_201);
  expect(fired).toEqual(["10040", "10100", "10200"]);
  offer(10_100);
  schedule.advance(10_300);
  expect(fired).toHaveLength(3);
});

test("EventSchedule fires what comes late, and what was jumped over, late and once", () => {
  const { schedule, fired, offer } = stage();
  schedule.advance(10_000);
  schedule.advance(10_500);
  offer(10_200, 12_000);
  schedule.advance(10_520);
  expect(fired).toEqual(["10200"]);
  schedule.advance(10_520 + LATEST - 1);
  expect(fired).toEqual(["10200", "12000"]);
});

test("EventSchedule takes for past what lies before the place of joining, or too far behind", () => {
  const { schedule, fired, offer } = stage();
  offer(9_000, 10_001);
  schedule.advance(10_001.5);
  expect(fired).toEqual(["10001"]);
  offer(20_000);
  schedule.advance(20_000 + 2 * LATEST);
  schedule.advance(20_010 + 2 * LATEST);
  expect(fired).toEqual(["10001"]);
});

test("EventSchedule fires what is past when the viewer goes back to it, and nothing twice", () => {
  const { schedule, fired, offer } = stage();
  schedule.advance(100_000);
  offer(95_000, 100_010);
  schedule.advance(100_020);
  schedule.advance(94_000);
  schedule.advance(96_000);
  schedule.advance(100_030);
  expect(fired).toEqual(["100010", "95000"]);
});

test("EventSchedule fires the events of a timeline that began anew", () => {
  const { schedule, fired, offer } = stage();
  schedule.advance(5_000_000);
  offer(10_500);
  schedule.advance(5_000_040); // the old one is still on
  schedule.advance(10_300);
  schedule.advance(10_500);
  expect(fired).toEqual(["10500"]);
});

test("EventSchedule.isNew knows an id again, and fires nothing of it", () => {
  const { schedule, fired, offer } = stage();
  expect(schedule.isNew("7")).toBe(true);
  expect(schedule.isNew("7")).toBe(false);
  offer(7);
  schedule.advance(7);
  expect(fired).toEqual([]);
});

test("EventSchedule is bounded: of too many that wait, the oldest are let go", () => {
  const { schedule, fired } = stage();
  schedule.advance(0);
  for (let id = 0; id < 600; id += 1) schedule.offer(at(100, `${id}`));
  schedule.advance(100);
  expect(fired).toHaveLength(512);
  expect(fired[0]).toBe("88");
  for (let id = 0; id < 3; id += 1) {
    schedule.offer({ ...at(200, `large ${id}`), values: ["x".repeat(2_000_000)] });
  }
  schedule.advance(200);
  expect(fired.slice(512)).toEqual(["large 1", "large 2"]);
});

test("EventSchedule fires all that was offered in time, once, however the playhead goes forward", () => {
  const events = fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 60 });
  const steps = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 60 });
  const holds = fc.property(events, steps, (times, distances) => {
    const { schedule, fired, offer } = stage();
    schedule.advance(0);
    let position = 0;
    for (const [index, distance] of distances.entries()) {
      const time = times[index];
      if (time !== undefined) {
        offer(time, time);
      }
      position += distance;
      schedule.advance(position);
      const due = new Set(times.slice(0, Math.min(index + 1, times.length)));
      const isDue = (one: number) => one <= position + 2 && one >= position - LATEST;
      for (const one of due) if (isDue(one)) expect(fired).toContain(String(one));
    }
    expect(new Set(fired).size).toBe(fired.length);
  });
  fc.assert(holds);
});
