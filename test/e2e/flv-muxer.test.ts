import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { join as joinBytes } from "../../server/protocol/bytes/bytes.ts";
import { FlvDemuxer } from "../../server/protocol/flv/demuxer.ts";
import {
  configurationTag,
  sampleTag,
  scriptDataTag,
  wrapTag,
} from "../../server/protocol/flv/muxer.ts";
import { FlvTagReader, FlvTagType, flvHeader } from "../../server/protocol/flv/tag.ts";
import { type Track, trackKey } from "../../server/protocol/media/track.ts";
import { expectedPackets } from "../support/ffprobe.ts";

// FFmpeg reads what the muxer writes: every packet of a file that FFmpeg wrote, demuxed and muxed.

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-flv-muxer-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  { name: "ffmpeg-5.1-h264-bframes-aac", dialect: "classic", by: "ffprobe" },
  { name: "ffmpeg-5.1-mp3", dialect: "classic", by: "ffprobe" },
  { name: "ffmpeg-5.1-h264-bframes-aac", dialect: "enhanced", by: "ffmpeg8" },
  { name: "ffmpeg-8.1-hevc-opus", dialect: "enhanced", by: "ffmpeg8" },
  { name: "ffmpeg-8.1-av1-flac", dialect: "enhanced", by: "ffmpeg8" },
  { name: "ffmpeg-8.1-vp9-eac3", dialect: "enhanced", by: "ffmpeg8" },
  { name: "ffmpeg-8.1-ac3", dialect: "enhanced", by: "ffmpeg8" },
  { name: "ffmpeg-8.1-multitrack-h264-aac", dialect: "enhanced", by: "ffmpeg8" },
] as const)("$by reads $name, $dialect", ({ name, dialect, by }) => {
  const original = join(import.meta.dirname, "../vectors/flv", `${name}.flv`);
  const written = join(folder, `${name}-${dialect}.flv`);
  const place = (timestamp: number): number => timestamp;
  const demuxer = new FlvDemuxer({ place, peek: place });
  const tracks = new Map<string, Track>();
  const pieces = [
    flvHeader({ audio: true, video: !/mp3|ac3$/.test(name) || name.includes("vp9") }),
  ];
  for (const { typeId, timestamp, payload } of new FlvTagReader().push(readFileSync(original))) {
    const events =
      typeId === FlvTagType.Audio
        ? demuxer.audio(timestamp, payload)
        : typeId === FlvTagType.Video
          ? demuxer.video(timestamp, payload)
          : demuxer.data(timestamp, payload, "amf0");
    for (const event of events) {
      if (event.type === "metadata") pieces.push(wrapTag(scriptDataTag(event.body), 0));
      if (event.type === "track") {
        tracks.set(trackKey(event.track), event.track);
        const body = configurationTag(event.track, dialect);
        if (body !== undefined) pieces.push(wrapTag(body, timestamp));
      }
      if (event.type === "sample") {
        const track = tracks.get(trackKey(event.sample));
        const body = track && sampleTag(track, event.sample, dialect);
        if (body !== undefined) pieces.push(wrapTag(body, event.sample.dts));
      }
    }
  }
  writeFileSync(written, joinBytes(pieces));
  const due = packetsOf(original, by);
  expect(due.flatMap(({ frames }) => frames).length).toBeGreaterThanOrEqual(5);
  expect(packetsOf(written, by)).toEqual(due);
});

/** FFmpeg's AC-3 parser puts a packet of no bytes in front, which is not in the file. */
const packetsOf = (path: string, by: "ffprobe" | "ffmpeg8") =>
  expectedPackets(path, by).map((stream) => ({
    ...stream,
    frames: stream.frames.filter(({ size }) => size > 0),
  }));
