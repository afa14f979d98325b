import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import { ClientSession } from "../../../server/protocol/rtmp/client-session.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { cut, hex } from "../../support/hex.ts";
import { newSession, random } from "./session-support.ts";

/** A client and a server with a line between them that cuts everything into pieces of `size`. */
function line({ size = 100_000, refuse = false, chunkSize = 4096 } = {}) {
  const client = new ClientSession({
    ...{ random, app: "live", tcUrl: "rtmp://host/live", streamName: "show?key=abc", chunkSize },
  });
  const server = newSession();
  const atServer: SessionEffect[] = [];
  const atClient: string[] = [];
  const toServer: Bytes[] = [];
  const toClient: Bytes[] = [];
  const perform = (effects: readonly SessionEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "send") toClient.push(...cut(effect.bytes, size));
      else atServer.push(effect);
      if (effect.type !== "publish") continue;
      const { messageStreamId: id } = effect;
      perform(refuse ? server.refuse(id, "NetStream.Publish.BadName", "No") : server.accept(id));
    }
  };
  /** Carries bytes both ways until none is left. */
  const run = (bytes: Bytes): void => {
    toServer.push(...cut(bytes, size));
    while (toServer.length + toClient.length > 0) {
      const up = toServer.shift();
      if (up) perform(server.receive(up));
      const down = toClient.shift();
      for (const effect of down ? client.receive(down) : []) {
        if (effect.type === "send") toServer.push(...cut(effect.bytes, size));
        else
          atClient.push(
            effect.type === "refused" ? `${effect.code}: ${effect.description}` : effect.type,
          );
      }
    }
  };
  return { client, server, run, atServer, atClient, perform };
}

test("ClientSession publishes to ServerSession, however the line cuts", () => {
  const holds = fc.property(
    fc.integer({ min: 1, max: 4000 }),
    fc.constantFrom(1, 128, 4096, 0x7fffffff),
    (size, chunkSize) => {
      const { client, run, atServer, atClient } = line({ size, chunkSize });
      run(client.start());
      expect(atClient).toEqual(["publishing"]);
      run(client.media("data", 0, hex`020001 61`));
      run(
        concat(
          client.media("video", 40, new Uint8Array(500)),
          client.media("audio", 43, hex`af01`),
        ),
      );
      run(client.finish());
      expect(atServer).toMatchObject([
        { type: "connected", app: "live", tcUrl: "rtmp://host/live" },
        { type: "publish", streamPath: "live/show", query: { key: "abc" } },
        { type: "media", kind: "data", timestamp: 0 },
        { type: "media", kind: "video", timestamp: 40, payload: new Uint8Array(500) },
        { type: "media", kind: "audio", timestamp: 43 },
        { type: "unpublish", reason: "FCUnpublish" },
      ]);
    },
  );
  fc.assert(holds, { numRuns: 25 });
});

test("ClientSession hears a refusal in the server's words", () => {
  const { client, run, atClient } = line({ refuse: true });
  run(client.start());
  expect(atClient).toEqual(["NetStream.Publish.BadName: No"]);
});

test("ClientSession hears that the server stops", () => {
  const { client, server, run, atClient, perform } = line();
  run(client.start());
  perform(server.close("NetConnection.Connect.AppShutdown", "Restarting"));
  run(hex``);
  expect(atClient).toEqual(["publishing", "NetConnection.Connect.AppShutdown: Restarting"]);
});

test("ClientSession answers pings", () => {
  const { client, server, run, atServer, perform } = line();
  run(client.start());
  perform(server.ping(77));
  run(hex``);
  expect(atServer.at(-1)).toEqual({ type: "pong", timestamp: 77 });
});

test("ClientSession carries timestamps around the boundaries", () => {
  const times = [0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0, 33];
  const { client, run, atServer } = line();
  run(client.start());
  for (const time of times) run(client.media("video", time, new Uint8Array(300)));
  const read = atServer.flatMap((effect) => (effect.type === "media" ? [effect.timestamp] : []));
  expect(read).toEqual(times);
});

test("ClientSession joins its answers to a burst of pings", () => {
  const { client, server, run } = line();
  run(client.start());
  const [ping] = server.ping(77);
  if (ping?.type !== "send") throw new Error("No ping");
  const [answer, ...others] = client.receive(concat(...Array(10_000).fill(ping.bytes)));
  expect(answer).toHaveProperty("bytes.length", 70_007);
  expect(others).toEqual([]);
});
