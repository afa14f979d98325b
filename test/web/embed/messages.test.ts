import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_NAMES, readCommand, readPlayerMessage } from "../../../web/embed/messages.ts";

const command = (name: unknown, value?: unknown) => ({ sluice: 1, id: 7, command: name, value });

describe("readCommand", () => {
  test.each([
    ["play", undefined],
    ["pause", undefined],
    ["setVolume", 0],
    ["setVolume", 1],
    ["seek", -30],
    ["seek", 12.5],
    ["setLatency", "instant"],
    ["setLatency", 250],
    ["setQuality", "auto"],
    ["setQuality", 3],
    ["selectTextTrack", null],
    ["selectTextTrack", "cc1"],
    ["subscribe", { events: [] }],
    ["subscribe", { events: ["stats", "playing"], statsEvery: 250 }],
    ["subscribe", { events: [...EVENT_NAMES] }],
  ])("takes %s of %o", (name, value) => {
    expect(readCommand(command(name, value))).toEqual({ sluice: 1, id: 7, command: name, value });
  });

  test.each([
    ["play", 1],
    ["setVolume", undefined],
    ["setVolume", 1.01],
    ["setVolume", Number.NaN],
    ["setVolume", "1"],
    ["seek", Number.POSITIVE_INFINITY],
    ["setLatency", "fast"],
    ["setLatency", -1],
    ["setLatency", { toString: (): string => "5" }],
    ["setQuality", 1.5],
    ["selectTextTrack", undefined],
    ["selectTextTrack", "x".repeat(256)],
    ["subscribe", undefined],
    ["subscribe", { events: "stats" }],
    ["subscribe", { events: ["everything"] }],
    ["subscribe", { events: Array(100).fill("stats") }],
    ["subscribe", { events: ["stats"], statsEvery: 10 }],
  ])("refuses %s of %o by its id", (name, value) => {
    const refused = { sluice: 1, id: 7, error: { code: "COMMAND_INVALID" } };
    expect(readCommand(command(name, value))).toMatchObject(refused);
  });

  test.each([
    "toString",
    "__proto__",
    "constructor",
    "destroy",
    5,
    null,
    ["play"],
    Object.create(null),
    "x".repeat(1e5),
  ])("knows no command %s", (name) => {
    const answer = readCommand(command(name));
    expect(answer).toMatchObject({ id: 7, error: { code: "COMMAND_UNKNOWN" } });
    expect(JSON.stringify(answer).length).toBeLessThan(200);
  });

  test.each([
    ["nothing", undefined],
    ["text", '{"sluice":1,"id":1,"command":"play"}'],
    ["another version", { sluice: 2, id: 1, command: "play" }],
    ["somebody else's", { id: 1, command: "play" }],
    ["one without an id", { sluice: 1, command: "play" }],
    ["an answer", { sluice: 1, id: 1 }],
    ["an event", { sluice: 1, event: "ready", detail: {} }],
    ["a list", [1]],
  ])("passes over %s", (_, data) => {
    expect(readCommand(data)).toBeUndefined();
  });
});

describe("readPlayerMessage", () => {
  test.each([
    { sluice: 1, event: "playing", detail: {} },
    { sluice: 1, id: 3 },
    { sluice: 1, id: 3, value: 5 },
    { sluice: 1, id: 3, error: { code: "COMMAND_FAILED", message: "no" } },
  ])("takes %o", (data) => {
    expect(readPlayerMessage(data)).toEqual(data);
  });

  test.each([
    null,
    "ready",
    { sluice: 2, event: "playing", detail: {} },
    { sluice: 1, event: "playing" },
    { sluice: 1, event: 5, detail: {} },
    { sluice: 1, id: "3" },
    { sluice: 1, id: 3, error: "no" },
    { sluice: 1, id: 3, command: "play" },
  ])("passes over %o", (data) => {
    expect(readPlayerMessage(data)).toBeUndefined();
  });
});

test("neither reader throws, whatever comes", () => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true });
  const ours = fc.record({
    sluice: fc.constantFrom(1, 2, "1"),
    id: anything,
    command: anything,
    value: anything,
    event: anything,
    detail: anything,
  });
  const holds = fc.property(fc.oneof(anything, ours), (data) => {
    readCommand(data);
    readPlayerMessage(data);
  });
  fc.assert(holds);
});
