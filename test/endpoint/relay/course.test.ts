import { describe, expect, test } from "vitest";
import { Course } from "../../../server/endpoint/relay/course.ts";
import type { LineEnd } from "../../../server/endpoint/relay/line.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { relayStage } from "./relay-support.ts";

const lost: LineEnd = { type: "lost", code: "ECONNREFUSED", message: "refused" };
const refused = (code: string, description: string): LineEnd => ({
  ...{ type: "refused", code, description },
});

function stage(url?: string) {
  const world = relayStage(url);
  const told: string[] = [];
  let obstacle: { code: string; message: string } | undefined;
  const index = (line: object) => world.lines.findIndex((_, at) => lineObjects[at] === line);
  const lineObjects: object[] = [];
  const connect: typeof world.connect = (to, events) => {
    const line = world.connect(to, events);
    lineObjects.push(line);
    return line;
  };
  const course = new Course(
    { ...world.options, connect, kind: "push" },
    {
      obstacle: () => obstacle,
      ready: (line) => told.push(`ready ${index(line)}`),
      handover: (line) => told.push(`handover ${index(line)}`),
      handoverOff: () => told.push("handover off"),
      media: (line) => told.push(`media ${index(line)}`),
      over: () => told.push("over"),
    },
  );
  const block = (by: typeof obstacle) => {
    obstacle = by;
  };
  return { ...world, course, told, block };
}

describe("Course", () => {
  test("connects when it is wanted, says goodbye when it is not", () => {
    const { course, line, told, clock } = stage();
    expect(course.state).toBe("idle");
    course.want();
    expect(course.state).toBe("connecting");
    line(0).events.ready();
    expect(course.state).toBe("connected");
    course.flows(true);
    expect(course.state).toBe("live");
    course.rest();
    expect([course.state, told, line(0).said]).toEqual(["idle", ["ready 0", "over"], ["finish"]]);
    clock.pass(LIMITS.closeTime);
    expect(line(0).said).toEqual(["finish", "abort"]);
    expect(clock.pending).toBe(0);
  });

  test("tries again after failures, longer and longer, and begins anew when it was stable", () => {
    const { course, line, lines, clock, log } = stage();
    course.want();
    const delays: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      line(-1).events.over(lost);
      expect(course.state).toBe("waiting");
      const delay = (course.retryAt ?? 0) - clock.now();
      delays.push(delay);
      clock.pass(delay - 1);
      expect(lines).toHaveLength(n + 1);
      clock.pass(1);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
    expect(course.lastFailure).toMatchObject({ code: "ECONNREFUSED" });
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    line(-1).events.ready();
    clock.pass(LIMITS.relayStable);
    line(-1).events.over(lost);
    expect((course.retryAt ?? 0) - clock.now()).toBe(1000);
    expect(course.attempts).toBe(10);
  });

  test("a line that never lasts does not begin anew", () => {
    const { course, line, clock } = stage();
    course.want();
    line(0).events.ready();
    line(0).events.over(lost);
    clock.pass(1000);
    line(1).events.ready();
    line(1).events.over(lost);
    expect((course.retryAt ?? 0) - clock.now()).toBe(2000);
  });

  test("comes back seldom to a server that does not want it, and tells its words without secrets", () => {
    const { course, line, clock, log } = stage();
    course.want();
    line(0).events.over(
      refused(
        "NetStream.Publish.Denied",
        `name?key=topsecret is wrong (topsecret) ${"x".repeat(999)}`,
      ),
    );
    expect(course.state).toBe("refused");
    expect((course.retryAt ?? 0) - clock.now()).toBe(LIMITS.relayRetryLongest);
    const { message = "" } = course.lastFailure ?? {};
    expect(message).toMatch(/^NetStream\.Publish\.Denied: \*\*\* is wrong \(\*\*\*\)/);
    expect(message.length).toBeLessThanOrEqual(300);
    expect(JSON.stringify(log.lines)).not.toContain("topsecret");
  });

  test("comes back soon where the name is in use: that may be its own line of before", () => {
    const { course, line, clock } = stage();
    course.want();
    line(0).events.over(refused("NetStream.Publish.BadName", "in use"));
    expect(course.state).toBe("waiting");
    expect((course.retryAt ?? 0) - clock.now()).toBe(1000);
  });

  test("names a circle", () => {
    const { course, line } = stage();
    course.want();
    line(0).events.over(refused("NetStream.Publish.Denied", "RELAY_LOOP: live/x was here before"));
    expect(course.state).toBe("refused");
    expect(course.lastFailure).toMatchObject({ code: "RELAY_LOOP" });
  });

  test("gives up a server that is not ready in time, and one where nothing moves", () => {
    const { course, line, clock } = stage();
    course.want();
    clock.pass(LIMITS.relayConnectTime + 1000);
    expect(course.lastFailure).toMatchObject({ code: "RELAY_TIME" });
    clock.pass(1000);
    line(1).events.ready();
    line(1).unsent = 10;
    clock.pass(LIMITS.relaySilence + 2000);
    expect(course.lastFailure).toMatchObject({ code: "RELAY_SILENCE" });
  });

  test("waits for ever for a server that has nothing to play", () => {
    const { course, line, clock } = stage();
    course.want();
    line(0).events.ready();
    clock.pass(3_600_000);
    expect(course.state).toBe("connected");
    line(0).events.media?.(undefined as never);
    line(0).bytes += 1;
    clock.pass(LIMITS.relaySilence + 2000);
    expect(course.lastFailure).toMatchObject({ code: "RELAY_SILENCE" });
  });

  test("follows redirects at once, up to a limit", () => {
    const { course, line, lines, clock } = stage();
    course.want();
    for (let n = 1; n <= LIMITS.relayRedirects; n += 1) {
      const end = {
        type: "redirected",
        tcUrl: `rtmp://host${n}/app`,
        streamUrl: undefined,
      } as const;
      line(-1).events.over(end);
      expect(line(-1).url).toMatchObject({ host: `host${n}`, streamName: "name?key=topsecret" });
    }
    line(-1).events.over({ type: "redirected", tcUrl: "rtmp://more/app", streamUrl: undefined });
    expect(lines).toHaveLength(1 + LIMITS.relayRedirects);
    expect(course.lastFailure).toMatchObject({ code: "RELAY_REDIRECT" });
    clock.pass(LIMITS.relayRetryLongest);
    expect(line(-1).url.host).toBe("there");
  });

  test("tells where it is sent without secrets", () => {
    const { course, line, log } = stage("rtmp://there/app/topsecret");
    course.want();
    const tcUrl = "rtmp://other/topsecret/more";
    line(0).events.over({ type: "redirected", tcUrl, streamUrl: undefined });
    line(1).events.ready();
    line(1).events.reconnect?.("rtmp://third/topsecret/more");
    expect(log.lines.some(({ fields }) => fields["url"] === "rtmp://other/***/more/***")).toBe(
      true,
    );
    expect(JSON.stringify(log.lines)).not.toContain("topsecret");
  });

  test("does not follow from TLS to none", () => {
    const { course, line, lines } = stage("rtmps://there/app/name");
    course.want();
    line(0).events.over({ type: "redirected", tcUrl: "rtmp://other/app", streamUrl: undefined });
    expect(lines).toHaveLength(1);
    expect(course.lastFailure).toMatchObject({ code: "RELAY_REDIRECT" });
  });

  test("goes over to another line when the server asks for it, and lets the old one go then", () => {
    const { course, line, told } = stage();
    course.want();
    line(0).events.ready();
    line(0).events.reconnect?.("rtmp://other/app");
    line(0).events.reconnect?.("rtmp://other/app"); // once is enough
    expect(line(1).url.host).toBe("other");
    line(1).events.ready();
    expect(told).toEqual(["ready 0", "handover 1"]);
    expect(line(0).said).toEqual([]);
    course.switched();
    expect(line(0).said).toEqual(["finish"]);
    line(1).events.over(lost);
    expect(told).toEqual(["ready 0", "handover 1", "over"]);
  });

  test("stays where it is when the other server cannot be had", () => {
    const { course, line, told } = stage();
    course.want();
    line(0).events.ready();
    line(0).events.reconnect?.("rtmp://other/app");
    line(1).events.over(lost);
    expect([told, course.state]).toEqual([["ready 0", "handover off"], "connected"]);
    line(0).events.reconnect?.("http://other/app");
    expect(course.state).toBe("connected");
  });

  test("is not sent round without a pause", () => {
    const { course, line, lines, log, clock } = stage();
    course.want();
    line(0).events.ready();
    for (let n = 0; n < 100; n += 1) {
      line(0).events.reconnect?.("rtmp://other/app");
      if (lines.length > 1) line(-1).events.over(lost);
      line(0).events.reconnect?.("http://other/app");
    }
    expect(lines).toHaveLength(2);
    expect(log.lines.length).toBeLessThan(10);
    clock.pass(LIMITS.relayRetry);
    line(0).events.reconnect?.("rtmp://other/app");
    expect(lines).toHaveLength(3);
  });

  test("waits for the other line when the old one is lost first", () => {
    const { course, line, told } = stage();
    course.want();
    line(0).events.ready();
    line(0).events.reconnect?.("rtmp://other/app");
    line(0).events.over(lost);
    expect(course.state).toBe("connecting");
    line(1).events.ready();
    expect([told, course.state]).toEqual([["ready 0", "over", "ready 1"], "connected"]);
  });

  test("takes what plays for ready", () => {
    const { course, line, told } = stage();
    course.want();
    line(0).events.media?.(undefined as never);
    expect(told).toEqual(["ready 0", "media 0"]);
  });

  test("does not try while something is in its way", () => {
    const { course, lines, clock, block } = stage();
    block({ code: "RELAY_IN_USE", message: "somebody publishes" });
    course.want();
    expect([course.state, lines.length]).toEqual(["waiting", 0]);
    block(undefined);
    clock.pass(LIMITS.relayRetry);
    expect(lines).toHaveLength(1);
  });
});
