import { expect, test } from "vitest";
import { CallError, type CallHandler, Calls } from "../../../server/endpoint/rtmp/calls.ts";
import type { Amf0Value } from "../../../server/protocol/amf0/value.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

const caller = { address: "192.0.2.1", transport: "rtmp", streamPath: "live/show" };

function stage(handlers: { [name: string]: CallHandler }, canWrite = true) {
  const clock = new ManualClock();
  const log = recordingLog();
  const answers: [number, unknown][] = [];
  const calls = new Calls({
    handlers: new Map(Object.entries(handlers)),
    clock,
    log,
    limits: { callsAtOnce: 3, callTime: 10_000 },
    answer: (transactionId, answer) => {
      if ("result" in answer && !canWrite) throw new RangeError("too long a name");
      answers.push([transactionId, "result" in answer ? answer.result : answer]);
    },
  });
  const call = (name: string, transactionId: number, ...parameters: Amf0Value[]) =>
    calls.take({ type: "call", name, transactionId, parameters }, caller);
  const codes = () => log.lines.map(({ fields }) => fields["code"]);
  return { calls, call, clock, answers, codes, log };
}

/** Promises that are settled have said so by then. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("Calls hands over who calls and with what, and gives back what the handler gives", async () => {
  const heard: unknown[] = [];
  const { call, answers, clock } = stage({
    sum: (given) => {
      heard.push(given);
      return { total: given.arguments.length };
    },
    later: async () => "done",
    nothing: () => undefined,
  });
  call("sum", 2, 1, { a: new Date(5) }, Uint8Array.of(7));
  call("later", 3);
  call("nothing", 4);
  await settled();
  expect(heard).toEqual([
    { ...caller, name: "sum", arguments: [1, { a: new Date(5) }, Uint8Array.of(7)] },
  ]);
  expect(new Map(answers)).toEqual(
    new Map<number, unknown>([
      [2, { total: 3 }],
      [3, "done"],
      [4, null],
    ]),
  );
  expect(clock.pending).toBe(0);
});

test("Calls tells a CallError, and of other failures only that there was one", async () => {
  const { call, answers, codes } = stage({
    refuses: () => {
      throw new CallError("Not today");
    },
    breaks: async () => {
      throw new Error("/etc/secret is missing");
    },
  });
  call("refuses", 2);
  call("breaks", 3);
  await settled();
  expect(answers).toEqual([
    [2, { failure: "Not today" }],
    [3, { failure: "The call failed" }],
  ]);
  expect(codes()).toEqual(["RTMP_CALL_FAILED"]);
});

test("Calls gives up a handler that does not answer in time, and what comes later is nobody's", async () => {
  let answer = (_: string): void => {};
  const slow = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const { call, answers, clock, codes } = stage({ slow: () => slow });
  call("slow", 2);
  clock.pass(9_999);
  expect(answers).toEqual([]);
  clock.pass(1);
  answer("at last");
  await settled();
  expect(answers).toEqual([[2, { failure: "The call was not answered in time" }]]);
  expect(codes()).toEqual(["RTMP_CALL_TIME"]);
});

test("Calls bounds those that wait, and takes more when they are answered", async () => {
  const waiting: (() => void)[] = [];
  const { call, answers, codes } = stage({
    wait: () => new Promise((resolve) => waiting.push(() => resolve(true))),
  });
  for (let id = 1; id <= 5; id += 1) call("wait", id);
  await settled();
  const failure = "Too many calls wait for their answers";
  expect(answers).toEqual([
    [4, { failure }],
    [5, { failure }],
  ]);
  expect(codes()).toEqual(["RTMP_CALLS"]);
  for (const resolve of waiting) resolve();
  await settled();
  call("wait", 6);
  await settled();
  expect(waiting).toHaveLength(4);
});

test("Calls answers with a failure where the result cannot be written", async () => {
  const { call, answers, codes } = stage({ odd: () => ({ ["x".repeat(70_000)]: 1 }) }, false);
  call("odd", 2);
  await settled();
  expect(answers).toEqual([[2, { failure: "The call failed" }]]);
  expect(codes()).toEqual(["RTMP_CALL_FAILED"]);
});

test("Calls: nobody is answered when the connection is over, and no timer is left", async () => {
  const { calls, call, answers, clock } = stage({ soon: async () => 1 });
  call("soon", 2);
  calls.close();
  await settled();
  expect(answers).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("Calls: what fails again and again is told once", async () => {
  const { call, answers, codes, clock } = stage({
    bad: () => {
      throw new Error("a fault");
    },
    never: () => new Promise(() => {}),
  });
  for (let id = 1; id <= 50; id += 1) {
    call("bad", id);
    await settled();
  }
  expect(answers).toHaveLength(50);
  for (const id of [51, 52, 53]) call("never", id);
  clock.pass(10_000);
  expect(answers).toHaveLength(53);
  expect(codes()).toEqual(["RTMP_CALL_FAILED", "RTMP_CALL_TIME"]);
});
