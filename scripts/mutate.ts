// Would the unit tests notice? Samples mutants of a folder's decisions, runs the tests that reach each, and prints the ones
// that no test noticed. One build holds all of them, each behind a switch.
//
// Usage: npm run mutate -- FOLDER… [--seed 1] [--mutants 28] [--tests FOLDER] [--goal 90]      status 1 below that many per cent

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createVitest, type TestSpecification, type Vitest } from "vitest/node";
import { type Mutant, type Site, sitesIn, withSwitches } from "./mutate/sites.ts";

const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    mutants: { type: "string", default: "28" },
    tests: { type: "string", multiple: true },
    goal: { type: "string", default: "0" },
  },
});
if (folders.length === 0) {
  process.stderr.write("Usage: npm run mutate -- FOLDER… [--seed 1] [--mutants 28] [--tests FOLDER]\n");
  process.exit(2);
}

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "bulkhead-mutants-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.env.MUTANT_ON = join(folder, "on");
process.env.MUTANTS_REACHED = join(folder, "reached");
process.env.BULKHEAD_TEST_RUN = folder;

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function sample(sites: readonly Site[], count: number, seed: number): readonly Mutant[] {
  const random = randomFrom(seed);
  const left = [...sites];
  const taken: Site[] = [];
  while (taken.length < count && left.length > 0)
    taken.push(...left.splice(Math.floor(random() * left.length), 1));
  return taken.map((site, id) => ({ ...site, id }));
}

const sources = folders.flatMap((each) =>
  readdirSync(resolve(each), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(resolve(each), name))
    .toSorted(),
);
const sites = sources.flatMap((file) => sitesIn(file, readFileSync(file, "utf8")));
const mutants = sample(sites, Number(options.mutants), Number(options.seed));
const byFile = new Map<string, Mutant[]>();
for (const mutant of mutants) byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), mutant]);
process.stdout.write(`${mutants.length} of ${sites.length} mutants in ${sources.length} files\n`);

const switchOn = (id: number) => writeFileSync(join(folder, "on"), String(id));

async function start(): Promise<Vitest> {
  const vitest = await createVitest(
    "test",
    {
      config: false,
      root,
      watch: false,
      include: (options.tests ?? ["src", "test/unit"]).map((each) => `${each}/**/*.test.ts`),
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

/** Ends processes that a mutant keeps busy for ever; vitest then counts their tests as failed. */
function endWorkers(): void {
  for (const task of readdirSync("/proc/self/task"))
    for (const pid of readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean))
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("vitest"))
        process.kill(Number(pid), "SIGKILL");
}

/** Whether all tests passed, and how long they took, in milliseconds. */
async function run(vitest: Vitest, tests: readonly TestSpecification[], limit?: number) {
  const started = performance.now();
  const timer = limit === undefined ? undefined : setInterval(endWorkers, limit);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([...tests], false);
  clearInterval(timer);
  const failed = testModules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
  return {
    passed: failed.length === 0 && unhandledErrors.length === 0,
    failed,
    took: performance.now() - started,
  };
}

/** Tests near a file first: they are the ones that should notice. */
function nearness(test: string, file: string): number {
  return relative(dirname(file), dirname(test)).split("/").length;
}

/** Test files that load a module, by vite's graph: for what is evaluated when it is loaded. */
function loadersOf(vitest: Vitest, file: string): ReadonlySet<string> {
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
  return new Set([...seen].filter((each) => each.endsWith(".test.ts")));
}

switchOn(-1);
writeFileSync(join(folder, "reached"), "");
const vitest = await start();
const all = await vitest.globTestSpecifications();
const first = await run(vitest, all);
const redAlready = new Set(first.failed);
for (const file of redAlready)
  process.stdout.write(`red without a mutant, left out: ${relative(root, file)}\n`);
const reachedBy = new Map<number, Set<string>>();
for (const line of readFileSync(join(folder, "reached"), "utf8").split("\n").filter(Boolean)) {
  const [test, ids] = JSON.parse(line) as [string, number[]];
  for (const id of ids) reachedBy.set(id, (reachedBy.get(id) ?? new Set()).add(test));
}
process.stdout.write(`${all.length} test files in ${Math.round(first.took / 1000)} s\n`);

vitest.config.bail = 1;
for (const project of vitest.projects) project.config.bail = 1;
const survivors: Mutant[] = [];
let unreached = 0;
for (const mutant of mutants) {
  const reaching = mutant.onLoad ? loadersOf(vitest, mutant.file) : (reachedBy.get(mutant.id) ?? new Set());
  const tests = all
    .filter(({ moduleId }) => reaching.has(moduleId) && !redAlready.has(moduleId))
    .toSorted((one, other) => nearness(one.moduleId, mutant.file) - nearness(other.moduleId, mutant.file));
  switchOn(mutant.id);
  let noticed = false;
  // The nearest few first: most mutants end there.
  for (const some of [tests.slice(0, 6), tests.slice(6)]) {
    if (some.length === 0 || noticed) continue;
    noticed = !(await run(vitest, some, 30_000 + first.took)).passed;
  }
  if (noticed) continue;
  if (tests.length === 0) unreached += 1;
  survivors.push(mutant);
  const text = readFileSync(mutant.file, "utf8").slice(mutant.start, mutant.end).replace(/\s+/g, " ");
  const why = tests.length === 0 ? "no test reaches it" : `${tests.length} test files reach it`;
  process.stdout.write(
    `${relative(root, mutant.file)}:${mutant.line}  ${text.slice(0, 100)}  →  ${mutant.mutated.replace(/\s+/g, " ").slice(0, 100)}  (${why})\n`,
  );
}
const caught = mutants.length - survivors.length;
process.stdout.write(
  `${caught} of ${mutants.length} caught (${Math.round((100 * caught) / Math.max(1, mutants.length))} %), ${unreached} reached by no test\n`,
);
await vitest.close();
process.exit(100 * caught < Number(options.goal) * mutants.length ? 1 : 0);
