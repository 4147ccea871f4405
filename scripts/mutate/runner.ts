// Runs tests of the one build that holds all mutants, as scripts/mutate.ts asks.

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createVitest, type TestSpecification, type Vitest } from "vitest/node";
import { type Mutant, withSwitches } from "./sites.ts";

/** Which tests to run with which mutant; without tests all that reach a file with mutants, and none is on. */
export interface Question {
  readonly mutants: readonly Mutant[];
  readonly include: readonly string[];
  readonly run?: { readonly mutant: number; readonly tests: readonly string[] };
}

export interface Answer {
  readonly passed: boolean;
  readonly failed: readonly string[];
  /** Test files, with the milliseconds that each took. */
  readonly tests: readonly (readonly [file: string, took: number])[];
  /** Test files that load each file with mutants: for what is evaluated then. */
  readonly loaders: Readonly<Record<string, readonly string[]>>;
}

const root = resolve(import.meta.dirname, "../..");
const [folder = ""] = process.argv.slice(2);

async function start({ mutants, include }: Question): Promise<Vitest> {
  const byFile = new Map<string, Mutant[]>();
  for (const mutant of mutants) byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), mutant]);
  const vitest = await createVitest(
    "test",
    {
      config: false,
      root,
      watch: false,
      include: include.map((each) => `${each}/**/*.test.ts`),
      exclude: ["src/engine/tracefs.test.ts"],
      css: { include: [/(?:page|colours)\.css/] },
      setupFiles: [join(root, "scripts/mutate/setup.ts"), join(root, "test/support/runner/fixed-seed.ts")],
      testTimeout: 60_000,
      isolate: false,
      maxWorkers: 2,
      related: [...byFile.keys()],
      reporters: [{}],
      onConsoleLog: () => false,
    },
    {
      plugins: [
        {
          name: "mutants",
          enforce: "pre",
          transform(code: string, id: string) {
            const own = byFile.get(id.split("?")[0] ?? id);
            return own === undefined ? undefined : { code: withSwitches(code, own), map: null };
          },
        },
      ],
    },
  );
  await vitest.standalone();
  return vitest;
}

/** Test files that load a module, by vite's graph. */
function loadersOf(vitest: Vitest, file: string): readonly string[] {
  const seen = new Set<string>();
  const look = (each: string) => {
    if (seen.has(each)) return;
    seen.add(each);
    for (const { vite } of vitest.projects)
      for (const environment of Object.values(vite.environments))
        for (const module of environment.moduleGraph.getModulesByFile(each) ?? [])
          for (const importer of module.importers) if (importer.file !== null) look(importer.file);
  };
  look(file);
  return [...seen].filter((each) => each.endsWith(".test.ts"));
}

let started: { readonly vitest: Vitest; readonly all: readonly TestSpecification[] } | undefined;

async function answer(question: Question): Promise<Answer> {
  const { mutants, run } = question;
  writeFileSync(join(folder, "on"), String(run?.mutant ?? -1));
  if (!started) {
    const vitest = await start(question);
    started = { vitest, all: await vitest.globTestSpecifications() };
  }
  const { vitest, all } = started;
  const bail = run === undefined ? 0 : 1;
  vitest.config.bail = bail;
  for (const project of vitest.projects) project.config.bail = bail;
  // In the order in which they are asked for.
  const chosen = run?.tests.flatMap((file) => all.filter(({ moduleId }) => moduleId === file)) ?? [...all];
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(chosen, false);
  const failed = testModules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
  const files = run === undefined ? new Set(mutants.map(({ file }) => file)) : [];
  return {
    passed: failed.length === 0 && unhandledErrors.length === 0,
    failed,
    tests: testModules.map((module) => {
      const { setupDuration, collectDuration, duration } = module.diagnostic();
      return [module.moduleId, setupDuration + collectDuration + duration];
    }),
    loaders: Object.fromEntries([...files].map((file) => [file, loadersOf(vitest, file)])),
  };
}

process.on("message", (question: Question) => {
  void answer(question).then((made) => process.send?.(made));
});
process.on("disconnect", () => process.exit());
