import fc from "fast-check";
import { expect, test } from "vitest";
import { TIMELINE_START, Timeline } from "../../server/live/timeline.ts";

const timeline = () => new Timeline({ maxSkew: 10_000 });
const wall = 1_700_000_000_000;

test("Timeline keeps the encoder's distances wherever its clock begins", () => {
  for (const start of [0, 59, 0xffffff - 40, 2 ** 31 - 20, 2 ** 32 - 1]) {
    const line = timeline();
    const first = line.place("video:0", start, wall).at;
    expect(first).toBe(TIMELINE_START);
    expect(line.place("audio:0", start + 7, wall + 5).at - first).toBe(7);
    expect(line.place("video:0", start + 33, wall + 33).at - first).toBe(33);
    expect(line.place("video:0", start + 67, wall + 67).at - first).toBe(67);
  }
});

test("Timeline says where a moment lies, and moves nothing", () => {
  const line = timeline();
  expect(line.peek(5)).toBe(line.newest);
  const first = line.place("video:0", 5000, wall).at;
  expect(line.peek(4990)).toBe(first - 10);
  expect(line.peek(5040)).toBe(first + 40);
  expect(line.peek(900_000)).toBe(first); // another clock than that of the tracks
  expect(line.newest).toBe(first);
});

test("Timeline continues behind what it has when another publisher continues", () => {
  const line = timeline();
  line.place("video:0", 5000, wall);
  const last = line.place("video:0", 5033, wall + 33);
  line.splice();
  const next = line.place("video:0", 0, wall + 8000);
  expect(next.at).toBeGreaterThan(last.at);
  expect(next.at - last.at).toBeLessThanOrEqual(100);
  expect(next.epoch.index).toBe(last.epoch.index + 1);
  expect(next.epoch.wallOffset + next.at).toBe(wall + 8000);
});

test("Timeline lets nothing of a new publisher be shown before the last pictures of the old one", () => {
  const line = timeline();
  const last = line.place("video:0", 0, wall, 133).at;
  line.splice();
  expect(line.place("video:0", 0, wall, 0).at).toBeGreaterThan(last + 133);
});

test.each([
  { name: "forward", jump: 3_600_000 },
  { name: "backward", jump: -3_600_000 },
])("Timeline takes all tracks along when the encoder's clock jumps $name", ({ jump }) => {
  const line = timeline();
  const base = 10_000_000;
  line.place("video:0", base, wall);
  line.place("audio:0", base + 10, wall);
  const before = line.place("video:0", base + 33, wall + 33);
  const jumped = line.place("video:0", base + 67 + jump, wall + 67);
  expect(jumped.epoch.index).toBe(before.epoch.index + 1);
  expect(jumped.at).toBeGreaterThan(before.at);
  // Sound that was on its way keeps the old clock …
  const straggler = line.place("audio:0", base + 31, wall + 68);
  expect(straggler.epoch.index).toBe(before.epoch.index);
  expect(straggler.at - before.at).toBe(-2);
  // … and then follows with the same distance to the picture.
  const followed = line.place("audio:0", base + 70 + jump, wall + 70);
  expect(followed.epoch).toBe(jumped.epoch);
  expect(followed.at - jumped.at).toBe(3);
});

test("Timeline takes a long still picture for what it is", () => {
  const line = timeline();
  const first = line.place("video:0", 0, wall);
  const next = line.place("video:0", 60_000, wall + 60_100);
  expect(next.epoch.index).toBe(first.epoch.index);
  expect(next.at - first.at).toBe(60_000);
});

test("Timeline moves a track to the others when its clock lies too far from theirs", () => {
  const line = timeline();
  const video = line.place("video:0", 500_000, wall);
  const audio = line.place("audio:0", 0, wall + 5);
  expect(Math.abs(audio.at - video.at)).toBeLessThan(100);
  expect(line.place("audio:0", 21, wall + 26).at - audio.at).toBe(21);
  expect(line.place("video:0", 500_033, wall + 33).epoch.index).toBe(video.epoch.index);
});

test("Timeline keeps tracks that begin seconds apart as the encoder stamped them", () => {
  const line = timeline();
  const audio = line.place("audio:0", 0, wall);
  expect(line.place("video:0", 4000, wall + 4).at - audio.at).toBe(4000);
});

test("Timeline lets a track go on by itself that does not follow a jump", () => {
  const line = timeline();
  line.place("audio:0", 0, wall);
  line.place("video:0", 0, wall);
  const jumped = line.place("video:0", 9_000_000, wall + 33);
  expect(line.place("audio:0", 21, wall + 40).epoch.index).toBe(jumped.epoch.index - 1);
  for (let at = 42; at < 5000; at += 21) line.place("audio:0", at, wall + at);
  expect(line.place("audio:0", 5021, wall + 5021).epoch).toBe(jumped.epoch);
});

test("Timeline moves an epoch on when a track begins so early in it that it would lie on the last one", () => {
  const line = timeline();
  line.place("video:0", 0, wall);
  const last = line.place("audio:0", 10, wall).at;
  line.splice();
  const sound = line.place("audio:0", 2000, wall + 5000);
  const picture = line.place("video:0", 0, wall + 5001);
  expect(picture.at).toBeGreaterThan(last);
  // The sound goes along: both keep their distance.
  const next = line.place("audio:0", 2021, wall + 5021);
  expect(next.at - picture.at).toBe(2021);
  expect(next.at).toBeGreaterThan(sound.at);
});

test("Timeline does not let one wild composition offset push everything behind it away", () => {
  const line = timeline();
  const wild = line.place("video:0", 0, wall, 8_388_607);
  line.splice();
  expect(line.place("video:0", 0, wall + 1000).at - wild.at).toBeLessThan(6000);
});

test("Timeline gives no track two epochs in the wrong order, and never goes below its start", () => {
  const steps = fc.array(
    fc.record({
      step: fc.integer({ min: -4_000_000, max: 4_000_000 }),
      isVideo: fc.boolean(),
      isNew: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), steps, (start, list) => {
      const line = timeline();
      const last = new Map<string, { at: number; epoch: number }>();
      let dts = start;
      let now = wall;
      for (const { step, isVideo, isNew } of list) {
        if (isNew) line.splice();
        const key = isVideo ? "video:0" : "audio:0";
        const { at, epoch } = line.place(key, dts, now);
        const before = last.get(key);
        expect(epoch.index).toBeGreaterThanOrEqual(before?.epoch ?? 0);
        if (before === undefined || epoch.index > before.epoch) {
          expect(at).toBeGreaterThan((before?.at ?? 0) - 10_000);
        } else {
          expect(at).toBeGreaterThanOrEqual(before.at - 1000); // an encoder's own small step back
        }
        last.set(key, { at, epoch: epoch.index });
        dts += step;
        now += 33;
      }
    }),
  );
});
