import { gap } from "../../../model/gap.ts";
import { append, type Piece } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import type { RunCommand } from "../shell/commands.ts";
import type { Binding } from "../shell/scope.ts";
import { containersOfJob, openEngineOf } from "./gitlab-containers.ts";
import {
  type Hosted,
  type HostedEngine,
  linesPassage,
  nothingHosted,
  openNames,
  type ShellText,
} from "./host.ts";
import { openYaml, type Yaml } from "./yaml-text.ts";

/** Keys of the file that are no jobs (https://docs.gitlab.com/ci/yaml/#global-keywords). */
const notJobs = new Set(["stages", "variables", "workflow", "include", "image", "services", "cache", "spec"]);

/** The scripts of every job: `before_script` and `script` run in one shell, `after_script` in another. */
export function readGitlabCi(text: string, around: Surroundings): Hosted {
  const { yaml, gaps } = openYaml(text, around);
  if (!yaml?.root) return { ...nothingHosted, gaps };
  const globalNode = yaml.at(yaml.root, "variables");
  const shared = sharedOf(yaml, text);
  const commands: RunCommand[] = [];
  const engines: HostedEngine[] = [];
  const texts: ShellText[] = [];
  // Aliases can multiply a text without end; what is shared whole is read once.
  const budget = { left: 4 * text.length + 10_000 };
  const seen = new Set<string>();
  const seenContainers = new Set<unknown>();
  const jobs = [
    { name: "default", job: yaml.root },
    ...yaml
      .entries(yaml.root)
      .flatMap(({ key, value }) => (notJobs.has(key) || !value ? [] : [{ name: key, job: value }])),
  ];
  // What all containers get is judged once, in the first of them.
  let ofAll = globalNode;
  for (const { name, job } of jobs) {
    const own = job === yaml.root ? undefined : yaml.at(job, "variables");
    const variables = variablesOf(yaml, job, shared);
    const bounds = { seen: seenContainers, budget };
    const containers = containersOfJob(yaml, job, name, variables, own ?? ofAll, bounds);
    if (containers.length > 0 && !own) ofAll = undefined;
    append(commands, containers);
    const opened = engines.length === 0 ? openEngineOf(yaml, job, [own, globalNode], around) : undefined;
    if (opened) engines.push(opened);
    for (const lines of scriptsOf(yaml, job, budget)) {
      const key = lines.map((line) => line[0]?.at.start).join();
      if (seen.has(key)) continue;
      seen.add(key);
      texts.push({ source: linesPassage(lines), variables });
    }
  }
  const multiplied =
    budget.left <= 0 ? [gap("its aliases multiply it beyond measure", { file: around.file })] : [];
  return { texts, commands, engines, gaps: [...gaps, ...multiplied] };
}

/** What every job of the file has before it says anything itself. */
interface Shared {
  readonly variables: ReadonlyMap<string, Binding>;
  /** What only an included file may set; empty where it includes none. */
  readonly open: ReadonlyMap<string, Binding>;
  readonly text: string;
}

function sharedOf(yaml: Yaml, text: string): Shared {
  const root = [yaml.at(yaml.root, "default"), yaml.root];
  const before = root.flatMap((each) => namesSetIn(yaml, yaml.at(each, "before_script")));
  const set = [...ruleNames(yaml, yaml.at(yaml.root, "workflow")), ...before];
  const open: ReadonlyMap<string, Binding> =
    yaml.at(yaml.root, "include") === undefined ? new Map() : openNames(text, new Map(), includedMay);
  const variables = bindings(yaml, yaml.at(yaml.root, "variables"));
  // A job of this file may be in an included one as well, whose variables of the job come before the file's.
  const known = open.size > 0 ? openNames(text, variables, includedMay) : variables;
  return { text, open, variables: new Map([...open, ...known, ...severalWays(set)]) };
}

const includedMay = "an included file may set it";

/**
 * What a job's scripts have: the file's variables, those of the jobs that it extends, its own; open are those that a rule, a matrix or
 * a script in front of it sets.
 */
function variablesOf(yaml: Yaml, job: unknown, shared: Shared): ReadonlyMap<string, Binding> {
  if (job === yaml.root) return shared.variables;
  const parents = extended(yaml, job, 0);
  const layers = [...parents, job];
  const own = layers.flatMap((each) => [...bindings(yaml, yaml.at(each, "variables"))]);
  const set = [
    ...layers.flatMap((each) => ruleNames(yaml, each)),
    ...layers.flatMap((each) =>
      yaml
        .items(yaml.at(each, "parallel", "matrix"))
        .flatMap((item) => yaml.entries(item).map(({ key }) => key)),
    ),
    ...parents.flatMap((each) => namesSetIn(yaml, yaml.at(each, "before_script"))),
  ];
  const isAway = (name: string) => yaml.at(yaml.root, name) === undefined;
  const mayBeAnything = layers.some((each) => namesExtended(yaml, each).some(isAway));
  if (own.length + set.length === 0 && !mayBeAnything) return shared.variables;
  const known = new Map([...shared.variables, ...own, ...severalWays(set)]);
  return mayBeAnything ? openNames(shared.text, known, includedMay) : known;
}

function severalWays(names: readonly string[]): readonly (readonly [string, Binding])[] {
  return names.map((name) => [
    name,
    { kind: "unknown", reason: `the variable ${name} is set in more than one way` },
  ]);
}

function ruleNames(yaml: Yaml, node: unknown): readonly string[] {
  const rules = yaml.items(yaml.at(node, "rules"));
  return rules.flatMap((rule) => yaml.entries(yaml.at(rule, "variables")).map(({ key }) => key));
}

/** The variables that a list of lines sets, by the look of them. */
function namesSetIn(yaml: Yaml, node: unknown): readonly string[] {
  const lines = linesOf(yaml, node, { left: 10_000 });
  return lines.flatMap((line) => {
    const text = line.map((piece) => piece.text).join("");
    return [...text.matchAll(/\b([A-Za-z_]\w*)=/g)].map(([, name = ""]) => name);
  });
}

function namesExtended(yaml: Yaml, job: unknown): readonly string[] {
  const node = yaml.at(job, "extends");
  const one = yaml.text(node);
  return one !== undefined ? [one] : yaml.items(node).flatMap((each) => yaml.text(each) ?? []);
}

/** The jobs of this file that a job extends, the farthest first. */
function extended(yaml: Yaml, job: unknown, depth: number): readonly unknown[] {
  if (depth > 10) return [];
  return namesExtended(yaml, job).flatMap((name) => {
    const parent = yaml.at(yaml.root, name);
    return parent === undefined ? [] : [...extended(yaml, parent, depth + 1), parent];
  });
}

type Lines = readonly (readonly Piece[])[];

interface Budget {
  /** Characters and items that may still be read. */
  left: number;
}

function scriptsOf(yaml: Yaml, job: unknown, budget: Budget): readonly Lines[] {
  const main = [
    ...linesOf(yaml, yaml.at(job, "before_script"), budget),
    ...linesOf(yaml, yaml.at(job, "script"), budget),
  ];
  return [main, linesOf(yaml, yaml.at(job, "after_script"), budget)].filter((lines) => lines.length > 0);
}

/** One text or a list of them, which may hold further lists. */
function linesOf(yaml: Yaml, node: unknown, budget: Budget, depth = 0): Lines {
  budget.left -= 1 + (yaml.text(node)?.length ?? 0);
  if (budget.left <= 0 || depth > 10) return [];
  const pieces = yaml.pieces(node);
  if (pieces) return [pieces];
  return yaml.items(node).flatMap((item) => linesOf(yaml, item, budget, depth + 1));
}

/** `NAME: value` or `NAME: { value: …, description: … }`. */
function bindings(yaml: Yaml, node: unknown): ReadonlyMap<string, Binding> {
  const found = new Map<string, Binding>();
  for (const entry of yaml.entries(node)) {
    const pieces = yaml.pieces(entry.value) ?? yaml.pieces(yaml.at(entry.value, "value"));
    const text = (pieces ?? []).map((piece) => piece.text).join("");
    // GitLab expands variables in variables; those that refer to others are left open.
    const known = pieces !== undefined && !text.includes("$");
    found.set(
      entry.key,
      known
        ? { kind: "text", pieces, holes: [] }
        : { kind: "unknown", reason: `the variable ${entry.key} is not known here` },
    );
  }
  return found;
}
