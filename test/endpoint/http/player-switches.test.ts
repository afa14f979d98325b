import { expect, test } from "vitest";
import { readPlayerSwitches } from "../../../server/endpoint/http/player-switches.ts";

const EMBED = { autoplay: false, controls: true };
const read = (query: string, defaults = EMBED) =>
  readPlayerSwitches(new URLSearchParams(query), defaults);

test.each([
  ["", { autoplay: false, muted: false, controls: true, latency: undefined, token: undefined }],
  ["autoplay&muted", { autoplay: true, muted: true, controls: true }],
  ["autoplay=muted", { autoplay: "muted" }],
  ["autoplay=0&muted=no&controls=off", { autoplay: false, muted: false, controls: false }],
  ["autoplay=perhaps&controls=perhaps", { autoplay: false, controls: true }],
  [
    "latency=instant&transport=hls&engine=webcodecs",
    { latency: "instant", transport: "hls", engine: "webcodecs" },
  ],
  ["latency=250", { latency: "250" }],
  [
    "latency=-1&transport=udp&engine=x",
    { latency: undefined, transport: undefined, engine: undefined },
  ],
  ["lang=pt-BR", { lang: "pt-BR" }],
  ["lang=%22%3E", { lang: undefined }],
  ["poster=https://a.example/p.jpg", { poster: "https://a.example/p.jpg" }],
  [
    "poster=https://a.example/;%20script-src%20*",
    { poster: "https://a.example/;%20script-src%20*" },
  ],
  ["poster=https://a%3Bscript-src/", { poster: undefined }],
  ["poster=https://a,default-src/", { poster: undefined }],
  ["poster=javascript:alert(1)", { poster: undefined }],
  ["poster=https://u:p@a.example/", { poster: undefined }],
  ["token=a%26b", { token: "a&b" }],
  [`token=${"x".repeat(3000)}`, { token: undefined }],
])("readPlayerSwitches reads %s", (query, expected) => {
  expect(read(query)).toMatchObject(expected);
});

test("readPlayerSwitches leaves on what is on where the query says nothing", () => {
  const watch = { autoplay: true, controls: true };
  expect(read("", watch)).toMatchObject(watch);
  expect(read("autoplay=0", watch)).toMatchObject({ autoplay: false });
});
