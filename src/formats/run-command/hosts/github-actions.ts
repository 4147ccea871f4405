import { posix } from "node:path";
import { workflowJob } from "../dialect.ts";
import { type Folder, folder } from "../folder.ts";
import { append, type Piece, passage } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import { type RunCommand, readShell } from "../shell/commands.ts";
import type { Binding } from "../shell/scope.ts";
import type { Word } from "../word.ts";
import { type Hosted, nothingHosted, openNames, type ShellText } from "./host.ts";
import { assignmentPieces, fillTemplates, impliedWords, spanOf } from "./templates.ts";
import { type Entry, openYaml, type Yaml } from "./yaml-text.ts";

const expression = /\$\{\{[^}]*(?:\}(?!\})[^}]*)*\}\}/g;

/**
 * A workflow or a composite action: the `run` of every step, and the `options` of job and service containers, which are
 * flags of `docker create`
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax).
 */
export function readGithubActions(text: string, around: Surroundings): Hosted {
  const { yaml, gaps } = openYaml(text, around);
  if (!yaml?.root) return { ...nothingHosted, gaps };
  const workflow: Layer = {
    yaml,
    root: repositoryOf(around),
    variables: new Map(),
    shell: undefined,
    windows: "no",
  };
  const outer = layer(workflow, yaml.root);
  const texts: ShellText[] = [];
  const commands: RunCommand[] = [];
  for (const job of yaml.entries(yaml.at(yaml.root, "jobs"))) {
    const inner = openedBy(text, layer(outer, job.value));
    for (const step of yaml.items(yaml.at(job.value, "steps"))) append(texts, stepText(inner, step));
    const container = yaml.at(job.value, "container");
    if (saysMoreThanImage(yaml, container)) append(commands, containerOf(inner, around, container, job.key));
    for (const service of yaml.entries(yaml.at(job.value, "services"))) {
      append(commands, containerOf(inner, around, service.value, service.key));
    }
  }
  const composite = openedBy(text, outer);
  for (const step of yaml.items(yaml.at(yaml.root, "runs", "steps")))
    append(texts, stepText(composite, step));
  return { texts, commands, gaps };
}

/** What a workflow, a job and a step each add to. */
interface Layer {
  readonly yaml: Yaml;
  readonly root: Folder;
  readonly variables: ReadonlyMap<string, Binding>;
  readonly shell: string | undefined;
  /** Whether the machine may be a Windows one, whose shell is PowerShell. */
  readonly windows: "no" | "yes" | "maybe";
}

/** Steps run in the repository, which holds `.github`, `.gitea` or `.forgejo`. */
function repositoryOf(around: Surroundings): Folder {
  const { path } = around.folder;
  const above = path.replace(/(?:^|\/)\.(?:github|gitea|forgejo)(?:\/.*)?$/, "");
  return folder(above === "" ? (path.startsWith("/") ? "/" : ".") : above);
}

function layer(outer: Layer, node: unknown): Layer {
  const { yaml } = outer;
  const variables = new Map(outer.variables);
  for (const entry of yaml.entries(yaml.at(node, "env"))) variables.set(entry.key, bindingOf(yaml, entry));
  const machine = yaml.text(yaml.at(node, "runs-on"));
  const windows = machine === undefined ? outer.windows : windowsOf(machine);
  return {
    ...outer,
    variables,
    windows,
    shell: yaml.text(yaml.at(node, "defaults", "run", "shell")) ?? outer.shell,
  };
}

/** What a step writes to $GITHUB_ENV, later steps have in place of what the workflow and the job say. */
function openedBy(text: string, job: Layer): Layer {
  if (!/\bGITHUB_ENV\b/.test(text)) return job;
  return { ...job, variables: openNames(text, job.variables, "a step may write it to $GITHUB_ENV") };
}

function windowsOf(machine: string): Layer["windows"] {
  if (/windows/i.test(machine)) return "yes";
  return machine.includes("${{") ? "maybe" : "no";
}

function bindingOf(yaml: Yaml, entry: Entry): Binding {
  const pieces = yaml.pieces(entry.value) ?? [];
  const text = pieces.map((piece) => piece.text).join("");
  return text.includes("${{")
    ? { kind: "unknown", reason: `the variable ${entry.key} is not known here` }
    : { kind: "text", pieces, holes: [] };
}

function stepText(outer: Layer, step: unknown): readonly ShellText[] {
  const { yaml } = outer;
  const pieces = yaml.pieces(yaml.at(step, "run"));
  const said = yaml.text(yaml.at(step, "shell")) ?? outer.shell;
  const shell = said ?? (outer.windows === "yes" ? "pwsh" : "bash");
  if (!pieces || !/^(?:bash|sh|zsh|dash)\b|^\/.*\/(?:ba|z|da)?sh\b/.test(shell)) return [];
  const { variables } = layer(outer, step);
  const filled = fillTemplates(pieces, expression, "expression");
  const inFolder = yaml.text(yaml.at(step, "working-directory"));
  return [
    {
      source: passage(filled.pieces),
      // What may be PowerShell need not be valid shell.
      prose: said === undefined && outer.windows === "maybe",
      variables: new Map([...variables, ...filled.variables]),
      folder: inFolder === undefined ? outer.root : folder(posix.join(outer.root.path, inFolder)),
    },
  ];
}

/** A job's container of which only the image is said is a place for the job's tools: how it runs is the runner's. */
function saysMoreThanImage(yaml: Yaml, node: unknown): boolean {
  return ["env", "options", "ports", "volumes"].some((key) => yaml.at(node, key) !== undefined);
}

/** `container:` and `services:` become the command that the runner gives to Docker. */
function containerOf(outer: Layer, around: Surroundings, node: unknown, name: string): readonly RunCommand[] {
  const { yaml } = outer;
  const image = yaml.pieces(node) ?? yaml.pieces(yaml.at(node, "image"));
  if (!image || image.length === 0) return [];
  const filled = fillTemplates(image, expression, "expression");
  const imageWords = wordsOf(filled.pieces, filled.variables, around);
  const volumes = yaml
    .items(yaml.at(node, "volumes"))
    .flatMap((item) => flagWords("-v", yaml.pieces(item), around));
  const ports = yaml
    .items(yaml.at(node, "ports"))
    .flatMap((item) => flagWords("-p", yaml.pieces(item), around));
  const environment = yaml
    .entries(yaml.at(node, "env"))
    .flatMap((entry) => flagWords("-e", assignmentPieces(entry, yaml.pieces(entry.value) ?? []), around));
  const options = yaml.pieces(yaml.at(node, "options")) ?? [];
  const filledOptions = fillTemplates(options, expression, "expression");
  const words = [
    ...impliedWords(["--name", name], spanOf(image)),
    ...volumes,
    ...ports,
    ...environment,
    ...wordsOf(filledOptions.pieces, filledOptions.variables, around),
    ...imageWords,
  ];
  return [
    {
      words,
      at: spanOf([...image, ...options]),
      passed: () => undefined,
      folder: outer.root,
      dialect: workflowJob,
    },
  ];
}

/** An implied flag; its value has a place in the file. */
function flagWords(
  flag: string,
  pieces: readonly Piece[] | undefined,
  around: Surroundings,
): readonly Word[] {
  if (!pieces || pieces.length === 0) return [];
  const filled = fillTemplates(pieces, expression, "expression");
  const source = passage(quoted(filled.pieces));
  const [value] = firstWords(source, filled.variables, around);
  return value ? [...impliedWords([flag], value.at), { ...value, at: spanOf(pieces), many: false }] : [];
}

/** The pieces within double quotes, so that they stay one word. */
function quoted(pieces: readonly Piece[]): readonly Piece[] {
  const at = spanOf(pieces);
  const quote = (offset: number): Piece => ({
    text: '"',
    at: { start: offset, end: offset },
    written: undefined,
    exact: false,
  });
  const escaped = pieces.flatMap((piece) =>
    piece.text.startsWith("${expression") ? [piece] : escapePiece(piece),
  );
  return [quote(at.start), ...escaped, quote(at.end)];
}

function escapePiece(piece: Piece): readonly Piece[] {
  if (!/["\\$`]/.test(piece.text)) return [piece];
  return [{ ...piece, text: piece.text.replace(/["\\$`]/g, "\\$&"), exact: false }];
}

function wordsOf(pieces: readonly Piece[], variables: ReadonlyMap<string, Binding>, around: Surroundings) {
  return firstWords(passage(pieces), variables, around);
}

/** The words that a shell would split the text into. */
function firstWords(
  source: ReturnType<typeof passage>,
  variables: ReadonlyMap<string, Binding>,
  around: Surroundings,
): readonly Word[] {
  if (source.pieces.length === 0) return [];
  const start = source.pieces[0]?.at.start ?? 0;
  const command: Piece = { text: "docker run ", at: { start, end: start }, written: undefined, exact: false };
  const whole = passage([command, ...source.pieces]);
  const { commands } = readShell(whole, { home: around.io.home, folder: around.folder.absolute, variables });
  return commands[0]?.words ?? [];
}
