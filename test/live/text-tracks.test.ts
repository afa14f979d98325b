import { expect, test } from "vitest";
import { type TextCue, type TextTrack, textBefore } from "../../server/live/text-track.ts";
import { type ShownText, TextTracks } from "../../server/live/text-tracks.ts";

const track = (id: string): TextTrack => ({ id, kind: "captions", language: "und", name: id });
const cc1 = track("cc1");

const shown = (text: string, isWritten = false, settings = "line:80%"): ShownText => ({
  ...{ text, settings, isWritten },
  plain: text,
});

function stage(window = 60_000) {
  const told: string[] = [];
  const tracks = new TextTracks(
    {
      onTrack: () => told.push(`tracks ${tracks.tracks.map(({ id }) => id)}`),
      onCue: ({ id, start, end, text }) => told.push(`${id} ${start}-${end ?? ""} ${text}`),
    },
    window,
  );
  const cues = (id = "cc1") => tracks.cues(id).map(({ start, end, text }) => [start, end, text]);
  return { tracks, told, cues };
}

test("a track is there with its first text, and a text ends when another takes its place", () => {
  const { tracks, told } = stage();
  tracks.show(cc1, [], 0);
  tracks.show(cc1, [shown("one")], 10);
  tracks.show(cc1, [shown("one")], 20);
  tracks.show(cc1, [shown("two")], 30);
  tracks.show(cc1, [], 40);
  expect(told).toEqual(["tracks cc1", "1 10- one", "1 10-30 one", "2 30- two", "2 30-40 two"]);
});

test("what stays on the screen while something else changes is told of once", () => {
  const { tracks, told } = stage();
  tracks.show(cc1, [shown("title", false, "line:10%"), shown("one")], 10);
  tracks.show(cc1, [shown("title", false, "line:10%"), shown("two")], 20);
  expect(told.slice(1)).toEqual(["1 10- title", "2 10- one", "2 10-20 one", "3 20- two"]);
});

test("captions that are written are one cue until they roll up, and what they said when is known", () => {
  const { tracks, told } = stage();
  const written: [string, number, string?][] = [
    ["HE", 10],
    ["HELL", 20],
    ["HELLe", 30],
    ["HELLÉ", 40],
    ["HELLÉ", 50, "line:70%"],
    ["HELLÉ\nYO", 60, "line:70%"],
  ];
  for (const [text, at, line] of written) tracks.show(cc1, [shown(text, true, line)], at);
  expect(told.slice(1)).toEqual([
    "1 10- HE",
    "1 10- HELL",
    "1 10- HELLe",
    "1 10- HELLÉ",
    "1 10-50 HELLÉ",
    "2 50- HELLÉ",
    "2 50- HELLÉ\nYO",
  ]);
  const [first] = tracks.cues("cc1");
  expect([11, 20, 21, 30, 35, 99].map((at) => textBefore(first as TextCue, at))).toEqual([
    ...["HE", "HE", "HELL", "HELL", "HELLe", "HELLÉ"],
  ]);
});

test("pop-on text that begins like the one before is another one", () => {
  const { tracks, cues } = stage();
  tracks.show(cc1, [shown("Well")], 10);
  tracks.show(cc1, [shown("Well, yes")], 20);
  expect(cues()).toEqual([
    [10, 20, "Well"],
    [20, undefined, "Well, yes"],
  ]);
});

test("nothing is said of the time that is settled", () => {
  const { tracks, cues } = stage();
  tracks.show(cc1, [shown("one")], 10);
  tracks.settle(100);
  tracks.show(cc1, [shown("two")], 50);
  expect(cues()).toEqual([
    [10, 100, "one"],
    [100, undefined, "two"],
  ]);
});

test("cues leave with the window, and before it where there are too many", () => {
  const { tracks, cues } = stage(1000);
  tracks.show(cc1, [shown("old")], 0);
  tracks.show(cc1, [shown("newer")], 100);
  tracks.show(track("cc2"), [shown("now")], 1101);
  expect(cues()).toEqual([[100, undefined, "newer"]]);
  const full = stage(1e9);
  for (let n = 0; n <= 20_001; n += 1) full.tracks.show(cc1, [shown(String(n))], n * 10);
  expect(full.tracks.cues("cc1")).toHaveLength(20_000);
  const large = stage(1e9);
  for (let n = 0; n < 3000; n += 1)
    large.tracks.show(cc1, [shown(`${n} ${"x".repeat(2000)}`)], n * 1000);
  expect(large.tracks.cues("cc1").length).toBeLessThan(2100);
  expect(large.tracks.cues("cc1").length).toBeGreaterThan(1900);
});

test("tracks are bounded, and in order", () => {
  const { tracks } = stage();
  for (const id of ["text-de", "service10", "cc3", "service2", "text-ar", "cc1"]) {
    tracks.show(track(id), [shown(id)], 0);
  }
  expect(tracks.tracks.map(({ id }) => id)).toEqual([
    ...["cc1", "cc3", "service2", "service10", "text-ar", "text-de"],
  ]);
  for (let n = 0; n < 100; n += 1) tracks.show(track(`text-${n}`), [shown("x")], n);
  expect(tracks.tracks).toHaveLength(32);
});

test("more changes than anybody can read are told of late, the last of them for certain", () => {
  const { tracks, told, cues } = stage();
  for (let n = 0; n < 2000; n += 1) tracks.show(cc1, [shown(String(n))], 500);
  expect(told.length).toBeLessThan(510);
  tracks.settle(999);
  expect(cues().at(-1)).not.toEqual([999, undefined, "1999"]);
  tracks.settle(1000);
  expect(cues().at(-1)).toEqual([1000, undefined, "1999"]);
});
