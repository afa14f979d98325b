import { expect, test } from "vitest";
import { BeepListener } from "./beep-listener.ts";

const RATE = 48_000;
const [TONE, HUM] = [1_320, 330];

/** As ffmpeg's `sine` sounds: a hum, and each second a beep of 40 ms. */
function clip(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * RATE }, (_, index) => {
    const angle = (2 * Math.PI * index) / RATE;
    const isBeep = index >= RATE / 2 && (index - RATE / 2) % RATE < RATE / 25;
    return 4_096 * (Math.sin(HUM * angle) + (isBeep ? Math.sin(TONE * angle) : 0));
  });
}

test.each([480, 961, 4_800])(
  "BeepListener finds where beeps begin (%i samples at once)",
  (size) => {
    const sound = clip(3);
    const begins: number[] = [];
    let pushed = 0;
    const listener = new BeepListener({ tone: TONE, rate: RATE }, (ago) => {
      begins.push((pushed / RATE) * 1_000 - ago);
    });
    for (let at = 0; at < sound.length; at += size) {
      const piece = sound.subarray(at, at + size);
      pushed += piece.length;
      listener.push(piece);
    }
    expect(begins).toHaveLength(3);
    for (const [index, begin] of begins.entries()) {
      expect(Math.abs(begin - (500 + index * 1_000))).toBeLessThan(4);
    }
  },
);
