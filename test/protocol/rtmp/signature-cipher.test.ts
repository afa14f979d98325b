import { expect, test } from "vitest";
import { toHex } from "../../../server/protocol/bytes/bytes.ts";
import { scrambleSignature } from "../../../server/protocol/rtmp/signature-cipher.ts";
import { hex } from "../../support/hex.ts";

const BLOCK = hex`0001020304050607`;

test.each([
  [8, 0, "c7c82aca95daa419"],
  [8, 7, "462cb97d43c6dca1"],
  [8, 14, "b7eecfdda2307f55"],
  [9, 0, "a031fb6d807be57d"],
  [9, 7, "4d14bb94b0cf1321"],
  [9, 14, "e3082b7c168b32eb"],
  [6, 7, "0001020304050607"],
] as const)("scrambleSignature of version %i with key %i", (version, key, expected) => {
  // The byte of the signing key at the block's place chooses: 15 keys, so 15 more is the same.
  for (const choice of [key, key + 15]) {
    const scrambled = scrambleSignature(version, BLOCK, hex`${Uint8Array.of(choice)} 01 02`);
    expect(toHex(scrambled)).toBe(expected);
  }
  expect(toHex(BLOCK)).toBe("0001020304050607");
});

test("scrambleSignature chooses a key for each 8 bytes", () => {
  const signature = hex`${BLOCK} ${BLOCK} ${BLOCK} ${BLOCK}`;
  const signingKey = new Uint8Array(32);
  signingKey[8] = 7;
  signingKey[24] = 14;
  expect(toHex(scrambleSignature(8, signature, signingKey))).toBe(
    "c7c82aca95daa419462cb97d43c6dca1c7c82aca95daa419b7eecfdda2307f55",
  );
});
