import { describe, expect, test } from "vitest";
import { PushRelay } from "../../../server/endpoint/relay/push-relay.ts";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import type { Capabilities } from "../../../server/protocol/rtmp/capabilities.ts";
import { hex } from "../../support/hex.ts";
import { AAC, AVC, encoder, OPUS, relayStage } from "./relay-support.ts";

const ALL: Capabilities = { fourCcList: ["*"], capsEx: 2 };

function stage({ enhanced = false, limits = {} as Partial<typeof LIMITS> } = {}) {
  const world = relayStage();
  const relay = new PushRelay({ ...world.options, limits: { ...LIMITS, ...limits }, enhanced });
  world.registry.observe({ published: (liveStream) => relay.attach(liveStream, true) });
  const ready = (index: number, capabilities?: Capabilities) => {
    world.line(index).events.connected?.({ capabilities, relayId: undefined });
    world.line(index).events.ready();
  };
  return { ...world, relay, ready };
}

const metadata = (width: number) => ({
  type: "metadata" as const,
  values: { width },
  body: encodeAmf0("onMetaData", { width }),
});

describe("PushRelay", () => {
  test("sends metadata, configurations and then samples from the last sync sample on, at their distances", () => {
    const { registry, line, ready, relay, lines } = stage();
    expect(lines).toHaveLength(0);
    const { publication, describe: describeTracks, picture, sound } = encoder(registry, "live/x");
    expect(lines).toHaveLength(1);
    publication.input(metadata(640));
    describeTracks(AVC, AAC);
    picture(5000, true);
    picture(5040);
    picture(6000, true, { compositionOffset: 80 });
    sound(6011);
    picture(6033);
    ready(0);
    picture(6066);
    expect(line(0).said).toEqual([
      ...["data 0", "video 0", "audio 0"],
      ...["video 0", "audio 11", "video 33", "video 66"],
    ]);
    const [data, video, audio, first] = line(0).payloads;
    expect(data).toEqual(
      concat(encodeAmf0("@setDataFrame"), encodeAmf0("onMetaData", { width: 640 })),
    );
    expect(video).toEqual(concat(hex`17 00 000000`, AVC.configuration));
    expect(audio).toEqual(hex`af00 1190`);
    expect(first?.subarray(0, 5)).toEqual(hex`17 01 000050`);
    expect(relay.course.state).toBe("live");
  });

  test("sends what is said during the broadcast, in its place", () => {
    const { registry, line, ready } = stage();
    const { publication, describe: describeTracks, picture } = encoder(registry, "live/x");
    describeTracks(AVC);
    picture(0, true);
    ready(0);
    const body = encodeAmf0("onTextData", { text: "a" });
    publication.input({ type: "data", dts: 20, name: "onTextData", values: [], body });
    picture(40);
    publication.input(metadata(320));
    publication.input({ type: "metadata", values: {}, body: new Uint8Array() });
    expect(line(0).said.slice(2)).toEqual(["data 20", "video 40", "data 40", "data 40"]);
    expect(line(0).payloads[2]).toEqual(body);
    expect(line(0).payloads.at(-1)).toEqual(encodeAmf0("@clearDataFrame", "onMetaData"));
  });

  test("leaves out what the server does not say that it reads, and says so", () => {
    const { registry, line, ready, relay, log } = stage();
    const { describe: describeTracks, picture, sound } = encoder(registry, "live/x");
    describeTracks(AVC, OPUS, { ...AVC, trackIndex: 1 });
    picture(0, true);
    ready(0);
    sound(10);
    picture(15, true, { trackIndex: 1 });
    picture(33);
    expect(line(0).said).toEqual(["video 0", "video 0", "video 33"]);
    expect(relay.leftOut).toEqual(["audio 0 opus", "video 1 avc1.42c01e"]);
    expect(log.lines.filter(({ fields }) => fields["code"] === "RELAY_LEFT_OUT")).toHaveLength(1);
  });

  test.each([
    ["a server that says so", false, ALL],
    ["a server of which it was said", true, undefined],
  ])("sends Enhanced RTMP to %s", (_name, enhanced, capabilities) => {
    const { registry, line, ready, relay } = stage({ enhanced });
    const { describe: describeTracks, picture, sound } = encoder(registry, "live/x");
    describeTracks(AVC, OPUS, { ...AVC, trackIndex: 1 });
    picture(0, true);
    ready(0, capabilities);
    sound(10);
    picture(15, true, { trackIndex: 1 });
    expect(line(0).payloads.map((payload) => payload[0])).toEqual([
      0x17, 0x90, 0x96, 0x17, 0x91, 0x96,
    ]);
    expect(relay.leftOut).toEqual([]);
  });

  test("leaves whole pictures out where the server does not keep up; sound goes on", () => {
    const { registry, line, ready, relay, clock } = stage({
      limits: { relayBacklog: 500 } as never,
    });
    const { describe: describeTracks, picture, sound } = encoder(registry, "live/x");
    describeTracks(AVC, AAC);
    picture(0, true);
    ready(0);
    line(0).unsent = 1_000_000;
    const before = line(0).said.length;
    for (let n = 1; n <= 10; n += 1) picture(n * 10);
    sound(101);
    clock.pass(10);
    line(0).unsent = 0;
    line(0).events.drain?.();
    expect(line(0).said.slice(before)).toEqual(["audio 101"]);
    picture(110);
    picture(120, true);
    expect(line(0).said.slice(before)).toEqual(["audio 101", "video 120"]);
    expect(relay.samplesDropped).toBe(11);
  });

  test("ends with the broadcast, when all of it has gone", () => {
    const { registry, line, ready, relay, clock } = stage();
    const { publication, describe: describeTracks, picture } = encoder(registry, "live/x");
    describeTracks(AVC);
    picture(0, true);
    ready(0);
    line(0).unsent = 1_000_000;
    picture(40);
    publication.end("clean");
    expect(line(0).said).not.toContain("finish");
    line(0).unsent = 0;
    line(0).events.drain?.();
    expect(line(0).said.slice(-2)).toEqual(["video 40", "finish"]);
    expect(relay.course.state).toBe("idle");
    clock.pass(LIMITS.gracePeriod);
    expect(registry.find("live/x")).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test("stays while a lost encoder may come back, and goes on at the same times", () => {
    const { registry, line, lines, ready, clock } = stage();
    const first = encoder(registry, "live/x");
    first.describe(AVC);
    first.picture(0, true);
    ready(0);
    first.publication.end("lost");
    clock.pass(LIMITS.relayLinger - 1);
    const second = encoder(registry, "live/x");
    second.describe(AVC);
    second.picture(90_000);
    second.picture(90_040, true);
    expect(lines).toHaveLength(1);
    expect(line(0).said.at(-1)).toBe("video 140"); // 100 ms lie between two publishers
    second.publication.end("lost");
    clock.pass(LIMITS.relayLinger);
    expect(line(0).said.at(-1)).toBe("finish");
  });

  test("sends nothing of the broadcast before, and all of one that goes on already", () => {
    const { registry, line, ready, clock, relay, options } = stage();
    const first = encoder(registry, "live/x");
    first.describe(AVC);
    first.picture(0, true);
    ready(0);
    first.publication.end("clean");
    clock.pass(1000);
    const second = encoder(registry, "live/x");
    second.describe(AVC);
    ready(1);
    second.picture(0, true);
    expect(line(1).said).toEqual(["video 0", "video 100"]);
    const late = new PushRelay({ ...options, limits: LIMITS, enhanced: false });
    const liveStream = registry.find("live/x");
    if (liveStream !== undefined) late.attach(liveStream, false);
    ready(2);
    expect(line(2).said).toEqual(["video 0", "video 0"]);
    relay.detach();
    late.detach();
  });

  test("comes back to a server that was lost, with the last sync sample, on the same times", () => {
    const { registry, line, ready, clock } = stage();
    const { describe: describeTracks, picture } = encoder(registry, "live/x");
    describeTracks(AVC);
    picture(0, true);
    ready(0);
    line(0).events.over({ type: "lost", code: "ECONNRESET", message: "reset" });
    picture(1000, true);
    picture(1040);
    clock.pass(1000);
    ready(1);
    expect(line(1).said).toEqual(["video 1000", "video 1000", "video 1040"]);
  });

  test("goes over to another server at the next sync sample", () => {
    const { registry, line, ready } = stage();
    const { describe: describeTracks, picture, sound } = encoder(registry, "live/x");
    describeTracks(AVC, AAC);
    picture(0, true);
    ready(0);
    const before = line(0).said.length;
    line(0).events.reconnect?.("rtmp://other/app");
    ready(1);
    sound(20);
    picture(40);
    picture(80, true);
    picture(120);
    expect(line(0).said.slice(before)).toEqual(["audio 20", "video 40", "finish"]);
    expect(line(1).said).toEqual(["video 80", "audio 80", "video 80", "video 120"]);
  });
});
