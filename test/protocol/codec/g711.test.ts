import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { A_LAW, MU_LAW } from "../../../server/protocol/codec/g711.ts";

test.each([
  ["A_LAW", "alaw", A_LAW],
  ["MU_LAW", "mulaw", MU_LAW],
])("%s has what ffmpeg decodes, of each of the 256 codes", (_name, format, table) => {
  const args = [
    "-v",
    "error",
    "-f",
    format,
    "-ar",
    "8000",
    "-i",
    "pipe:0",
    "-f",
    "s16le",
    "pipe:1",
  ];
  const input = Uint8Array.from({ length: 256 }, (_, code) => code);
  const { stdout } = spawnSync("ffmpeg", args, { input });
  const decoded = Array.from({ length: 256 }, (_, code) => stdout.readInt16LE(2 * code));
  expect(Array.from(table)).toEqual(decoded);
});
