import { expect, test } from "vitest";
import { WayMemory } from "../../../web/control/way-memory.ts";
import type { Playback } from "../../../web/engine/playback.ts";
import { Ways, type WaysOptions } from "../../../web/player/ways.ts";

const held = new Map<string, string>();
const storage = {
  getItem: (key: string) => held.get(key) ?? null,
  setItem: (key: string, value: string) => void held.set(key, value),
  removeItem: (key: string) => void held.delete(key),
};

function make(options: Partial<WaysOptions> = {}): Ways {
  return new Ways({
    transport: "auto",
    engine: "auto",
    latency: () => 100,
    browser: { mediaSource: true, nativeHls: false, webCodecs: "missing" },
    decodes: () => ({ mse: undefined, webCodecs: undefined }),
    isBareOut: () => false,
    memory: new WayMemory(undefined, "ws://one.example/"),
    ...options,
  });
}

/** As much of a playback as is asked. */
const playback = (engine: Playback["engine"], isReady = true) =>
  ({ engine, transport: engine === "mse" ? "websocket" : "hls", isReady }) as Playback;

test("Ways: errors of MSE lead to HLS for a while, one that is final at once", () => {
  const ways = make();
  const mse = playback("mse");
  for (const at of [0, 1, 2]) ways.failed(mse, at);
  expect(ways.isLive(2)).toBe(true);
  ways.failed(mse, 3);
  expect(ways.choice(3)).toMatchObject({ transport: "hls", reason: "mse-failed" });
  expect(ways.isLive(30_003)).toBe(true);
  const other = make();
  other.failed(mse, 0, true);
  expect(other.isLive(1)).toBe(false);
  other.tryAgain();
  expect(other.isLive(1)).toBe(true);
});

test("Ways: what is asked for is obeyed at once, and the WebSocket is of no use to HLS", () => {
  const ways = make({ transport: "hls" });
  expect(ways.usesWebSocket).toBe(false);
  expect(ways.choice(0)?.reason).toBe("asked");
  ways.transport = "websocket";
  expect(ways.usesWebSocket).toBe(true);
  ways.line.down(0, 9);
  expect(ways.choice(0)?.transport).toBe("websocket");
  ways.transport = "auto";
  expect(ways.choice(0)?.reason).toBe("websocket-blocked");
});

test("Ways: the reason is that of the choice while it is the choice, else why it was made", () => {
  const ways = make();
  const [hls, past] = [playback("hls.js"), playback("hls.js")];
  ways.line.down(0, 2);
  ways.made(hls, "websocket-blocked");
  ways.made(past, "rewind");
  expect(ways.reasonOf(hls, 0)).toBe("websocket-blocked");
  expect(ways.reasonOf(past, 0)).toBe("rewind");
  ways.line.up(1);
  expect(ways.reasonOf(hls, 1)).toBe("websocket-blocked"); // until MSE has a picture
  expect(ways.reasonOf(playback("mse"), 1)).toBe("best");
});

test("Ways: what played for ten seconds is remembered, unless it was asked for or a bad hour", () => {
  const memory = () => new WayMemory(storage, "ws://one.example/");
  const play = (ways: Ways, one: Playback, ms: number, from = 0) => {
    for (let now = from; now <= from + ms; now += 50) ways.follow(one, now, false);
  };
  const hls = playback("hls.js");
  const short = make({ memory: memory() });
  short.line.down(0, 2);
  play(short, hls, 9_900);
  short.follow(hls, 9_950, true); // it stands still: it begins anew
  play(short, hls, 9_900, 10_000);
  expect(memory().recall(Date.now())).toBeUndefined();
  play(make({ memory: memory(), transport: "hls" }), hls, 11_000);
  const lossy = make({ memory: memory() });
  lossy.line.up(0);
  for (let now = 0; now < 4_000; now += 1_000) lossy.line.suffered(now);
  expect(lossy.reasonOf(hls, 4_000)).toBe("websocket-lossy");
  play(lossy, hls, 11_000, 4_000);
  expect(memory().recall(Date.now())).toBeUndefined();

  const blocked = make({ memory: memory() });
  blocked.line.down(0, 2);
  play(blocked, hls, 11_000);
  expect(memory().recall(Date.now())).toBe("hls");
  const next = make({ memory: memory() });
  expect(next.choice(0)?.reason).toBe("remembered");
  next.line.up(1);
  expect(next.choice(1)?.reason).toBe("best");
  play(next, playback("mse"), 11_000, 1);
  expect(make({ memory: memory() }).choice(0)?.reason).toBe("best");
});

test("Ways: a playback without a picture within two seconds is overdue; a page that hangs is not time", () => {
  const ways = make();
  const waiting = playback("mse", false);
  for (let now = 0; now <= 2_000; now += 50) expect(ways.isOverdue(waiting, now)).toBe(false);
  expect(ways.isOverdue(waiting, 2_050)).toBe(true);
  const another = playback("mse", false);
  for (let now = 3_000; now < 9_000; now += 1_000) expect(ways.isOverdue(another, now)).toBe(false);
  expect(ways.isOverdue(undefined, 9_000)).toBe(false); // hidden: it begins anew
  for (let now = 9_000; now <= 11_000; now += 50) expect(ways.isOverdue(another, now)).toBe(false);
  expect(ways.isOverdue(another, 11_050)).toBe(true);
});
