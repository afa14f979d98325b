import { expect, test } from "vitest";
import { fromBase64 } from "../../../server/protocol/bytes/base64.ts";
import type { DataValue } from "../../../server/protocol/media/sample.ts";
import { findSplice, leadTime } from "../../../server/protocol/scte35/cue-message.ts";
import { hex } from "../../support/hex.ts";

const TEXT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";
const SECTION = fromBase64(TEXT);
const OUT = { kind: "out", event: "4800008F", duration: 5_426_421 / 90 };
const HEX = Buffer.from(TEXT, "base64").toString("hex");

test.each<{ name: string; event: string; values: DataValue[] }>([
  {
    name: 'onAdCue (Adobe Primetime, "SCTE-35 mode")',
    event: "onAdCue",
    values: [{ cue: TEXT, type: "scte35", id: "95766", duration: 60.3, elapsed: 0, time: 12.5 }],
  },
  {
    name: "onCuePoint with data",
    event: "onCuePoint",
    values: [{ name: "scte35-bin64", data: TEXT, time: 3, type: "event" }],
  },
  {
    name: "onCuePoint with parameters",
    event: "onCuePoint",
    values: [{ name: "scte35", type: "event", parameters: { id: 4, message: TEXT } }],
  },
  { name: "a message of its own with bytes", event: "onSCTE35", values: [SECTION ?? null] },
  { name: "hexadecimal as in a playlist", event: "scte35", values: [null, [`0x${HEX}`]] },
  { name: "hexadecimal alone", event: "onAdMarker", values: [{ section: HEX.toUpperCase() }] },
])("findSplice finds a section in $name", ({ event, values }) => {
  expect(findSplice(event, values)).toEqual({ section: SECTION, marks: [OUT] });
});

test("findSplice makes a section of the fields that AWS Elemental sends", () => {
  const parameters = {
    ...{ messageType: "scte35", splice_command_type: 5, splice_event_id: 4026531847 },
    ...{ splice_event_cancel_indicator: false, out_of_network_indicator: true },
    ...{ splice_immediate: false, pre_roll_time: 4000, break_duration: 60_000 },
    ...{ unique_program_id: 1, avail_num: 1, avail_expected: 1 },
  };
  const values = [{ name: "scte35", type: "event", time: 0, parameters }];
  const splice = findSplice("onCuePoint", values);
  expect(splice?.marks).toEqual([{ kind: "out", event: "F0000007", duration: 60_000 }]);
  // As that of an encoder (14.2), but immediate, and without a descriptor.
  expect(splice?.section.subarray(0, -4)).toEqual(
    hex`fc3020 00 0000000000 00 fff00f 05 f0000007 7f ff fe005265c0 0001 01 01 0000`,
  );
  expect(leadTime(values, 500)).toBe(4000);
});

test.each<{ name: string; event: string; values: DataValue[] }>([
  { name: "a cue point", event: "onCuePoint", values: [{ name: "goal", parameters: { by: "7" } }] },
  { name: "another message", event: "onTextData", values: [{ text: TEXT }] },
  { name: "a text that is not one", event: "onCuePoint", values: [{ name: "/DAwnload me" }] },
  { name: "nothing", event: "onCuePoint", values: [] },
])("findSplice finds none in $name", ({ event, values }) => {
  expect(findSplice(event, values)).toBeUndefined();
});

test("findSplice says so where a section is broken", () => {
  const broken = TEXT.replace("c2nALv4", "c2nALv5");
  const find = () => findSplice("onCuePoint", [{ data: broken }]);
  expect(find).toThrow(expect.objectContaining({ code: "SCTE35_CRC" }));
});

test("findSplice looks neither deep nor long", () => {
  const deep = [[[[[[TEXT]]]]]];
  expect(findSplice("onCuePoint", deep)).toBeUndefined();
  const long = [...Array.from({ length: 300 }, () => 1), TEXT];
  expect(findSplice("onCuePoint", long)).toBeUndefined();
});

test.each<{ values: DataValue[]; at: number; lead: number }>([
  { values: [{ pre_roll_time: 2500 }], at: 0, lead: 2500 },
  { values: [{ type: "com.youtube.cuepoint", pre_roll_time_sec: 2.56 }], at: 0, lead: 2560 },
  { values: [{ time: 14.5 }], at: 10_000, lead: 4500 },
  { values: [{ time: 9 }], at: 10_000, lead: 0 },
  { values: [{ time: 10_000_000 }], at: 10_000, lead: 0 },
  { values: [{ pre_roll_time: Number.NaN }], at: 0, lead: 0 },
  { values: [], at: 0, lead: 0 },
])("leadTime of $values at $at is $lead", ({ values, at, lead }) => {
  expect(leadTime(values, at)).toBeCloseTo(lead);
});
