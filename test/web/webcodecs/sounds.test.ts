import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
import type { Frame } from "../../../server/protocol/wire/frame.ts";
import type { SoundOutput } from "../../../web/webcodecs/sound-output.ts";
import { Sounds } from "../../../web/webcodecs/sounds.ts";

test.each([
  [8_000, 48_000],
  [22_050, 48_000],
  [44_100, 44_100],
  [96_000, 96_000],
  [undefined, 48_000],
])(
  "for sound of %s Hz the loudspeaker is opened at %s: it outlives the broadcast",
  async (sampleRate, rate) => {
    const opened: number[] = [];
    const output = {
      start: async (asked: number) => {
        opened.push(asked);
      },
    } as unknown as SoundOutput;
    const sounds = new Sounds(output, { onError: () => {}, onTime: () => {} });
    sounds.configure({ id: 1, codec: "mp4a.40.2", sampleRate } as unknown as AnnouncedTrack);
    await sounds.start();
    expect(opened).toEqual([rate]);
  },
);

test.each([
  { codec: "AAC", duration: 0.0213, need: 0.091 },
  { codec: "FLAC", duration: 0.096, need: 0.128 },
])("Sounds holds half a frame of $codec beside jitter: frames come whole", ({ duration, need }) => {
  const sounds = new Sounds({} as SoundOutput, { onError: () => {}, onTime: () => {} });
  for (let count = 0; count < 50; count += 1) {
    const shownAt = count * duration;
    const coming = { isBreak: false, isHistory: false, frame: {} as Frame };
    sounds.push({ ...coming, shownAt, end: shownAt + duration, now: 100 + shownAt });
  }
  expect(sounds.need(100 + 50 * duration)).toBeCloseTo(need, 3);
});
