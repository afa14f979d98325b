import { defineConfig } from "vitest/config";

const files = (names: readonly string[]): string[] =>
  names.map((name) => `test/e2e/${name}.test.ts`);

/** What hangs on real time to the tenth of a second: nothing else runs meanwhile. */
const ALONE = files(["browser", "hls-players", "latency", "player", "slow-viewers"]);

/** What is seen in a browser, and may be a little late. */
const PAGES = files([
  "choice",
  "controls",
  "element",
  "embed",
  "enhanced",
  "events",
  "hls-renditions",
  "http2",
  "outputs",
  "pcm",
  "recordings-page",
  "tracks",
  "wall",
  "webcodecs",
  "worker",
]);

const REAL_TIME = { testTimeout: 90_000, hookTimeout: 90_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          pool: "threads",
          isolate: false, // they share no state: a worker for each file costs more than the tests
          testTimeout: 20_000, // a busy machine is no fault
          sequence: { groupOrder: 0 },
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/matrix/**"],
        },
      },
      {
        test: {
          ...REAL_TIME,
          name: "e2e",
          sequence: { groupOrder: 1 },
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...ALONE, ...PAGES],
          maxWorkers: 3, // real clients mostly wait for what real time brings
        },
      },
      {
        test: {
          ...REAL_TIME,
          name: "pages",
          sequence: { groupOrder: 2 },
          include: PAGES,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...REAL_TIME,
          name: "alone",
          sequence: { groupOrder: 3 },
          include: ALONE,
          fileParallelism: false,
        },
      },
    ],
  },
});
