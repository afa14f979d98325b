import { expect, test } from "vitest";
import { eventsBetween, type MediaSnapshot, NOTHING } from "../../../web/element/media-events.ts";

const LOADED: MediaSnapshot = { ...NOTHING, load: 1 };
const PLAYING: MediaSnapshot = {
  ...LOADED,
  ...{
    readyState: 4,
    reached: 4,
    paused: false,
    width: 640,
    height: 360,
    currentTime: 5,
    buffered: 6,
  },
};

test.each([
  { name: "nothing happens", before: PLAYING, now: PLAYING, events: [] },
  { name: "a source", before: NOTHING, now: LOADED, events: ["loadstart"] },
  {
    name: "autoplay",
    before: NOTHING,
    now: { ...LOADED, paused: false },
    events: ["loadstart", "play", "waiting"],
  },
  {
    name: "the first picture",
    before: { ...LOADED, paused: false },
    now: PLAYING,
    events:
      "durationchange resize loadedmetadata loadeddata progress canplay canplaythrough playing timeupdate".split(
        " ",
      ),
  },
  {
    name: "pause",
    before: PLAYING,
    now: { ...PLAYING, paused: true },
    events: ["timeupdate", "pause"],
  },
  {
    name: "play after a pause",
    before: { ...PLAYING, paused: true },
    now: PLAYING,
    events: ["play", "playing"],
  },
  {
    name: "a lost line",
    before: PLAYING,
    now: { ...PLAYING, readyState: 2 },
    events: ["waiting"],
  },
  {
    name: "its being taken away",
    before: PLAYING,
    now: { ...NOTHING, paused: false, currentTime: 5, buffered: 6 },
    events: ["emptied"],
  },
  {
    name: "a line that is back",
    before: { ...PLAYING, readyState: 2 },
    now: PLAYING,
    events: ["canplay", "canplaythrough", "playing"],
  },
  {
    name: "a picture that comes again: it has been loaded before",
    before: { ...PLAYING, readyState: 0 },
    now: PLAYING,
    events: ["canplay", "canplaythrough", "playing"],
  },
  {
    name: "a way back in time",
    before: PLAYING,
    now: { ...PLAYING, seeking: true },
    events: ["seeking"],
  },
  {
    name: "and its end",
    before: { ...PLAYING, seeking: true },
    now: { ...PLAYING, currentTime: 1 },
    events: ["timeupdate", "seeked"],
  },
  {
    name: "another size",
    before: PLAYING,
    now: { ...PLAYING, width: 1280, height: 720 },
    events: ["resize"],
  },
  {
    name: "silence",
    before: PLAYING,
    now: { ...PLAYING, muted: true, rate: 1.05 },
    events: ["volumechange", "ratechange"],
  },
  {
    name: "the broadcast's end",
    before: PLAYING,
    now: { ...PLAYING, ended: true },
    events: ["ended"],
  },
  {
    name: "another source",
    before: PLAYING,
    now: { ...LOADED, load: 2, paused: false },
    events: ["emptied", "loadstart", "waiting", "timeupdate"],
  },
  {
    name: "a source that is taken away",
    before: PLAYING,
    now: NOTHING,
    events: ["emptied", "timeupdate", "pause"],
  },
  {
    name: "what cannot be played",
    before: LOADED,
    now: { ...LOADED, error: "CODEC_UNSUPPORTED" },
    events: ["error"],
  },
])("eventsBetween tells of $name", ({ before, now, events }) => {
  expect(eventsBetween(before, now)).toEqual(events);
});
