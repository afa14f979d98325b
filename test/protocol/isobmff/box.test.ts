import { expect, test } from "vitest";
import { box, fullBox, zeros } from "../../../server/protocol/isobmff/box.ts";
import { hex } from "../../support/hex.ts";

test("box writes length, letters and parts", () => {
  expect(box("free")).toEqual(hex`00000008 66726565`);
  expect(box("mvex", box("free"), zeros(2))).toEqual(hex`00000012 6d766578 00000008 66726565 0000`);
});

test("fullBox writes version and flags before the parts", () => {
  expect(fullBox("tfdt", 1, 0x02_0038, hex`ff`)).toEqual(hex`0000000d 74666474 01 020038 ff`);
});
