import { createDiffieHellman } from "node:crypto";
import { expect, test } from "vitest";
import { toHex } from "../../../server/protocol/bytes/bytes.ts";
import { PRIME, padded } from "../../../server/protocol/rtmp/diffie-hellman.ts";
import { SessionCipher } from "../../../server/protocol/rtmp/session-cipher.ts";
import { hmac } from "./session-support.ts";

const group = createDiffieHellman(PRIME.toString(16), "hex", 2);

/** Of a private key: the public one, and the secret with a peer's. */
function keys(byte: (index: number) => number) {
  const privateKey = Uint8Array.from({ length: 128 }, (_, index) => byte(index));
  group.setPrivateKey(privateKey);
  const publicKey = padded(group.generateKeys());
  return {
    publicKey,
    secret: (peer: Uint8Array) => {
      group.setPrivateKey(privateKey);
      return padded(group.computeSecret(peer));
    },
  };
}

const client = keys((index) => index + 1);
const server = keys((index) => (index === 0 ? 2 : 200 - index));

test("SessionCipher has the key streams of the vector, each direction its own", () => {
  expect(toHex(client.publicKey)).toMatch(/^52893c96a07492593d36d00328ba2110.*d8fb2fd$/);
  expect(toHex(server.publicKey)).toMatch(/^c2066e7bbd7113efda3f80ac0c1c1a7e.*420dc73$/);
  const secret = server.secret(client.publicKey);
  expect(toHex(secret)).toMatch(/^cce7a376b1f161dad71947be6eaa02c8/);
  expect(client.secret(server.publicKey)).toEqual(secret);

  const [ownKey, peerKey] = [server.publicKey, client.publicKey];
  const cipher = new SessionCipher({ secret, ownKey, peerKey }, { hmac, clear: 0 });
  const zeros = new Uint8Array(16);
  expect(toHex(cipher.open(zeros))).toBe("008bf933ffd24d8cd5059bd628fa7465");
  expect(toHex(cipher.seal(zeros))).toBe("75c954cb521a0d60cbd2372e38d7d5dc");
  expect(zeros).toEqual(new Uint8Array(16));
});

test("SessionCipher leaves the handshake as it is, and encrypts from its end on, however it is cut", () => {
  const secret = new Uint8Array(128).fill(5);
  const both = { secret, ownKey: server.publicKey, peerKey: client.publicKey };
  const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);
  const whole = new SessionCipher(both, { hmac, clear: 10 }).seal(bytes);
  expect(whole.subarray(0, 10)).toEqual(bytes.subarray(0, 10));
  const tail = new SessionCipher(both, { hmac, clear: 0 }).seal(bytes.subarray(10));
  expect(whole.subarray(10)).toEqual(tail);
  for (const size of [1, 3, 10, 11, 39]) {
    const cipher = new SessionCipher(both, { hmac, clear: 10 });
    const pieces: number[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      pieces.push(...cipher.seal(bytes.subarray(at, at + size)));
    }
    expect(pieces).toEqual([...whole]);
  }
});
