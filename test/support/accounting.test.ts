import { expect, test } from "vitest";
import { accountFor, type CodedFrame } from "./accounting.ts";

/** Frames with a payload each: a sync sample every fifth. */
const frames = (count: number, from = 0): CodedFrame[] =>
  Array.from({ length: count }, (_, index) => ({
    dts: 1000 + index * 40,
    compositionOffset: index % 5 === 0 ? 80 : 0,
    size: 100,
    isSync: index % 5 === 0,
    hash: `hash ${from + index}`,
  }));

const later = (shift: number, list: readonly CodedFrame[]): CodedFrame[] =>
  list.map((frame) => ({ ...frame, dts: frame.dts + shift }));

const video = { mediaType: "video" } as const;

test("accountFor finds no difference in the same frames at a constant offset for each run", () => {
  const [first, second] = [frames(20), frames(20, 100)];
  expect(accountFor([first], later(-1000, first), video)).toBeUndefined();
  const received = [...later(5, first), ...later(70_000, second)];
  expect(accountFor([first, second], received, video)).toBeUndefined();
});

test("accountFor lets a late viewer begin at a sync sample, and no other", () => {
  const published = frames(20);
  const late = { ...video, joined: "late" } as const;
  expect(accountFor([published], published.slice(10), late)).toBeUndefined();
  expect(accountFor([published], published.slice(11), late)).toContain("has another payload");
  expect(accountFor([published], published.slice(10), video)).toContain("has another payload");
});

test("accountFor finds the right beginning where payloads repeat (a clip in a loop)", () => {
  const published = [...frames(10), ...later(400, frames(10)), ...later(800, frames(10, 50))];
  const late = { ...video, joined: "late" } as const;
  expect(accountFor([published], published.slice(15), late)).toBeUndefined();
});

test.each([
  ["a lost frame", (list: CodedFrame[]) => list.toSpliced(7, 1), "has another payload"],
  ["a frame twice", (list: CodedFrame[]) => list.toSpliced(7, 0, ...list.slice(7, 8)), "payload"],
  ["an invented frame", (list: CodedFrame[]) => [...list, ...frames(1, 99)], "never published"],
  ["a lost end", (list: CodedFrame[]) => list.slice(0, -3), "3 of 20 frames are missing"],
  ["a frame 1 ms late", (list: CodedFrame[]) => later(1, list.slice(7, 8)), "another time"],
  ["another offset", (list: CodedFrame[]) => list, "composition offset"],
])("accountFor tells of %s", (name, change, told) => {
  const published = frames(20);
  let received = change([...published]);
  if (name === "a frame 1 ms late") received = published.toSpliced(7, 1, ...received);
  if (name === "another offset") {
    received = published.map((frame) => ({ ...frame, compositionOffset: 40 }));
  }
  expect(accountFor([published], received, video)).toContain(told);
});

test("accountFor allows sound the way from milliseconds to samples, and pictures nothing", () => {
  const published = frames(20).map((frame) => ({ ...frame, compositionOffset: 0 }));
  const received = published.map((frame, index) => ({ ...frame, dts: frame.dts + (index % 3) }));
  expect(accountFor([published], received, { mediaType: "audio" })).toBeUndefined();
  expect(accountFor([published], received, video)).toContain("has another time");
});

test("accountFor lets parts have a picture decoded earlier, if it is shown at its time, and nobody else", () => {
  const published = frames(20);
  const moved = (by: number, shownBy = by) =>
    published.map((frame, index) =>
      index === 7
        ? { ...frame, dts: frame.dts - by, compositionOffset: frame.compositionOffset + shownBy }
        : frame,
    );
  const inParts = { ...video, isInParts: true };
  expect(accountFor([published], moved(11), inParts)).toBeUndefined();
  expect(accountFor([published], moved(11), video)).toContain("another time");
  expect(accountFor([published], moved(11, 10), inParts)).toContain("composition offset");
  expect(accountFor([published], moved(-11), inParts)).toContain("another time");
  expect(accountFor([published], moved(300), inParts)).toContain("another time");
});

test("accountFor is not content with nothing", () => {
  expect(accountFor([frames(20)], [], { ...video, left: "early" })).toContain("at least 1");
});

test("accountFor wants a picture whose decode time repeats a tick later, shown at its time", () => {
  const published = frames(6).map((frame, index) =>
    index === 2 || index === 3 ? { ...frame, dts: 1040, compositionOffset: 40 } : frame,
  );
  const tick = 1 / 90;
  const received = published.map((frame, index) => {
    const ticks = index === 2 ? tick : index === 3 ? 2 * tick : 0;
    const { dts, compositionOffset } = frame;
    return { ...frame, dts: dts + ticks, compositionOffset: compositionOffset - ticks };
  });
  expect(accountFor([published], received, video)).toBeUndefined();
  const late = received.map((frame) => ({
    ...frame,
    compositionOffset: frame.compositionOffset + 1,
  }));
  expect(accountFor([published], late, video)).toContain("composition offset");
});

test("accountFor takes a new offset behind a jump of the encoder's clock, either way", () => {
  const published = [
    ...frames(5),
    ...later(3_600_000, frames(5, 5)),
    ...later(-500, frames(5, 10)),
  ];
  const received = frames(15).map((frame, index) => ({ ...frame, isSync: index % 5 === 0 }));
  expect(accountFor([published], received, video)).toBeUndefined();
  expect(accountFor([published], received.toSpliced(5, 1), video)).toContain("another payload");
});
