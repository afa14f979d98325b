import { expect, test } from "vitest";
import { snapshotName } from "../../../web/controls/snapshot-name.ts";

test.each([
  ["live/demo", "live-demo-2026-11-02-09-04-05.png"],
  ["live/a/b c", "live-a-b-c-2026-11-02-09-04-05.png"],
  ["live/Straße_1.x", "live-Straße_1.x-2026-11-02-09-04-05.png"],
  [".a/b?*", "a-b-2026-11-02-09-04-05.png"],
])("snapshotName(%s) is %s", (streamPath, name) => {
  expect(snapshotName(streamPath, new Date(2026, 10, 2, 9, 4, 5))).toBe(name);
});
