import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { ascii, type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import { lengthPrefixed } from "../../../server/protocol/codec/nal-units.ts";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import { FlvTagReader } from "../../../server/protocol/flv/tag.ts";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import { reportMessages, seiUnit } from "../../support/encoder-report.ts";
import { hex } from "../../support/hex.ts";

function videoOf(name: string): Bytes[] {
  const path = new URL(`../../vectors/flv/${name}.flv`, import.meta.url);
  const tags = new FlvTagReader().push(Uint8Array.from(readFileSync(path)));
  return tags.filter(({ typeId }) => typeId === 9).map(({ payload }) => payload);
}

// FFmpeg 8.1 puts a Metadata packet between SequenceStart and the first frame.
const [header = hex``, empty = hex``, key = hex``, inter = hex``] = videoOf("ffmpeg-8.1-hevc-opus");

const PQ = { colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 };
/** OBS's form: frame type 0. */
const colours = (info: object | undefined, trackIndex = 0): Bytes => {
  const head =
    trackIndex === 0 ? hex`84 68766331` : concat(hex`86 04 68766331`, Uint8Array.of(trackIndex));
  return concat(head, encodeAmf0("colorInfo", info as never));
};
const pq = colours({ colorConfig: PQ });
/** The clip is RGB in full range, and colorInfo has no word for range. */
const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: true };
const original = { primaries: 2, transfer: 2, matrix: 0, fullRange: true };

function newDemuxer() {
  const ignored: string[] = [];
  const placed: number[] = [];
  const demuxer = new FlvDemuxer({
    place: (timestamp) => {
      placed.push(timestamp);
      return timestamp;
    },
    peek: (timestamp) => timestamp,
    onIgnored: (code) => ignored.push(code),
  });
  return { demuxer, ignored, placed };
}

const told = (events: readonly MediaEvent[]) =>
  events.map((event) => (event.type === "track" ? event.track : event.type));

describe("colorInfo", () => {
  test("before the configuration, as OBS sends it since 30.1", () => {
    const { demuxer, placed } = newDemuxer();
    expect(demuxer.video(0, pq)).toEqual([]);
    expect(told(demuxer.video(0, header))).toMatchObject([{ codec: "hevc", colour }]);
    expect(told(demuxer.video(5, key))).toEqual(["sample"]);
    expect(placed).toEqual([5]);
  });

  test("between configuration and pictures, as FFmpeg sends it", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, header);
    expect(told(demuxer.video(0, pq))).toMatchObject([{ codec: "hevc", colour }]);
    expect(told(demuxer.video(0, pq))).toEqual([]);
    expect(told(demuxer.video(0, key))).toEqual(["sample"]);
  });

  test("among pictures waits for the next sync sample", () => {
    const { demuxer } = newDemuxer();
    for (const body of [header, key, inter]) demuxer.video(0, body);
    expect(told(demuxer.video(0, pq))).toEqual([]);
    // Another change in between does not bring it out.
    expect(told(demuxer.data(0, encodeAmf0("onMetaData", { framerate: 9 }), "amf0"))).toEqual([
      "metadata",
    ]);
    expect(told(demuxer.video(0, inter))).toEqual(["sample"]);
    expect(told(demuxer.video(0, key))).toMatchObject([{ colour }, "sample"]);
    expect(told(demuxer.video(0, key))).toEqual(["sample"]);
  });

  test.each([
    ["undefined", colours(undefined)],
    ["{}", colours({})],
  ])("is taken back by %s", (_name, reset) => {
    const { demuxer } = newDemuxer();
    for (const body of [pq, header, key, reset]) demuxer.video(0, body);
    expect(told(demuxer.video(0, key))).toMatchObject([{ colour: original }, "sample"]);
  });

  test("that says nothing, as FFmpeg sends it of every SDR stream, changes nothing", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, header);
    expect(told(demuxer.video(0, empty))).toEqual([]);
    expect(told(demuxer.video(0, key))).toEqual(["sample"]);
    expect(told(demuxer.video(0, key))).toEqual(["sample"]);
  });

  test("belongs to its own track", () => {
    const { demuxer } = newDemuxer();
    const second = concat(hex`96 00 68766331 01`, header.subarray(5));
    demuxer.video(0, colours({ colorConfig: PQ }, 1));
    expect(told(demuxer.video(0, header))).toMatchObject([{ trackIndex: 0, colour: original }]);
    expect(told(demuxer.video(0, second))).toMatchObject([{ trackIndex: 1, colour }]);
  });

  test("that cannot be read costs its message", () => {
    const { demuxer } = newDemuxer();
    demuxer.video(0, header);
    expect(() => demuxer.video(0, hex`84 68766331 02 00ff 00`)).toThrow(
      expect.objectContaining({ scope: "message" }),
    );
    expect(told(demuxer.video(0, key))).toEqual(["sample"]);
  });
});

describe("MultichannelConfig", () => {
  const aacHeader = hex`af00 11b0`; // 5.1
  const aacFrame = hex`af01 211004`;
  const surround = hex`94 6d703461 01 06 0000003f`;

  test("among classic AAC, as FFmpeg 8 sends it, is no change of codec", () => {
    const { demuxer, ignored } = newDemuxer();
    demuxer.audio(0, aacHeader);
    const channelLayout = ["FL", "FR", "FC", "LFE", "BL", "BR"];
    expect(told(demuxer.audio(0, surround))).toMatchObject([{ channels: 6, channelLayout }]);
    expect(told(demuxer.audio(0, surround))).toEqual([]);
    expect(told(demuxer.audio(0, aacFrame))).toEqual(["sample"]);
    expect(ignored).toEqual([]);
  });

  test("is not believed against the sound itself", () => {
    const { demuxer, ignored } = newDemuxer();
    demuxer.audio(0, hex`af00 1190`);
    expect(told(demuxer.audio(0, surround))).toEqual([]);
    expect(ignored).toEqual(["FLV_CHANNELS"]);
  });

  test.each([
    [
      "behind its empty header",
      [hex`90 ${ascii("Opus")}`, hex`94 ${ascii("Opus")} 01 06 0000003f`],
    ],
    ["before it", [hex`94 ${ascii("Opus")} 01 06 0000003f`, hex`90 ${ascii("Opus")}`]],
  ])("tells Opus its channels, %s", (_name, bodies) => {
    const { demuxer } = newDemuxer();
    for (const body of bodies) expect(demuxer.audio(0, body)).toEqual([]);
    expect(told(demuxer.audio(0, hex`91 ${ascii("Opus")} fcfffe`))).toMatchObject([
      {
        ...{ channels: 6, channelLayout: ["FL", "FR", "FC", "LFE", "BL", "BR"] },
        configuration: hex`00 06 0000 0000bb80 0000 01 04 02 000401020305`,
      },
      "sample",
    ]);
  });
});

describe("onMetaData", () => {
  const aac1 = hex`95 00 6d703461 01 1190`;
  const metadata = encodeAmf0("onMetaData", {
    framerate: 25,
    audioTrackIdInfoMap: { "1": { language: "deu", name: "Kommentar" } },
  });
  const labels = { language: "de", name: "Kommentar" };

  test("names tracks that are described later", () => {
    const { demuxer } = newDemuxer();
    demuxer.data(0, metadata, "amf0");
    expect(told(demuxer.audio(0, aac1))).toMatchObject([{ trackIndex: 1, ...labels }]);
  });

  test("names tracks that were described before", () => {
    const { demuxer } = newDemuxer();
    demuxer.audio(0, aac1);
    expect(told(demuxer.data(0, metadata, "amf0"))).toMatchObject(["metadata", labels]);
    const other = encodeAmf0("onMetaData", { framerate: 30 });
    const [, track] = told(demuxer.data(0, other, "amf0"));
    expect(track).toMatchObject({ trackIndex: 1 });
    expect(track).not.toHaveProperty("name");
  });

  test("names no track that has ended", () => {
    const { demuxer } = newDemuxer();
    demuxer.audio(0, aac1);
    expect(told(demuxer.audio(0, hex`95 02 6d703461 01`))).toEqual(["track-end"]);
    expect(told(demuxer.data(0, metadata, "amf0"))).toEqual(["metadata"]);
    expect(told(demuxer.audio(0, hex`95 01 6d703461 01 211004`))).toMatchObject([labels, "sample"]);
  });
});

test("Command frames say nothing, and move no clock", () => {
  const { demuxer, ignored, placed } = newDemuxer();
  demuxer.video(0, header);
  for (const body of [hex`57 00`, hex`57 01`, hex`d1 00`, hex`d0 01`]) {
    expect(demuxer.video(99, body)).toEqual([]);
  }
  expect([ignored, placed]).toEqual([[], []]);
});

test("what an encoder tells of itself stands behind its picture, which keeps it", () => {
  const { demuxer } = newDemuxer();
  const [times = hex``] = reportMessages({
    times: [
      ...(["2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00.012Z"] as const),
      ...(["2026-05-01T10:00:00.015Z", "2026-05-01T10:00:00.050Z"] as const),
    ],
    ...{ session: [1, 0, 0, 1], rendition: [1, 0, 1] },
  });
  const sei = seiUnit(hex`5001`, times);
  const reporting = concat(key, lengthPrefixed([sei]));
  demuxer.video(0, header);
  const [sample, report] = demuxer.video(7, reporting);
  if (sample?.type !== "sample") throw new Error("No sample");
  expect(Buffer.from(sample.sample.data).includes(Buffer.from(sei))).toBe(true);
  const { dts, compositionOffset } = sample.sample;
  expect(report).toMatchObject({
    ...{ type: "encoder-report", trackIndex: 0, dts, compositionOffset },
    report: { times: { composed: Date.UTC(2026, 4, 1, 10) } },
  });
  expect(told(demuxer.video(7, key))).toEqual(["sample"]);
});
