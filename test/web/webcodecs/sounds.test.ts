import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
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
