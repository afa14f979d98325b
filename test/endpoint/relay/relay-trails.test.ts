import { expect, test } from "vitest";
import { RelayTrails } from "../../../server/endpoint/relay/relay-trails.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";

const server = (id: string) => new RelayTrails(id, (relayId, path) => `${relayId}-${path}`);

test("a stream that comes back over other servers is refused, wherever it goes besides", () => {
  const [a, b, c] = [server("a"), server("b"), server("c")];
  const atB = a.ofPush("live/x", undefined);
  expect(b.refusal("live/y", atB)).toBeUndefined();
  const atC = b.ofPush("live/y", atB);
  expect(c.refusal("live/x", atC)).toBeUndefined();
  const atA = c.ofPush("live/x", atC);
  expect(a.refusal("live/z", atA)).toBeUndefined(); // another stream of the same server
  expect(a.refusal("live/x", atA)).toMatch(/^RELAY_LOOP: live\/x was here before/);
});

test("a stream goes through so many servers only", () => {
  const hops = Array.from({ length: LIMITS.relayHops }, (_, n) => `s${n}`);
  expect(server("a").refusal("live/x", hops.join(","))).toMatch(
    /^RELAY_LOOP: .* as many as may be/,
  );
  expect(server("a").refusal("live/x", hops.slice(1).join(","))).toBeUndefined();
});

test("who is none of our kind is never refused", () => {
  expect(server("a").refusal("live/x", undefined)).toBeUndefined();
  expect(server("a").refusal("live/x", "")).toBeUndefined();
});

test("two that pull from each other are refused by the first who notices", () => {
  const [a, b] = [server("a"), server("b")];
  const askedByA = a.ofPull("live/x");
  expect(b.refusal("live/x", askedByA)).toBeUndefined();
  const leave = b.watch("live/x", askedByA);
  expect(a.refusal("live/x", b.ofPull("live/x"))).toMatch(/^RELAY_LOOP/);
  leave();
  expect(a.refusal("live/x", b.ofPull("live/x"))).toBeUndefined();
});

test("what is pulled is not pushed back to where it came from", () => {
  const [a, b] = [server("a"), server("b")];
  const via = a.through("b", "live/x");
  expect(b.refusal("live/x", a.ofPush("live/x", via))).toMatch(/^RELAY_LOOP/);
  expect(a.through(undefined, "live/x")).toBe("");
});

test("a trail as it goes over the wire is short enough to be read there", () => {
  const long = new RelayTrails("a", () => "0123456789abcdef");
  const hops = Array(LIMITS.relayHops).fill("0123456789abcdef").join(",");
  expect(long.ofPush("live/x", hops).length).toBeLessThanOrEqual(LIMITS.relayTrail);
});
