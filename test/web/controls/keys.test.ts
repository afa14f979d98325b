import { expect, test } from "vitest";
import { type KeyAction, type KeyPlace, keyAction } from "../../../web/controls/keys.ts";

const press = (key: string, place: KeyPlace = "elsewhere", more = {}) =>
  keyAction({ key, ctrlKey: false, metaKey: false, altKey: false, ...more }, place);

test.each<[string, KeyAction]>([
  [" ", { do: "play" }],
  ["k", { do: "play" }],
  ["K", { do: "play" }],
  ["m", { do: "mute" }],
  ["f", { do: "fullscreen" }],
  ["c", { do: "captions" }],
  ["p", { do: "pip" }],
  ["i", { do: "statistics" }],
  ["?", { do: "help" }],
  ["ArrowLeft", { do: "seek", by: -5 }],
  ["ArrowRight", { do: "seek", by: 5 }],
  ["j", { do: "seek", by: -10 }],
  ["l", { do: "seek", by: 10 }],
  ["ArrowUp", { do: "volume", by: 0.05 }],
  ["ArrowDown", { do: "volume", by: -0.05 }],
  ["0", { do: "tenth", at: 0 }],
  ["9", { do: "tenth", at: 9 }],
  ["Home", { do: "oldest" }],
  ["End", { do: "live" }],
  [".", { do: "live" }],
])("keyAction(%j) is %j", (key, action) => {
  expect(press(key)).toEqual(action);
});

test("keyAction leaves the browser's own shortcuts and everything else alone", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    expect(press("f", "elsewhere", more)).toBeUndefined();
  }
  for (const key of ["Tab", "Escape", "x", "constructor", "F5"]) expect(press(key)).toBeUndefined();
});

test("keyAction leaves a button its space bar, a slider its arrows, and a text field every key", () => {
  expect(press(" ", "button")).toBeUndefined();
  expect(press("k", "button")).toEqual({ do: "play" });
  for (const key of ["ArrowUp", "ArrowLeft", "Home", "End", "PageUp"]) {
    expect(press(key, "slider")).toBeUndefined();
  }
  expect(press(" ", "slider")).toEqual({ do: "play" });
  for (const key of ["k", " ", "ArrowLeft"]) expect(press(key, "text")).toBeUndefined();
});
