import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import { FlvTagReader, FlvTagType } from "../../../server/protocol/flv/tag.ts";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import type { Track } from "../../../server/protocol/media/track.ts";

/** What FFmpeg reads from the same file: times in ms. */
type Listing = {
  streams: { index: number; type: "video" | "audio"; codec: string }[];
  packets: {
    stream: number;
    dts: number;
    pts: number;
    size: number;
    key: boolean;
    md5: string;
  }[];
};

const vector = (name: string) => new URL(`../../vectors/flv/${name}`, import.meta.url);

function demux(name: string): { events: MediaEvent[]; ignored: string[] } {
  const ignored: string[] = [];
  const demuxer = new FlvDemuxer({
    place: (timestamp) => timestamp,
    peek: (timestamp) => timestamp,
    onIgnored: (code) => ignored.push(code),
  });
  const tags = new FlvTagReader().push(readFileSync(vector(`${name}.flv`)));
  const events = tags.flatMap(({ typeId, timestamp, payload }) => {
    switch (typeId) {
      case FlvTagType.Audio:
        return demuxer.audio(timestamp, payload);
      case FlvTagType.Video:
        return demuxer.video(timestamp, payload);
      default:
        return demuxer.data(timestamp, payload, "amf0");
    }
  });
  return { events, ignored };
}

const tracksOf = (events: readonly MediaEvent[]): Track[] =>
  events.flatMap((event) => (event.type === "track" ? [event.track] : []));

describe("FlvDemuxer reads what FFmpeg reads of", () => {
  test.each([
    {
      name: "ffmpeg-5.1-h264-bframes-aac",
      tracks: [
        { codecString: "avc1.64000a", width: 64, height: 48, frameRate: 10 },
        { codecString: "mp4a.40.2", sampleRate: 22_050, channels: 1 },
      ],
      audioSamples: 1024,
    },
    {
      name: "ffmpeg-5.1-mp3",
      tracks: [{ codec: "mp3", sampleRate: 22_050, channels: 1 }],
      audioSamples: 576,
    },
    {
      name: "ffmpeg-8.1-hevc-opus",
      tracks: [
        { codec: "hevc", width: 64, height: 48, frameRate: 10 },
        { codec: "opus", sampleRate: 48_000, channels: 1 },
      ],
      audioSamples: 960,
    },
    {
      name: "ffmpeg-8.1-av1-flac",
      tracks: [
        { codec: "av1", width: 64, height: 48 },
        { codec: "flac", sampleRate: 48_000, channels: 1 },
      ],
      audioSamples: undefined,
    },
    {
      name: "ffmpeg-8.1-vp9-eac3",
      tracks: [
        { codec: "vp9", width: 64, height: 48 },
        { codec: "ec-3", sampleRate: 48_000, channels: 1 },
      ],
      audioSamples: 1536,
    },
    {
      name: "ffmpeg-8.1-ac3",
      tracks: [{ codec: "ac-3", sampleRate: 48_000, channels: 1 }],
      audioSamples: 1536,
    },
    {
      name: "ffmpeg-8.1-multitrack-h264-aac",
      tracks: [
        { codec: "avc", trackIndex: 0, width: 64, height: 48 },
        { codec: "aac", trackIndex: 0, sampleRate: 48_000 },
        { codec: "avc", trackIndex: 1, width: 32, height: 32 },
        { codec: "aac", trackIndex: 1, sampleRate: 48_000 },
      ],
      audioSamples: 1024,
    },
  ])("$name", ({ name, tracks, audioSamples }) => {
    const { events, ignored } = demux(name);
    const listing = JSON.parse(readFileSync(vector(`${name}.json`), "utf8")) as Listing;
    const { streams } = listing;
    // FFmpeg's AC-3 parser puts a packet of no bytes in front, which is not in the file.
    const packets = listing.packets.filter(({ size }) => size > 0);
    expect(ignored).toEqual([]);
    const found = tracksOf(events);
    expect(found).toHaveLength(tracks.length);
    for (const track of tracks) expect(found).toContainEqual(expect.objectContaining(track));

    const samples = events.flatMap((event) => (event.type === "sample" ? [event.sample] : []));
    expect(samples).toHaveLength(packets.length);
    for (const { index, type } of streams) {
      const trackIndex = streams.filter(
        (other) => other.type === type && other.index < index,
      ).length;
      const read = samples
        .filter((sample) => sample.mediaType === type && sample.trackIndex === trackIndex)
        .map(({ dts, compositionOffset, isSync, data }) => ({
          dts,
          pts: dts + compositionOffset,
          key: isSync,
          size: data.length,
          md5: createHash("md5").update(data).digest("hex"),
        }));
      const expected = packets
        .filter(({ stream }) => stream === index)
        .map(({ dts, pts, key, size, md5 }) => ({ dts, pts, key, size, md5 }));
      expect(read).toEqual(expected);
    }
    if (audioSamples !== undefined) {
      const sounds = samples.filter(({ mediaType }) => mediaType === "audio");
      expect(sounds.every((sample) => sample.audioSamples === audioSamples)).toBe(true);
    }
  });
});

test("FlvDemuxer gives the metadata of a file", () => {
  const { events } = demux("ffmpeg-5.1-h264-bframes-aac");
  expect(events[0]).toEqual({
    body: expect.any(Uint8Array),
    type: "metadata",
    values: expect.objectContaining({
      width: 64,
      height: 48,
      framerate: 10,
      encoder: "Lavf59.27.100",
    }),
  });
});
