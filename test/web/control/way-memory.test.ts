import { expect, test } from "vitest";
import { WayMemory, type WayStorage } from "../../../web/control/way-memory.ts";

const HOUR = 3_600_000;

function storage(): WayStorage {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

test("WayMemory remembers what worked, for a day and for this server only", () => {
  const kept = storage();
  const memory = new WayMemory(kept, "wss://one.example/streams/live/a/ws");
  expect(memory.recall(0)).toBeUndefined();
  memory.remember("hls", 1_000.5);
  const later = new WayMemory(kept, "wss://one.example/streams/live/b/ws");
  expect(later.recall(23 * HOUR)).toBe("hls");
  expect(later.recall(25 * HOUR)).toBeUndefined();
  expect(later.recall(0)).toBeUndefined(); // a clock that was put back
  expect(new WayMemory(kept, "wss://two.example/x").recall(HOUR)).toBeUndefined();
  later.remember("websocket", HOUR);
  expect(memory.recall(2 * HOUR)).toBe("websocket");
});

test("WayMemory never throws: without storage, where it is denied, and with nonsense in it", () => {
  const denied = (): never => {
    throw new DOMException("denied", "SecurityError");
  };
  const url = "ws://one.example/";
  for (const kept of [undefined, { getItem: denied, setItem: denied, removeItem: denied }]) {
    const memory = new WayMemory(kept, url);
    memory.remember("hls", 0);
    expect(memory.recall(0)).toBeUndefined();
  }
  for (const text of ["", "hls", "ftp 1", "hls x", "{}"]) {
    const memory = new WayMemory({ ...storage(), getItem: () => text }, url);
    expect(memory.recall(1)).toBeUndefined();
  }
});
