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

/** Everything is sent and nothing preferred, unless it is said. */
function planOf(
  tracks: readonly AnnouncedTrack[],
  supports: (mimeType: string) => boolean = all,
  { sent = tracks.map(({ id }) => id), preferred = [] as number[] } = {},
) {
  const plan = planTracks({ tracks, supports, sent: new Set(sent), preferred });
  return { ...plan, ids: plan.tracks.map(({ track }) => track.id) };
}

test("planTracks takes the first picture and the first sound that can be played", () => {
  const plan = planOf([hevc, { ...avc, id: 3 }, aac], noHevc);
  expect(plan.ids).toEqual([3, 2]);
  expect(plan.unsupported).toEqual([]);
  const without = planOf([hevc, aac], noHevc);
  expect(without.ids).toEqual([2]);
  expect(without.unsupported).toEqual([hevc]);
});

test("planTracks tries a track's types in order", () => {
  const plan = planOf([mp3], (mimeType) => mimeType === "audio/mpeg");
  expect(plan.tracks[0]?.mimeType).toBe("audio/mpeg");
});

const low = { ...avc, id: 3 };
const german = { ...aac, id: 4 };
test.each([
  { name: "what is sent anyway", sent: [3, 2], preferred: [], ids: [3, 2], wanted: [3, 2] },
  {
    name: "what is sent until the choice comes",
    sent: [1, 2],
    preferred: [4, 3],
    ids: [1, 2],
    wanted: [3, 4],
  },
  {
    name: "the choice when it comes",
    sent: [3, 4],
    preferred: [4, 3],
    ids: [3, 4],
    wanted: [3, 4],
  },
  {
    name: "what is sent where the choice is not there",
    sent: [3, 2],
    preferred: [9],
    ids: [3, 2],
    wanted: [3, 2],
  },
  {
    name: "the first where nothing of a kind is sent",
    sent: [],
    preferred: [],
    ids: [1, 2],
    wanted: [1, 2],
  },
])("planTracks plays $name", ({ sent, preferred, ids, wanted }) => {
  const plan = planOf([avc, low, aac, german], all, { sent, preferred });
  expect(plan.ids).toEqual(ids);
  expect(plan.wanted).toEqual(wanted);
});

test("planTracks asks for what can be played where what is sent cannot", () => {
  const plan = planOf([hevc, low, aac], noHevc, { sent: [1, 2], preferred: [1] });
  expect(plan.wanted).toEqual([3, 2]);
  expect(plan.ids).toEqual([3, 2]);
});

test.each([
  { name: "the same tracks", before: [avc, aac], after: [avc, aac], can: false, holds: true },
  { name: "another codec, changeType", before: [avc], after: [hevc], can: true, holds: true },
  { name: "another codec, no changeType", before: [avc], after: [hevc], can: false, holds: false },
  { name: "sound came", before: [avc], after: [avc, aac], can: true, holds: false },
  { name: "sound went", before: [avc, aac], after: [avc], can: true, holds: false },
  { name: "sound for a picture", before: [avc], after: [aac], can: true, holds: false },
  { name: "another track", before: [avc], after: [{ ...avc, id: 7 }], can: false, holds: true },
  { name: "another of both", before: [avc, aac], after: [low, german], can: false, holds: true },
])("isContinuation: $name", ({ before, after, can, holds }) => {
  const plan = (tracks: AnnouncedTrack[]) => planOf(tracks).tracks;
  expect(isContinuation(plan(before), plan(after), can)).toBe(holds);
});

test("isContinuation: sound without boxes cannot go on in the buffer of sound with boxes", () => {
  const raw = planOf([mp3], (mimeType) => mimeType === "audio/mpeg").tracks;
  expect(isContinuation(planOf([aac]).tracks, raw, true)).toBe(false);
});
