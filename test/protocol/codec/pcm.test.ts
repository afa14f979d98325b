import { expect, test } from "vitest";
import { pcmBits, pcmFrameLength, readPcm } from "../../../server/protocol/codec/pcm.ts";
import { hex } from "../../support/hex.ts";

const at = { sampleRate: 8_000 } as const;

test("readPcm reads 16 bit, little-endian and signed, channel by channel", () => {
  const format = { ...at, coding: "s16le", channels: 2 } as const;
  const data = hex`0000 ffff  ff7f 0080  3412 ccfd`;
  expect([pcmBits(format), pcmFrameLength(format)]).toEqual([16, 4]);
  expect(readPcm(format, data, 0, 3)).toEqual([
    Int32Array.of(0, 32_767, 0x1234),
    Int32Array.of(-1, -32_768, -564),
  ]);
  expect(readPcm(format, data, 1, 1)).toEqual([Int32Array.of(32_767), Int32Array.of(-32_768)]);
});

test("readPcm reads 8 bit as what lies above and below 128", () => {
  const format = { ...at, coding: "u8", channels: 1 } as const;
  expect([pcmBits(format), pcmFrameLength(format)]).toEqual([8, 1]);
  expect(readPcm(format, hex`00 7f 80 ff`, 0, 4)).toEqual([Int32Array.of(-128, -1, 0, 127)]);
});

// The quietest and the loudest of both signs (ITU-T G.711, tables 1 and 2).
test.each([
  ["alaw", hex`d5 55 aa 2a`, [8, -8, 32_256, -32_256]],
  ["mulaw", hex`ff 7f 80 00`, [0, 0, 32_124, -32_124]],
] as const)("readPcm reads %s", (coding, data, values) => {
  const format = { ...at, coding, channels: 1 };
  expect(pcmBits(format)).toBe(16);
  const [read = new Int32Array()] = readPcm(format, data, 0, 4);
  expect(Array.from(read, (value) => value + 0)).toEqual(values);
});
