import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat, type OwnBytes } from "../../../server/protocol/bytes/bytes.ts";
import {
  CLIENT_KEY,
  computeDigest,
  computeSignature,
  digestPosition,
  findDigest,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "../../../server/protocol/rtmp/digest.ts";
import { ClientHandshake, ServerHandshake } from "../../../server/protocol/rtmp/handshake.ts";
import { hmac, random } from "./session-support.ts";

const plainC1 = Uint8Array.from({ length: 1536 }, (_, index) => (index < 8 ? 0 : index * 7));
const C0 = Uint8Array.of(3);

/** Everything a handshake sends and leaves, whatever the cuts. */
function run(handshake: { receive: ServerHandshake["receive"] }, bytes: Bytes, size: number) {
  const sent: Bytes[] = [];
  const rest: Bytes[] = [];
  let done = false;
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    if (done) {
      rest.push(piece);
      continue;
    }
    const step = handshake.receive(piece);
    if (step.send) sent.push(step.send);
    if (step.rest) rest.push(step.rest);
    done = step.done;
  }
  return { sent: concat(...sent), rest: concat(...rest), done };
}

const newServer = () => new ServerHandshake({ hmac, random });

test("ServerHandshake answers a plain C1 with a version of zero and C1 itself", () => {
  const step = newServer().receive(concat(C0, plainC1));
  const send = step.send as OwnBytes;
  expect(step.done).toBe(false);
  expect(send.length).toBe(3073);
  expect(send[0]).toBe(3);
  expect([...send.subarray(5, 9)]).toEqual([0, 0, 0, 0]);
  expect(findDigest(send.subarray(1, 1537), SERVER_KEY, hmac)).toBeUndefined();
  expect(send.subarray(1537)).toEqual(plainC1);
});

test.each(["digest-first", "key-first"] as const)(
  "ServerHandshake answers a C1 with a digest (%s) in the same scheme, and signs S2",
  (scheme) => {
    const c1 = plainC1.slice();
    c1.set([9, 0, 124, 2], 4); // FFmpeg's
    const digest = computeDigest(c1, scheme, CLIENT_KEY, hmac);
    c1.set(digest, digestPosition(c1, scheme));
    const send = newServer().receive(concat(C0, c1)).send as OwnBytes;
    const s1 = send.subarray(1, 1537);
    expect(s1[4]).toBeGreaterThanOrEqual(3);
    expect(findDigest(s1, SERVER_KEY, hmac)?.scheme).toBe(scheme);
    const s2 = send.subarray(1537);
    const signature = computeSignature(SERVER_FULL_KEY, digest, s2.subarray(0, 1504), hmac);
    expect(Buffer.from(s2.subarray(1504))).toEqual(Buffer.from(signature));
  },
);

test("ServerHandshake takes any C2 and keeps what is behind it, however the socket cuts", () => {
  const chunks = Uint8Array.of(1, 2, 3, 4);
  const bytes = concat(C0, plainC1, new Uint8Array(1536).fill(77), chunks);
  const whole = run(newServer(), bytes, bytes.length);
  const sizes = fc.integer({ min: 1, max: bytes.length });
  fc.assert(
    fc.property(sizes, (size) => {
      const cut = run(newServer(), bytes, size);
      expect(cut).toEqual(whole);
      expect(cut).toMatchObject({ rest: chunks, done: true });
    }),
    { numRuns: 60 },
  );
});

test.each([
  [0x47, "malformed"], // GET
  [6, "unsupported"],
  [8, "unsupported"],
  [9, "unsupported"],
])("ServerHandshake refuses version byte %i at once", (version, kind) => {
  const expected = { code: "RTMP_HANDSHAKE_VERSION", kind, scope: "connection" };
  expect(() => newServer().receive(Uint8Array.of(version))).toThrow(
    expect.objectContaining(expected),
  );
});

test("ServerHandshake answers 3 to a reserved version", () => {
  expect(newServer().receive(concat(Uint8Array.of(4), plainC1)).send?.[0]).toBe(3);
});

test("ClientHandshake and ServerHandshake finish, however they are cut", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), (size) => {
      const client = new ClientHandshake({ random });
      const server = newServer();
      const toClient = run(server, client.start(), size);
      const toServer = run(client, concat(toClient.sent, Uint8Array.of(7)), size);
      expect(toServer).toMatchObject({ done: true, rest: Uint8Array.of(7) });
      expect(toServer.sent).toEqual(toClient.sent.subarray(1, 1537)); // S1 echoed
      expect(run(server, toServer.sent, size).done).toBe(true);
    }),
    { numRuns: 30 },
  );
});
