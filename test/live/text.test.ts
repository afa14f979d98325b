import { expect, test } from "vitest";
import { LiveStream } from "../../server/live/live-stream.ts";
import type { TextCue } from "../../server/live/text-track.ts";
import type { DataValue, Sample } from "../../server/protocol/media/sample.ts";
import type { VideoTrack } from "../../server/protocol/media/track.ts";
import {
  captionUnit,
  Dtvcc,
  defineWindow,
  insertUnits,
  Line21,
  line21Triplets,
  spread,
  type Triplet,
  t35,
  text708,
} from "../support/captions.ts";
import { hex } from "../support/hex.ts";
import { ManualClock } from "../support/manual-clock.ts";

const SLICE = hex`00000003 419a00`;
const FRAME = 40;
/** Where the timeline begins. */
const START = 10_000;

const video: VideoTrack = {
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  configuration: hex`0142c01effe100196742c01eda0280bfe5c0440000030004000003 00f03c58ba80010004 68ce0fc8`,
  width: 640,
  height: 360,
};

const cc1 = new Line21(1);

function stage(track: VideoTrack = video) {
  const clock = new ManualClock();
  const told: string[] = [];
  const settings = {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 1_000_000,
    segmenter: {
      segment: 2000,
      longestSegment: 10_000,
      part: 200,
      window: 60_000,
      windowBytes: 1e6,
    },
  };
  const liveStream = new LiveStream("live/show", { clock, settings, onIdle: () => {} });
  const line = ({ trackId, id, start, end, text }: TextCue): string =>
    `${trackId}.${id} ${start - START}-${end === undefined ? "" : end - START} ${text}`;
  let pictures = 0;
  liveStream.observe({
    textTracks: () => told.push(`tracks ${liveStream.textTracks.map(({ id }) => id)}`),
    cue: (cue) => told.push(line(cue)),
    sample: () => {
      pictures += 1;
    },
  });
  const publication = liveStream.publish();
  const describe = () => publication.input({ type: "track", track });
  describe();
  const picture = (
    dts: number,
    triplets: readonly Triplet[] = [],
    fields: Partial<Sample> = {},
  ) => {
    const units = triplets.length === 0 ? [] : [captionUnit(triplets)];
    publication.input({
      type: "sample",
      sample: {
        ...{ mediaType: "video", trackIndex: 0, dts, compositionOffset: 0, isDisposable: false },
        ...{ isSync: dts === 0, audioSamples: 0, data: insertUnits(units, SLICE), ...fields },
      },
    });
    clock.pass(FRAME);
  };
  /** A picture for each list, from `from` on. */
  const play = (lists: readonly (readonly Triplet[])[], from = 0) => {
    for (const [index, list] of lists.entries()) picture(from + index * FRAME, list);
    return from + lists.length * FRAME;
  };
  const say = (dts: number, fields: DataValue, name = "onTextData") =>
    publication.input({ type: "data", dts, name, values: [fields], body: new Uint8Array(1) });
  return {
    clock,
    liveStream,
    publication,
    told,
    picture,
    play,
    say,
    line,
    pictures: () => pictures,
  };
}

test("captions are told of with the picture that shows them", () => {
  const { play, told, liveStream } = stage();
  const caption = spread(line21Triplets(0, cc1.popOn({ row: 15, text: "HELLO" })));
  const shownAt = (caption.length - 2) * FRAME;
  play(caption.slice(0, -2));
  expect(told).toEqual([]);
  const next = play(caption.slice(-2), shownAt);
  expect(told).toEqual(["tracks cc1", `cc1.1 ${shownAt}- HELLO`]);
  play(spread(line21Triplets(0, cc1.erase())), next);
  expect(told.slice(2)).toEqual([`cc1.1 ${shownAt}-${next} HELLO`]);
  expect(liveStream.textTracks).toEqual([
    { id: "cc1", kind: "captions", language: "und", name: "CC1", isInPictures: true },
  ]);
  expect(liveStream.cues("cc1")).toHaveLength(1);
});

test.each([
  { name: "by the depth of its coding", reorderDepth: 1 },
  { name: "by its times", reorderDepth: undefined },
])("with B-frames captions are read in the order of what is shown, $name", ({ reorderDepth }) => {
  const track = reorderDepth === undefined ? video : { ...video, reorderDepth };
  const { picture, told } = stage(track);
  const lists = spread(
    line21Triplets(0, [...cc1.paintOn({ row: 15, text: "THE ORDER" }), ...cc1.erase()]),
  );
  // I P B B P B B: shown two frames after they are decoded, and the P three.
  const shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11, 15, 13, 14];
  for (const [index, number] of shown.entries()) {
    const compositionOffset = (number - index + 2) * FRAME;
    picture(index * FRAME, lists[number], { compositionOffset });
  }
  const letters = ["TH", "THE ", "THE OR", "THE ORDE", "THE ORDER"].map((text) => text.trim());
  expect(told.slice(1, 6).map((line) => line.replace(/^\S+ \S+ /, ""))).toEqual(letters);
  const from = (4 + 2) * FRAME; // the fifth picture has the first letters
  expect(told.at(-1)).toBe(`cc1.1 ${from}-${from + 5 * FRAME} THE ORDER`);
});

test("captions of HEVC pictures and of a second track: only the leading one's are read", () => {
  const { picture, publication, told } = stage({ ...video, codec: "hevc" });
  publication.input({ type: "track", track: { ...video, trackIndex: 1 } });
  const [first = [], ...rest] = spread(line21Triplets(0, cc1.paintOn({ row: 15, text: "HI" })));
  picture(0, first, { data: insertUnits([captionUnit(first, "hevc")], SLICE) });
  picture(0, first, { trackIndex: 1 });
  for (const [index, list] of rest.entries()) {
    const data = insertUnits([captionUnit(list, "hevc")], SLICE);
    picture((index + 1) * FRAME, [], { data });
    picture((index + 1) * FRAME, line21Triplets(0, cc1.erase().slice(0, 1)), { trackIndex: 1 });
  }
  expect(told).toEqual(["tracks cc1", `cc1.1 ${4 * FRAME}- HI`]);
});

test("captions that nobody ends are over after 16 s, and with the broadcast", () => {
  const { play, picture, told, publication } = stage();
  const next = play(spread(line21Triplets(0, cc1.paintOn({ row: 15, text: "OK" }))));
  const shownAt = next - FRAME;
  for (let at = next; at <= shownAt + 16_000; at += FRAME) picture(at);
  expect(told.slice(1)).toEqual([
    `cc1.1 ${shownAt}- OK`,
    `cc1.1 ${shownAt}-${shownAt + 16_000} OK`,
  ]);
  const again = shownAt + 16_000 + FRAME;
  play([line21Triplets(0, [[0x41, 0x42]])], again);
  publication.end("lost");
  expect(told.slice(3)).toEqual([
    expect.stringMatching(/^cc1\.2 \d+- AB$/),
    `cc1.2 ${again}-${again} AB`,
  ]);
});

test("another publisher begins with an empty screen", () => {
  const { liveStream, picture, play, told, publication } = stage();
  play(spread(line21Triplets(0, cc1.popOn({ row: 15, text: "OLD" }))));
  publication.end("clean");
  const again = liveStream.publish();
  again.input({ type: "track", track: video });
  told.length = 0;
  const flip = line21Triplets(0, cc1.popOn().slice(-1));
  again.input({
    type: "sample",
    sample: {
      ...{ mediaType: "video", trackIndex: 0, dts: 0, compositionOffset: 0, isDisposable: false },
      ...{ isSync: true, audioSamples: 0, data: insertUnits([captionUnit(flip)], SLICE) },
    },
  });
  picture(0);
  expect(told).toEqual([]);
});

test("CEA-708 and onTextData are tracks of their own", () => {
  const { play, say, told, liveStream } = stage();
  const dtvcc = new Dtvcc();
  play([dtvcc.packet(2, [...defineWindow({ visible: true }), ...text708("Hola")])]);
  say(0, { type: "Text", text: "Guten <Tag>", language: "deu", trackid: 1 });
  say(20, { type: "Text", text: "no language" });
  say(30, { type: "Text", text: "Servus", language: "de", trackid: 2 });
  expect(told).toEqual([
    ...["tracks service2", "service2.1 0- Hola"],
    ...["tracks service2,text-de", "text-de.1 0- Guten &lt;Tag&gt;"],
    ...["tracks service2,text-de,text-und", "text-und.1 20- no language"],
    ...["tracks service2,text-de,text-de-2,text-und", "text-de-2.1 30- Servus"],
  ]);
  expect(liveStream.textTracks.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
    ...["Service 2: captions", "German: subtitles", "German 2: subtitles", "Subtitles: subtitles"],
  ]);
});

test("a text of onTextData stands until the next one, an empty one, or 16 s", () => {
  const { picture, say, told } = stage();
  picture(0);
  say(10, { text: "one" });
  say(20, { text: "two" });
  say(30, { text: "" });
  say(40, { text: "three" });
  for (let at = FRAME; at <= 16_080; at += FRAME) picture(at);
  expect(told.filter((line) => !line.includes("- "))).toEqual([
    "tracks text-und",
    "text-und.1 10-20 one",
    "text-und.2 20-30 two",
    "text-und.3 40-16040 three",
  ]);
});

test("onCaptionInfo is read where the pictures have no captions", () => {
  const { picture, say, told } = stage();
  const lists = spread(line21Triplets(0, cc1.paintOn({ row: 15, text: "BASE64" })));
  for (const [index, list] of lists.entries()) {
    const data = Buffer.from(t35(list)).toString("base64");
    say(index * FRAME, { type: "708", data }, "onCaptionInfo");
    picture(index * FRAME);
  }
  expect(told.at(-1)).toMatch(/^cc1\.1 160- BASE64$/);
});

test("the same captions in both places are read once", () => {
  const { picture, say, liveStream } = stage();
  const lists = spread(line21Triplets(0, cc1.paintOn({ row: 15, text: "TWICE" })));
  for (const [index, list] of lists.entries()) {
    picture(index * FRAME, list);
    say(index * FRAME, { type: "708", data: t35(list) }, "onCaptionInfo");
  }
  expect(liveStream.cues("cc1").map(({ text }) => text)).toEqual(["TWICE"]);
});
