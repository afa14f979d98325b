import fc from "fast-check";
import { expect, test } from "vitest";
import { parseServerMessage } from "../../../web/transport/server-message.ts";

test("parseServerMessage reads what it knows", () => {
  const hello = {
    type: "hello",
    version: 1,
    streamPath: "live/demo",
    state: "live",
    serverTime: 5,
  };
  expect(parseServerMessage(JSON.stringify(hello))).toEqual(hello);
  const tracks = { type: "tracks", tracks: [], unplayable: [] };
  expect(parseServerMessage(JSON.stringify(tracks))).toEqual(tracks);
  const data = { type: "data", id: "a-1", name: "onText", time: 12, values: [{ text: "<b>" }] };
  expect(parseServerMessage(JSON.stringify(data))).toEqual(data);
  const texts = { type: "text-tracks", tracks: [] };
  expect(parseServerMessage(JSON.stringify(texts))).toEqual(texts);
  const cue = { type: "cue", track: "cc1", id: 1, start: 2, end: null, text: "x", settings: "" };
  expect(parseServerMessage(JSON.stringify(cue))).toEqual(cue);
  expect(parseServerMessage(JSON.stringify({ ...cue, end: 3 }))).toEqual({ ...cue, end: 3 });
});

test.each([
  "",
  "{",
  "null",
  "[]",
  "3",
  "{}",
  '{"type":3}',
  '{"type":"later"}',
  '{"type":"tracks"}',
  '{"type":"data","id":"a","name":3,"time":1,"values":[]}',
  '{"type":"data","name":"x","time":1,"values":[]}',
  '{"type":"data","id":"a","name":"x","time":1}',
  '{"type":"text-tracks","tracks":1}',
  '{"type":"cue","track":"cc1","id":1,"start":2,"text":"x","settings":""}',
  '{"type":"cue","track":"cc1","id":1,"start":2,"end":"3","text":"x","settings":""}',
  '{"type":"cue","track":"cc1","id":1,"start":2,"end":3,"text":"x"}',
])("parseServerMessage ignores %s", (text) => {
  expect(parseServerMessage(text)).toBeUndefined();
});

test("parseServerMessage never throws", () => {
  const text = fc.oneof(fc.string(), fc.json());
  fc.assert(fc.property(text, (value) => void parseServerMessage(value)));
});
