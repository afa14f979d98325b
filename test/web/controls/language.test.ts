import { describe, expect, test } from "vitest";
import { LANGUAGES, loadLanguage, readWords } from "../../../web/controls/language.ts";
import { type ControlWords, english } from "../../../web/controls/words/en.ts";

const NAMES = Object.keys(english) as (keyof ControlWords)[];

/** Words that may be the same as in English. */
const SHARED =
  /^(airplay|live|text|pip|leavePip|volume|auto|pause|statVersion|statCodec|statBitrate|statBuffer|statTransport|lastMinute|cyan|quality|translucent|statJitter|bitrate)$/;

const slots = (words: string) => [...words.matchAll(/\{\w+\}/g)].map(String).sort();

describe.each(LANGUAGES.filter((tag) => tag !== "en"))("words in %s", (tag) => {
  test("are all there, with the same places to put something in", async () => {
    const { words } = await import(`../../../web/controls/words/${tag}.ts`);
    expect(Object.keys(words)).toEqual(NAMES);
    for (const name of NAMES) {
      expect(words[name], name).not.toBe("");
      expect(slots(words[name]), name).toEqual(slots(english[name]));
      if (!SHARED.test(name)) expect(words[name], name).not.toBe(english[name]);
    }
  });

  test("call the live button by what is written on it", async () => {
    const language = await loadLanguage(tag);
    const live = language.say("live").toLowerCase();
    expect(language.say("playingLive").toLowerCase()).toContain(live);
    expect(language.say("goLive").toLowerCase()).toContain(live);
  });
});

test("the languages promised are there", () => {
  expect([...LANGUAGES].sort()).toEqual(["ar", "de", "en", "es", "fr", "it", "ja", "pt", "zh"]);
});

test("loadLanguage takes regions for their language, and what it does not have for English", async () => {
  const swiss = await loadLanguage("de-CH");
  expect([swiss.tag, swiss.say("play"), swiss.direction]).toEqual(["de-CH", "Abspielen", "ltr"]);
  const unknown = await loadLanguage("tlh");
  expect([unknown.tag, unknown.say("play")]).toEqual(["en", "Play"]);
  expect((await loadLanguage("no tag at all")).say("pause")).toBe("Pause");
  expect((await loadLanguage("ar")).direction).toBe("rtl");
});

test("loadLanguage puts the page's words over ours, also in a language we have none of", async () => {
  const language = await loadLanguage("sv", { play: "Spela" });
  expect([language.tag, language.say("play"), language.say("pause")]).toEqual([
    "sv",
    "Spela",
    "Pause",
  ]);
  expect((await loadLanguage("de", { play: "Los" })).say("play")).toBe("Los");
});

test("Language.say puts values into the words", async () => {
  const language = await loadLanguage("fr");
  expect(language.say("cannotPlay", { codec: "HEVC" })).toBe("Ce navigateur ne peut pas lire HEVC");
});

test.each([
  [null, {}],
  ["no JSON", {}],
  ["3", {}],
  ['{"play":"Los","nothing":"of ours","pause":7,"toString":"x"}', { play: "Los" }],
])("readWords(%j) is %j", (text, words) => {
  expect(readWords(text)).toEqual(words);
});
