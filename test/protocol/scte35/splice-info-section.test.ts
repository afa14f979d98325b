import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64 } from "../../../server/protocol/bytes/base64.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { sectionCrc } from "../../../server/protocol/scte35/crc.ts";
import { readSpliceInfoSection } from "../../../server/protocol/scte35/splice-info-section.ts";
import { writeSpliceInsert } from "../../../server/protocol/scte35/splice-insert.ts";
import { hex } from "../../support/hex.ts";

const section = (base64: string) => fromBase64(base64) ?? new Uint8Array(0);

test.each([
  {
    name: "14.1, time_signal: placement opportunity start",
    bytes: section("/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="),
    command: { type: "time-signal", at: 1_924_989_008 },
    segmentations: [
      { eventId: 0x4800_008e, isCanceled: false, typeId: 0x34, duration: 27_630_000 },
    ],
  },
  {
    name: "14.2, splice_insert",
    bytes: section("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="),
    command: {
      ...{ type: "splice-insert", eventId: 0x4800_008f, isCanceled: false, isOut: true },
      ...{ at: 1_936_310_318, duration: 5_426_421 },
    },
    segmentations: [],
  },
  {
    name: "14.3, time_signal: placement opportunity end",
    bytes: section("/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g="),
    command: { type: "time-signal", at: 1_952_616_608 },
    segmentations: [{ eventId: 0x4800_008e, isCanceled: false, typeId: 0x35, duration: undefined }],
  },
  {
    name: "14.4, time_signal: program start and end",
    bytes: section(
      "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND",
    ),
    command: { type: "time-signal", at: 2_051_901_622 },
    segmentations: [
      { eventId: 0x4800_0018, isCanceled: false, typeId: 0x11, duration: undefined },
      { eventId: 0x4800_0019, isCanceled: false, typeId: 0x10, duration: undefined },
    ],
  },
  {
    name: "14.6, time_signal: program blackout override and program end",
    bytes: section(
      "/DBIAAAAAAAA///wBQb+ky44CwAyAhdDVUVJSAAACn+fCAgAAAAALKCh4xgAAAIXQ1VFSUgAAAl/nwgIAAAAACygoYoRAAC0IX6w",
    ),
    command: { type: "time-signal", at: 2_469_279_755 },
    segmentations: [
      { eventId: 0x4800_000a, isCanceled: false, typeId: 0x18, duration: undefined },
      { eventId: 0x4800_0009, isCanceled: false, typeId: 0x11, duration: undefined },
    ],
  },
])(
  "readSpliceInfoSection reads the standard's example $name",
  ({ bytes, command, segmentations }) => {
    expect(readSpliceInfoSection(bytes)).toEqual({ command, segmentations });
  },
);

/** An advertisement of a real programme, 30 s planned. */
const OUT = hex`FC302500000000000000FFF01405000138537FEFF21398E7C57E002932E00000000000004D21E681`;

test.each([
  {
    name: "an out",
    bytes: OUT,
    command: { eventId: 79_955, isOut: true, at: 328_787_909, duration: 2_700_000 },
  },
  {
    name: "its in",
    bytes: hex`FC302000000000000000FFF00F05000138537F4FF213C22002000000000000B1507391`,
    command: { eventId: 79_955, isOut: false, at: 331_489_282, duration: undefined },
  },
  {
    name: "an out with pts_adjustment",
    bytes: hex`FC3025000000000BB800FFF01405F00000077FEFFE0AF311F0FE005265C0000101010000817C918E`,
    command: { eventId: 0xf000_0007, isOut: true, at: 183_705_000, duration: 5_400_000 },
  },
  {
    name: "a time past 32 bits",
    bytes: hex`fc30250000000182f100fff0140564de518f7fefff9ea54ed1fe005265c00000000000008ac36b04`,
    command: { eventId: 1_692_291_471, isOut: true, at: 6_956_700_098, duration: 5_400_000 },
  },
])("readSpliceInfoSection reads a splice_insert from the field: $name", ({ bytes, command }) => {
  expect(readSpliceInfoSection(bytes)).toEqual({
    command: { type: "splice-insert", isCanceled: false, ...command },
    segmentations: [],
  });
});

/** The section with another CRC_32: the right one. */
function signed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint32(copy.length - 4, sectionCrc(copy.subarray(0, -4)));
  return copy;
}

const patched = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return signed(copy);
};

test.each([
  { what: "one wrong bit", bytes: patched(OUT, 20, 0).with(25, 1), code: "SCTE35_CRC" },
  { what: "another table", bytes: patched(OUT, 0, 0xfd), code: "SCTE35_SECTION" },
  { what: "a length that is not its own", bytes: patched(OUT, 2, 0x26), code: "SCTE35_SECTION" },
  { what: "another version", bytes: patched(OUT, 3, 1), code: "SCTE35_SECTION" },
  { what: "a command past its length", bytes: patched(OUT, 12, 3), code: "SCTE35_SECTION" },
  { what: "a command past the end", bytes: patched(OUT, 12, 0xff), code: "TRUNCATED" },
  { what: "nothing", bytes: new Uint8Array(0), code: "TRUNCATED" },
  { what: "more than one may have", bytes: new Uint8Array(4099), code: "SCTE35_SECTION" },
])("readSpliceInfoSection refuses $what", ({ bytes, code }) => {
  expect(() => readSpliceInfoSection(bytes)).toThrow(expect.objectContaining({ code }));
});

test("readSpliceInfoSection takes an encrypted section as one it cannot read, which it is", () => {
  const encrypted = patched(OUT, 4, 0x80);
  expect(readSpliceInfoSection(encrypted)).toEqual({
    command: { type: "other" },
    segmentations: [],
  });
});

test("readSpliceInfoSection throws nothing but a ProtocolError, whatever the bytes are", () => {
  const bytes = fc.tuple(fc.uint8Array({ minLength: 20, maxLength: 80 }), fc.boolean());
  const holds = fc.property(bytes, ([noise, isInsert]) => {
    noise.set([0xfc, 0x30, noise.length - 3, 0, 0], 0);
    noise[13] = isInsert ? 5 : 6;
    try {
      readSpliceInfoSection(signed(noise));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  });
  fc.assert(holds);
});

test("readSpliceInfoSection reads what writeSpliceInsert wrote", () => {
  const fields = fc.record({
    eventId: fc.integer({ min: 0, max: 0xffff_ffff }),
    isOut: fc.boolean(),
    isCanceled: fc.boolean(),
    duration: fc.option(fc.integer({ min: 0, max: 2 ** 33 - 1 }), { nil: undefined }),
    programId: fc.nat(0xffff),
    avail: fc.nat(0xff),
    availsExpected: fc.nat(0xff),
  });
  const holds = fc.property(fields, (given) => {
    const { eventId, isOut, isCanceled, duration } = given;
    const said = isCanceled ? { isOut: false, duration: undefined } : { isOut, duration };
    expect(readSpliceInfoSection(writeSpliceInsert(given))).toEqual({
      command: { type: "splice-insert", eventId, isCanceled, at: undefined, ...said },
      segmentations: [],
    });
  });
  fc.assert(holds);
});
