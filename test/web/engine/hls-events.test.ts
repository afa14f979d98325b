import { expect, test } from "vitest";
import { timedMetadataTag } from "../../../server/protocol/text/timed-metadata.ts";
import type { TimedEvent } from "../../../web/control/event-schedule.ts";
import { HlsEvents } from "../../../web/engine/hls-events.ts";

const tagOf = (id: string, time: number) =>
  timedMetadataTag({ id, name: "onCuePoint", time, values: [] });

test("HlsEvents gives the events of the media, and knows the stream's time by them", () => {
  const events: TimedEvent[] = [];
  const hls = new HlsEvents((event) => events.push(event));
  expect(hls.streamTime(3)).toBeUndefined();
  hls.read(tagOf("a", 15_000), 5);
  hls.read(Uint8Array.of(0x49, 0x44, 0x33), 6);
  expect(events).toEqual([{ id: "a", name: "onCuePoint", time: 15_000, values: [] }]);
  expect(hls.streamTime(5)).toBe(15_000);
  expect(hls.streamTime(4)).toBe(14_000);
  // Behind a discontinuity the distance may be another.
  hls.read(tagOf("b", 20_100), 10);
  expect(hls.streamTime(9)).toBe(19_000);
  expect(hls.streamTime(10)).toBe(20_100);
  expect(hls.streamTime(11)).toBe(21_100);
});
