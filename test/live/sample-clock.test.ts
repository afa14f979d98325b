import fc from "fast-check";
import { expect, test } from "vitest";
import { AudioClock, VideoClock } from "../../server/live/sample-clock.ts";

test("VideoClock gives ms at 90 kHz exactly, signed offsets included", () => {
  const clock = new VideoClock(90_000);
  expect(clock.place(10_000, 80)).toEqual({ dts: 900_000, compositionOffset: 7200 });
  expect(clock.place(10_033, -1)).toEqual({ dts: 902_970, compositionOffset: -90 });
});

test("VideoClock moves a repeated time by one tick and keeps when it is shown", () => {
  const clock = new VideoClock(90_000);
  clock.place(10_000, 0);
  expect(clock.place(10_000, 40)).toEqual({ dts: 900_001, compositionOffset: 3599 });
  expect(clock.place(9_990, 60)).toEqual({ dts: 900_002, compositionOffset: 4498 });
});

test("AudioClock joins frames without cracks although their times are rounded to ms", () => {
  const clock = new AudioClock(44_100);
  const first = clock.place(10_000, 1024);
  for (let n = 1; n < 2000; n += 1) {
    const at = 10_000 + Math.round((n * 1024 * 1000) / 44_100);
    expect(clock.place(at, 1024)).toBe(first + n * 1024);
  }
});

test("AudioClock is anchored again when it leaves the encoder's clock by more than 50 ms", () => {
  const clock = new AudioClock(48_000);
  expect(clock.place(10_000, 1024)).toBe(480_000);
  expect(clock.place(10_060, 1024)).toBe(481_024); // within 50 ms of the count
  expect(clock.place(10_200, 1024)).toBe(489_600); // a gap
  expect(clock.place(10_100, 1024)).toBe(489_601); // back, yet not before what is out
});

test("both clocks only go forward, whatever the encoder stamps", () => {
  const times = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 2, maxLength: 100 });
  fc.assert(
    fc.property(times, (list) => {
      const video = new VideoClock(90_000);
      const audio = new AudioClock(48_000);
      let lastVideo = -1;
      let lastAudio = -1;
      for (const at of list) {
        const { dts, compositionOffset } = video.place(at, 20);
        expect(dts).toBeGreaterThan(lastVideo);
        expect(dts + compositionOffset).toBe((at + 20) * 90);
        lastVideo = dts;
        const sound = audio.place(at, 1024);
        expect(sound).toBeGreaterThan(lastAudio);
        lastAudio = sound;
      }
    }),
  );
});
