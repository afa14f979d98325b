import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { encodeWithFfmpeg, type Publisher } from "../support/ffmpeg.ts";
import { findAll } from "../support/in-page.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// Sound that no browser takes in a container is rewrapped as FLAC, and stays what it was.

let server: RunningSluice;

beforeAll(async () => {
  server = await startSluice();
});

afterAll(async () => {
  await server.stop();
});

/** ffmpeg's arguments up to the codecs, for a picture and a tone (an eighth of full scale). */
const source = (codec: string, rate: number, channels: number) => [
  ...["-re", "-f", "lavfi", "-i", "testsrc2=size=320x192:rate=15"],
  ...["-re", "-f", "lavfi", "-i", "sine=frequency=330"],
  ...["-map", "0:v", "-map", "1:a"],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"],
  ...["-g", "15", "-pix_fmt", "yuv420p"],
  ...["-c:a", codec, "-ar", String(rate), "-ac", String(channels)],
];

describe.concurrent("what viewers decode is the very sound that was published", () => {
  test.for<[string, number, number]>([
    ["pcm_alaw", 8_000, 1],
    ["pcm_mulaw", 16_000, 2],
    ["pcm_s16le", 44_100, 2],
    ["pcm_u8", 11_025, 1],
  ])("%s at %i Hz, channels: %i", async ([codec, rate, channels]) => {
    const run: Run = {
      publish: async (url, beside) => {
        const { child } = encodeWithFfmpeg({
          source: [...source(codec, rate, channels), "-t", "3"],
          url,
          beside,
        });
        const { code } = await child.exited;
        if (code !== 0) throw new Error(child.stderr());
      },
    };
    const { waiting } = await accountForBroadcast(server, `live/${codec}`, {
      runs: [run],
      pcmChannels: channels,
    });
    expect(waiting.trackEver("audio")).toMatchObject({ codec: "flac", sampleRate: rate, channels });
  });
});

test("Chromium plays it, as loud as it is", async () => {
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const publishers: Publisher[] = [];
  try {
    const formats = [
      ["pcm_alaw", 8_000, 1],
      ["pcm_u8", 5_512, 1],
    ] as const;
    for (const [codec, rate, channels] of formats) {
      const streamPath = `live/heard-${codec}`;
      const url = server.rtmpUrl(streamPath);
      publishers.push(encodeWithFfmpeg({ source: source(codec, rate, channels), url }));
      const page = await browser.newPage();
      await page.goto(server.httpUrl(`/watch/${streamPath}`));
      await eventually("the tone", async () => {
        const level = await page.evaluate<number>(`(${levelOfSound})(${findAll})`);
        return Math.abs(level - TONE) < TONE / 20;
      });
    }
  } finally {
    for (const publisher of publishers) await publisher.stop();
    await browser.close();
  }
});

/** Root mean square of ffmpeg's `sine`, which has an eighth of full scale. */
const TONE = 1 / 8 / Math.SQRT2;

/** Runs in the page: root mean square of what the player gives to the loudspeaker. */
async function levelOfSound(find: typeof findAll): Promise<number> {
  const kept = window as { analyser?: AnalyserNode };
  if (kept.analyser === undefined) {
    const [video] = find<HTMLVideoElement>("video.on");
    if (video === undefined) return 0;
    const context = new AudioContext();
    kept.analyser = context.createAnalyser();
    kept.analyser.fftSize = 8192;
    context.createMediaElementSource(video).connect(kept.analyser);
    kept.analyser.connect(context.destination);
    await context.resume();
  }
  const samples = new Float32Array(kept.analyser.fftSize);
  kept.analyser.getFloatTimeDomainData(samples);
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}
