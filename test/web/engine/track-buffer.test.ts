import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
import { type Frame, FrameFlag, FrameType } from "../../../server/protocol/wire/frame.ts";
import { MediaIntake } from "../../../web/engine/media-intake.ts";
import type { MediaOpening } from "../../../web/engine/media-opening.ts";
import type { PlannedTrack } from "../../../web/engine/plan.ts";

/** A SourceBuffer that takes what it is given at the next turn, and says what it was. */
class FakeSourceBuffer extends EventTarget {
  updating = false;
  mode = "segments";
  readonly buffered = { length: 0 };
  readonly appended: number[] = [];

  appendBuffer(bytes: Uint8Array): void {
    this.updating = true;
    this.appended.push(...bytes);
    queueMicrotask(() => {
      this.updating = false;
      this.dispatchEvent(new Event("updateend"));
    });
  }
}

/** As a ManagedMediaSource: it fires `startstreaming` and `endstreaming`. */
class FakeMediaSource extends EventTarget {
  readonly buffers: FakeSourceBuffer[] = [];
  addSourceBuffer(): FakeSourceBuffer {
    const buffer = new FakeSourceBuffer();
    this.buffers.push(buffer);
    return buffer;
  }
}

const planned = (id: number, mediaType: "video" | "audio"): PlannedTrack => ({
  track: { id, mediaType, timescale: 1_000, codec: "" } as AnnouncedTrack,
  mimeType: `${mediaType}/mp4`,
});
const VIDEO = planned(1, "video");
const AUDIO = planned(2, "audio");

/** One byte says which it is. */
const frame = (trackId: number, dts: number, name: number, isSync = true): Frame => ({
  ...{ type: FrameType.Fragment, flags: isSync ? FrameFlag.Sync : 0, trackId, sequenceNumber: 0 },
  ...{ dts, compositionOffset: 0, duration: 33, serverTime: 0, dataOffset: 0 },
  payload: Uint8Array.of(name),
});

const turns = () => new Promise((resolve) => setImmediate(resolve));

function stage() {
  const mediaSource = new FakeMediaSource();
  const opening = { mediaSource, whenOpen: (action: () => void) => action() };
  const errors: unknown[] = [];
  const intake = new MediaIntake(opening as unknown as MediaOpening, [VIDEO, AUDIO], {
    onSample: () => {},
    onAppended: () => {},
    onError: (error) => errors.push(error),
    playhead: () => 0,
  });
  const [video, audio] = mediaSource.buffers;
  if (video === undefined || audio === undefined) throw new Error("There are no buffers");
  return { mediaSource, intake, video, audio, errors };
}

test("MediaIntake: what a ManagedMediaSource does not want waits, from the newest sync sample on", async () => {
  const { mediaSource, intake, video, audio, errors } = stage();
  intake.init(VIDEO, Uint8Array.of(100));
  intake.init(AUDIO, Uint8Array.of(200));
  intake.feed([frame(1, 0, 1), frame(2, 0, 11)], false);
  await turns();
  expect([video.appended, audio.appended]).toEqual([
    [100, 1],
    [200, 11],
  ]);

  mediaSource.dispatchEvent(new Event("endstreaming"));
  intake.feed([frame(1, 33, 2, false), frame(2, 20, 12)], false);
  intake.feed([frame(1, 66, 3), frame(1, 99, 4, false)], false);
  intake.feed([frame(1, 20_000, 5), frame(2, 20_000, 13), frame(1, 20_033, 6, false)], false);
  intake.init(VIDEO, Uint8Array.of(101));
  intake.feed([frame(1, 20_066, 7)], false);
  await turns();
  expect(video.appended).toEqual([100, 1]);
  expect(audio.appended).toEqual([200, 11]);

  mediaSource.dispatchEvent(new Event("startstreaming"));
  await turns();
  expect(video.appended).toEqual([100, 1, 101, 7]);
  expect(audio.appended).toEqual([200, 11, 13]);
  intake.feed([frame(1, 20_099, 8, false), frame(2, 20_020, 14)], false);
  await turns();
  expect(video.appended.at(-1)).toBe(8);
  expect(audio.appended.at(-1)).toBe(14);
  expect(errors).toEqual([]);
});
