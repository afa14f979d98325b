import { afterAll, beforeAll, expect, test } from "vitest";
import { FrameFlag, FrameType } from "../../server/protocol/wire/frame.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { inspectFragment, inspectInitSegment } from "../support/inspect.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

let server: RunningSluice;

beforeAll(async () => {
  server = await startSluice();
});

afterAll(() => server.stop());

/** `is_non_sync_sample` of the sample flags (ISO/IEC 14496-12 §8.8.3.1). */
const NON_SYNC = 0x0001_0000;

test.each<[string, ClipOptions, "avc1" | "hvc1", string]>([
  ["H.264 with B-frames and AAC", { video: "h264", audio: "aac", bFrames: 2 }, "avc1", "mp4a"],
  ["HEVC and Opus", { video: "hevc", audio: "opus", bFrames: 3 }, "hvc1", "Opus"],
])(
  "mux.js reads what is served as it was announced: %s",
  async (name, clip, videoEntry, audioEntry) => {
    const streamPath = `live/boxes-${videoEntry}`;
    const input = await counterClip(clip);
    const publish = videoEntry === "avc1" ? publishWithFfmpeg : publishWithFfmpeg8;
    const publisher = publish({ input, url: server.rtmpUrl(streamPath), seconds: 2 });
    const viewer = new WsViewer(server.wsUrl(streamPath));
    await viewer.until(`frames of ${name}`, () => viewer.state === "ended");
    await publisher.child.exited;

    for (const frame of viewer.frames) {
      const track = viewer.tracks.find(({ id }) => id === frame.trackId);
      if (track === undefined) throw new Error(`Track ${frame.trackId} was not announced`);
      if (frame.type === FrameType.InitSegment) {
        const init = inspectInitSegment(frame.payload);
        expect(init.trackId).toBe(track.id);
        expect(init.timescale).toBe(track.timescale);
        expect(init.durations).toEqual([0, 0, 0]);
        expect(init.hasMovieExtendsHeader).toBe(false);
        expect(init.sampleEntry.type).toBe(track.mediaType === "video" ? videoEntry : audioEntry);
        expect([init.width, init.height]).toEqual([track.width ?? 0, track.height ?? 0]);
        continue;
      }
      const fragment = inspectFragment(frame.payload);
      const [sample] = fragment.samples;
      expect(fragment.types).toEqual(["moof", "mdat"]);
      expect(fragment.trackId).toBe(track.id);
      expect(fragment.sequenceNumber).toBe(frame.sequenceNumber);
      expect(fragment.baseDataOffsetIsMoof).toBe(true);
      expect(fragment.baseMediaDecodeTime).toBe(frame.dts);
      expect(fragment.dataOffset).toBe(frame.dataOffset);
      expect(fragment.dataLength).toBe(frame.size);
      expect(fragment.samples).toHaveLength(1);
      expect(sample?.compositionTimeOffset ?? 0).toBe(frame.compositionOffset);
      expect(fragment.defaults.duration).toBe(frame.duration);
      const isSync = ((fragment.defaults.flags ?? 0) & NON_SYNC) === 0;
      expect(isSync).toBe((frame.flags & FrameFlag.Sync) !== 0);
    }
    expect(viewer.frames.length).toBeGreaterThan(100);
    await viewer.close();
  },
);
