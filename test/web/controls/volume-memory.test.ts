import { expect, test } from "vitest";
import { readKeptVolume } from "../../../web/controls/volume-memory.ts";

test.each([
  ["1", { volume: 1, muted: false }],
  ["0.35", { volume: 0.35, muted: false }],
  ["0 muted", { volume: 0, muted: true }],
  [null, undefined],
  ["", undefined],
  ["1.5", undefined],
  ["-1", undefined],
  ["loud", undefined],
])("readKeptVolume reads %s", (text, kept) => {
  expect(readKeptVolume(text)).toEqual(kept);
});
