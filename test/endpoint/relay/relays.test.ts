import { createHmac, randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { newDiffieHellman } from "../../../server/diffie-hellman.ts";
import { RelayTrails } from "../../../server/endpoint/relay/relay-trails.ts";
import { Relays, TooManyRelays } from "../../../server/endpoint/relay/relays.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { AVC, encoder, relayStage } from "./relay-support.ts";

const url = "rtmp://there/app/topsecret";

function stage(limits = LIMITS as { [name in keyof typeof LIMITS]: number }) {
  const { registry, clock, log } = relayStage();
  const dialled: string[] = [];
  const relays = new Relays({
    ...{ hub: registry, clock, log, tls: {}, chance: () => 0, limits },
    dial: ({ host, streamName }) => {
      dialled.push(`${host} ${streamName}`);
      return new PassThrough().resume(); // a server that echoes is none
    },
    trails: new RelayTrails("me", (id, path) => `${id}-${path}`),
    random: (length) => randomBytes(length),
    encryption: {
      hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
      diffieHellman: newDiffieHellman,
    },
    feed: () => ({ take: () => {}, bad: () => {} }),
  });
  return { registry, clock, relays, dialled, log };
}

describe("Relays", () => {
  test("pushes what is on air already, and what comes on air", () => {
    const { registry, relays, dialled } = stage();
    encoder(registry, "live/x");
    relays.create({ kind: "push", streamPath: "live/x", url });
    relays.create({ kind: "push", streamPath: "live/y", url: `${url}2` });
    expect(dialled).toEqual(["there topsecret"]);
    encoder(registry, "live/y");
    expect(dialled).toEqual(["there topsecret", "there topsecret2"]);
    relays.close();
  });

  test("pushes all streams of an application, each as its own", () => {
    const { registry, relays, dialled, clock } = stage();
    relays.create({ kind: "push", streamPath: "live/*", url: "rtmp://there/app/*" });
    const first = encoder(registry, "live/x");
    encoder(registry, "live/y");
    encoder(registry, "other/z");
    expect(dialled).toEqual(["there x", "there y"]);
    expect(relays.list().map(({ id, streamPath, url: shown }) => [id, streamPath, shown])).toEqual([
      ["r1", "live/*", "rtmp://there/app/***"],
      ["r1.live/x", "live/x", "rtmp://there/app/***"],
      ["r1.live/y", "live/y", "rtmp://there/app/***"],
    ]);
    first.publication.end("clean");
    clock.pass(LIMITS.gracePeriod + LIMITS.relayBacklogTime);
    encoder(registry, "live/w");
    expect(relays.list().map(({ streamPath }) => streamPath)).toEqual([
      ...["live/*", "live/y", "live/w"],
    ]);
    relays.delete("r1");
    expect(relays.list()).toEqual([]);
  });

  test("are bounded", () => {
    const { relays } = stage({ ...LIMITS, relays: 1 });
    relays.create({ kind: "pull", streamPath: "live/x", url });
    expect(() => relays.create({ kind: "pull", streamPath: "live/y", url })).toThrow(TooManyRelays);
    relays.delete("r1");
    expect(relays.create({ kind: "pull", streamPath: "live/y", url })).toMatchObject({ id: "r2" });
  });

  test("a pull on demand begins with who watches already", () => {
    const { registry, relays, dialled } = stage();
    registry.watch("live/x")?.observe({});
    relays.create({ kind: "pull", streamPath: "live/x", url });
    expect(dialled).toHaveLength(1);
    relays.close();
  });

  test("a push is no viewer: it does not make a pull go on", () => {
    const { registry, relays, dialled } = stage();
    relays.create({ kind: "pull", streamPath: "live/x", url });
    relays.create({ kind: "push", streamPath: "live/x", url: `${url}2` });
    encoder(registry, "live/x").describe(AVC);
    expect(dialled).toEqual(["there topsecret2"]);
    relays.close();
  });

  test("asking for a stream is as good as watching it, for a while", () => {
    const { registry, relays, dialled, clock } = stage();
    expect(relays.ask("live/x")).toBe(false);
    relays.create({ kind: "pull", streamPath: "live/x", url });
    expect(relays.ask("live/x")).toBe(true);
    expect(dialled).toHaveLength(1);
    expect(registry.find("live/x")?.state).toBe("waiting");
    clock.pass(LIMITS.relayLinger - 1);
    relays.ask("live/x");
    clock.pass(LIMITS.relayLinger - 1);
    expect(relays.list()[0]?.state).not.toBe("idle");
    clock.pass(2 * LIMITS.relayLinger);
    expect(relays.list()[0]?.state).toBe("idle");
    expect(registry.size).toBe(0);
    clock.pass(LIMITS.closeTime);
    expect(clock.pending).toBe(0);
  });

  test("tell nothing that is secret", () => {
    const { registry, relays, log, clock } = stage();
    encoder(registry, "live/x");
    relays.create({ kind: "push", streamPath: "live/x", url: `${url}?key=topsecret2` });
    relays.create({ kind: "pull", streamPath: "live/y", url: "rtmp://there/a/b?key=topsecret3" });
    relays.ask("live/y");
    clock.pass(60_000);
    expect(JSON.stringify([relays.list(), log.lines])).not.toContain("topsecret");
    expect(log.lines.length).toBeGreaterThan(0);
    relays.close();
  });
});
