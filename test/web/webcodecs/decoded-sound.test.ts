import { expect, test } from "vitest";
import { type DecodedSound, planesOf } from "../../../web/webcodecs/decoded-sound.ts";

const CHANNELS = [
  [0, 0.5, -0.5],
  [0.25, -1, 0.125],
] as const;

/** @returns decoded sound that notes how it is copied: floats, or whole numbers of so many bits */
function decoded(format: AudioSampleFormat): { data: DecodedSound; copied: string[] } {
  const copied: string[] = [];
  const copyTo = (to: AllowSharedBufferSource, options: AudioDataCopyToOptions): void => {
    const { planeIndex, format: asked = format } = options;
    copied.push(`${asked} ${planeIndex}`);
    const target = to as Float32Array | Int32Array;
    const factor = asked.startsWith("s32") ? 2 ** 31 : 1;
    const samples = asked.endsWith("planar")
      ? (CHANNELS[planeIndex] ?? [])
      : CHANNELS[0].flatMap((left, frame) => [left, CHANNELS[1][frame] ?? 0]);
    target.set(samples.map((sample) => sample * factor));
  };
  return { data: { format, numberOfChannels: 2, numberOfFrames: 3, copyTo }, copied };
}

const most = 6;

test("planesOf asks for planes of floats, which every browser can convert to", () => {
  const { data, copied } = decoded("s16");
  expect(planesOf(data, { most, converts: false }).map((plane) => [...plane])).toEqual(CHANNELS);
  expect(copied).toEqual(["f32-planar 0", "f32-planar 1"]);
});

test.each([
  { format: "f32-planar", asked: "s32 0" },
  { format: "f32", asked: "s32 0" },
  { format: "s16", asked: "f32 0" },
  { format: "s16-planar", asked: "f32 0" },
  { format: "s32", asked: "f32 0" },
] as const)("planesOf never asks WebKit for $format as it is", ({ format, asked }) => {
  const { data, copied } = decoded(format);
  expect(planesOf(data, { most, converts: true }).map((plane) => [...plane])).toEqual(CHANNELS);
  expect(copied).toEqual([asked]);
});

test.each([true, false])(
  "planesOf takes as many channels as are wanted (converts: %s)",
  (converts) => {
    const { data } = decoded("f32-planar");
    expect(planesOf(data, { most: 1, converts }).map((plane) => [...plane])).toEqual([CHANNELS[0]]);
  },
);
