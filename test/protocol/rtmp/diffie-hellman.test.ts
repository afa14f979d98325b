import { getDiffieHellman } from "node:crypto";
import { expect, test } from "vitest";
import { newDiffieHellman } from "../../../server/diffie-hellman.ts";
import { checkPublicKey, PRIME, padded } from "../../../server/protocol/rtmp/diffie-hellman.ts";

const number = (value: bigint): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(256, "0"), "hex"));

test("PRIME is the one of Oakley group 2", () => {
  expect(PRIME.toString(16)).toBe(getDiffieHellman("modp2").getPrime("hex"));
});

test.each([
  ["0", 0n],
  ["1", 1n],
  ["p - 1", PRIME - 1n],
  ["p", PRIME],
  ["p + 1", PRIME + 1n],
])("checkPublicKey refuses %s", (_, value) => {
  const expected = { code: "RTMP_DH_KEY", kind: "malformed", scope: "connection" };
  expect(() => checkPublicKey(number(value))).toThrow(expect.objectContaining(expected));
});

test.each([2n, 2n ** 1000n, PRIME - 2n])("checkPublicKey lets %i pass", (value) => {
  expect(() => checkPublicKey(number(value))).not.toThrow();
});

test("padded puts the zeros in front", () => {
  const bytes = padded(Uint8Array.of(1, 2));
  expect(bytes.length).toBe(128);
  expect([...bytes.subarray(125)]).toEqual([0, 1, 2]);
});

test("newDiffieHellman: two pairs, made in any order, come to one secret", () => {
  const [a, b] = [newDiffieHellman(), newDiffieHellman()];
  expect(a.publicKey).not.toEqual(b.publicKey);
  expect(a.secret(b.publicKey)).toEqual(b.secret(a.publicKey));
  expect(a.secret(b.publicKey)).not.toEqual(newDiffieHellman().secret(b.publicKey));
});
