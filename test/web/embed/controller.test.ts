import { beforeEach, describe, expect, test } from "vitest";
import { EmbedController, type EmbeddedElement } from "../../../web/embed/controller.ts";
import type { AnswerMessage, EventMessage } from "../../../web/embed/messages.ts";
import type { PlayerStats } from "../../../web/player/player-stats.ts";

/** An element that keeps what it was told. */
class FakeElement extends EventTarget {
  state = "waiting" as const;
  paused = true;
  muted = false;
  volume = 1;
  currentTime = 12;
  isLive = true;
  latency = "low" as EmbeddedElement["latency"];
  delay: number | undefined = 110;
  targetLatency = 100;
  tracks = [];
  quality: EmbeddedElement["quality"] = "auto";
  qualities = [];
  error: EmbeddedElement["error"] = null;
  streamState: PlayerStats["streamState"] = "waiting";
  readonly calls: unknown[] = [];
  player: EmbeddedElement["player"] = {
    textTracks: [],
    selectTextTrack: (id) => void this.calls.push(["text", id]),
    timeline: { start: 0, end: 60_000, position: 60_000, behindLive: 0, isLive: true },
    seek: async (time) => void this.calls.push(["seek", time]),
  };
  stats = () => ({ streamState: this.streamState }) as PlayerStats;
  play = async () => void this.calls.push("play");
  pause = () => void this.calls.push("pause");
  goLive = () => void this.calls.push("live");
}

let element: FakeElement;
let posted: (AnswerMessage | EventMessage)[];
let controller: EmbedController;

beforeEach(() => {
  element = new FakeElement();
  posted = [];
  controller = new EmbedController(element, (message) => void posted.push(message));
});

const command = async (name: string, value?: unknown) => {
  posted = [];
  controller.receive({ sluice: 1, id: 1, command: name, value });
  await new Promise((resolve) => setImmediate(resolve));
  return posted;
};

describe("EmbedController", () => {
  test("says at once that it is ready, and where it stands", () => {
    expect(posted).toMatchObject([
      { event: "ready", detail: { version: 1, state: "waiting", isOnline: false, target: 100 } },
    ]);
  });

  test.each([
    ["play", undefined, "play"],
    ["pause", undefined, "pause"],
    ["seekToLive", undefined, "live"],
    ["seek", 12.5, ["seek", 12_500]],
    ["seek", -10, ["seek", 50_000]],
    ["selectTextTrack", "cc1", ["text", "cc1"]],
    ["selectTextTrack", null, ["text", undefined]],
  ])("does %s of %s, and says so", async (name, value, call) => {
    expect(await command(name, value)).toEqual([{ sluice: 1, id: 1 }]);
    expect(element.calls).toEqual([call]);
  });

  test("sets what can be set", async () => {
    await command("mute");
    await command("setVolume", 0.25);
    await command("setLatency", 250);
    expect(element).toMatchObject({ muted: true, volume: 0.25, latency: 250 });
    await command("unmute");
    expect(element.muted).toBe(false);
    await command("setQuality", 3);
    expect(element.quality).toBe(3);
    await command("setQuality", "auto");
    expect(element.quality).toBe("auto");
  });

  test("answers with statistics, and with why it did not do something", async () => {
    const stats = { streamState: "waiting" };
    expect(await command("getStats")).toEqual([{ sluice: 1, id: 1, value: stats }]);
    element.player = undefined;
    const failed = { id: 1, error: { code: "COMMAND_FAILED", message: "Nothing plays yet" } };
    expect(await command("seek", 5)).toMatchObject([failed]);
    expect(await command("explode")).toMatchObject([{ error: { code: "COMMAND_UNKNOWN" } }]);
    expect(await command("setVolume", 5)).toMatchObject([{ error: { code: "COMMAND_INVALID" } }]);
  });

  test("tells what was subscribed to, and nothing else", async () => {
    posted = [];
    element.dispatchEvent(new Event("playing"));
    expect(posted).toEqual([]);
    const events = ["playing", "online", "offline", "stalled", "error", "volumechange"];
    expect(await command("subscribe", { events })).toMatchObject([{ value: { version: 1 } }]);
    posted = [];
    const change = new CustomEvent("statuschange", { detail: {} });
    element.streamState = "live";
    element.dispatchEvent(change);
    element.dispatchEvent(change);
    element.dispatchEvent(new Event("playing"));
    element.dispatchEvent(new CustomEvent("stall", { detail: { count: 2 } }));
    element.dispatchEvent(new Event("volumechange"));
    element.error = { code: 4, name: "CODEC_UNSUPPORTED", message: "Cannot" };
    element.dispatchEvent(new Event("error"));
    element.streamState = "reconnecting";
    element.dispatchEvent(change);
    element.streamState = "ended";
    element.dispatchEvent(change);
    expect(posted).toEqual([
      { sluice: 1, event: "online", detail: {} },
      { sluice: 1, event: "playing", detail: {} },
      { sluice: 1, event: "stalled", detail: { count: 2 } },
      { sluice: 1, event: "volumechange", detail: { muted: false, volume: 1 } },
      {
        sluice: 1,
        event: "error",
        detail: { name: "CODEC_UNSUPPORTED", message: "Cannot" },
      },
      { sluice: 1, event: "offline", detail: {} },
    ]);
    controller.destroy();
    posted = [];
    element.dispatchEvent(new Event("playing"));
    expect(posted).toEqual([]);
  });

  test("passes over what is not for it", async () => {
    posted = [];
    for (const data of [null, "play", { command: "play" }, { sluice: 9, id: 1, command: "play" }])
      controller.receive(data);
    await new Promise((resolve) => setImmediate(resolve));
    expect([posted, element.calls]).toEqual([[], []]);
  });
});
