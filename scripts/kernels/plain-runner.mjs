// node plain-runner.mjs REPORT PATTERN FILE…: runs bundled test files by vitest's runner alone, and writes a report as vitest's JSON reporter
// does. Without hardware help vitest itself takes minutes to start, and gives up on its worker after one.
import { writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { startTests } from "@vitest/runner";

const [report = "", pattern = "", ...files] = process.argv.slice(2);
const timeout = 120_000 * Number(process.env.BULKHEAD_SLOWNESS ?? "1");
const root = process.cwd();
// Where `expect` of vitest looks for its settings.
globalThis.__vitest_worker__ = {
  config: { expect: {}, snapshotOptions: {} },
  durations: {},
  environment: {},
  filepath: "",
};

/** The names of a test's suites and its own. */
function fullName(task) {
  return task.suite === undefined || task.suite === task.file
    ? task.name
    : `${fullName(task.suite)} ${task.name}`;
}

function testsOf(suite) {
  return suite.tasks.flatMap((task) => (task.type === "suite" ? testsOf(task) : [task]));
}

/** What broke a suite before or after its tests. */
function errorsOf(suite) {
  const own = suite.result?.errors ?? [];
  return [...own, ...suite.tasks.flatMap((task) => (task.type === "suite" ? errorsOf(task) : []))];
}

const words = { pass: "passed", fail: "failed" };
const ran = await startTests(
  files.map((file) => resolve(file)),
  {
    pool: "plain",
    config: {
      root,
      name: "",
      testNamePattern: pattern === "" ? undefined : new RegExp(pattern),
      sequence: { hooks: "stack", setupFiles: "list", shuffle: false, concurrent: false, seed: 1 },
      testTimeout: timeout,
      hookTimeout: timeout,
      maxConcurrency: 1,
      passWithNoTests: true,
      includeTaskLocation: false,
      retry: 0,
      setupFiles: [],
      tags: [],
      strictTags: false,
    },
    importFile: (file) => import(pathToFileURL(file).href),
    onAfterRunTask(task) {
      console.error(`${words[task.result?.state] ?? "skipped"} ${fullName(task)}`);
      for (const { message, diff = "" } of task.result?.errors ?? [])
        console.error(`    ${message}\n${diff.split("\n").slice(0, 40).join("\n")}`);
    },
  },
);
const results = ran.map((file) => ({
  name: relative(root, file.filepath),
  status: file.result?.state === "fail" ? "failed" : "passed",
  message: errorsOf(file)
    .map(({ message }) => message)
    .join("\n"),
  assertionResults: testsOf(file).map((task) => ({
    fullName: fullName(task),
    status: words[task.result?.state] ?? "skipped",
    failureMessages: (task.result?.errors ?? []).map(({ message }) => message),
  })),
}));
writeFileSync(report, JSON.stringify({ testResults: results }));
// What a test left open does not keep it.
process.exit(results.some(({ status }) => status === "failed") ? 1 : 0);
