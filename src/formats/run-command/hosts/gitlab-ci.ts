import { gap } from "../../../model/gap.ts";
import { append, type Piece } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import type { RunCommand } from "../shell/commands.ts";
import type { Binding } from "../shell/scope.ts";
import { containersOfJob, openEngineOf } from "./gitlab-containers.ts";
import { type Hosted, type HostedEngine, linesPassage, nothingHosted, type ShellText } from "./host.ts";
import { openYaml, type Yaml } from "./yaml-text.ts";

/** Keys of the file that are no jobs (https://docs.gitlab.com/ci/yaml/#global-keywords). */
const notJobs = new Set(["stages", "variables", "workflow", "include", "image", "services", "cache", "spec"]);

/** The scripts of every job: `before_script` and `script` run in one shell, `after_script` in another. */
export function readGitlabCi(text: string, around: Surroundings): Hosted {
  const { yaml, gaps } = openYaml(text, around);
  if (!yaml?.root) return { ...nothingHosted, gaps };
  const globalNode = yaml.at(yaml.root, "variables");
  const global = bindings(yaml, globalNode);
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
    const variables = own ? new Map([...global, ...bindings(yaml, own)]) : global;
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
