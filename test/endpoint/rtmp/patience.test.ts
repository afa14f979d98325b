import { describe, expect, test } from "vitest";
import { type Doing, Patience } from "../../../server/endpoint/rtmp/patience.ts";

const LIMITS = {
  handshakeTime: 5000,
  timeToPublish: 30_000,
  publisherSilence: 20_000,
  smallMessagesPerSecond: 100,
  commandsPerSecond: 10,
};
const OPENED_AT = 1_700_000_000_000;
/** The first byte came a moment later. */
const BEGUN = OPENED_AT + 400;
const NOTHING = { bytes: 0, messages: 0, smallMessages: 0, commands: 0 };
const IDLE: Doing = { isShaking: false, isPublishing: false, isPlaying: false, counters: NOTHING };

const patience = (): Patience => new Patience(LIMITS, OPENED_AT, BEGUN, NOTHING);

describe("Patience waits just so long", () => {
  test.each([
    {
      name: "for a handshake, from when the client connected",
      doing: { isShaking: true },
      last: OPENED_AT + 5000,
      code: "RTMP_HANDSHAKE_TIME",
    },
    {
      name: "for a publish or play",
      doing: {},
      last: BEGUN + 30_000,
      code: "RTMP_TIME_TO_PUBLISH",
    },
    {
      name: "for a publisher that sends nothing",
      doing: { isPublishing: true },
      last: BEGUN + 20_000,
      code: "RTMP_SILENCE",
    },
    {
      name: "for one that plays too, yet publishes",
      doing: { isPublishing: true, isPlaying: true },
      last: BEGUN + 20_000,
      code: "RTMP_SILENCE",
    },
  ])("$name", ({ doing, last, code }) => {
    const waiting = patience();
    waiting.check(last, { ...IDLE, ...doing });
    expect(() => waiting.check(last + 1, { ...IDLE, ...doing })).toThrow(
      expect.objectContaining({ code, kind: "limit", scope: "connection" }),
    );
  });

  test("and for ever for a player, whom others look after", () => {
    patience().check(BEGUN + 10_000_000, { ...IDLE, isPlaying: true });
  });

  test("anew, once something came or ended", () => {
    const waiting = patience();
    waiting.heard(BEGUN + 15_000);
    expect(waiting.silence(BEGUN + 16_000)).toBe(1000);
    waiting.check(BEGUN + 35_000, { ...IDLE, isPublishing: true });
    waiting.idle(BEGUN + 35_000);
    waiting.check(BEGUN + 65_000, IDLE);
    expect(() => waiting.check(BEGUN + 65_001, IDLE)).toThrow(/a publish or play/);
  });
});

test.each(["smallMessages", "commands"] as const)("Patience counts %s by the second", (what) => {
  const most = what === "commands" ? LIMITS.commandsPerSecond : LIMITS.smallMessagesPerSecond;
  const counted = patience();
  const check = (count: number): void =>
    counted.check(BEGUN, { ...IDLE, counters: { ...NOTHING, [what]: count } });
  check(most);
  check(2 * most);
  expect(() => check(3 * most + 1)).toThrow(expect.objectContaining({ code: "RTMP_RATE" }));
});

test("Patience has a silent client asked once in a while", () => {
  const asking = patience();
  expect(asking.takePing(BEGUN + 5000)).toBe(false);
  expect(asking.takePing(BEGUN + 5001)).toBe(true);
  expect(asking.takePing(BEGUN + 6000)).toBe(false);
  expect(asking.takePing(BEGUN + 10_002)).toBe(true);
  asking.heard(BEGUN + 15_000);
  expect(asking.takePing(BEGUN + 16_000)).toBe(false);
});
