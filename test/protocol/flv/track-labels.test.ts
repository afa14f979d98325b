import { expect, test } from "vitest";
import { readTrackLabels } from "../../../server/protocol/flv/track-labels.ts";

const read = (metadata: Parameters<typeof readTrackLabels>[0]) => {
  const { video, audio } = readTrackLabels(metadata);
  return { video: Object.fromEntries(video), audio: Object.fromEntries(audio) };
};

test("readTrackLabels reads the maps of Enhanced RTMP, and what stands outside of them", () => {
  const metadata = {
    ...{ framerate: 60, width: 1920, title: "The show", language: "eng" },
    videoTrackIdInfoMap: { 1: { width: 640, height: 360, framerate: 30, name: "Small" } },
    audioTrackIdInfoMap: {
      ...{ 1: { audiodatarate: 256, channels: 2, language: "deu", title: "Kommentar" } },
      ...{ 2: { lang: "pt_br", label: " Narração " }, 3: { language: "und", name: "" } },
    },
  };
  expect(read(metadata)).toEqual({
    video: { 0: { frameRate: 60 }, 1: { frameRate: 30, name: "Small" } },
    audio: {
      ...{ 0: { language: "en" }, 1: { language: "de", name: "Kommentar" } },
      ...{ 2: { language: "pt-BR", name: "Narração" }, 3: {} },
    },
  });
});

test("readTrackLabels lets a map speak of track 0, too", () => {
  const metadata = {
    language: "en",
    audioTrackIdInfoMap: { 0: { name: "Stage", language: "fr" } },
  };
  expect(read(metadata).audio).toEqual({ 0: { language: "fr", name: "Stage" } });
});

test.each([
  [{ framerate: 0 }, {}],
  [{ framerate: 1000 }, {}],
  [{ framerate: "30" }, {}],
])("readTrackLabels does not believe %j", (metadata, labels) => {
  expect(read(metadata).video[0]).toEqual(labels);
});

test.each([
  ["eng", "en"],
  ["ger", "de"],
  ["zh-hant-tw", "zh-Hant-TW"],
  ["fil", "fil"],
  ["English", undefined],
  ["und", undefined],
  ["x", undefined],
  ["en-", undefined],
  [7, undefined],
])("readTrackLabels takes the language %s for %s", (language, expected) => {
  expect(read({ language }).audio[0]?.language).toBe(expected);
});

test("readTrackLabels passes over maps that are none, and numbers that no track has", () => {
  const info = { name: "x" };
  const audioTrackIdInfoMap = {
    "-1": info,
    "256": info,
    one: info,
    "2": 7,
    "3": null,
    "255": info,
  };
  expect(read({ audioTrackIdInfoMap }).audio).toEqual({ 0: {}, 255: { name: "x" } });
  expect(read({ audioTrackIdInfoMap: [info] }).audio).toEqual({ 0: {} });
});

test("readTrackLabels keeps names short and on one line", () => {
  const audioTrackIdInfoMap = { 1: { name: `a\r\nb${"c".repeat(1000)}` } };
  const name = read({ audioTrackIdInfoMap }).audio[1]?.name ?? "";
  expect(name).toMatch(/^a {2}bc+$/);
  expect(name).toHaveLength(128);
});
