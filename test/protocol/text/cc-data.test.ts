import fc from "fast-check";
import { expect, test } from "vitest";
import { CcDataFinder, readCcData } from "../../../server/protocol/text/cc-data.ts";
import {
  captionUnit,
  insertUnits,
  SEI_HEADER,
  seiUnit,
  type Triplet,
  t35,
} from "../../support/captions.ts";
import { hex } from "../../support/hex.ts";

const SLICE = hex`00000003 419a00`;
const UNREGISTERED = { type: 5, payload: new Uint8Array(300).fill(7) };
const one: Triplet[] = [
  [0, 0x94, 0x20],
  [1, 0x15, 0x2c],
];
const two: Triplet[] = [[3, 0, 0]];
const bytesOf = (triplets: readonly Triplet[]) =>
  Uint8Array.from(triplets.flatMap(([type, ...bytes]) => [0xfc | type, ...bytes]));

test("caption data of a broadcaster's encoder is found", () => {
  // A/53 Part 4, as ffprobe shows it of an ATSC recording: one pair for each field, then DTVCC
  const unit = hex`06 04 14 b5 0031 47413934 03 c3 ff fc942c fd8080 fa0000 ff 80`;
  expect(new CcDataFinder("avc").find(insertUnits([unit], SLICE))).toEqual(hex`fc942c`);
});

test.each([
  {
    name: "several messages in a unit",
    units: [
      seiUnit([6], [UNREGISTERED, { type: 4, payload: t35(one) }, { type: 4, payload: t35(two) }]),
    ],
  },
  {
    name: "several units",
    units: [captionUnit(one), seiUnit([6], [UNREGISTERED]), captionUnit(two)],
  },
  {
    name: "a unit that is there twice",
    units: [captionUnit(one), captionUnit(one), captionUnit(two)],
  },
])("CcDataFinder reads $name, in order", ({ units }) => {
  expect(new CcDataFinder("avc").find(insertUnits(units, SLICE))).toEqual(
    bytesOf([...one, ...two]),
  );
});

test("CcDataFinder reads HEVC, VVC and AV1", () => {
  const hevc = insertUnits([captionUnit(one, "hevc")], hex`00000003 02019a`);
  expect(new CcDataFinder("hevc").find(hevc)).toEqual(bytesOf(one));
  const vvc = insertUnits([seiUnit([0, (23 << 3) | 1], [{ type: 4, payload: t35(one) }])], SLICE);
  expect(new CcDataFinder("vvc").find(vvc)).toEqual(bytesOf(one));
  const message = t35(one);
  const obu = Uint8Array.of(0x2a, message.length + 2, 4, ...message, 0x80);
  expect(new CcDataFinder("av1").find(obu)).toEqual(bytesOf(one));
});

test("pictures without captions give nothing", () => {
  const others = [
    SLICE,
    insertUnits([seiUnit([6], [UNREGISTERED])], SLICE),
    insertUnits(
      [
        captionUnit([
          [0, 0x80, 0x80],
          [1, 0x80, 0x80],
        ]),
      ],
      SLICE,
    ),
    insertUnits([seiUnit(SEI_HEADER.avc, [{ type: 4, payload: hex`b5 003c 0001 04` }])], SLICE), // HDR10+
  ];
  const finder = new CcDataFinder("avc");
  for (const data of others) expect(finder.find(data)).toBeUndefined();
  expect(new CcDataFinder("vp9").find(insertUnits([captionUnit(one)], SLICE))).toBeUndefined();
});

test("what one picture may bring is bounded", () => {
  const full = Array.from({ length: 31 }, (_, index): Triplet => [2, index, 1]);
  const units = Array.from({ length: 40 }, (_, index) =>
    captionUnit(full.map(([type, first]): Triplet => [type, first, index + 1])),
  );
  expect(new CcDataFinder("avc").find(insertUnits(units, SLICE))?.length).toBe(768);
});

test("CcDataFinder takes any bytes", () => {
  const finders = (["avc", "hevc", "vvc", "av1", "vp9"] as const).map(
    (codec) => new CcDataFinder(codec),
  );
  const holds = fc.property(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }),
    (a, b) => {
      for (const finder of finders) {
        finder.find(a);
        finder.find(insertUnits([Uint8Array.of(6, 4, 255, 255, 0xb5, 0, 0x31, ...a)], b));
      }
    },
  );
  fc.assert(holds);
});

test.each([
  { name: "the whole message", bytes: t35(one) },
  { name: "from GA94 on", bytes: t35(one).subarray(3) },
  { name: "from the type code on", bytes: t35(one).subarray(7) },
  { name: "bare cc_data", bytes: t35(one).subarray(8) },
])("readCcData reads $name", ({ bytes }) => {
  expect(readCcData(bytes)).toEqual(bytesOf(one));
});

test.each([hex``, hex`b5`, hex`b5003147413934034f`, hex`00112233`])(
  "readCcData refuses others",
  (bytes) => {
    expect(readCcData(bytes)).toBeUndefined();
  },
);
