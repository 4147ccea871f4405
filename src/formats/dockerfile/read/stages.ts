import type { NameValue } from "../../../model/container-values.ts";
import { type Expansion, expand } from "./expand.ts";
import type { Instruction, Instructions } from "./instructions.ts";
import type { Joined, SyntaxProblem } from "./joined.ts";
import { type Assigned, assign, find, globalScope, type Scope, stageScope } from "./variables.ts";
import { assignmentsOf, plainWords } from "./words.ts";

/** What a stage starts from: an earlier stage, an image, or nothing. `at` is the word after FROM. */
export type Base =
  | { readonly from: "stage"; readonly stage: Stage; readonly at: Joined }
  | { readonly from: "image"; readonly reference: string; readonly at: Joined }
  | { readonly from: "scratch"; readonly at: Joined }
  | { readonly from: "unresolved"; readonly reason: string; readonly at: Joined };

export interface Stage {
  readonly index: number;
  /** As written after AS. */
  readonly name: string | undefined;
  readonly from: Instruction;
  readonly base: Base;
  readonly steps: readonly Step[];
}

/** An instruction of a stage. */
export interface Step {
  readonly instruction: Instruction;
  /** True for what the base stage left to its children with ONBUILD. */
  readonly inherited: boolean;
  /** What USER, EXPOSE and WORKDIR name, the mode of a COPY or ADD, with its variables put in. */
  readonly value: Expansion | undefined;
}

export interface Build {
  readonly stages: readonly Stage[];
  /** ENV and ARG in order, those before the first FROM too. */
  readonly assigned: readonly Assigned[];
  readonly problems: readonly SyntaxProblem[];
  /** True where there is more than anybody could build. */
  readonly tooMany: boolean;
}

const keywords =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR";
const known = new Set(keywords.split(" "));

/** More variables than this no program could be started with. */
const mostAssigned = 20_000;

/** How many ONBUILD instructions are followed into child stages, all together. */
const mostInherited = 10_000;

/**
 * Groups instructions into stages and follows variables through them. What this file does not define (an ARG without
 * a default, something that the base image may set) is not known. `args` override defaults, as `--build-arg` does.
 */
export function readStages(parsed: Instructions, args: readonly NameValue[] = []): Build {
  const { escapeToken, instructions } = parsed;
  const given = new Map(args.map(({ name, value }) => [name, value]));
  const problems = [...parsed.problems];
  const assigned: Assigned[] = [];
  const stages: Stage[] = [];
  const byName = new Map<
    string,
    { readonly stage: Stage; readonly scope: Scope; readonly triggers: readonly Instruction[] }
  >();
  const globals = globalScope();
  let scope = globals;
  let steps: Step[] | undefined;
  let triggers: Instruction[] = [];
  let inherited = 0;
  let { tooMany } = parsed;

  function take(instruction: Instruction, fromBase: boolean): void {
    const { keyword } = instruction;
    const missing = missingIn(instruction, escapeToken);
    if (missing && !fromBase) problems.push({ reason: missing, span: instruction.keywordSpan });
    if (keyword === "ENV" || keyword === "ARG") {
      const found = assign(keyword, instruction.rest, escapeToken, scope, globals, given);
      if (!fromBase) for (const each of found.slice(0, mostAssigned)) assigned.push(each);
      if (assigned.length >= mostAssigned) tooMany = true;
    }
    const text = variableText(instruction);
    const value = text === undefined ? undefined : expand(text, escapeToken, (name) => find(scope, name));
    steps?.push({ instruction, inherited: fromBase, value });
    if (instruction.trigger) triggers.push(instruction.trigger);
  }

  for (const instruction of instructions) {
    if (tooMany) break;
    const { keyword, keywordSpan: span } = instruction;
    if (keyword === "FROM") {
      const words = plainWords(instruction.rest);
      const at = words[0] ?? instruction.rest;
      const name = /^as$/i.test(words[1]?.text ?? "") ? words[2]?.text : undefined;
      if (words.length !== 1 && !(words.length === 3 && name !== undefined)) {
        problems.push({ reason: "FROM takes an image, or an image, AS and a name", span });
      }
      const written = expand(at.text, escapeToken, (each) => find(globals, each));
      const parent = byName.get(written.text.toLowerCase());
      const base = baseOf(at, written, parent?.stage);
      steps = [];
      scope = stageScope(base.from === "scratch" ? "scratch" : "image", parent?.scope);
      const stage: Stage = { index: stages.length, name, from: instruction, base, steps };
      stages.push(stage);
      for (const trigger of parent?.triggers ?? []) {
        if (inherited >= mostInherited) break;
        inherited += 1;
        take(trigger, true);
      }
      triggers = [];
      if (name !== undefined) byName.set(name.toLowerCase(), { stage, scope, triggers });
    } else if (!known.has(keyword)) {
      problems.push({ reason: unknownKeyword(keyword), span });
    } else if (steps || keyword === "ARG") take(instruction, false);
    else problems.push({ reason: `${keyword} stands before the first FROM`, span });
  }
  return { stages, assigned, problems, tooMany };
}

function baseOf(at: Joined, written: Expansion, stage: Stage | undefined): Base {
  if (written.reason !== undefined) return { from: "unresolved", reason: written.reason, at };
  if (written.text === "") return { from: "unresolved", reason: "FROM names no image", at };
  if (stage) return { from: "stage", stage, at };
  if (written.text === "scratch") return { from: "scratch", at };
  return { from: "image", reference: written.text, at };
}

/** The part of an instruction in which variables count for the audit. */
function variableText({ keyword, rest, flags }: Instruction): string | undefined {
  if (keyword === "USER" || keyword === "EXPOSE" || keyword === "WORKDIR") return rest.text;
  if (keyword !== "COPY" && keyword !== "ADD") return undefined;
  return flags.find((flag) => flag.name === "chmod")?.value;
}

/** What an instruction lacks that docker build wants of it. */
function missingIn({ keyword, rest, trigger }: Instruction, escapeToken: string): string | undefined {
  if (rest.text === "" && !/^(?:RUN|CMD|ENTRYPOINT)$/.test(keyword)) return `${keyword} needs an argument`;
  if (keyword === "ENV") {
    const words = assignmentsOf("ENV", rest, escapeToken);
    return words.length === 0 || words.some(({ value }) => !value) ? "ENV takes NAME=value" : undefined;
  }
  if (keyword === "HEALTHCHECK" && !/^(?:none$|cmd\s)/i.test(rest.text))
    return "HEALTHCHECK takes CMD or NONE";
  return trigger && /^(?:FROM|MAINTAINER|ONBUILD)$/.test(trigger.keyword)
    ? `${trigger.keyword} cannot stand behind ONBUILD`
    : undefined;
}

/** The word itself is named only where it cannot be a part of a broken line that holds a secret. */
function unknownKeyword(keyword: string): string {
  return /^[A-Z]{2,16}$/.test(keyword)
    ? `${keyword} is not a Dockerfile instruction`
    : "this is not a Dockerfile instruction";
}
