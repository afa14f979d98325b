import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { newDiffieHellman } from "../../../server/diffie-hellman.ts";
import { type Bytes, concat, equal } from "../../../server/protocol/bytes/bytes.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { ClientSession } from "../../../server/protocol/rtmp/client-session.ts";
import { MessageType } from "../../../server/protocol/rtmp/message.ts";
import { ServerSession } from "../../../server/protocol/rtmp/server-session.ts";
import { cut, hex } from "../../support/hex.ts";
import { CONNECT, HANDSHAKE, hmac, newSession } from "./session-support.ts";

const random = (length: number): Bytes => randomBytes(length);

/** An encrypted publisher and its server, on a line that cuts into pieces of `size`. */
function publish(version: 6 | 8 | 9, size: number, media: (client: ClientSession) => Bytes[]) {
  const server = new ServerSession({ hmac, random, diffieHellman: newDiffieHellman });
  const client = new ClientSession({
    ...{ random, app: "live", tcUrl: "rtmpe://host/live", streamName: "show" },
    encryption: { hmac, diffieHellman: newDiffieHellman, version },
  });
  const toServer: Bytes[] = [];
  const toClient: Bytes[] = [];
  const onLine: Bytes[] = [];
  const clear: Bytes[] = [];
  const received: string[] = [];
  const up = (bytes: Bytes) => {
    const sealed = client.seal(bytes);
    onLine.push(sealed);
    toServer.push(...cut(sealed, size));
  };
  const down = (bytes: Bytes) => {
    clear.push(bytes);
    const sealed = server.seal(bytes);
    onLine.push(sealed);
    toClient.push(...cut(sealed, size));
  };
  const perform = (effects: ReturnType<ServerSession["receive"]>) => {
    for (const effect of effects) {
      if (effect.type === "send") down(effect.bytes);
      else if (effect.type === "publish") perform(server.accept(effect.messageStreamId));
      else if (effect.type === "media") received.push(`${effect.timestamp} ${effect.payload}`);
    }
  };
  up(client.start());
  while (toServer.length + toClient.length > 0) {
    const bytes = toServer.shift();
    if (bytes) perform(server.receive(bytes));
    const answer = toClient.shift();
    for (const effect of answer ? client.receive(answer) : []) {
      if (effect.type === "send") up(effect.bytes);
      else if (effect.type === "publishing") media(client).forEach(up);
    }
  }
  return { server, received, clear: concat(...clear), onLine: concat(...onLine) };
}

test("an encrypted publisher's messages arrive, in all versions, however the line cuts", () => {
  const holds = fc.property(
    fc.integer({ min: 1, max: 4000 }),
    fc.constantFrom(6 as const, 8 as const, 9 as const),
    (size, version) => {
      const { server, received, onLine } = publish(version, size, (client) => [
        client.media("audio", 3, hex`af01 1122`),
        client.media("video", 40, hex`1701 000000 aabb`),
      ]);
      expect(received).toEqual(["3 175,1,17,34", "40 23,1,0,0,0,170,187"]);
      expect(server.isEncrypted).toBe(true);
      const text = Buffer.from(onLine).toString("latin1");
      expect(text).not.toContain("connect");
      expect(text).not.toContain("NetStream.Publish.Start");
    },
  );
  fc.assert(holds, { numRuns: 12 });
});

test("ServerSession announces no chunk size to an encrypted client, and keeps to the first one", () => {
  const { clear } = publish(6, 5000, () => []);
  const messages = new ChunkDecoder().push(clear.subarray(3073));
  expect(messages.length).toBeGreaterThan(5);
  expect(messages.map(({ typeId }) => typeId)).not.toContain(MessageType.SetChunkSize);
});

test("ServerSession seals shared bytes without touching them; a plain session gives them back", () => {
  const shared = Uint8Array.from({ length: 100 }, (_, index) => index);
  const { server } = publish(6, 5000, () => []);
  const once = server.seal(shared);
  expect(equal(once, shared)).toBe(false);
  expect(equal(server.seal(shared), once)).toBe(false);
  expect([...shared]).toEqual(Array.from({ length: 100 }, (_, index) => index));

  const plain = newSession();
  plain.receive(concat(HANDSHAKE, CONNECT));
  expect(plain.isEncrypted).toBe(false);
  expect(plain.seal(shared)).toBe(shared);
});
