import fc from "fast-check";
import { expect, test } from "vitest";
import { BitrateMeter } from "../../server/live/bitrate-meter.ts";

type OneSegment = { bytes: number; seconds: number };

function measured(segments: readonly OneSegment[]): BitrateMeter {
  const meter = new BitrateMeter(10_000);
  for (const { bytes, seconds } of segments) {
    meter.part(bytes, seconds);
    meter.segment();
  }
  return meter;
}

/** The standard's definition as it stands: every contiguous run of 5 to 15 seconds. */
function peakOf(segments: readonly OneSegment[]): number {
  let peak = 0;
  for (let first = 0; first < segments.length; first += 1) {
    let bytes = 0;
    let seconds = 0;
    for (const segment of segments.slice(first)) {
      bytes += segment.bytes;
      seconds += segment.seconds;
      if (seconds >= 5 && seconds <= 15) peak = Math.max(peak, (8 * bytes) / seconds);
    }
  }
  return peak;
}

test("BitrateMeter's peak is that of the largest run of half to one and a half target durations", () => {
  const segment = fc.record({
    bytes: fc.integer({ min: 1, max: 1_000_000 }),
    seconds: fc.integer({ min: 1, max: 10 }),
  });
  const holds = fc.property(fc.array(segment, { minLength: 6, maxLength: 40 }), (segments) => {
    const expected = peakOf(segments);
    const meter = measured(segments);
    if (expected > 0) expect(meter.peak(0)).toBeGreaterThanOrEqual(expected * 0.999_999);
    if (expected > meter.average(0)) expect(meter.peak(0)).toBeCloseTo(expected, 3);
  });
  fc.assert(holds);
});

test("BitrateMeter says something from the first part on", () => {
  const meter = new BitrateMeter(10_000);
  expect([meter.average(0), meter.peak(0)]).toEqual([0, 0]);
  meter.part(25_000, 0.2);
  expect([meter.average(0), meter.peak(0)]).toEqual([1_000_000, 1_250_000]);
  expect([meter.average(2_000_000), meter.peak(2_000_000)]).toEqual([2_000_000, 2_500_000]);
  meter.part(100_000, 0.8);
  expect(meter.average(2_000_000)).toBe(1_000_000); // by now it is measured
});
