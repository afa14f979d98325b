import { expect, test } from "vitest";
import { readTextMessage } from "../../../server/protocol/text/text-message.ts";
import { type Triplet, t35 } from "../../support/captions.ts";

const triplets: Triplet[] = [[0, 0x94, 0x20]];
const bytes = t35(triplets);
const data = Buffer.from(bytes).toString("base64");

test.each([
  {
    name: "onTextData",
    fields: { type: "Text", text: "Hi <you>", language: "eng", trackid: 2 },
    language: "en",
    trackIndex: 2,
    text: "Hi &lt;you&gt;",
  },
  {
    name: "onTextData",
    fields: { type: "Text", text: "" },
    language: undefined,
    trackIndex: 0,
    text: "",
  },
  {
    name: "onTextData",
    fields: { text: "ok", language: "not a language", trackid: "x" },
    language: undefined,
    trackIndex: 0,
    text: "ok",
  },
  {
    name: "onCaptionInfo",
    fields: { type: "WebVTT", data: "a\n\nb", lang: "pt-br" },
    language: "pt-BR",
    trackIndex: 0,
    text: "a\nb",
  },
])("$name $fields is text", ({ name, fields, ...text }) => {
  expect(readTextMessage(name, [fields])).toEqual({ type: "text", ...text });
});

test.each([
  { type: "708", data },
  { type: "708", data: bytes },
  { type: "608", data },
])("onCaptionInfo %j is caption data", (fields) => {
  const read = readTextMessage("onCaptionInfo", [fields]);
  expect(read).toEqual({ type: "captions", data: Uint8Array.of(0xfc, 0x94, 0x20) });
});

test("A track number that is none, of whatever form, is 0", () => {
  for (const trackid of [Object.create(null), [Object.create(null)], true, new Date(0), 1.5]) {
    const read = readTextMessage("onTextData", [{ text: "x", trackid }]);
    expect(read).toMatchObject({ text: "x", trackIndex: 0 });
  }
});

test.each([
  ["onCuePoint", [{ text: "x" }]],
  ["onTextData", []],
  ["onTextData", ["text"]],
  ["onTextData", [{ text: 5 }]],
  ["onCaptionInfo", [{ type: "708", data: "***" }]],
  ["onCaptionInfo", [{ type: "708", data: "AAAA" }]],
  ["onCaptionInfo", [{ captions: [], speakers: [] }]],
] as const)("%s %j is none", (name, values) => {
  expect(readTextMessage(name, values)).toBeUndefined();
});
