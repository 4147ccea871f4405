import { defineConfig } from "vitest/config";

/** vitest empties style sheets unless told not to; the report's page carries its own. */
const css = { include: [/(?:page|colours)\.css/] };

/**
 * `unit` needs nothing but Node; `engine` needs a real dockerd, which its suites start and stop; `clients`
 * starts other people's programs, too, and lets them work through the guard.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    globalSetup: ["./test/support/own-folder.ts"],
    projects: [
      {
        test: {
          name: "unit",
          css,
          setupFiles: ["test/support/fixed-seed.ts"],
          include: ["src/**/*.test.ts", "test/unit/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "engine",
          css,
          setupFiles: ["test/support/fixed-seed.ts"],
          include: ["test/engine/**/*.test.ts", "test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "clients",
          setupFiles: ["test/support/fixed-seed.ts"],
          include: ["test/clients/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
