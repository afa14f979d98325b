import { expect, test } from "vitest";
import { optionsApart } from "../../../web/ui/options-apart.ts";

test.each([
  ["add -g 60 -keyint_min 60", ["add ", "-g 60", " ", "-keyint_min 60", ""]],
  ["which no browser plays: use -c:a aac", ["which no browser plays: use ", "-c:a", " aac"]],
  ["lower -b:v and -maxrate", ["lower ", "-b:v", " and ", "-maxrate", ""]],
  ["x264 (-tune zerolatency) of low-latency", ["x264 (", "-tune", " zerolatency) of low-latency"]],
  ["Sound is missing - or late by -3 ms", ["Sound is missing - or late by -3 ms"]],
])("optionsApart finds the options of %j", (sentence, pieces) => {
  expect(optionsApart(sentence)).toEqual(pieces);
  expect(optionsApart(sentence).join("")).toBe(sentence);
});
