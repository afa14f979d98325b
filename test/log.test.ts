import { expect, test } from "vitest";
import { createLog, type LogFields, RepeatLog } from "../server/log.ts";
import { ManualClock } from "./support/manual-clock.ts";

function capture(options: Partial<Parameters<typeof createLog>[0]> = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLog({ level: "info", format: "json", write, ...options });
  const objects = () => lines.map((line): Record<string, unknown> => JSON.parse(line));
  return { log, lines, objects };
}

test("createLog writes one JSON object a line", () => {
  const { log, lines, objects } = capture();
  log.info("publisher came", { streamPath: "live/demo", address: "::1" });
  log.debug("not at this level");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(objects()).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      streamPath: "live/demo",
      address: "::1",
      msg: "publisher came",
    },
  ]);
});

test("createLog writes lines for people", () => {
  const { log, lines } = capture({ format: "pretty" });
  log.warn("viewer left", { samplesDropped: 3 });
  expect(lines.join("")).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: viewer left \{"samplesDropped":3\}\n$/,
  );
});

test.each([
  { streamName: "demo?key=SeCrEt-1" },
  { url: "/streams/live/demo/ws?a=b&key=SeCrEt-1&c=d" },
  { url: "rtmp://h/live/demo%3Fkey%3DSeCrEt-1" },
  { publishKey: "SeCrEt-1" },
  { key: "SeCrEt-1" },
  { deep: { list: [{ note: "it was SeCrEt-1" }] } },
  { error: new Error("cannot connect to demo?key=SeCrEt-1") },
])("createLog never shows a key: %j", (fields: LogFields) => {
  for (const format of ["json", "pretty"] as const) {
    const { log, lines } = capture({ format });
    log.hide("SeCrEt-1");
    log.error("refused demo?key=SeCrEt-1 and SeCrEt-1", fields);
    expect(lines.join("")).not.toContain("SeCrEt");
    expect(lines.join("")).toContain("[hidden]");
  }
});

test("createLog cuts queries that look like keys also where the key is not known", () => {
  const { log, lines } = capture();
  log.info("came as demo?key=other&x=1");
  expect(lines.join("")).toContain("demo?key=[hidden]&x=1");
});

test("createLog lets nobody write to the terminal or fill the disk", () => {
  const { log, lines, objects } = capture({ format: "json" });
  const loop: { self?: unknown; big: bigint; bytes: Uint8Array } = {
    big: 5n,
    bytes: new Uint8Array(9),
  };
  loop.self = loop;
  log.info("a\u001b[2Jb", { name: "x".repeat(100_000), loop });
  expect(lines.join("").length).toBeLessThan(10_000);
  expect(objects()[0]?.["msg"]).toBe("a\\u001b[2Jb");
  expect(lines.join("")).toContain("9 bytes");
});

test("createLog writes an error with its code and stack", () => {
  const { log, objects } = capture();
  log.error("port failed", { error: Object.assign(new Error("in use"), { code: "EADDRINUSE" }) });
  const { error } = objects()[0] ?? {};
  expect(error).toMatchObject({
    code: "EADDRINUSE",
    stack: expect.stringMatching(/^Error: in use\n/),
  });
});

test("RepeatLog logs the first, counts the rest, and forgets what has stopped", () => {
  const { log, objects } = capture();
  const clock = new ManualClock();
  const repeats = new RepeatLog(log, clock, { every: 1000, codes: 2 });
  for (let n = 1; n <= 5; n += 1) repeats.warn("A", `bad tag ${n}`);
  repeats.warn("B", "other", { streamPath: "live/x" });
  repeats.warn("C", "one code too many");
  const told = () => objects().map(({ code, msg, repeated }) => [code, msg, repeated]);
  expect(told()).toEqual([
    ["A", "bad tag 1", undefined],
    ["B", "other", undefined],
  ]);
  clock.pass(1000);
  expect(told().slice(2)).toEqual([["A", "bad tag 5", 4]]);
  clock.pass(1000);
  expect(clock.pending).toBe(0);
  repeats.warn("C", "now there is room");
  expect(told().slice(3)).toEqual([["C", "now there is room", undefined]]);
});
