import { expect, test } from "vitest";
import { ElementTextTracks } from "../../../web/element/text-track-list.ts";
import type { PlayerTextTrack } from "../../../web/player/player-text.ts";

const ONE: PlayerTextTrack = {
  ...{ id: "cc1", kind: "captions", language: "und", name: "CC1", isSelected: false },
};
const TWO: PlayerTextTrack = { ...ONE, id: "de", kind: "subtitles", language: "de", name: "" };

test("ElementTextTracks is like a TextTrackList, and its modes choose", () => {
  const chosen: (string | undefined)[] = [];
  const heard: string[] = [];
  const list = new ElementTextTracks((id) => chosen.push(id));
  for (const type of ["addtrack", "removetrack", "change"]) {
    list.addEventListener(type, (event) => {
      const { track } = event as Event & { track?: { id: string } };
      heard.push([type, track?.id ?? ""].join(" "));
    });
  }
  list.follow([ONE, TWO]);
  const [first, second] = [...list];
  expect(list.length).toBe(2);
  expect(list[1]).toBe(second);
  expect([first?.mode, first?.language, second?.language]).toEqual(["disabled", "", "de"]);
  if (second !== undefined) second.mode = "showing";
  list.follow([ONE, { ...TWO, isSelected: true }]);
  expect(second?.mode).toBe("showing");
  if (first !== undefined) first.mode = "disabled"; // it is not the one that is shown
  if (second !== undefined) second.mode = "hidden";
  list.follow([TWO]);
  expect([list.length, list[0], list[1]]).toEqual([1, second, undefined]);
  expect(chosen).toEqual(["de", undefined]);
  expect(heard).toEqual(["addtrack cc1", "addtrack de", "change ", "removetrack cc1", "change "]);
});
