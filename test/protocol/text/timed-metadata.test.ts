import fc from "fast-check";
import { expect, test } from "vitest";
import { id3Tag, readId3Text } from "../../../server/protocol/text/id3.ts";
import {
  findTimedMetadata,
  readTimedMetadata,
  timedMetadataTag,
} from "../../../server/protocol/text/timed-metadata.ts";
import { hex } from "../../support/hex.ts";

const EVENT = { id: "mh3-7", name: "onCuePoint", time: 12_345.5, values: [{ name: "goal" }] };

test("id3Tag writes ID3v2.4 with one TXXX frame", () => {
  expect(id3Tag("sluice", "{}")).toEqual(hex`
    494433 0400 00 00000014          // ID3, version 4, no flags, 20 bytes
    54585858 0000000a 0000           // TXXX, 10 bytes, no flags
    03 736c75696365 00 7b7d          // UTF-8, "sluice", {}
  `);
});

test("findTimedMetadata finds our frame behind others, and after a size of several bytes", () => {
  const ours = timedMetadataTag({ ...EVENT, values: ["x".repeat(300)] });
  const other = hex`54585858 00000006 0000 03 6162 00 7b7d`;
  const tag = new Uint8Array([...ours.subarray(0, 10), ...other, ...ours.subarray(10)]);
  const size = tag.length - 10;
  tag.set([0, 0, size >> 7, size & 0x7f], 6);
  expect(findTimedMetadata(tag)?.values).toEqual(["x".repeat(300)]);
});

test("findTimedMetadata reads what timedMetadataTag wrote, in any language, cut or not", () => {
  const event = fc.record({
    ...{ id: fc.string(), name: fc.string({ unit: "grapheme" }), time: fc.nat() },
    values: fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.nat(), fc.constant(null))),
  });
  const holds = fc.property(event, fc.nat(), (given, cut) => {
    const tag = timedMetadataTag(given);
    expect(findTimedMetadata(tag)).toEqual(given);
    expect(findTimedMetadata(tag.subarray(0, cut % tag.length))).toBeUndefined();
  });
  fc.assert(holds);
});

test("readId3Text throws at nothing", () => {
  const holds = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    bytes.set([0x49, 0x44, 0x33, 4].slice(0, bytes.length));
    expect(readId3Text(bytes, "sluice")).toBeUndefined();
  });
  fc.assert(holds);
});

test.each(['{"id":1,"name":"a","time":1,"values":[]}', "{}", "null", "1", "{", "[]"])(
  "readTimedMetadata refuses %s",
  (json) => {
    expect(readTimedMetadata(json)).toBeUndefined();
  },
);
