import { expect, test } from "vitest";
import { announcedMediaTypes } from "../../server/live/announced-media-types.ts";

test.each([
  ["FFmpeg", { videocodecid: 7, audiocodecid: 10 }, ["video", "audio"]],
  ["pictures alone", { videocodecid: 7, width: 640 }, ["video"]],
  ["linear PCM, which is 0", { audiocodecid: 0 }, ["audio"]],
  ["names", { videocodecid: "avc1", audiocodecid: "mp4a" }, ["video", "audio"]],
  ["an empty name", { videocodecid: "avc1", audiocodecid: "" }, ["video"]],
  ["hasAudio: false", { videocodecid: 7, audiocodecid: 10, hasAudio: false }, ["video"]],
  ["nothing", {}, []],
])("announcedMediaTypes reads %s", (_, values, expected) => {
  expect(announcedMediaTypes(values)).toEqual(expected);
});
