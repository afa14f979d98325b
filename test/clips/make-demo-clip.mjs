#!/usr/bin/env node
/**
 * Makes `public/demo/clip.flv`, which `npm run demo` publishes in a loop: a dial, running digits
 * and water, with a soft chord that ticks each second. Picture and sound have no seam where the
 * loop closes: every motion has a period that divides 16 s, and so has every wave of the sound;
 * 16 s are 480 pictures and exactly 750 AAC frames.
 *
 *     node test/clips/make-demo-clip.mjs [OUTPUT.flv]
 *
 * Needs ffmpeg with libx264 and the font DejaVu Sans (`fonts-dejavu-core`).
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OUTPUT = process.argv[2] ?? join(import.meta.dirname, "../../public/demo/clip.flv");
const WIDTH = 640;
const HEIGHT = 360;
const FRAME_RATE = 30;
const SECONDS = 16;
const SAMPLE_RATE = 48_000;
const AAC_FRAME = 1024;
const TURN = 2 * Math.PI;

/** Where the dial lies, and how large it is. */
const DIAL = { x: 178, y: 158, radius: 104 };
const NIGHT = [9, 14, 34];
const DUSK = [22, 58, 92];
const FOAM = [140, 235, 236];
const CORAL = [255, 138, 101];

const mix = (a, b, share) => a + (b - a) * share;
const clamp = (value) => Math.min(1, Math.max(0, value));

/** Lays a colour over a pixel. */
function blend(pixels, at, colour, alpha) {
  if (alpha <= 0) return;
  for (let index = 0; index < 3; index += 1) {
    pixels[at + index] = mix(pixels[at + index], colour[index], alpha);
  }
}

function drawSky() {
  const sky = new Uint8ClampedArray(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const glow = Math.exp(-((x - DIAL.x) ** 2 + (y - DIAL.y) ** 2) / 42_000);
      const share = clamp((y / HEIGHT) * 0.75 + glow * 0.35);
      const at = (y * WIDTH + x) * 3;
      for (let index = 0; index < 3; index += 1) {
        sky[at + index] = mix(NIGHT[index], DUSK[index], share);
      }
    }
  }
  return sky;
}

/** Ring, sixteen marks, the arc that has run, the hand, and a ripple that leaves on each second. */
function drawDial(pixels, time) {
  const { x: centreX, y: centreY, radius } = DIAL;
  const turned = time / SECONDS;
  const handX = Math.sin(turned * TURN);
  const handY = -Math.cos(turned * TURN);
  const second = time % 1;
  const ripple = radius + 8 + second * 34;
  const reach = radius + 44;
  for (let y = Math.max(0, centreY - reach); y < Math.min(HEIGHT, centreY + reach); y += 1) {
    for (let x = centreX - reach; x < centreX + reach; x += 1) {
      const [dx, dy] = [x - centreX, y - centreY];
      const distance = Math.hypot(dx, dy);
      const at = (y * WIDTH + x) * 3;
      const angle = (((Math.atan2(dx, -dy) / TURN) % 1) + 1) % 1;
      blend(pixels, at, FOAM, clamp(1.4 - Math.abs(distance - ripple)) * 0.5 * (1 - second) ** 2);
      blend(pixels, at, [255, 255, 255], clamp(4.5 - Math.abs(distance - radius)) * 0.13);
      if (angle <= turned) {
        const fade = 0.35 + 0.65 * (angle / Math.max(turned, 1e-6));
        blend(pixels, at, FOAM, clamp(4.5 - Math.abs(distance - radius)) * fade);
      }
      const toMark = Math.abs(angle * 16 - Math.round(angle * 16)) * (TURN / 16) * distance;
      const quarter = Math.round(angle * 16) % 4 === 0;
      const inner = quarter ? radius - 26 : radius - 20;
      const along = Math.min(distance - inner, radius - 12 - distance);
      blend(
        pixels,
        at,
        [255, 255, 255],
        clamp(1.6 - toMark) * clamp(along) * (quarter ? 0.9 : 0.4),
      );
      const run = dx * handX + dy * handY;
      const aside = Math.abs(dx * handY - dy * handX);
      const length = Math.min(run + 16, radius - 30 - run);
      blend(pixels, at, CORAL, clamp(2.6 - aside) * clamp(length));
      blend(pixels, at, CORAL, clamp(8 - distance));
      blend(pixels, at, NIGHT, clamp(3.5 - distance));
      const tip = Math.hypot(dx - handX * radius, dy - handY * radius);
      blend(pixels, at, CORAL, clamp(9 - tip));
    }
  }
}

/** Three layers of water that pass at their own speeds, and a float that rides on the first. */
function drawWater(pixels, time) {
  const layers = [
    { base: 292, height: 9, waves: 2, turns: 2, colour: [30, 96, 132], alpha: 0.75 },
    { base: 308, height: 7, waves: 3, turns: -3, colour: [38, 128, 158], alpha: 0.7 },
    { base: 326, height: 6, waves: 4, turns: 4, colour: [70, 170, 190], alpha: 0.65 },
  ];
  const surface = ({ base, height, waves, turns }, x) =>
    base + height * Math.sin(TURN * ((x / WIDTH) * waves - (time / SECONDS) * turns));
  for (const [index, layer] of layers.entries()) {
    for (let x = 0; x < WIDTH; x += 1) {
      const top = surface(layer, x);
      for (let y = Math.floor(top); y < HEIGHT; y += 1) {
        blend(pixels, (y * WIDTH + x) * 3, layer.colour, layer.alpha * clamp(y - top + 1));
      }
    }
    if (index > 0) continue;
    const centre = ((time / 8) % 1) * (WIDTH + 60) - 30; // crosses twice in a loop
    const float = surface(layer, centre) - 9;
    for (let y = Math.floor(float) - 14; y < float + 14; y += 1) {
      for (let x = Math.floor(centre) - 14; x < centre + 14; x += 1) {
        if (x < 0 || x >= WIDTH) continue;
        const away = Math.hypot(x - centre, y - float);
        blend(pixels, (y * WIDTH + x) * 3, CORAL, clamp(11 - away));
        blend(pixels, (y * WIDTH + x) * 3, [255, 255, 255], clamp(4.5 - away) * 0.9);
      }
    }
  }
}

/** One channel of a chord in the middle register, breathing, with a tick on each second. */
function drawSound(channel) {
  const notes = [
    { hertz: 110, level: 0.05, breath: 1 },
    { hertz: 165, level: 0.04, breath: 2 },
    { hertz: 220, level: 0.035, breath: 3 },
    { hertz: 277.1875, level: 0.028, breath: 2 },
    { hertz: 330, level: 0.02, breath: 4 },
  ];
  const samples = new Float64Array(SECONDS * SAMPLE_RATE);
  for (let index = 0; index < samples.length; index += 1) {
    const time = index / SAMPLE_RATE;
    let level = 0;
    for (const [number, { hertz, level: loud, breath }] of notes.entries()) {
      const phase = (channel + number) / 4;
      const swell = 0.7 + 0.3 * Math.sin(TURN * ((time / SECONDS) * breath + phase));
      level += loud * swell * Math.sin(TURN * hertz * time);
    }
    const second = time % 1;
    const hertz = Math.floor(time) % 4 === 0 ? 1320 : 880;
    level += 0.16 * Math.exp(-second * 42) * Math.sin(TURN * hertz * second);
    samples[index] = level;
  }
  return samples;
}

async function ffmpeg(args, feed) {
  const child = spawn("ffmpeg", ["-v", "error", "-y", ...args], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const exit = once(child, "exit");
  await feed(async (bytes) => {
    if (!child.stdin.write(bytes)) await once(child.stdin, "drain");
  });
  child.stdin.end();
  const [code] = await exit;
  if (code !== 0) throw new Error(`ffmpeg exited with ${code}`);
}

const work = mkdtempSync(join(tmpdir(), "demo-clip-"));
const [video, sound, loop] = ["video.h264", "sound.aac", "loop.aac"].map((name) =>
  join(work, name),
);

const text = (options) =>
  `drawtext=${Object.entries(options)
    .map((pair) => pair.join("="))
    .join(":")}`;
const digits = { font: "'DejaVu Sans Mono\\:style=Bold'", fontcolor: "white" };
const filters = [
  text({
    ...digits,
    text: `'%{eif\\:trunc(n/${FRAME_RATE})\\:d\\:2}'`,
    fontsize: 150,
    x: 334,
    y: 74,
  }),
  text({
    ...digits,
    text: `'%{eif\\:mod(n\\,${FRAME_RATE})\\:d\\:2}'`,
    fontsize: 58,
    fontcolor: "0x8cebec",
    x: 528,
    y: 142,
  }),
  text({
    font: "DejaVu Sans",
    text: "sluice  ·  live demo",
    fontsize: 22,
    fontcolor: "white@0.75",
    x: 344,
    y: 214,
  }),
  "format=yuv420p",
];
const sky = drawSky();
const raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${WIDTH}x${HEIGHT}`];
await ffmpeg(
  [
    ...[...raw, "-r", String(FRAME_RATE), "-i", "pipe:0", "-vf", filters.join(",")],
    ...["-c:v", "libx264", "-preset", "veryslow", "-profile:v", "main", "-bf", "0"],
    ...["-g", String(FRAME_RATE), "-keyint_min", String(FRAME_RATE), "-sc_threshold", "0"],
    ...["-crf", "22", "-maxrate", "520k", "-bufsize", "260k", "-tune", "animation"],
    ...["-x264-params", "bframes=0:force-cfr=1", "-f", "h264", video],
  ],
  async (write) => {
    for (let index = 0; index < SECONDS * FRAME_RATE; index += 1) {
      const pixels = sky.slice();
      drawDial(pixels, index / FRAME_RATE);
      drawWater(pixels, index / FRAME_RATE);
      await write(pixels);
    }
  },
);

// Three rounds go through the encoder and the middle one is kept: its frames begin and end in the
// same state of the encoder's overlap. The first frame of all is the encoder's delay.
const channels = [drawSound(0), drawSound(1)];
const round = Buffer.alloc(SECONDS * SAMPLE_RATE * 8);
for (let index = 0; index < SECONDS * SAMPLE_RATE; index += 1) {
  for (const [channel, samples] of channels.entries()) {
    round.writeFloatLE(samples[index], (index * 2 + channel) * 4);
  }
}
const pcm = ["-f", "f32le", "-ar", String(SAMPLE_RATE), "-ac", "2", "-i", "pipe:0"];
await ffmpeg([...pcm, "-c:a", "aac", "-b:a", "72k", "-f", "adts", sound], async (write) => {
  for (let time = 0; time < 3; time += 1) await write(round);
});
const adts = readFileSync(sound);
const frames = [];
for (let at = 0; at < adts.length; ) {
  const length = ((adts[at + 3] & 3) << 11) | (adts[at + 4] << 3) | (adts[at + 5] >> 5);
  frames.push(adts.subarray(at, at + length));
  at += length;
}
const perRound = (SECONDS * SAMPLE_RATE) / AAC_FRAME;
writeFileSync(loop, Buffer.concat(frames.slice(perRound + 1, perRound * 2 + 1)));

const inputs = ["-r", String(FRAME_RATE), "-i", video, "-i", loop, "-map", "0:v", "-map", "1:a"];
await ffmpeg([...inputs, "-c", "copy", "-fflags", "+bitexact", OUTPUT], async () => {});
rmSync(work, { recursive: true });
writeFileSync(OUTPUT, withoutEmptyConfigurations(readFileSync(OUTPUT)));

const check = [
  "-v",
  "error",
  "-count_packets",
  "-show_entries",
  "stream=codec_name,profile,nb_read_packets",
];
const probe = spawnSync("ffprobe", [...check, "-of", "compact", OUTPUT]);
process.stdout.write(`${OUTPUT}: ${statSync(OUTPUT).size} bytes\n${probe.stdout}`);

/** FFmpeg announces sound from ADTS with an empty configuration before it has seen the first frame. */
function withoutEmptyConfigurations(flv) {
  const kept = [flv.subarray(0, 13)];
  for (let at = 13; at < flv.length; ) {
    const length = 11 + flv.readUIntBE(at + 1, 3) + 4;
    const isEmpty = flv[at] === 8 && length === 17 && flv[at + 12] === 0;
    if (!isEmpty) kept.push(flv.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat(kept);
}
