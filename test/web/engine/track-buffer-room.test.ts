import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
import { type Frame, FrameType } from "../../../server/protocol/wire/frame.ts";
import { TrackBuffer } from "../../../web/engine/track-buffer.ts";

/** A SourceBuffer that is full when it is told to be, and done when it is told to be. */
class FakeSourceBuffer extends EventTarget {
  readonly done: string[] = [];
  readonly buffered = { length: 1, start: () => 0, end: () => 60 };
  updating = false;
  mode = "segments";
  refusals = 0;

  appendBuffer(bytes: Uint8Array): void {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    if (this.refusals > 0) {
      this.refusals -= 1;
      this.done.push("refused");
      throw new DOMException("full", "QuotaExceededError");
    }
    this.done.push(`append ${bytes.length}`);
    this.updating = true;
  }

  remove(start: number, end: number): void {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    this.done.push(`remove ${start} to ${end}`);
    this.updating = true;
  }

  finish(): void {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }
}

const track = { id: 1, mediaType: "video", timescale: 90_000 } as AnnouncedTrack;
const frame = (at: number, length = 100): Frame => ({
  ...{ type: FrameType.Fragment, flags: 0, trackId: 1, sequenceNumber: 1, dts: at * 90_000 },
  ...{ compositionOffset: 0, duration: 9_000, serverTime: 0, dataOffset: 0 },
  payload: new Uint8Array(length),
});

function stage(playhead = 30) {
  const source = new FakeSourceBuffer();
  const errors: unknown[] = [];
  const buffer = new TrackBuffer(
    { addSourceBuffer: () => source } as unknown as MediaSource,
    { track, mimeType: "video/mp4" },
    { onError: (error) => errors.push(error), onAppended: () => {}, playhead: () => playhead },
  );
  return { source, buffer, errors };
}

test("TrackBuffer makes room behind the playhead where the browser's memory is full, and loses nothing", () => {
  const { source, buffer, errors } = stage();
  source.refusals = 1;
  buffer.append([frame(31)], 0.1);
  source.finish();
  source.finish();
  buffer.append([frame(32)], 0.1);
  expect(source.done).toEqual(["refused", "remove 0 to 29", "append 100", "append 100"]);
  expect(errors).toEqual([]);
  expect(buffer.edge).toBeCloseTo(31.1);
});

test("TrackBuffer gives up where there is no room even so: another MediaSource is to be made", () => {
  const { source, buffer, errors } = stage();
  source.refusals = 2;
  buffer.append([frame(31)], 0.1);
  source.finish();
  expect(errors).toHaveLength(1);
  const early = stage(0.5);
  early.source.refusals = 1;
  early.buffer.append([frame(1)], 0.1);
  expect(early.errors).toHaveLength(1);
});

test("TrackBuffer appends what piled up at once, and holds no more than 48 MiB of it", () => {
  const { source, buffer, errors } = stage();
  for (let index = 0; index < 10; index += 1) buffer.append([frame(31 + index / 30)], 0.1);
  source.finish();
  expect(source.done).toEqual(["append 100", "append 900"]);
  for (let index = 0; index < 48; index += 1) buffer.append([frame(32 + index, 2 ** 20)], 0.1);
  expect(errors).toHaveLength(1);
});

test("TrackBuffer forgets what is asked of it, once at a time, between two appends", () => {
  const { source, buffer } = stage();
  buffer.append([frame(31)], 0.1);
  buffer.evict(20);
  buffer.evict(21);
  buffer.append([frame(32)], 0.1);
  source.finish();
  source.finish();
  expect(source.done).toEqual(["append 100", "remove 0 to 20", "append 100"]);
});
