import { expect, test } from "vitest";
import {
  behindLiveWords,
  codecName,
  describeCodec,
  noPosterWords,
  notesFor,
  textTrackWords,
  wordsFor,
} from "../../../web/ui/words.ts";

const hevc = { mediaType: "video", codec: "hvc1.1.6.L93.B0" } as const;

test("wordsFor says nothing over a live picture, and something in every other state", () => {
  expect(wordsFor({ name: "live" })).toBeUndefined();
  expect(wordsFor({ name: "connecting" })?.title).toBe("Connecting…");
  expect(wordsFor({ name: "waiting" })?.title).toBe("Waiting for the broadcast");
  expect(wordsFor({ name: "ended" })?.title).toBe("The broadcast has ended");
  const publisher = wordsFor({ name: "reconnecting", whose: "publisher" });
  expect(publisher?.detail).toContain("encoder");
  expect(wordsFor({ name: "reconnecting", whose: "viewer" })?.title).toBe("Reconnecting…");
});

test("wordsFor names the codec that this browser cannot play, and what would", () => {
  const words = wordsFor({ name: "unplayable", unsupported: [hevc], unplayable: [] });
  expect(words?.title).toBe("This browser cannot play HEVC (hvc1.1.6.L93.B0)");
  expect(words?.detail).toContain("Safari");
  const none = wordsFor({
    name: "unplayable",
    unsupported: [],
    unplayable: [{ mediaType: "video", codecName: "VP6" }],
  });
  expect(none?.title).toBe("No browser can play VP6");
});

test("notesFor names silent sound", () => {
  expect(notesFor([], [{ mediaType: "audio", codecName: "Speex" }])).toEqual([
    "This broadcast's sound is Speex, which no browser plays.",
  ]);
  expect(notesFor([hevc], [])[0]).toContain("cannot play the picture");
});

test.each([
  [300, "Live"],
  [1_000, "1 second behind live"],
  [65_200, "1 minute 5 seconds behind live"],
  [7_260_000, "2 hours 1 minute behind live"],
])("behindLiveWords(%d) is %s", (ms, words) => {
  expect(behindLiveWords(ms)).toBe(words);
});

test.each([
  [{ name: "CC1", language: "und" }, "CC1"],
  [{ name: "CC1", language: "en" }, "CC1 (English)"],
  [{ name: "German", language: "de" }, "German"],
  [{ name: "", language: "fr" }, "French"],
  [{ name: "", language: "not a language" }, "Text"],
])("textTrackWords(%j) is %s", (track, words) => {
  expect(textTrackWords(track)).toBe(words);
});

test("noPosterWords says why there is no still, and nothing where one is on its way", () => {
  const sound = { mediaType: "audio", codec: "mp4a.40.2" } as const;
  const words = (tracks: readonly (typeof hevc | typeof sound)[], isShowable = false) =>
    noPosterWords({ tracks, unplayable: [] }, () => isShowable);
  expect(words([hevc, sound], true)).toBe("");
  expect(words([hevc, sound])).toBe("HEVC: no preview in this browser");
  expect(words([sound])).toBe("Sound only");
  expect(words([])).toBe("");
  const unplayable = [{ mediaType: "video", codecName: "VP6" }] as const;
  expect(noPosterWords({ tracks: [sound], unplayable }, () => true)).toBe(
    "VP6: no browser shows it",
  );
});

test.each([
  ["avc1.64001f", "H.264"],
  ["mp4a.40.2", "AAC"],
  ["mp4a.6B", "MP3"],
  ["mp4a.40.34", "MP3"],
  ["av01.0.04M.08", "AV1"],
  ["opus", "Opus"],
  ["ec-3", "E-AC-3"],
  ["what", "what"],
])("codecName(%s) is %s", (codec, name) => {
  expect(codecName(codec)).toBe(name);
  expect(describeCodec("what")).toBe("what");
});
