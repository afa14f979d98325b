import { expect, test } from "vitest";
import { qualityName } from "../../../web/controls/menu-pages.ts";
import type { PlayerTrack } from "../../../web/player/player-tracks.ts";

const track = (id: number, more: Partial<PlayerTrack>) =>
  ({ id, mediaType: "video", name: `Video ${id}`, ...more }) as PlayerTrack;

test.each([
  [{ width: 1920, height: 1080, frameRate: 60 }, "1080p 60"],
  [{ width: 1280, height: 720, frameRate: 29.97 }, "720p"],
  [{ width: 720, height: 1280 }, "720p"],
  [{}, "Video 1"],
  [{ name: "" }, "#1"],
])("qualityName of %j is %s", (more, name) => {
  expect(qualityName(track(1, more), [track(1, more), track(2, { height: 5 })])).toBe(name);
});

test("qualityName tells two of a size apart", () => {
  const size = { width: 1280, height: 720 };
  const both = [track(1, size), track(2, size)] as const;
  expect(both.map((one) => qualityName(one, both))).toEqual(["720p · Video 1", "720p · Video 2"]);
});
