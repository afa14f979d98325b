import fc from "fast-check";
import { expect, test } from "vitest";
import { SOUND, SoundRing } from "../../../web/worklet/sound-ring.ts";

const RATE = 48_000;
const QUANTUM = 128;

/** A tone of one channel, that goes on from block to block. */
function tone(time: number, frames: number, rate = RATE): Float32Array {
  return Float32Array.from({ length: frames }, (_, index) =>
    Math.sin(2 * Math.PI * 440 * (time + index / rate)),
  );
}

const block = (time: number, seconds: number, rate = RATE) => {
  const frames = Math.round(seconds * rate);
  return { time, rate, planes: [tone(time, frames, rate)] };
};

/** Reads so many quanta, and gives the last one. */
function read(ring: SoundRing, quanta = 1): Float32Array {
  const output = [new Float32Array(QUANTUM)];
  for (let n = 0; n < quanta; n += 1) ring.read(output);
  return output[0] ?? new Float32Array(0);
}

function ringWith(target: number, ...blocks: ReturnType<typeof block>[]): SoundRing {
  const ring = new SoundRing(RATE);
  ring.hold(target);
  for (const one of blocks) ring.push(one);
  return ring;
}

test("SoundRing is silent until the target is held, then plays from where it is", () => {
  const ring = ringWith(0.1, block(7, 0.05));
  expect(read(ring).every((sample) => sample === 0)).toBe(true);
  expect(ring.isPlaying).toBe(false);
  ring.push(block(7.05, 0.05));
  expect(read(ring, 2).some((sample) => sample !== 0)).toBe(true);
  expect(ring.isPlaying).toBe(true);
  expect(ring.time).toBeCloseTo(7 + (2 * QUANTUM) / RATE, 6);
});

test("SoundRing waits at once for much more that is to be held, and that is no underrun", () => {
  const ring = ringWith(0.1, block(0, 0.2));
  read(ring, 4);
  const paused = ring.time + QUANTUM / RATE;
  ring.hold(2, true);
  const last = read(ring);
  expect(Math.abs(last.at(-1) ?? 1)).toBeLessThan(0.02); // faded out
  expect(ring.isPlaying).toBe(false);
  expect(ring.underruns).toBe(0);
  for (let at = 0.2; at < 2.15; at += 0.1) ring.push(block(at, 0.1));
  read(ring);
  expect(ring.isPlaying).toBe(true);
  expect(ring.time).toBeGreaterThanOrEqual(paused);
  expect(ring.time).toBeLessThan(paused + 0.15);
});

test("SoundRing leaves samples as they are at their own speed", () => {
  const ring = ringWith(0.1, block(0, 0.1));
  read(ring, 4);
  const from = ring.time;
  expect([...read(ring)]).toEqual(
    [...tone(from, QUANTUM)].map((sample) => expect.closeTo(sample, 5)),
  );
});

test("SoundRing begins without what is too much", () => {
  const ring = ringWith(0.1, block(0, 0.4));
  read(ring);
  expect(ring.time).toBeCloseTo(0.3, 2);
});

test("SoundRing runs dry into silence, and begins anew once the target is there again", () => {
  const ring = ringWith(0.05, block(0, 0.05));
  read(ring, 30);
  expect(ring).toMatchObject({ isPlaying: false, underruns: 1 });
  expect(read(ring).every((sample) => sample === 0)).toBe(true);
  ring.push(block(0.05, 0.03));
  read(ring);
  expect(ring.isPlaying).toBe(false);
  ring.push(block(0.08, 0.03));
  read(ring);
  expect(ring.isPlaying).toBe(true);
});

test.each([
  { name: "faster", held: 0.2, speed: 1.03, most: 1 + SOUND.hasty.faster },
  { name: "slower", held: 0.02, speed: 0.99, most: 1 },
])("SoundRing plays $name until the target is held", ({ held, speed, most }) => {
  const target = held > 0.1 ? 0.08 : 0.05;
  const ring = ringWith(held, block(0, held));
  read(ring);
  ring.hold(target);
  let time = held;
  let extreme = 1;
  // A block of 20 ms whenever as much was read.
  for (let n = 0; n < 4_500; n += 1) {
    if ((n * QUANTUM) / RATE >= time - held) {
      ring.push(block(time, 0.02));
      time += 0.02;
    }
    read(ring);
    extreme = speed > 1 ? Math.max(extreme, ring.speed) : Math.min(extreme, ring.speed);
  }
  expect(ring).toMatchObject({ underruns: 0, skips: 0, isPlaying: true });
  expect(extreme).toBeLessThanOrEqual(most + 1e-9);
  if (speed > 1) expect(extreme).toBeGreaterThanOrEqual(1 + SOUND.gentle);
  else expect(extreme).toBeLessThanOrEqual(1 - SOUND.gentle + 1e-9);
  expect(Math.abs(ring.fill - target)).toBeLessThan(0.025);
});

test("SoundRing skips what is far too much", () => {
  const ring = ringWith(0.1, block(0, 0.1));
  read(ring);
  ring.push(block(0.1, 0.9));
  read(ring);
  expect(ring.skips).toBe(1);
  expect(ring.fill).toBeCloseTo(0.1, 1);
  expect(ring.time).toBeCloseTo(0.9, 1);
});

test("SoundRing.hold, at once, skips what is too much", () => {
  const ring = ringWith(0.3, block(0, 0.3));
  read(ring);
  ring.hold(0.1);
  read(ring);
  expect(ring.fill).toBeGreaterThan(0.25);
  ring.hold(0.1, true);
  expect(ring.fill).toBeCloseTo(0.1, 2);
});

test("SoundRing fills a short hole with silence and jumps over a long one", () => {
  const short = ringWith(0.3, block(0, 0.1), block(0.2, 0.1));
  expect(short.fill).toBeCloseTo(0.3, 3);
  read(short, Math.round((0.15 * RATE) / QUANTUM));
  expect(read(short).every((sample) => sample === 0)).toBe(true);
  expect(short.time).toBeCloseTo(0.15, 2);

  const long = ringWith(0.2, block(0, 0.1), block(60, 0.1));
  read(long, Math.round((0.15 * RATE) / QUANTUM));
  expect(long.time).toBeCloseTo(60.05, 2);
});

test("SoundRing plays what comes twice once", () => {
  const ring = ringWith(0.15, block(0, 0.1), block(0.05, 0.1));
  expect(ring.fill).toBeCloseTo(0.15, 3);
});

test("SoundRing brings another rate to the context's", () => {
  const ring = ringWith(0.1, block(0, 0.3, 44_100));
  read(ring, 8);
  const from = ring.time;
  expect(ring.isPlaying).toBe(true);
  expect([...read(ring)]).toEqual([...tone(from, QUANTUM)].map((one) => expect.closeTo(one, 2)));
});

test("SoundRing: time goes on, and memory stays, whatever comes", () => {
  const blocks = fc.array(
    fc.record({
      time: fc.double({ min: 0, max: 100, noNaN: true }),
      seconds: fc.double({ min: 0, max: 0.5, noNaN: true }),
      rate: fc.constantFrom(8_000, 44_100, 48_000),
      quanta: fc.nat(40),
    }),
    { maxLength: 20 },
  );
  const holds = fc.property(blocks, fc.double({ min: 0, max: 2, noNaN: true }), (all, target) => {
    const ring = new SoundRing(RATE);
    ring.hold(target);
    for (const { time, seconds, rate, quanta } of all) {
      ring.push(block(time, seconds, rate));
      expect(ring.fill).toBeLessThanOrEqual(SOUND.capacity);
      const output = read(ring, quanta);
      expect(Math.max(...output)).toBeLessThan(2);
      expect(ring.fill).toBeGreaterThanOrEqual(0);
    }
  });
  fc.assert(holds, { numRuns: 30 });
});
