import fc from "fast-check";
import { expect, test } from "vitest";
import { readCueSettings } from "../../../web/control/cue-settings.ts";

test.each([
  ["", {}],
  [
    "line:84.67% position:10% align:start",
    { line: 84.67, snapToLines: false, position: 10, align: "start" },
  ],
  ["line:-1", { line: -1, snapToLines: true }],
  ["line:5,end", { line: 5, snapToLines: true, lineAlign: "end" }],
  ["position:30%,line-left size:45%", { position: 30, positionAlign: "line-left", size: 45 }],
  ["vertical:rl\talign:middle", { vertical: "rl" }],
  ["line:x position:120% size: align", {}],
  ["region:r1 unknown:1 align:right", { align: "right" }],
])("readCueSettings(%j) is %j", (settings, layout) => {
  expect(readCueSettings(settings)).toEqual(layout);
});

test("readCueSettings takes whatever strangers write", () => {
  fc.assert(fc.property(fc.string(), (settings) => void readCueSettings(settings)));
});
