import { expect, test } from "vitest";
import type { AnnouncedTrack } from "../../../server/protocol/wire/control.ts";
import { isContinuation, planTracks } from "../../../web/engine/plan.ts";

function track(id: number, mediaType: "video" | "audio", ...mimeTypes: string[]): AnnouncedTrack {
  return {
    id,
    mediaType,
    codec: mimeTypes[0] ?? "",
    mimeTypes,
    configuration: 0,
    decoderConfiguration: "",
    timescale: 90_000,
    language: "und",
    name: "",
  };
}

const avc = track(1, "video", "video/mp4; codecs=avc1");
const hevc = track(1, "video", "video/mp4; codecs=hvc1");
const aac = track(2, "audio", "audio/mp4; codecs=mp4a");
const mp3 = track(2, "audio", "audio/mp4; codecs=mp3", "audio/mp4; codecs=mp4a.6B", "audio/mpeg");
const all = () => true;
const noHevc = (mimeType: string) => !mimeType.includes("hvc1");

test("planTracks takes the first picture and the first sound that can be played", () => {
  const plan = planTracks([hevc, { ...avc, id: 3 }, aac], noHevc);
  expect(plan.tracks.map((planned) => planned.track.id)).toEqual([3, 2]);
  expect(plan.unsupported).toEqual([]);
  const without = planTracks([hevc, aac], noHevc);
  expect(without.tracks.map((planned) => planned.track.id)).toEqual([2]);
  expect(without.unsupported).toEqual([hevc]);
});

test("planTracks tries a track's types in order", () => {
  const plan = planTracks([mp3], (mimeType) => mimeType === "audio/mpeg");
  expect(plan.tracks[0]?.mimeType).toBe("audio/mpeg");
});

test.each([
  { name: "the same tracks", before: [avc, aac], after: [avc, aac], can: false, holds: true },
  { name: "another codec, changeType", before: [avc], after: [hevc], can: true, holds: true },
  { name: "another codec, no changeType", before: [avc], after: [hevc], can: false, holds: false },
  { name: "sound came", before: [avc], after: [avc, aac], can: true, holds: false },
  { name: "sound went", before: [avc, aac], after: [avc], can: true, holds: false },
  { name: "another track", before: [avc], after: [{ ...avc, id: 7 }], can: true, holds: false },
])("isContinuation: $name", ({ before, after, can, holds }) => {
  const plan = (tracks: AnnouncedTrack[]) => planTracks(tracks, all).tracks;
  expect(isContinuation(plan(before), plan(after), can)).toBe(holds);
});

test("isContinuation: sound without boxes cannot go on in the buffer of sound with boxes", () => {
  const raw = planTracks([mp3], (mimeType) => mimeType === "audio/mpeg").tracks;
  expect(isContinuation(planTracks([aac], all).tracks, raw, true)).toBe(false);
});
