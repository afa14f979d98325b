import { describe, expect, test } from "vitest";
import type { ListedFinding } from "../../../server/protocol/wire/stream-health.ts";
import type { ListedStream } from "../../../server/protocol/wire/stream-list.ts";
import { HealthPoints, POINTS } from "../../../web/control/health-points.ts";
import { PREVIEW_AFTER, PreviewChoice } from "../../../web/control/preview-choice.ts";
import { wallGrid } from "../../../web/control/wall-grid.ts";
import { arrange, concern, isWallSort } from "../../../web/control/wall-order.ts";
import { listedHealth, listedStream } from "../../support/listed.ts";

const ill = (severity: ListedFinding["severity"]) =>
  listedHealth({ findings: [{ code: "X_Y", severity, message: "It is amiss" }] });
const watched = (total: number): ListedStream["viewers"] => ({
  ...{ websocket: total, hls: 0, flv: 0, mp4: 0, rtmp: 0, previews: 0 },
  total,
});

describe("arrange", () => {
  const streams = [
    listedStream("live/b", { viewers: watched(2), bitrate: 5, uptimeSeconds: 50 }),
    listedStream("live/a", { viewers: watched(2), bitrate: 9, uptimeSeconds: 70 }),
    listedStream("studio/c", { viewers: watched(7), bitrate: 7, uptimeSeconds: 60 }),
    listedStream("studio/d", { health: ill("info"), bitrate: 1, uptimeSeconds: 80 }),
    listedStream("live/e", { health: ill("error"), bitrate: 2, uptimeSeconds: 90 }),
    listedStream("live/f", { state: "reconnecting", bitrate: 0, uptimeSeconds: 99 }),
  ];
  test.each([
    ["name", "live/a live/b live/e live/f studio/c studio/d"],
    ["attention", "live/e live/f studio/d live/a live/b studio/c"],
    ["viewers", "studio/c live/a live/b live/e live/f studio/d"],
    ["bitrate", "live/a studio/c live/b live/e studio/d live/f"],
    ["newest", "live/b studio/c live/a studio/d live/e live/f"],
  ] as const)("sorts by %s, and those that are equal by name", (sort, paths) => {
    expect(isWallSort(sort)).toBe(true);
    expect(arrange(streams, { sort, query: "" }).map(({ path }) => path)).toEqual(paths.split(" "));
  });
  test.each([
    ["STUDIO", "studio/c studio/d"],
    ["  live  f ", "live/f"],
    ["live studio", ""],
  ])("finds what has all words of %j in its path", (query, paths) => {
    const found = arrange(streams, { sort: "name", query }).map(({ path }) => path);
    expect(found.join(" ")).toBe(paths);
  });
  test("counts in names as people do", () => {
    const names = ["live/camera 10", "live/camera 9"].map((path) => listedStream(path));
    expect(arrange(names, { sort: "name", query: "" })[0]?.path).toBe("live/camera 9");
  });
  test("takes what the server warned of before there was a doctor for a warning", () => {
    const warnings = [{ code: "LONG_GOP", message: "Key frames" }];
    expect(concern(listedStream("live/a", { warnings }))).toBe(2);
    expect(concern(listedStream("live/a"))).toBe(0);
  });
});

describe("PreviewChoice", () => {
  const order = ["a", "b", "c", "d", "e"];
  test("plays what is pointed at, after a moment, and nothing else", () => {
    const choice = new PreviewChoice(2);
    for (const key of order) choice.setSeen(key, true);
    expect(choice.choose(order, 0)).toEqual([]);
    choice.point("c", 100);
    expect(choice.choose(order, 100 + PREVIEW_AFTER - 1)).toEqual([]);
    choice.point("c", 200); // still
    expect(choice.choose(order, 100 + PREVIEW_AFTER)).toEqual(["c"]);
    choice.point("d", 1000);
    expect(choice.choose(order, 1001)).toEqual([]);
    choice.point(undefined, 1002);
    expect(choice.choose(order, 9000)).toEqual([]);
  });
  test("plays as many of those in view as may, and lets those that play go on", () => {
    const choice = new PreviewChoice(2);
    choice.isOn = true;
    for (const key of ["b", "c", "d"]) choice.setSeen(key, true);
    expect(choice.choose(order, 0)).toEqual(["b", "c"]);
    choice.setSeen("a", true);
    expect(choice.choose(order, 1)).toEqual(["b", "c"]);
    choice.setSeen("b", false);
    expect(choice.choose(order, 2)).toEqual(["a", "c"]);
    choice.point("e", 3); // in view or not: somebody points at it
    expect(choice.choose(order, 3)).toHaveLength(2);
    expect(choice.choose(order, 3)).toContain("e");
    expect(choice.choose(["a"], 4)).toEqual(["a"]);
  });
});

describe("HealthPoints", () => {
  const at = (second: number, bitrate: number) => ({
    at: 1_000_000 + 1000 * second + (second % 3), // clocks are read in whole ms
    second: { bitrate, pictures: 30, drops: 0 },
  });
  const bitrates = (points: HealthPoints) => points.points.map(({ bitrate }) => bitrate);
  const history = (newest: number, figures: (number | null)[]) => ({
    at: 1_000_000 + 1000 * newest,
    history: {
      ...{ interval: 1000, jitter: [], avOffset: [], pause: [], drops: [] },
      bitrate: figures,
      pictures: figures,
    },
  });
  test("keeps a minute, once each second, and says what it missed", () => {
    const points = new HealthPoints();
    expect(points.push(at(1, 10))).toBe(false);
    expect(points.push(at(1, 10))).toBe(false);
    expect(points.push(at(2, 20))).toBe(false);
    expect(points.push(at(4, 40))).toBe(true);
    expect(bitrates(points)).toEqual([10, 20, undefined, 40]);
    for (let second = 5; second < 200; second += 1) points.push(at(second, second));
    expect(bitrates(points)).toHaveLength(POINTS);
    expect(points.push(at(9000, 7))).toBe(true);
    expect(bitrates(points)).toEqual([...Array(POINTS - 1).fill(undefined), 7]);
  });
  test("is filled with what was before, and keeps what came since", () => {
    const points = new HealthPoints();
    points.push(at(11, 110));
    points.push(at(13, 130));
    points.fill(history(12, [null, 100, 110, 120]));
    expect(bitrates(points)).toEqual([undefined, 100, 110, 120, 130]);
    points.push(at(14, 140));
    expect(bitrates(points).at(-1)).toBe(140);
    const late = new HealthPoints();
    late.fill(history(12, [110, 120]));
    expect(bitrates(late)).toEqual([110, 120]);
    expect(late.push(at(13, 130))).toBe(false);
  });
});

test.each([
  [1, 1920, 1080, 1, 1],
  [2, 1920, 1080, 2, 1],
  [2, 390, 844, 1, 2],
  [6, 2560, 1440, 3, 2],
  [9, 1920, 1080, 3, 3],
  [40, 2560, 1440, 7, 6],
  [0, 1920, 1080, 1, 1],
])("wallGrid lays %s pictures on %s × %s as %s × %s", (count, width, height, columns, rows) => {
  expect(wallGrid(count, width, height)).toEqual({ columns, rows });
});
