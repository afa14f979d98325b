import { expect, test } from "vitest";
import { DateRanges } from "../../server/live/date-ranges.ts";
import type { DataValue } from "../../server/protocol/media/sample.ts";
import { findSplice } from "../../server/protocol/scte35/cue-message.ts";
import { hex } from "../support/hex.ts";

const NOON = Date.UTC(2026, 4, 1, 12);
const moment = (ms: number) => ({ at: 10_000 + ms, date: NOON + ms });

/** The first example of SCTE 35 §14 that leaves the programme, and a real pair of out and in. */
const PLACEMENT = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==";
const PLACEMENT_END = "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=";
const PROGRAM =
  "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND";
const OUT = hex`FC302500000000000000FFF01405000138537FEFF21398E7C57E002932E00000000000004D21E681`;
const IN = hex`FC302000000000000000FFF00F05000138537F4FF213C22002000000000000B1507391`;

const asHex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex").toUpperCase()}`;

function splice(ranges: DateRanges, id: string, section: DataValue, ms: number): void {
  const found = findSplice("onCuePoint", [section]);
  if (found === undefined) throw new Error("No section there");
  ranges.takeSplice(id, found, moment(ms));
}

test("DateRanges writes a cue point with its name, type, duration and parameters", () => {
  const ranges = new DateRanges();
  const parameters = {
    ...{ adId: '12"3\r\n', "player.score": 7, half_time: 1.5, negative: -2, isLate: true },
    ...{ when: new Date(NOON), key: Uint8Array.of(0, 0xab), list: [1], nothing: null, ü: "x" },
  };
  const cue = { name: "goal", time: 3, type: "event", duration: 12.25, parameters };
  ranges.take("life-4", "onCuePoint", [cue], moment(1500));
  expect(ranges.list(undefined)).toEqual([
    {
      id: "cue-life-4",
      at: 11_500,
      startDate: NOON + 1500,
      attributes: [
        ["CLASS", '"sluice.cue-point"'],
        ["DURATION", "12.25"],
        ["X-CUE-NAME", '"goal"'],
        ["X-CUE-TYPE", '"event"'],
        ["X-PARAM-AD-ID", '"12\'3  "'],
        ["X-PARAM-PLAYER-SCORE", "7"],
        ["X-PARAM-HALF-TIME", "1.5"],
        ["X-PARAM-NEGATIVE", '"-2"'],
        ["X-PARAM-IS-LATE", '"true"'],
        ["X-PARAM-WHEN", '"2026-05-01T12:00:00.000Z"'],
        ["X-PARAM-KEY", "0x00AB"],
      ],
    },
  ]);
});

test("DateRanges takes cue points only", () => {
  const ranges = new DateRanges();
  ranges.take("a", "onTextData", [{ text: "x" }], moment(0));
  ranges.take("b", "onAdCue", [{ cue: "SpliceOut", id: "1", duration: 30, time: 4 }], moment(0));
  expect(ranges.list(undefined).map(({ id }) => id)).toEqual(["cue-b"]);
});

test("DateRanges tells an out and its in under one id, the in with how long it really was", () => {
  const ranges = new DateRanges();
  splice(ranges, "x-1", OUT, 0);
  splice(ranges, "x-2", OUT, 500); // encoders repeat themselves
  splice(ranges, "x-3", IN, 30_015);
  splice(ranges, "x-4", IN, 30_500);
  const scte = ["CLASS", '"urn:scte:scte35:2013:bin"'];
  const common = { id: "splice-00013853-x-1", at: 10_000, startDate: NOON };
  expect(ranges.list(undefined)).toEqual([
    {
      ...common,
      attributes: [scte, ["PLANNED-DURATION", "30"], ["SCTE35-OUT", asHex(OUT)]],
    },
    { ...common, attributes: [scte, ["DURATION", "30.015"], ["SCTE35-IN", asHex(IN)]] },
  ]);
  splice(ranges, "x-5", OUT, 60_000); // the same number again, another advertisement
  expect(ranges.list(undefined).map(({ id }) => id)).toContain("splice-00013853-x-5");
});

test("DateRanges pairs segmentations by event and type, and tells all else as a command", () => {
  const ranges = new DateRanges();
  splice(ranges, "x-1", PLACEMENT, 0);
  splice(ranges, "x-2", PROGRAM, 1000);
  splice(ranges, "x-3", PLACEMENT_END, 2000);
  const told = ranges.list(undefined).map(({ id, attributes }) => [id, attributes.at(-1)?.[0]]);
  expect(told).toEqual([
    ["splice-4800008E-34-x-1", "SCTE35-OUT"],
    ["splice-48000018-11-x-2-1", "SCTE35-CMD"],
    ["splice-48000019-10-x-2-2", "SCTE35-CMD"],
    ["splice-4800008E-34-x-1", "SCTE35-IN"],
  ]);
});

test("DateRanges tells an in without its out as a command: how long it was is unknown", () => {
  const ranges = new DateRanges();
  splice(ranges, "x-1", IN, 0);
  splice(ranges, "x-2", IN, 500);
  const told = ranges.list(undefined).map(({ id, attributes }) => [id, attributes.at(-1)]);
  expect(told).toEqual([["splice-00013853-x-1", ["SCTE35-CMD", asHex(IN)]]]);
});

test("DateRanges forgets an out that is canceled before it begins, and no other", () => {
  const fields = { splice_event_id: 79_955, out_of_network_indicator: true };
  const cancel = { ...fields, splice_event_cancel_indicator: true };
  const ranges = new DateRanges();
  splice(ranges, "x-1", OUT, 4000);
  splice(ranges, "x-2", { parameters: cancel }, 1000);
  expect(ranges.list(undefined)).toEqual([]);
  splice(ranges, "x-3", OUT, 4000);
  splice(ranges, "x-4", { parameters: cancel }, 5000);
  expect(ranges.list(undefined)).toHaveLength(1);
});

test("DateRanges keeps what reaches into the window, and the same list while nothing changes", () => {
  const ranges = new DateRanges();
  ranges.take("1", "onCuePoint", [{ name: "a" }], moment(0));
  ranges.take("2", "onCuePoint", [{ name: "b", duration: 10 }], moment(0));
  splice(ranges, "3", OUT, 0);
  const list = ranges.list(NOON);
  expect(list).toHaveLength(3);
  expect(ranges.list(NOON)).toBe(list);
  const left = (ms: number) => ranges.list(NOON + ms).map(({ id }) => id);
  expect(left(1)).toEqual(["cue-2", "splice-00013853-3"]);
  expect(left(10_001)).toEqual(["splice-00013853-3"]);
  splice(ranges, "4", IN, 20_000);
  expect(left(20_000)).toHaveLength(2);
  expect(left(20_001)).toEqual([]);
});

test("DateRanges is bounded in number and bytes", () => {
  const ranges = new DateRanges();
  for (let index = 0; index < 300; index += 1) {
    ranges.take(String(index), "onCuePoint", [{ name: "n" }], moment(index));
  }
  expect(ranges.list(undefined)).toHaveLength(200);
  const long = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`p${n}`, "x".repeat(600)]));
  for (let index = 0; index < 10; index += 1) {
    ranges.take(`long-${index}`, "onCuePoint", [{ parameters: long }], moment(1000));
  }
  const list = ranges.list(undefined);
  const size = list.flatMap(({ attributes }) => attributes.flat()).join("").length;
  expect(size).toBeLessThan(65_536);
  expect(list.at(-1)?.id).toBe("cue-long-9");
  expect(list.at(-1)?.attributes.length).toBeLessThanOrEqual(33);
});
