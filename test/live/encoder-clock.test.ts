import { expect, test } from "vitest";
import { EncoderClock, encoderDelay } from "../../server/live/encoder-clock.ts";

const times = (composed: number) => ({
  ...{ composed, encodeBegan: composed + 12, encodeEnded: composed + 15, sent: composed + 50 },
});
const session = { rendered: 60, lagged: 1, dropped: 2, output: 120 };
const rendition = { input: 60, skipped: 0, output: 60 };

test("EncoderClock tells the encoder's clock, its delays and its frames", () => {
  const clock = new EncoderClock();
  expect(clock.status).toBeUndefined();
  clock.take(0, { times: times(1_000_000), session, rendition }, 10_000, 1_000_350);
  clock.take(1, { times: times(1_000_000), session, rendition }, 10_000, 1_000_360);
  const status = clock.take(0, { times: times(1_002_000), session, rendition }, 12_000, 1_002_250);
  expect(status).toEqual({
    // Composed 50 ms before it was sent: 300, 310 and 200 ms on the way, clocks set alike.
    clock: { composed: 1_002_000, position: 12_000, offset: 200 },
    delays: { render: 12, encode: 3, total: 50 },
    // Each track counts the session for itself.
    session: { rendered: 120, lagged: 2, dropped: 4, output: 240 },
    renditions: [
      { trackIndex: 0, input: 120, skipped: 0, output: 120 },
      { trackIndex: 1, input: 60, skipped: 0, output: 60 },
    ],
  });
  expect(clock.status).toBe(status);
});

test("EncoderClock forgets the nearest offset in time, for clocks drift", () => {
  const clock = new EncoderClock();
  clock.take(0, { times: times(0) }, 0, 60);
  for (let index = 1; index <= 16; index += 1) {
    clock.take(0, { times: times(index * 2000) }, index * 2000, index * 2000 + 90);
  }
  expect(clock.status?.clock.offset).toBe(40);
});

test("EncoderClock makes do with what it is told", () => {
  const clock = new EncoderClock();
  expect(clock.take(3, { times: {}, rendition }, 5, 6)).toEqual({
    ...{ clock: { position: 5 }, delays: {} },
    renditions: [{ trackIndex: 3, ...rendition }],
  });
  expect(clock.take(3, { times: { composed: 7 } }, 5, 10)).toMatchObject({
    clock: { composed: 7, position: 5, offset: 3 },
  });
});

test.each([
  { name: "clocks set alike", sent: 50, late: 80, delay: { inside: 50, whole: 130 } },
  {
    name: "the encoder's clock a little fast",
    sent: 50,
    late: -10,
    delay: { inside: 50, whole: 40 },
  },
  { name: "its clock an hour off", sent: 50, late: 3_600_000, delay: { inside: 50 } },
  { name: "its clock in the future", sent: 50, late: -400, delay: { inside: 50 } },
  { name: "nothing told of what is inside", sent: undefined, late: 80, delay: { whole: 80 } },
])("encoderDelay says how old a picture is when it comes: $name", ({ sent, late, delay }) => {
  const clock = new EncoderClock();
  const times = { composed: 1_000_000, ...(sent !== undefined && { sent: 1_000_000 + sent }) };
  const status = clock.take(0, { times }, 0, 1_000_000 + (sent ?? 0) + late);
  expect(encoderDelay(status)).toEqual({ inside: undefined, whole: undefined, ...delay });
});

test("encoderDelay says nothing of an encoder that stamps nothing", () => {
  expect(encoderDelay(new EncoderClock().take(0, { times: {}, rendition }, 0, 5))).toBeUndefined();
});
