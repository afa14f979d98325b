import { defineConfig } from "vitest/config";
import { MatrixReporter } from "./matrix/reporter.ts";

export default defineConfig({
  test: {
    include: ["test/matrix/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxConcurrency: 4,
    reporters: ["default", new MatrixReporter()],
  },
});
