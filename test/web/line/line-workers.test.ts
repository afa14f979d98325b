import { describe, expect, test } from "vitest";
import { LineWorkers, type WorkerLike, type WorkerWorld } from "../../../web/line/line-workers.ts";
import type { LineReport } from "../../../web/line/messages.ts";
import type { ThreadListener } from "../../../web/line/threads.ts";

const DOWN: LineReport = { type: "down", failures: 1 };

/** A browser whose workers do what the test says. */
function world({ isSupported = true, throws = false } = {}) {
  const workers: FakeWorker[] = [];
  const timers = new Set<() => void>();
  let onForbidden = () => {};
  const made: WorkerWorld = {
    isSupported,
    start: () => {
      if (throws) throw new Error("SecurityError");
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    watchPolicy: (listen) => {
      onForbidden = listen;
      return () => {
        onForbidden = () => {};
      };
    },
    after: (_ms, action) => {
      timers.add(action);
      return () => timers.delete(action);
    },
  };
  const runTimers = () => {
    for (const action of timers) action();
    timers.clear();
  };
  return { made, workers, runTimers, forbid: () => onForbidden() };
}

class FakeWorker extends EventTarget implements WorkerLike {
  readonly posted: unknown[] = [];
  isTerminated = false;
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  terminate(): void {
    this.isTerminated = true;
  }
  say(line: number, report: LineReport): void {
    this.dispatchEvent(new MessageEvent("message", { data: { line, report } }));
  }
}

function listener() {
  const reports: LineReport[] = [];
  const lost: string[] = [];
  const made: ThreadListener = {
    onReport: (report) => reports.push(report),
    onLost: (reason) => lost.push(reason),
  };
  return { ...made, reports, lost };
}

describe("LineWorkers", () => {
  test("has one worker for all lines, and tells each what is its own", () => {
    const { made, workers } = world();
    const house = new LineWorkers(made);
    const [first, second] = [listener(), listener()];
    house.open(first)?.send({ type: "start" });
    house.open(second)?.send({ type: "hurry" });
    expect(workers).toHaveLength(1);
    expect(workers[0]?.posted).toEqual([
      { line: 1, command: { type: "start" } },
      { line: 2, command: { type: "hurry" } },
    ]);
    workers[0]?.say(2, DOWN);
    workers[0]?.say(9, DOWN);
    expect([first.reports, second.reports]).toEqual([[], [DOWN]]);
  });

  test("ends the worker when its last line has been gone for a while", () => {
    const { made, workers, runTimers } = world();
    const house = new LineWorkers(made);
    house.open(listener())?.close();
    const back = house.open(listener());
    runTimers();
    expect(workers.map(({ isTerminated }) => isTerminated)).toEqual([false]);
    back?.close();
    back?.close();
    back?.send({ type: "hurry" });
    expect(workers[0]?.posted).toEqual([
      { line: 1, command: { type: "stop" } },
      { line: 2, command: { type: "stop" } },
    ]);
    runTimers();
    expect(workers.map(({ isTerminated }) => isTerminated)).toEqual([true]);
    house.open(listener());
    expect(workers).toHaveLength(2);
  });

  test("starts one for lines to come, and ends it when none comes", () => {
    const { made, workers, runTimers } = world();
    const house = new LineWorkers(made);
    house.warm();
    house.warm();
    const line = house.open(listener());
    house.warm();
    runTimers();
    expect(workers.map(({ isTerminated }) => isTerminated)).toEqual([false]);
    line?.close();
    runTimers();
    house.warm();
    runTimers();
    expect(workers.map(({ isTerminated }) => isTerminated)).toEqual([true, true]);
  });

  test.each([
    { name: "without MediaSource in workers", options: { isSupported: false }, why: "unsupported" },
    { name: "where the browser throws", options: { throws: true }, why: "policy" },
  ])("gives no place $name", ({ options, why }) => {
    const house = new LineWorkers(world(options).made);
    expect(house.open(listener())).toBeUndefined();
    expect(house.refusal).toBe(why);
  });

  test.each([
    { name: "a policy that forbids it", early: true, forbidden: true, why: "policy", final: true },
    { name: "a file that is not there", early: true, why: "unreachable", final: true },
    { name: "an error later on", early: false, why: "crashed", final: false },
  ])("loses its worker to $name", ({ early, forbidden, why, final }) => {
    const { made, workers, forbid } = world();
    const house = new LineWorkers(made);
    const [one, two] = [listener(), listener()];
    house.open(one);
    house.open(two);
    if (!early) workers[0]?.say(1, DOWN);
    if (forbidden) forbid();
    workers[0]?.dispatchEvent(new Event("error"));
    workers[0]?.say(1, DOWN);
    expect([one.lost, two.lost]).toEqual([[why], [why]]);
    expect(workers[0]?.isTerminated).toBe(true);
    expect(house.open(listener()) === undefined).toBe(final);
  });

  test("tries no third worker", () => {
    const { made, workers } = world();
    const house = new LineWorkers(made);
    for (const attempt of [0, 1]) {
      house.open(listener());
      house.give("silent");
      expect(workers[attempt]?.isTerminated).toBe(true);
    }
    expect(house.open(listener())).toBeUndefined();
    expect(house.refusal).toBe("silent");
  });
});
