import { expect, test } from "vitest";
import { joined, TextCues, type TimedText } from "../../../web/control/text-cues.ts";

const text = (key: string, start: number, fields: Partial<TimedText> = {}): TimedText => ({
  track: "cc1",
  key,
  start,
  end: start + 2,
  text: `text ${key}`,
  settings: "",
  ...fields,
});

function stage() {
  const told: string[] = [];
  const cues = new TextCues({
    onText: ({ key, end, text: words }) => void told.push(`${key} until ${end}: ${words}`),
    onGone: ({ key }) => void told.push(`${key} gone`),
  });
  return { cues, told };
}

test("TextCues takes a text when it begins, as it grows, and when its end is known", () => {
  const { cues, told } = stage();
  cues.take(text("1", 10, { end: Number.POSITIVE_INFINITY, text: "He" }));
  cues.take(text("1", 10, { end: Number.POSITIVE_INFINITY, text: "Hello" }));
  cues.take(text("1", 10, { end: 12.5, text: "Hello" }));
  expect(told).toEqual(["1 until Infinity: He", "1 until Infinity: Hello", "1 until 12.5: Hello"]);
  expect(cues.of("cc1")).toEqual([text("1", 10, { end: 12.5, text: "Hello" })]);
  expect(cues.of("cc2")).toEqual([]);
});

test("TextCues ends what is shown when the line is lost, and takes it up where it is told again", () => {
  const { cues } = stage();
  cues.take(text("1", 10, { end: Number.POSITIVE_INFINITY }));
  cues.take(text("2", 11, { end: Number.POSITIVE_INFINITY, track: "cc2" }));
  cues.close(13);
  expect([...cues.of("cc1"), ...cues.of("cc2")].map(({ end }) => end)).toEqual([13, 13]);
  cues.take(text("1", 10, { end: Number.POSITIVE_INFINITY }));
  expect(cues.of("cc1")[0]?.end).toBe(Number.POSITIVE_INFINITY);
});

test("TextCues keeps so many, and what is not long past; never another broadcast's", () => {
  const { cues, told } = stage();
  for (let index = 0; index < 500; index += 1) cues.take(text(String(index), index / 10));
  expect(cues.of("cc1")).toHaveLength(200);
  expect(cues.of("cc1")[0]?.key).toBe("300");
  cues.take(text("500", 200));
  expect(cues.of("cc1").map(({ key }) => key)).toEqual(["500"]);
  told.length = 0;
  cues.take(text("500", 3)); // the server was started anew, and counts from the beginning
  expect(told).toEqual(["500 gone", "500 until 5: text 500"]);
  cues.keep(["cc2"]);
  expect(cues.of("cc1")).toEqual([]);
  expect(told.at(-1)).toBe("500 gone");
});

test("joined makes one of what two segments tell of a text, and leaves two apart", () => {
  const first = { start: 10, end: 12, text: "Hello" };
  expect(joined(first, { start: 12.02, end: 13, text: "Hello" })).toEqual({ start: 10, end: 13 });
  expect(joined(first, { start: 8, end: 10, text: "Hello" })).toEqual({ start: 8, end: 12 });
  expect(joined(first, { start: 12, end: 13, text: "Hello you" })).toBeUndefined();
  expect(joined(first, { start: 15, end: 16, text: "Hello" })).toBeUndefined();
});
