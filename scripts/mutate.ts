// Would the unit tests notice? Samples mutants of a folder's decisions, runs the tests that reach each, and prints the ones
// that no test noticed. One build holds all of them, each behind a switch.
//
// Usage: npm run mutate -- FOLDER… [--seed 1] [--mutants 28] [--tests FOLDER] [--goal 90]      status 1 below that many per cent

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { equivalents } from "./mutate/equivalent.ts";
import { openProcess } from "./mutate/process.ts";
import type { Answer, Question } from "./mutate/runner.ts";
import { isEquivalent, type Mutant, type Site, sitesIn, textOf } from "./mutate/sites.ts";

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
    // What only tests use decides nothing.
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$|(?:^|\/)testing\//.test(name))
    .map((name) => join(resolve(each), name))
    .toSorted(),
);
const texts = new Map(sources.map((file) => [file, readFileSync(file, "utf8")]));
const sites = [...texts].flatMap(([file, text]) => sitesIn(file, text));
const sampled = sample(sites, Number(options.mutants), Number(options.seed));
const reasons = new Map(
  sampled.flatMap((mutant) => {
    const known = equivalents.find((each) => isEquivalent(mutant, texts.get(mutant.file) ?? "", root, each));
    return known ? [[mutant.id, known.reason] as const] : [];
  }),
);
const mutants = sampled.filter(({ id }) => !reasons.has(id));
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`${sampled.length} of ${sites.length} mutants in ${sources.length} files`);
for (const mutant of sampled)
  if (reasons.has(mutant.id)) say(`equivalent: ${spelt(mutant)}  (${reasons.get(mutant.id)})`);

function spelt(mutant: Mutant): string {
  const short = (text: string) => text.replace(/\s+/g, " ").slice(0, 100);
  const text = textOf(mutant, texts.get(mutant.file) ?? "");
  return `${relative(root, mutant.file)}:${mutant.line}  ${short(text)}  →  ${short(mutant.mutated)}`;
}

/** Tests near a file first: they are the ones that should notice. */
function nearness(test: string, file: string): number {
  return relative(dirname(file), dirname(test)).split("/").length;
}

const runner = openProcess<Question, Answer>(join(root, "scripts/mutate/runner.ts"), [folder]);
process.on("exit", () => runner.close());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const include = options.tests ?? ["src", "test/unit"];

/** Milliseconds: to start a process anew, and to run all tests without a mutant. */
const longest = { start: 60_000, all: 1_800_000 };

writeFileSync(join(folder, "reached"), "");
const first = await runner.ask({ mutants, include }, longest.all);
if (!first) throw new Error("the tests do not end without a mutant");
const redAlready = new Set(first.failed);
for (const file of redAlready) say(`red without a mutant, left out: ${relative(root, file)}`);
const took = new Map(first.tests);
const reachedBy = new Map<number, Set<string>>();
for (const line of readFileSync(join(folder, "reached"), "utf8").split("\n").filter(Boolean)) {
  const [test, ids] = JSON.parse(line) as [string, number[]];
  for (const id of ids) reachedBy.set(id, (reachedBy.get(id) ?? new Set()).add(test));
}
say(`${took.size} test files`);

const survivors: Mutant[] = [];
let unreached = 0;
let hanging = 0;
for (const mutant of mutants) {
  const reaching = mutant.onLoad
    ? new Set(first.loaders[mutant.file])
    : (reachedBy.get(mutant.id) ?? new Set<string>());
  const tests = [...took.keys()]
    .filter((file) => reaching.has(file) && !redAlready.has(file))
    .toSorted((one, other) => nearness(one, mutant.file) - nearness(other, mutant.file));
  let noticed = false;
  // The nearest few first: most mutants end there.
  for (const some of [tests.slice(0, 6), tests.slice(6)]) {
    if (some.length === 0 || noticed) continue;
    const usual = some.reduce((sum, file) => sum + (took.get(file) ?? 0), 0);
    const run = { mutant: mutant.id, tests: some };
    const answer = await runner.ask({ mutants, include, run }, longest.start + 5 * usual);
    noticed = !answer?.passed;
    if (answer) continue;
    hanging += 1;
    say(`caught, its tests hang: ${spelt(mutant)}`);
  }
  if (noticed) continue;
  if (tests.length === 0) unreached += 1;
  survivors.push(mutant);
  const why = tests.length === 0 ? "no test reaches it" : `${tests.length} test files reach it`;
  say(`${spelt(mutant)}  (${why})`);
}
const caught = mutants.length - survivors.length;
say(
  `${caught} of ${mutants.length} caught (${Math.round((100 * caught) / Math.max(1, mutants.length))} %), ${hanging} by hanging; ${unreached} reached by no test; ${reasons.size} equivalent`,
);
process.exit(100 * caught < Number(options.goal) * mutants.length ? 1 : 0);
