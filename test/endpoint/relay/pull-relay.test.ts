import { describe, expect, test } from "vitest";
import { type Feed, PullRelay } from "../../../server/endpoint/relay/pull-relay.ts";
import type { Publication } from "../../../server/live/live-stream.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import type { MediaEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { hex } from "../../support/hex.ts";
import { AVC, encoder, relayStage } from "./relay-support.ts";

const media = (kind: "audio" | "video", payload: Uint8Array, timestamp = 0): MediaEffect => ({
  ...{ type: "media", kind, messageStreamId: 1, timestamp, payload },
});
const words: MediaEffect = {
  ...{ type: "media", kind: "data", encoding: "amf0", messageStreamId: 1, timestamp: 0 },
  payload: hex`05`,
};
const key = media("video", hex`1701 000000 00`);
const inter = media("video", hex`2701 000000 00`);
const configuration = media("video", hex`1700 000000 00`);
const sound = media("audio", hex`af01 00`);

function stage({ when = "demand" as "always" | "demand" } = {}) {
  const world = relayStage();
  const { registry, options } = world;
  const fed: string[] = [];
  let publications = 0;
  const feed = (_publication: Publication): Feed => {
    publications += 1;
    const number = publications;
    return {
      take: ({ kind, payload }) => {
        if (payload.length === 0) {
          throw new ProtocolError("limit", "BAD_MESSAGES", "enough", { scope: "connection" });
        }
        fed.push(`${number} ${kind} ${payload[0]?.toString(16)}`);
      },
      bad: ({ code }) => fed.push(`${number} bad ${code}`),
    };
  };
  const relay = new PullRelay({
    ...{ ...options, streamPath: "live/x", when, hub: registry, feed, identity: "relay r1" },
    trailOf: (id, path) => `${id} ${path}`,
  });
  registry.observe({ viewers: ({ viewers }) => relay.watched(viewers > 0) });
  const watch = () => {
    const liveStream = registry.watch("live/x");
    const leave = liveStream?.observe({});
    return () => {
      leave?.();
      if (liveStream !== undefined) registry.release(liveStream);
    };
  };
  return { ...world, relay, fed, watch };
}

describe("PullRelay", () => {
  test("begins when somebody watches, and ends a while after the last one left", () => {
    const { relay, watch, lines, line, clock, registry, fed } = stage();
    expect([relay.course.state, lines.length]).toEqual(["idle", 0]);
    const leave = watch();
    line(0).events.ready();
    expect(registry.find("live/x")?.state).toBe("waiting");
    line(0).events.media?.(key);
    expect([relay.course.state, registry.find("live/x")?.state]).toEqual(["live", "live"]);
    expect(fed).toEqual(["1 video 17"]);
    leave();
    clock.pass(LIMITS.relayLinger - 1);
    const again = watch();
    line(0).bytes += 1; // something moves
    clock.pass(LIMITS.relayLinger);
    expect(line(0).said).toEqual([]);
    again();
    line(0).bytes += 1;
    clock.pass(LIMITS.relayLinger);
    expect(line(0).said[0]).toBe("finish");
    expect([relay.course.state, registry.find("live/x")?.state]).toEqual(["idle", "ended"]);
    clock.pass(LIMITS.gracePeriod);
    expect([registry.size, clock.pending]).toEqual([0, 0]);
  });

  test("always goes on without anybody", () => {
    const { line, relay, registry } = stage({ when: "always" });
    line(0).events.connected?.({ capabilities: undefined, relayId: "b" });
    line(0).events.media?.(sound);
    expect(registry.find("live/x")?.state).toBe("live");
    expect(registry.via("live/x")).toBe("b app/name");
    relay.close();
    expect(registry.find("live/x")?.state).toBe("ended");
  });

  test("begins no broadcast with words alone, and keeps them for when it begins", () => {
    const { line, registry, fed } = stage({ when: "always" });
    for (let n = 0; n < 3; n += 1) line(0).events.media?.(words);
    expect(registry.find("live/x")).toBeUndefined();
    line(0).events.media?.(sound);
    expect(fed).toEqual(["1 data 5", "1 data 5", "1 data 5", "1 audio af"]);
  });

  test("tells viewers of an end, and goes on when it begins again", () => {
    const { line, registry, relay, fed } = stage({ when: "always" });
    line(0).events.media?.(sound);
    line(0).events.ended?.();
    expect([relay.course.state, registry.find("live/x")?.state]).toEqual(["connected", "ended"]);
    line(0).events.media?.(sound);
    expect([relay.course.state, registry.find("live/x")?.state]).toEqual(["live", "live"]);
    expect(fed).toEqual(["1 audio af", "2 audio af"]);
  });

  test("keeps viewers while it comes back", () => {
    const { line, registry, clock } = stage({ when: "always" });
    line(0).events.media?.(sound);
    line(0).events.over({ type: "lost", code: "ECONNRESET", message: "reset" });
    expect(registry.find("live/x")?.state).toBe("reconnecting");
    clock.pass(1000);
    line(1).events.media?.(sound);
    expect(registry.find("live/x")?.state).toBe("live");
  });

  test("waits while an encoder publishes under the path, and takes its place when it left", () => {
    const { registry, watch, lines, line, relay, clock } = stage();
    const { publication } = encoder(registry, "live/x");
    watch();
    clock.pass(5000);
    expect([lines.length, relay.course.state]).toEqual([0, "waiting"]);
    expect(relay.course.lastFailure?.code).toBe("RELAY_IN_USE");
    publication.end("lost");
    clock.pass(LIMITS.relayRetry);
    line(0).events.media?.(sound);
    expect(registry.find("live/x")?.state).toBe("live");
  });

  test("keeps the path as any publisher does: an encoder is refused until it has been silent", () => {
    const { registry, line, relay, clock } = stage({ when: "always" });
    line(0).events.media?.(sound);
    expect(() => encoder(registry, "live/x")).toThrow(/being published already/);
    clock.pass(LIMITS.publisherYield);
    encoder(registry, "live/x").describe(AVC);
    expect(relay.course.lastFailure?.code).toBe("RELAY_IN_USE");
    expect(registry.find("live/x")?.state).toBe("live");
  });

  test("gives up a line that brings nothing that can be understood", () => {
    const { line, relay } = stage({ when: "always" });
    line(0).events.media?.(sound);
    line(0).events.badMessage?.(new ProtocolError("malformed", "TRUNCATED", "short"));
    line(0).events.media?.(media("video", new Uint8Array()));
    expect(relay.course.lastFailure).toMatchObject({ code: "BAD_MESSAGES", message: "enough" });
    expect(relay.course.state).toBe("waiting");
  });

  test("goes over to another server at a picture that can be begun with", () => {
    const { line, fed, registry } = stage({ when: "always" });
    line(0).events.media?.(key);
    line(0).events.reconnect?.("rtmp://other/app");
    for (const one of [words, configuration, sound, inter]) line(1).events.media?.(one);
    line(0).events.media?.(inter);
    line(1).events.media?.(key);
    expect(line(0).said).toEqual(["finish"]);
    line(1).events.media?.(inter);
    expect(fed).toEqual([
      ...["1 video 17", "1 video 27"],
      ...["2 data 5", "2 video 17", "2 audio af", "2 video 27", "2 video 17", "2 video 27"],
    ]);
    expect(registry.find("live/x")?.state).toBe("live");
  });

  test("goes over without pictures where there are none", () => {
    const { line, fed, clock } = stage({ when: "always" });
    line(0).events.media?.(sound);
    line(0).events.reconnect?.("rtmp://other/app");
    line(1).events.media?.(sound);
    expect(fed).toHaveLength(1);
    clock.pass(1100);
    line(1).events.media?.(sound);
    expect(fed).toEqual(["1 audio af", "2 audio af", "2 audio af"]);
  });
});
