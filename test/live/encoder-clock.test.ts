import { expect, test } from "vitest";
import { EncoderClock } from "../../server/live/encoder-clock.ts";

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
