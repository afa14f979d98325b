import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { newDiffieHellman } from "../../../server/diffie-hellman.ts";
import { type Bytes, concat, u8 } from "../../../server/protocol/bytes/bytes.ts";
import { type DiffieHellman, PRIME, padded } from "../../../server/protocol/rtmp/diffie-hellman.ts";
import {
  CLIENT_KEY,
  computeDigest,
  DIGEST_SCHEMES,
  type DigestScheme,
  digestPosition,
  findDigest,
  keyPosition,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "../../../server/protocol/rtmp/digest.ts";
import {
  ClientHandshake,
  type HandshakeStep,
  ServerHandshake,
} from "../../../server/protocol/rtmp/handshake.ts";
import { SessionCipher } from "../../../server/protocol/rtmp/session-cipher.ts";
import { scrambleSignature } from "../../../server/protocol/rtmp/signature-cipher.ts";
import { cut } from "../../support/hex.ts";
import { hmac } from "./session-support.ts";

const random = (length: number): Uint8Array => randomBytes(length);
const VERSIONS = [6, 8, 9] as const;

const newServer = (diffieHellman = newDiffieHellman) =>
  new ServerHandshake({ hmac, random, diffieHellman });

/** C0 and C1 with this key, as a client of this scheme makes them. */
function clientBytes(key: Bytes, scheme: DigestScheme, version = 6) {
  const packet = new Uint8Array(randomBytes(1536));
  packet.set([0, 0, 0, 0, 0x80, 0, 3, 2]);
  packet.set(key, keyPosition(packet, scheme));
  const digest = computeDigest(packet, scheme, CLIENT_KEY, hmac);
  packet.set(digest, digestPosition(packet, scheme));
  return { bytes: concat(u8(version), packet), digest };
}

const keyAt = (packet: Bytes, scheme: DigestScheme): Bytes =>
  packet.subarray(keyPosition(packet, scheme), keyPosition(packet, scheme) + 128);

test.each(DIGEST_SCHEMES)(
  "ServerHandshake answers an encrypted C1 (%s) in its scheme, with its key where FFmpeg and librtmp look",
  (scheme) => {
    const keys = newDiffieHellman();
    const own = padded(keys.publicKey);
    for (let round = 0; round < 30; round += 1) {
      const version = VERSIONS[round % 3] ?? 6;
      const { bytes, digest } = clientBytes(own, scheme, version);
      const server = newServer();
      const step = server.receive(bytes);
      const answer = step.send ?? new Uint8Array(0);
      expect(answer.length).toBe(3073);
      expect(answer[0]).toBe(version);
      const s1 = answer.subarray(1, 1537);
      const s2 = answer.subarray(1537);

      expect(findDigest(s1, SERVER_KEY, hmac)?.scheme).toBe(scheme);
      expect(keyAt(s1, "digest-first")).toEqual(keyAt(s1, "key-first"));
      const signingKey = hmac(SERVER_FULL_KEY, digest);
      const signature = hmac(signingKey, s2.subarray(0, 1504));
      expect(s2.subarray(1504)).toEqual(scrambleSignature(version, signature, signingKey));

      const peerKey = keyAt(s1, "digest-first");
      const both = { secret: padded(keys.secret(peerKey)), ownKey: own, peerKey };
      const cipher = new SessionCipher(both, { hmac, clear: 0 });
      const said = Uint8Array.of(1, 2, 3);
      expect(server.cipher?.open(cipher.seal(said))).toEqual(said);
      expect(server.cipher?.seal(answer)).toEqual(answer);
      expect(cipher.open(server.cipher?.seal(said) ?? said)).toEqual(said);
    }
  },
);

test("an encrypted client and server understand each other from the byte behind the handshake on, however they are cut", () => {
  const said = Uint8Array.from({ length: 5000 }, (_, index) => index * 3);
  const holds = fc.property(
    fc.integer({ min: 1, max: 5000 }),
    fc.constantFrom(...VERSIONS),
    (size, version) => {
      const server = newServer();
      const encryption = { hmac, diffieHellman: newDiffieHellman, version };
      const client = new ClientHandshake({ random, encryption });
      const take = (side: ClientHandshake | ServerHandshake, bytes: Bytes) => {
        const sent: Bytes[] = [];
        const clear: number[] = [];
        let done = false;
        for (const piece of cut(bytes, size)) {
          const step: Partial<HandshakeStep> = done ? { rest: piece } : side.receive(piece);
          done = step.done ?? done;
          if (step.send) sent.push(side.cipher?.seal(step.send) ?? step.send);
          clear.push(...(side.cipher?.open(step.rest ?? new Uint8Array(0)) ?? []));
        }
        return { sent: concat(...sent), clear: Uint8Array.from(clear), done };
      };
      const first = take(server, client.start());
      const second = take(client, first.sent);
      // C2 is clear, the byte behind it is not, and one segment may hold both.
      const third = take(server, concat(second.sent, client.cipher?.seal(said) ?? said));
      expect(third).toMatchObject({ done: true, clear: said });
      const fourth = client.cipher?.open(server.cipher?.seal(said) ?? said);
      expect(fourth).toEqual(said);
    },
  );
  fc.assert(holds, { numRuns: 20 });
});

test.each([0n, 1n, PRIME - 1n, PRIME])(
  "ServerHandshake and ClientHandshake refuse the key %i",
  (value) => {
    const key = Uint8Array.from(Buffer.from(value.toString(16).padStart(256, "0"), "hex"));
    const refused = expect.objectContaining({ code: "RTMP_DH_KEY", scope: "connection" });
    expect(() => newServer().receive(clientBytes(key, "key-first").bytes)).toThrow(refused);

    const bad = (): DiffieHellman => ({
      publicKey: key,
      secret: () => new Uint8Array(128).fill(1),
    });
    const encryption = { hmac, diffieHellman: newDiffieHellman };
    const client = new ClientHandshake({ random, encryption });
    const answer = newServer(bad).receive(client.start()).send ?? new Uint8Array(0);
    expect(() => client.receive(answer)).toThrow(refused);
  },
);

test("ServerHandshake refuses an encrypted C1 without a digest", () => {
  const bytes = concat(u8(6), new Uint8Array(1536));
  expect(() => newServer().receive(bytes)).toThrow(
    expect.objectContaining({ code: "RTMP_HANDSHAKE_DIGEST", scope: "connection" }),
  );
});

test("ServerHandshake takes another key pair while public key or secret begin with a zero", () => {
  const long = new Uint8Array(128).fill(9);
  const short = new Uint8Array(127).fill(7);
  const tried = [
    { publicKey: long, secret: () => short },
    { publicKey: short, secret: () => long },
    { publicKey: long, secret: () => new Uint8Array(128) },
    { publicKey: new Uint8Array(128).fill(8), secret: () => long },
  ];
  const client = clientBytes(new Uint8Array(128).fill(3), "key-first");
  const answer = newServer(pairs(tried)).receive(client.bytes).send ?? new Uint8Array(0);
  expect(keyAt(answer.subarray(1, 1537), "key-first")).toEqual(new Uint8Array(128).fill(8));
  expect(tried).toEqual([]);
});

test.each([
  [undefined, 6],
  [{ hmac, diffieHellman: newDiffieHellman }, 3],
])(
  "ClientHandshake goes on with no server that answers otherwise than it asked",
  (encryption, version) => {
    const client = new ClientHandshake({ random, encryption });
    client.start();
    expect(() => client.receive(Uint8Array.of(version))).toThrow(
      expect.objectContaining({ code: "RTMP_HANDSHAKE_VERSION", kind: "unsupported" }),
    );
  },
);

/** Gives these out, one after the other. */
const pairs = (list: DiffieHellman[]) => () => list.shift() ?? newDiffieHellman();
