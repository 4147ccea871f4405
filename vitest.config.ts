import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/runner/longest-first.ts";
import { slowness } from "./test/support/slowness.ts";

/** vitest empties style sheets unless told not to; the report's page carries its own. */
const css = { include: [/(?:page|colours)\.css/] };

/** Tests that judge the whole host: Engines of other tests would be in what they see or measure. */
const wholeHost = [
  "src/engine/tracefs.test.ts",
  "test/engine/{cis-benchmark,doctor,guard-overload,inside,kernel,live,live-findings,mac,podman,podman-rootless,rootless,rootless-trials,serve,serve-fleet,serve-swarm}.test.ts",
  "test/engine/{prove,watch}*.test.ts",
  "test/e2e/{proof,rows,watch}*.test.ts",
];

/** The built command on files, and its packages: no Engine, container, mount or namespace, so they disturb no other test. */
const filesAlone = [
  "test/e2e/{audit-files,benchmark,ci-files,command-line,completion,deb,docs-site,documents}.test.ts",
  "test/e2e/{fix,fix-secrets,fix-undo,guard-check,init,package,packaging,pre-commit,printed-commands,readme,stacks}.test.ts",
];

const withEngine = {
  // On a busy machine an Engine may be late; what had to be run again is named at the end of the run.
  retry: process.env.CI === "true" ? 1 : 0,
  setupFiles: ["test/support/runner/fixed-seed.ts", "test/support/runner/chosen-engine.ts"],
  // A noisy machine took twenty times as long for minutes.
  testTimeout: 300_000 * slowness,
  hookTimeout: 300_000 * slowness,
};

/**
 * `unit` needs nothing but Node; `files` runs the built command; `engine` needs a real dockerd, which its suites start and
 * stop, two at a time; `host` likewise, one at a time; `clients` starts other people's programs, too, and lets them work
 * through the guard. scripts/every-test.sh runs `files` beside `host`.
 */
export default defineConfig({
  test: {
    // It warns of each setting that is for tests alone.
    onConsoleLog: (text) => !text.startsWith("oidc-provider "),
    reporters: ["default", "./test/support/runner/count-reporter.ts"],
    globalSetup: ["./test/support/runner/own-folder.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          css,
          setupFiles: ["test/support/runner/fixed-seed.ts"],
          include: ["src/**/*.test.ts", "test/unit/**/*.test.ts", "web/**/*.test.ts"],
          exclude: wholeHost,
          testTimeout: 60_000,
          // Its files share two processes: to load the product for each took longer than most files' tests.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...withEngine,
          name: "files",
          css,
          include: filesAlone,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withEngine,
          name: "engine",
          css,
          include: ["test/engine/**/*.test.ts", "test/e2e/**/*.test.ts"],
          exclude: [...wholeHost, ...filesAlone],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...withEngine,
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...withEngine,
          name: "host",
          css,
          include: wholeHost,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
