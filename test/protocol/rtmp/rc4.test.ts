import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../../../server/protocol/bytes/bytes.ts";
import { Rc4 } from "../../../server/protocol/rtmp/rc4.ts";
import { cut, hex } from "../../support/hex.ts";

/** Bytes of the key stream from an offset on. */
function keyStream(key: Uint8Array, offset: number): string {
  const cipher = new Rc4(key);
  cipher.skip(offset);
  const bytes = new Uint8Array(16);
  cipher.apply(bytes, bytes);
  return toHex(bytes);
}

test.each([
  ["0102030405", 0, "b2396305f03dc027ccc3524a0a1118a8"],
  ["0102030405", 4096, "ff25b58995996707e51fbdf08b34d875"],
  ["0102030405060708090a0b0c0d0e0f10", 0, "9ac7cc9a609d1ef7b2932899cde41b97"],
  ["0102030405060708090a0b0c0d0e0f10", 1536, "ffa0b514647ec04f6306b892ae661181"],
  ["0102030405060708090a0b0c0d0e0f10", 4096, "a36a4c301ae8ac13610ccbc12256cacc"],
  ["ebb46227c6cc8b37641910833222772a", 0, "720c94b63edf44e131d950ca211a5a30"],
])("Rc4 with the key %s makes the key stream of RFC 6229 at %i", (key, offset, expected) => {
  expect(keyStream(Uint8Array.from(Buffer.from(key, "hex")), offset)).toBe(expected);
});

test("Rc4 makes the same of bytes however they are cut, in place or not", () => {
  const key = hex`0102030405060708`;
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index * 7);
  const whole = new Uint8Array(bytes.length);
  new Rc4(key).apply(bytes, whole);
  expect(whole).not.toEqual(bytes);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (size) => {
      const cipher = new Rc4(key);
      const copy = bytes.slice();
      for (const piece of cut(copy, size)) cipher.apply(piece, piece);
      expect(copy).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});
