import { expect, test } from "vitest";
import { LaneMessage } from "../../server/live/lane.ts";
import type { LiveSample } from "../../server/live/live-sample.ts";
import { Subscription } from "../../server/live/subscription.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const video = videoTrack();
const audio = audioTrack();
const limits = { bytes: 1000, time: 2000, soundBytes: 1500, messages: 50, historyTime: 10_000 };
const name = (sample: LiveSample) =>
  `${sample.isVideo ? (sample.isSync ? "V" : "v") : "a"}${sample.dts / (sample.track.timescale / 1000)}`;
const message = (...samples: LiveSample[]) =>
  new LaneMessage(samples, (list) => list.map(name).join("+"));
const sync = (ms: number) => sampleAt(video, ms, { isSync: true });

function drain(subscription: Subscription<string>): unknown[] {
  const out: unknown[] = [];
  for (let next = subscription.next(); next !== undefined; next = subscription.next()) {
    out.push(next.type === "form" ? next.form : next.dropped);
  }
  return out;
}

test("Subscription hands everything on in order while the viewer keeps up", () => {
  const subscription = new Subscription<string>(limits);
  subscription.offer(message(sync(0)), 0);
  subscription.insert("tracks", 6);
  subscription.offer(message(sampleAt(video, 33), sampleAt(audio, 35)), 33);
  expect(drain(subscription)).toEqual(["V0", "tracks", "v33+a35"]);
  expect(subscription.bytes).toBe(0);
});

test("Subscription leaves out whole pictures up to the next sync sample, and tells so before it", () => {
  const subscription = new Subscription<string>(limits);
  subscription.offer(message(sync(0)), 0);
  expect(drain(subscription)).toEqual(["V0"]);
  for (let n = 1; n <= 11; n += 1) subscription.offer(message(sampleAt(video, n * 33)), n * 33);
  // 1100 bytes wait, over the bound: with the next message all waiting pictures go.
  subscription.offer(message(sampleAt(video, 400), sampleAt(audio, 401)), 400);
  subscription.offer(message(sampleAt(video, 433)), 433);
  subscription.offer(message(sync(466)), 466);
  subscription.offer(message(sampleAt(video, 500)), 500);
  expect(drain(subscription)).toEqual([
    { trackId: 1, samples: 13, bytes: 1300 },
    "a401",
    "V466",
    "v500",
  ]);
  expect(subscription.samplesDropped).toBe(13);
});

test("Subscription gives up pictures that have waited too long, few bytes or not", () => {
  const subscription = new Subscription<string>(limits);
  subscription.offer(message(sync(0)), 0);
  subscription.offer(message(sampleAt(video, 33)), 2001);
  subscription.offer(message(sync(66)), 2066);
  expect(drain(subscription)).toEqual([{ trackId: 1, samples: 2, bytes: 200 }, "V66"]);
});

test("Subscription leaves out pictures for as long as the viewer's way is full, and then to the next sync sample", () => {
  const subscription = new Subscription<string>(limits);
  subscription.offer(message(sync(0)), 0);
  expect(drain(subscription)).toEqual(["V0"]);
  expect(subscription.isIdle).toBe(true);
  subscription.isFull = true;
  expect(subscription.isIdle).toBe(false);
  subscription.offer(message(sampleAt(video, 33), sampleAt(audio, 35)), 33);
  subscription.offer(message(sync(66)), 66);
  expect(drain(subscription)).toEqual(["a35"]);
  subscription.isFull = false;
  subscription.offer(message(sampleAt(video, 100), sampleAt(audio, 101)), 100);
  subscription.offer(message(sync(133), sampleAt(audio, 135)), 133);
  const lost = { trackId: 1, samples: 3, bytes: 300 };
  expect(drain(subscription)).toEqual([lost, "a101", "V133+a135"]);
  expect(subscription.isIdle).toBe(true);
});

test("Subscription takes out what waits when the viewer's way is full, and is idle again if nothing was lost", () => {
  const subscription = new Subscription<string>(limits);
  subscription.offer(message(sync(0), sampleAt(audio, 1)), 0);
  subscription.isFull = true;
  expect(drain(subscription)).toEqual(["a1"]);
  const other = new Subscription<string>(limits);
  other.isFull = true;
  other.isFull = false;
  expect(other.isIdle).toBe(true);
});

test("Subscription lets history wait for longer: it is a burst by nature", () => {
  const subscription = new Subscription<string>(limits);
  const history = Array.from({ length: 30 }, (_, n) =>
    message(n === 0 ? sync(0) : sampleAt(video, n * 33)),
  );
  subscription.join(history, 0);
  subscription.offer(message(sampleAt(video, 1000)), 3000);
  expect(subscription.bytes).toBe(3100);
  expect(drain(subscription)).toHaveLength(31);
});

test("Subscription stops at nothing but its bound of sound when nobody reads", () => {
  const subscription = new Subscription<string>(limits);
  subscription.insert("tracks", 6);
  for (let n = 0; n < 1000; n += 1) {
    subscription.offer(message(n % 10 === 0 ? sync(n) : sampleAt(video, n), sampleAt(audio, n)), n);
    expect(subscription.bytes).toBeLessThanOrEqual(limits.soundBytes + 200);
  }
  expect(drain(subscription)[0]).toEqual({
    trackId: 2,
    samples: expect.any(Number),
    bytes: expect.any(Number),
  });
});

test("Subscription resumes only when what waits has shrunk, so that it does not lose again at once", () => {
  const subscription = new Subscription<string>(limits);
  for (let n = 0; n < 12; n += 1) subscription.offer(message(sampleAt(audio, n)), n);
  subscription.offer(message(sync(20)), 20); // over the bound: pictures are given up from here
  subscription.offer(message(sync(30)), 30);
  expect(drain(subscription).at(-1)).toBe("a11");
  subscription.offer(message(sync(40)), 40);
  expect(drain(subscription)).toEqual([{ trackId: 1, samples: 2, bytes: 200 }, "V40"]);
});

test("Subscription tells all that was lost, also where two losses follow on each other untold", () => {
  const subscription = new Subscription<string>(limits);
  for (let n = 0; n < 40; n += 1)
    subscription.offer(message(n % 20 === 0 ? sync(n) : sampleAt(video, n)), n);
  const lost = subscription.samplesDropped;
  subscription.offer(message(sync(50)), 50);
  const told = drain(subscription).filter((next) => typeof next === "object") as {
    samples: number;
  }[];
  expect(lost).toBeGreaterThan(20);
  expect(told.reduce((sum, { samples }) => sum + samples, 0)).toBe(subscription.samplesDropped);
});

test("Subscription tells the loss of a track that went meanwhile, and is idle again", () => {
  const subscription = new Subscription<string>(limits);
  for (let n = 0; n < 12; n += 1) subscription.offer(message(sampleAt(video, n)), n);
  expect(subscription.isIdle).toBe(false);
  subscription.keep([audio.id]);
  subscription.insert("tracks", 6);
  expect(drain(subscription)).toEqual([{ trackId: 1, samples: 12, bytes: 1200 }, "tracks"]);
  expect(subscription.isIdle).toBe(true);
  expect(subscription.noticeBytes).toBe(0);
});

test("Subscription gives the most urgent first, within a track in order, and past no notice", () => {
  const subscription = new Subscription<string>(limits);
  // Sound by its time, pictures later; nothing of track 3 now.
  const other = audioTrack(3);
  const rank = (sample: LiveSample) =>
    sample.track.id === 3 ? undefined : sample.at + (sample.isVideo ? 100 : 0);
  for (const sample of [
    ...[sync(0), sampleAt(video, 40), sampleAt(other, 0), sampleAt(audio, 90)],
    ...[sampleAt(audio, 60), sampleAt(audio, 110)],
  ]) {
    subscription.offer(message(sample), 0);
  }
  subscription.insert("notice", 6);
  subscription.offer(message(sampleAt(audio, 1)), 0);
  expect(subscription.nextNotice).toBe(undefined);
  const order: unknown[] = [];
  for (let next = subscription.nextBy(rank); next !== undefined; next = subscription.nextBy(rank)) {
    order.push(next.form);
  }
  // The sound of 60 ms came behind that of 90.
  expect(order).toEqual(["a90", "a60", "V0", "a110", "v40"]);
  expect(drain(subscription)).toEqual(["a0", "notice", "a1"]);
  expect(subscription.bytes).toBe(0);
});

test("Subscription lets no more than so many messages wait, however small they are", () => {
  const subscription = new Subscription<string>({ ...limits, soundBytes: 1e6, bytes: 1e6 });
  subscription.offer(message(sync(0)), 0);
  for (let n = 1; n <= 200; n += 1) subscription.offer(message(sampleAt(audio, n)), n);
  const given = drain(subscription);
  expect(given.filter((each) => String(each).startsWith("a"))).toHaveLength(limits.messages);
  expect(subscription.samplesDropped).toBe(1 + 200 - limits.messages);
});

test("the most urgent is found without a look at all that waits", () => {
  const many = 10_000;
  const subscription = new Subscription<string>({ ...limits, soundBytes: 1e9, messages: many });
  for (let n = 0; n < many; n += 1) subscription.offer(message(sampleAt(audio, n)), 0);
  const rank = ({ at }: LiveSample) => at;
  const begun = performance.now();
  let given = 0;
  while (subscription.nextBy(rank)?.item.at === given) given += 1;
  expect(given).toBe(many);
  expect(performance.now() - begun).toBeLessThan(1500); // a look at each of them takes some 5 s
});
