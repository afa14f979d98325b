import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { ReplayedHandshake } from "../../../server/protocol/capture/replayed-handshake.ts";
import {
  CLIENT_FULL_KEY,
  CLIENT_KEY,
  computeDigest,
  computeSignature,
  digestPosition,
  findDigest,
  SERVER_KEY,
} from "../../../server/protocol/rtmp/digest.ts";
import { ServerHandshake } from "../../../server/protocol/rtmp/handshake.ts";
import { cut } from "../../support/hex.ts";
import { hmac, random } from "../rtmp/session-support.ts";

const plainC1 = Uint8Array.from({ length: 1536 }, (_, index) => (index < 8 ? 0 : index * 7));

/** C0 of RTMPE and a C1 with a digest. */
function signedPackets() {
  const packet = plainC1.slice();
  packet.set([0x80, 0, 3, 2], 4);
  packet.set(
    computeDigest(packet, "key-first", CLIENT_KEY, hmac),
    digestPosition(packet, "key-first"),
  );
  return concat(Uint8Array.of(6), packet);
}

test.each([1, 1000, 4000])("ReplayedHandshake echoes a simple S1 (reads of %i bytes)", (size) => {
  const replayed = new ReplayedHandshake(concat(Uint8Array.of(3), plainC1), { hmac, random });
  const answer = new ServerHandshake({ hmac, random }).receive(replayed.start()).send;
  if (answer === undefined) throw new Error("No answer");
  const given = cut(concat(answer, Uint8Array.of(1, 2)), size).map((it) => replayed.receive(it));
  const sent = given.filter((bytes) => bytes !== undefined);
  expect(sent).toEqual([answer.slice(1, 1537)]);
});

test("ReplayedHandshake plays an encrypted client as a plain one, its C1 as it was and C2 signed anew", () => {
  const packets = signedPackets();
  const replayed = new ReplayedHandshake(packets, { hmac, random });
  const start = replayed.start();
  expect(start).toEqual(concat(Uint8Array.of(3), packets.subarray(1)));
  const answer = new ServerHandshake({ hmac, random }).receive(start).send ?? new Uint8Array(0);
  const c2 = replayed.receive(answer) ?? new Uint8Array(0);
  const found = findDigest(answer.subarray(1, 1537), SERVER_KEY, hmac);
  if (found === undefined) throw new Error("No digest");
  const signature = computeSignature(CLIENT_FULL_KEY, found.digest, c2.subarray(0, 1504), hmac);
  expect([...c2.subarray(1504)]).toEqual([...signature]);
});
