import fc from "fast-check";
import { expect, test } from "vitest";
import { AppendGrouping } from "../../../web/control/append-grouping.ts";

type Sample = { readonly dts: number; readonly compositionOffset: number; readonly name: string };

/**
 * A stream at 30 pictures a second on a 90 kHz clock, from groups of pictures in display order:
 * [2, 2] is I P B B P B B. All begin to be shown one interval after they are decoded, as x264 does.
 */
function stream(
  groups: readonly number[],
  { interval = 3000, jitter = 0, offset = 1 } = {},
): Sample[] {
  const samples: Sample[] = [];
  let decoded = 0;
  let shown = offset;
  const push = (name: string, at: number) => {
    const dts = 90_000 + decoded * interval + (decoded % 3 === 1 ? jitter : 0);
    samples.push({ name, dts, compositionOffset: 90_000 + at * interval - dts });
    decoded += 1;
  };
  push("I", shown);
  for (const between of groups) {
    push("P", shown + between + 1);
    for (let index = 1; index <= between; index += 1) push("B", shown + index);
    shown += between + 1;
  }
  return samples;
}

const shownAt = ({ dts, compositionOffset }: Sample) => dts + compositionOffset;
const names = (appends: readonly Sample[][]) =>
  appends.map((append) => append.map(({ name }) => name).join("")).join(" | ");

/** Appends as they come, one arrival every 33 ms. */
function group(samples: readonly Sample[]): {
  readonly grouping: AppendGrouping<Sample>;
  readonly appends: Sample[][];
} {
  const grouping = new AppendGrouping<Sample>({ timescale: 90_000 });
  const appends = samples.map((sample, index) => grouping.push(sample, index * 33));
  return { grouping, appends };
}

test("AppendGrouping keeps a P until the B-frames before it are there", () => {
  const { appends } = group(stream([2, 2, 2, 2]));
  const later = appends.filter((append) => append.length > 0);
  expect(names(later)).toBe("I | PBB | PBB | PBB | PBB");
});

test("AppendGrouping releases a group with its last B-frame, not a picture later", () => {
  const { appends } = group(stream([2, 2, 2]));
  expect(appends.map((append) => append.length)).toEqual([1, 0, 0, 3, 0, 0, 3, 0, 0, 3]);
});

test.each([
  { name: "two B-frames", groups: [2, 2, 2], depth: 2 },
  { name: "one after three", groups: [3, 1, 1], depth: 3 },
  { name: "none", groups: [0, 0, 0], depth: 0 },
])("AppendGrouping says how long pictures wait, not how many came together: $name", (row) => {
  const samples = stream(row.groups);
  expect(group(samples).grouping.depth).toBe(row.depth * 3_000);
  const atOnce = new AppendGrouping<Sample>({ timescale: 90_000 });
  for (const sample of samples) atOnce.push(sample, 0);
  expect(atOnce.depth).toBe(row.depth * 3_000);
  atOnce.reset();
  expect(atOnce.depth).toBe(0);
});

test("AppendGrouping knows the pyramid: a B-frame that others refer to", () => {
  const order = [0, 4, 2, 1, 3, 8, 6, 5, 7];
  const samples = order.map((at, index) => {
    const dts = index * 3000;
    return { name: String(at), dts, compositionOffset: (at + 2) * 3000 - dts };
  });
  const { appends } = group(samples);
  expect(names(appends.filter((append) => append.length > 0))).toBe("0 | 4213 | 8657");
});

test.each([
  { name: "composition offset 0", offset: 0, jitter: 0 },
  { name: "a constant composition offset", offset: 2, jitter: 0 },
  { name: "milliseconds rounded each for itself", offset: 0, jitter: 90 },
])(
  "AppendGrouping never holds a picture of a stream without B-frames: $name",
  ({ offset, jitter }) => {
    const { appends } = group(stream(new Array<number>(60).fill(0), { offset, jitter }));
    expect(appends.every((append) => append.length === 1)).toBe(true);
  },
);

test("AppendGrouping never ends an append in a hole, once it has seen the stream reorder", () => {
  const groups = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 40 });
  const holds = fc.property(
    groups,
    fc.constantFrom(1500, 3000, 3003, 3750),
    (between, interval) => {
      const samples = stream([2, ...between], { interval });
      const { appends, grouping } = group(samples);
      const released: Sample[] = [];
      for (const append of appends) {
        released.push(...append);
        const latest = Math.max(...released.map(shownAt), 0);
        const toCome = samples.slice(released.length);
        if (append.length > 0)
          expect(toCome.every((sample) => shownAt(sample) > latest)).toBe(true);
      }
      expect([...released, ...grouping.flush()]).toEqual(samples);
    },
  );
  fc.assert(holds);
});

/** Decode order of so many pictures between two references: the middle first, then each half of it. */
function pyramid(from: number, to: number): number[] {
  if (to - from < 2) return [];
  const middle = Math.floor((from + to) / 2);
  return [middle, ...pyramid(from, middle), ...pyramid(middle, to)];
}

test("AppendGrouping never ends an append in a hole of a pyramid either, of any size and offset", () => {
  const groups = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 30 });
  const holds = fc.property(groups, fc.constantFrom(1500, 3000, 3003), (sizes, interval) => {
    // The first group is as deep as any: from then on the stream is known.
    const order = [0];
    let last = 0;
    for (const size of [8, ...sizes]) {
      order.push(last + size, ...pyramid(last, last + size));
      last += size;
    }
    const depth = Math.max(...order.map((shown, decoded) => decoded - shown));
    const samples = order.map((shown, decoded) => {
      const dts = decoded * interval;
      const compositionOffset = (shown + depth) * interval - dts;
      return { name: String(shown), dts, compositionOffset };
    });
    const { appends, grouping } = group(samples);
    const released: Sample[] = [];
    for (const append of appends) {
      if (append.length === 0) continue;
      released.push(...append);
      const latest = Math.max(...released.map(shownAt));
      const toCome = samples.slice(released.length);
      expect(toCome.every((sample) => shownAt(sample) > latest)).toBe(true);
    }
    expect([...released, ...grouping.flush()]).toEqual(samples);
  });
  fc.assert(holds);
});

test("AppendGrouping holds nothing for longer than a third of a second, nor more than 16", () => {
  const grouping = new AppendGrouping<Sample>({ timescale: 90_000 });
  grouping.push({ name: "I", dts: 0, compositionOffset: 0 }, 0);
  expect(grouping.push({ name: "P", dts: 3000, compositionOffset: 900_000 }, 33)).toEqual([]);
  expect(grouping.expire(300)).toEqual([]);
  expect(grouping.expire(334)).toHaveLength(1);
  const released: number[] = [];
  for (let index = 2; index < 40; index += 1) {
    const sample = { name: "P", dts: index * 3000, compositionOffset: 900_000 + index * 9000 };
    released.push(grouping.push(sample, 400).length);
    expect(grouping.held).toBeLessThanOrEqual(16);
  }
  expect(Math.max(...released)).toBe(17);
});

test("AppendGrouping gives back every sample in order, whatever the times", () => {
  const sample = fc.record({
    dts: fc.integer({ min: 0, max: 1_000_000 }),
    compositionOffset: fc.integer({ min: -90_000, max: 90_000 }),
    name: fc.constant("x"),
  });
  const holds = fc.property(fc.array(sample), (samples) => {
    const { grouping, appends } = group(samples);
    expect([...appends.flat(), ...grouping.flush()]).toEqual(samples);
  });
  fc.assert(holds);
});
