// Which keys a control looks at: each example of each control is judged again without one of its keys. Where the verdict or the
// severity is another one then, the control judges the key.
import { parseDocument } from "yaml";
import { containersByFile, contextOf } from "../../src/audit/contexts.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { readExample } from "../../src/audit/examples.ts";
import type { Control, Example } from "../../src/controls/control.ts";
import { allControls } from "../../src/controls/registry.ts";
import { optionOfFlag } from "../../src/formats/daemon-json/options.ts";
import { flags } from "../../src/formats/run-command/read/flags.ts";
import type { Subject, View } from "../../src/model/subject.ts";

export type Syntax = Example["syntax"];

/** The controls that look at a key, and those that look at a fact of a container. */
export interface Observed {
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  readonly facts: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Change {
  readonly key: string;
  readonly text: string;
}

/** What the controls' own examples show, and `more`: texts that every control judges. */
export function observe(more: readonly Example[]): ReadonlyMap<Syntax, Observed> {
  const found = new Map<Syntax, { keys: Map<string, Set<string>>; facts: Map<string, Set<string>> }>();
  const look = (judges: readonly Control[], example: Example) => {
    const of = found.get(example.syntax) ?? { keys: new Map(), facts: new Map() };
    found.set(example.syntax, of);
    const whole = readExample(example).subjects;
    const before = verdictsOf(judges, whole);
    for (const { key, text } of shorter(example)) {
      const rest = readExample({ ...example, text }).subjects;
      // A key without which nothing can be read was no choice.
      if (rest.length === 0) continue;
      const after = verdictsOf(judges, rest);
      const facts = changedFacts(whole, rest);
      for (const { id } of judges.filter((control) => before.get(control.id) !== after.get(control.id))) {
        add(of.keys, key, id);
        if (facts.length === 1 && facts[0]) add(of.facts, facts[0], id);
      }
    }
  };
  for (const control of allControls)
    for (const example of [...control.examples.bad, ...control.examples.good]) look([control], example);
  for (const example of more) look(allControls, example);
  return found;
}

function add(map: Map<string, Set<string>>, key: string, id: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(id));
}

function verdictsOf(controls: readonly Control[], subjects: readonly Subject[]): ReadonlyMap<string, string> {
  const around = { files: containersByFile(subjects), engine: undefined, live: new Map(), running: [] };
  const rules = { controls, ignores: [], severities: {}, today: "2026-01-01", spell: () => null };
  const said = new Map<string, string>();
  for (const subject of subjects)
    for (const { control, verdict, finding } of evaluate(subject, contextOf(subject, around), rules))
      said.set(control, `${said.get(control) ?? ""} ${subject.name} ${verdict} ${finding?.severity}`);
  return said;
}

function changedFacts(before: readonly Subject[], after: readonly Subject[]): readonly string[] {
  const [ones, others] = [before, after].map((subjects) =>
    subjects.flatMap(({ kind, views }) => (kind === "container" ? views.slice(0, 1) : [])),
  );
  if (!ones || !others || ones.length !== others.length) return [];
  const changed = ones.flatMap((view, index) =>
    Object.keys(view).filter((fact) => valuesOf(view, fact) !== valuesOf(others[index], fact)),
  );
  return [...new Set(changed)];
}

/** Without its places, which move with the text. */
function valuesOf(view: View | undefined, fact: string): string {
  return JSON.stringify(view && Reflect.get(view, fact), (name, value) =>
    name === "origins" || name === "origin" ? undefined : value,
  );
}

function shorter(example: Example): readonly Change[] {
  if (example.syntax === "compose" || example.syntax === "daemon.json") return shorterTree(example.text);
  if (example.syntax === "dockerfile") return shorterDockerfile(example.text);
  return shorterLine(example.text, example.syntax === "dockerd");
}

/** The keys of a YAML or JSON text, `services.*.build.args`, and the text without each. */
function shorterTree(text: string): readonly Change[] {
  const document: unknown = parseDocument(text, { merge: true, logLevel: "silent" }).toJS();
  return waysIn(document, []).map((way) => ({
    key: nameOf(way),
    text: JSON.stringify(without(document, way)),
  }));
}

type Way = readonly (string | number)[];

function waysIn(value: unknown, way: Way): readonly Way[] {
  if (value === null || typeof value !== "object") return [];
  const entries = Array.isArray(value)
    ? value.map((each, index) => [index, each] as const)
    : Object.entries(value);
  return entries.flatMap(([key, each]) => [[...way, key], ...waysIn(each, [...way, key])]);
}

function without(value: unknown, [key, ...rest]: Way): unknown {
  if (Array.isArray(value))
    return value.flatMap((each, index) =>
      index !== key ? [each] : rest.length > 0 ? [without(each, rest)] : [],
    );
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([name, each]) =>
      name !== key ? [[name, each]] : rest.length > 0 ? [[name, without(each, rest)]] : [],
    ),
  );
}

/** Names that the author chose are `*`, the items of a list `[]`; the schema's walk says them so too. */
function nameOf(way: Way): string {
  return way
    .map((part, index) => (typeof part === "number" ? "[]" : isChosen(way, index) ? "*" : part))
    .join(".");
}

const chosenBelow = new Set([
  "services",
  "networks",
  "volumes",
  "secrets",
  "configs",
  "models",
  "runtimes",
  "ulimits",
]);

function isChosen(way: Way, index: number): boolean {
  const above = way[index - 1];
  return (
    typeof above === "string" &&
    chosenBelow.has(above) &&
    (index === 1 || index === 3 || way[0] === "runtimes")
  );
}

/** Instructions and their flags. */
function shorterDockerfile(text: string): readonly Change[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index): readonly Change[] => {
    const directive = /^#\s*(syntax|escape|check)\s*=/.exec(line)?.[1];
    const instruction = /^\s*([A-Za-z]+)\s/.exec(line)?.[1]?.toUpperCase();
    const left = (changed?: string) =>
      [...lines.slice(0, index), ...(changed === undefined ? [] : [changed]), ...lines.slice(index + 1)].join(
        "\n",
      );
    if (directive) return [{ key: `# ${directive}`, text: left() }];
    if (!instruction) return [];
    const given = [...line.matchAll(/\s(--[a-z-]+)(=\S+)?/g)].map(([whole, name = "", value = ""]) => ({
      key: `${instruction} ${name}${/^=type=\w+/.exec(value)?.[0] ?? ""}`,
      text: left(line.replace(whole, "")),
    }));
    return [{ key: instruction, text: left() }, ...given];
  });
}

const takesNone = new Set(flags.flatMap(({ name, takes }) => (takes === "boolean" ? [`--${name}`] : [])));
const letters = new Map(flags.flatMap(({ name, short }) => (short ? [[`-${short}`, `--${name}`]] : [])));

/** Flags of a line. Quoted words stay whole; a line with a redirection or a variable is left as it is. */
function shorterLine(text: string, isDaemon: boolean): readonly Change[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.flatMap((word, index): readonly Change[] => {
    const [spelled = ""] = word.split("=");
    const flag = letters.get(spelled) ?? spelled;
    if (!flag.startsWith("--") || flag === "--") return [];
    const option = isDaemon ? optionOfFlag(flag.slice(2)) : undefined;
    const alone = word.includes("=") || (isDaemon ? option?.kind === "bool" : takesNone.has(flag));
    const rest = [...words.slice(0, index), ...words.slice(index + (alone ? 1 : 2))];
    return [{ key: isDaemon ? (option?.key ?? flag) : flag.slice(2), text: rest.join(" ") }];
  });
}
