import { expect, test } from "vitest";
import { qualityName } from "../../../web/controls/menu-pages.ts";

const quality = (id: number, more: { name?: string; width?: number; height?: number } = {}) => ({
  ...{ id, name: `Video ${id}`, width: 0, height: 0, frameRate: 0 },
  ...more,
});

test.each([
  [{ width: 1920, height: 1080, frameRate: 60 }, "1080p 60"],
  [{ width: 1280, height: 720, frameRate: 29.97 }, "720p"],
  [{ width: 720, height: 1280 }, "720p"],
  [{}, "Video 1"],
  [{ name: "" }, "#1"],
])("qualityName of %j is %s", (more, name) => {
  const all = [quality(1, more), quality(2, { height: 5 })];
  expect(qualityName(quality(1, more), all)).toBe(name);
});

test("qualityName tells two of a size apart", () => {
  const size = { width: 1280, height: 720 };
  const both = [quality(1, size), quality(2, size)];
  expect(both.map((one) => qualityName(one, both))).toEqual(["720p · Video 1", "720p · Video 2"]);
});
