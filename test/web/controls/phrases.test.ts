import { expect, test } from "vitest";
import { ENGLISH, loadLanguage } from "../../../web/controls/language.ts";
import {
  behindLivePhrase,
  notePhrases,
  statePhrase,
  textTrackName,
} from "../../../web/controls/phrases.ts";
import type { PlayerState } from "../../../web/ui/words.ts";

const hevc = { mediaType: "video", codec: "hvc1.1.6.L93.B0" } as const;
const phraseOf = (state: PlayerState) => statePhrase(ENGLISH, state);

test("statePhrase says nothing over a live picture, and something in every other state", () => {
  expect(phraseOf({ name: "live" })).toBeUndefined();
  expect(phraseOf({ name: "idle" })).toBeUndefined();
  expect(phraseOf({ name: "connecting" })?.title).toBe("Connecting…");
  expect(phraseOf({ name: "waiting" })).toMatchObject({
    title: "Waiting for the broadcast",
    sign: "waiting",
  });
  expect(phraseOf({ name: "ended" })?.title).toBe("The broadcast has ended");
  expect(phraseOf({ name: "reconnecting", whose: "publisher" })?.detail).toContain("encoder");
  expect(phraseOf({ name: "reconnecting", whose: "viewer" })?.title).toBe("Reconnecting…");
});

test("statePhrase names the codec that this browser cannot play, and what would", () => {
  const phrase = phraseOf({ name: "unplayable", unsupported: [hevc], unplayable: [] });
  expect(phrase?.title).toBe("This browser cannot play HEVC (hvc1.1.6.L93.B0)");
  expect(phrase?.detail).toContain("Safari");
  const nowhere = [
    { mediaType: "video", codecName: "VP6" },
    { mediaType: "audio", codecName: "Speex" },
  ] as const;
  expect(phraseOf({ name: "unplayable", unsupported: [], unplayable: nowhere })?.title).toBe(
    "No browser can play VP6 and Speex",
  );
  expect(phraseOf({ name: "unplayable", unsupported: [], unplayable: [] })?.title).toBe(
    "No browser can play this broadcast",
  );
});

test("notePhrases names silent sound", () => {
  expect(notePhrases(ENGLISH, [], [{ mediaType: "audio", codecName: "Speex" }])).toEqual([
    "This broadcast's sound is Speex, which no browser plays.",
  ]);
  expect(notePhrases(ENGLISH, [hevc], [])[0]).toContain("cannot play the picture");
});

test.each([
  ["en", 300, "Live"],
  ["en", 1_000, "1 second behind live"],
  ["en", 65_200, "1 minute 5 seconds behind live"],
  ["en", 7_260_000, "2 hours 1 minute behind live"],
  ["de", 65_000, "1 Minute, 5 Sekunden hinter live"],
  ["ja", 65_000, "ライブから1 分 5 秒遅れ"],
])("behindLivePhrase in %s for %d ms is %s", async (tag, ms, words) => {
  const said = behindLivePhrase(await loadLanguage(tag), ms);
  expect(said.replaceAll(/\s/g, "").replace(",", "")).toBe(
    words.replaceAll(/\s/g, "").replace(",", ""),
  );
});

test.each([
  [{ name: "CC1", language: "und" }, "CC1"],
  [{ name: "CC1", language: "en" }, "CC1 (English)"],
  [{ name: "German", language: "de" }, "German"],
  [{ name: "", language: "fr" }, "French"],
  [{ name: "", language: "not a language" }, "Text"],
])("textTrackName(%j) is %s", (track, name) => {
  expect(textTrackName(ENGLISH, track)).toBe(name);
});
