import { expect, test } from "vitest";
import { toHex } from "../../../server/protocol/bytes/bytes.ts";
import {
  CLIENT_FULL_KEY,
  CLIENT_KEY,
  computeDigest,
  computeSignature,
  DIGEST_SCHEMES,
  digestPosition,
  findDigest,
  keyPosition,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "../../../server/protocol/rtmp/digest.ts";
import { hmac } from "./session-support.ts";

const packet = (version: number[], byte: (index: number) => number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: 1536 }, (_, index) =>
    index < 4 ? 0 : index < 8 ? (version[index - 4] ?? 0) : byte(index) & 255,
  );
const c1 = packet([0x80, 0, 7, 2], (index) => 7 * index + 3);
const s1 = packet([4, 5, 0, 1], (index) => 5 * index + 1);
const signed = Uint8Array.from({ length: 1504 }, (_, index) => 3 * index);

const client = { packet: c1, key: CLIENT_KEY, answerKey: SERVER_FULL_KEY };
const server = { packet: s1, key: SERVER_KEY, answerKey: CLIENT_FULL_KEY };

test.each([
  {
    ...{ name: "C1, digest first", ...client, scheme: "digest-first" as const },
    ...{ position: 290, keyAt: 1106 },
    digest: "0b441119ef46c4660e578ac88d3bf4c2d8901ff9a39c94bb92cb345f63928860",
    signature: "6ca3b5e1b47e5db0e6703785db5931e586b7e8b4dcc6565c4e8933ab6854860d",
  },
  {
    ...{ name: "C1, key first", ...client, scheme: "key-first" as const },
    ...{ position: 942, keyAt: 62 },
    digest: "8e211aefe949d44221d8905aa6154973bcab5ecb43dc582f65b1de1c2f94e4d5",
    signature: "adb7df4c0d7bc13292a8bcac3b3fd6c4bd81aa2357845b64e182434a3e135972",
  },
  {
    ...{ name: "S1, digest first", ...server, scheme: "digest-first" as const },
    ...{ position: 206, keyAt: 1118 },
    digest: "79f875ce5f19892dc8da64e012dea5ee470460fd8f3c2004a75e6d859792fad2",
    signature: "7e3427fdc7b57d68d73c42ad8871eb71072f09091032a1e586349746f919c569",
  },
  {
    ...{ name: "S1, key first", ...server, scheme: "key-first" as const },
    ...{ position: 890, keyAt: 42 },
    digest: "3bb2ba8ef3edf044657044060b55b0ad89ec65ea80c913621688f1c19da34ae3",
    signature: "f0d68832a5a09cd96904b6adee82672fb84c64797a94b2d29c8e1cecf079603f",
  },
])("computeDigest and computeSignature: $name", (vector) => {
  const { packet, scheme, key, answerKey } = vector;
  expect(digestPosition(packet, scheme)).toBe(vector.position);
  expect(keyPosition(packet, scheme)).toBe(vector.keyAt);
  const digest = computeDigest(packet, scheme, key, hmac);
  expect(toHex(digest)).toBe(vector.digest);
  expect(toHex(computeSignature(answerKey, digest, signed, hmac))).toBe(vector.signature);
});

test.each(DIGEST_SCHEMES)("findDigest finds a digest of scheme %s", (scheme) => {
  const packet = c1.slice();
  packet.set(computeDigest(packet, scheme, CLIENT_KEY, hmac), digestPosition(packet, scheme));
  expect(findDigest(packet, CLIENT_KEY, hmac)?.scheme).toBe(scheme);
});

test("findDigest finds none in a packet of a plain client", () => {
  expect(findDigest(c1, CLIENT_KEY, hmac)).toBeUndefined();
});
