import { defineConfig } from "vitest/config";

/** What is seen in a browser, or hangs on real time to the tenth of a second. */
const ALONE = [
  "browser",
  "element",
  "enhanced",
  "events",
  "hls-players",
  "http2",
  "outputs",
  "pcm",
  "player",
  "recordings-page",
  "slow-viewers",
  "tracks",
].map((name) => `test/e2e/${name}.test.ts`);

const REAL_TIME = { testTimeout: 90_000, hookTimeout: 90_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          pool: "threads",
          isolate: false, // they share no state: a worker for each file costs more than the tests
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
          exclude: ALONE,
          maxWorkers: 2, // real clients mostly wait for what real time brings
        },
      },
      {
        test: {
          ...REAL_TIME,
          name: "alone",
          sequence: { groupOrder: 2 },
          include: ALONE,
          fileParallelism: false,
        },
      },
    ],
  },
});
