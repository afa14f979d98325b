import { expect, test } from "vitest";
import { EffectQueue } from "../../../server/protocol/rtmp/effect-queue.ts";
import { hex } from "../../support/hex.ts";

test("EffectQueue joins bytes sent one after the other, and keeps the order", () => {
  const queue = new EffectQueue<string>();
  queue.send(hex`01`);
  queue.send(hex`0203`);
  queue.push("a");
  queue.send(hex`04`);
  expect(queue.flush()).toEqual([
    { type: "send", bytes: hex`010203` },
    "a",
    { type: "send", bytes: hex`04` },
  ]);
  expect(queue.flush()).toEqual([]);
});

test("EffectQueue joins half a million replies in time that grows with their length", () => {
  const queue = new EffectQueue<never>();
  const reply = new Uint8Array(18);
  for (let count = 0; count < 500_000; count += 1) queue.send(reply);
  const [effect] = queue.flush();
  expect(effect).toHaveProperty("bytes.length", 500_000 * 18);
});
