import { defineConfig } from "vitest/config";

/** vitest empties style sheets unless told not to; the report's page carries its own. */
const css = { include: [/(?:page|colours)\.css/] };

/** Tests that judge the whole host: Engines of other tests would be in what they see or measure. */
const wholeHost = [
  "test/engine/{cis-benchmark,doctor,guard-overload,kernel,live,live-findings,podman,serve,serve-fleet,serve-swarm}.test.ts",
  "test/engine/{prove,watch}*.test.ts",
  "test/e2e/{proof,rows,watch}*.test.ts",
];

const withEngine = { setupFiles: ["test/support/fixed-seed.ts"], testTimeout: 120_000, hookTimeout: 120_000 };

/**
 * `unit` needs nothing but Node; `engine` needs a real dockerd, which its suites start and stop, two at a time; `host`
 * likewise, one at a time; `clients` starts other people's programs, too, and lets them work through the guard.
 */
export default defineConfig({
  test: {
    // It warns of each setting that is for tests alone.
    onConsoleLog: (text) => !text.startsWith("oidc-provider "),
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
          ...withEngine,
          name: "engine",
          css,
          include: ["test/engine/**/*.test.ts", "test/e2e/**/*.test.ts"],
          exclude: wholeHost,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withEngine,
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withEngine,
          name: "host",
          css,
          include: wholeHost,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
