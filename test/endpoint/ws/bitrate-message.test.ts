import { expect, test } from "vitest";
import { BitrateMessages } from "../../../server/endpoint/ws/bitrate-message.ts";
import type { TrackStatus } from "../../../server/live/live-stream.ts";

/** Reads a text message of less than 64 KiB behind its WebSocket header. */
function read(message: Buffer | undefined): unknown {
  if (message === undefined) return undefined;
  return JSON.parse(message.subarray((message[1] ?? 0) < 126 ? 2 : 4).toString());
}

const status = (id: number, bitrate: number, mediaType = "video") =>
  ({ track: { id, track: { mediaType } }, bitrate }) as TrackStatus;

test("BitrateMessages tells what a ladder costs, and again when it costs something else", () => {
  let now: TrackStatus[] = [status(1, 3_000_000.4), status(2, 128_000, "audio")];
  const bitrates = new BitrateMessages({ status: () => now });
  expect(bitrates.look()).toBeUndefined(); // one picture: nothing to choose
  now = [...now, status(3, 0)];
  expect(read(bitrates.look())).toEqual({
    type: "bitrates",
    tracks: [
      { id: 1, bitrate: 3_000_000 },
      { id: 2, bitrate: 128_000 },
    ],
  });
  now = [status(1, 3_000_000), status(2, 128_000, "audio"), status(3, 800_000)];
  const told = bitrates.look();
  expect(read(told)).toMatchObject({ tracks: [{ id: 1 }, { id: 2 }, { id: 3, bitrate: 800_000 }] });
  expect(bitrates.latest).toBe(told);
  now = [status(1, 2_800_000), status(2, 120_000, "audio"), status(3, 860_000)];
  expect(bitrates.look()).toBeUndefined();
  expect(bitrates.latest).toBe(told);
  now = [status(1, 2_800_000), status(2, 120_000, "audio"), status(3, 1_000_000)];
  expect(read(bitrates.look())).toMatchObject({ tracks: [{}, {}, { bitrate: 1_000_000 }] });
  now = [status(1, 2_800_000)];
  expect(bitrates.look()).toBeUndefined();
  expect(bitrates.latest).toBeUndefined();
});
