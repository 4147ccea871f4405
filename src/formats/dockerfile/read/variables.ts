import { type Expansion, expand, type Variable } from "./expand.ts";
import type { Joined } from "./joined.ts";
import { type Assignment, assignmentsOf } from "./words.ts";

/** The variables of a stage, or those before the first FROM. */
export interface Scope {
  readonly own: Map<string, Variable>;
  /** The stage that this one starts from: its variables are inherited. */
  readonly parent: Scope | undefined;
  /** What to say of a variable that none of them has. */
  readonly otherwise: (name: string) => Variable;
}

export interface Assigned extends Assignment {
  readonly keyword: "ENV" | "ARG";
  readonly expansion: Expansion | undefined;
}

/** How many stages a variable is looked for through: a chain of thousands would make the search quadratic. */
const furthest = 64;

/** Set from the platform: https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
const platformArgument = /^(?:TARGET|BUILD)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)$/;

export function globalScope(): Scope {
  return {
    own: new Map(),
    parent: undefined,
    otherwise: (name) => notKnown(name, `the build argument ${name} is not declared before FROM`),
  };
}

export function stageScope(base: "stage" | "image" | "scratch", parent: Scope | undefined): Scope {
  const otherwise = (name: string): Variable =>
    base === "scratch" ? { known: "unset" } : notKnown(name, `${name} is not defined in this file`);
  return { own: new Map(), parent, otherwise: parent ? parent.otherwise : otherwise };
}

export function find(scope: Scope, name: string): Variable {
  let at: Scope | undefined = scope;
  for (let step = 0; at && step < furthest; step += 1) {
    const variable = at.own.get(name);
    if (variable) return variable;
    at = at.parent;
  }
  return at ? notKnown(name, `${name} is not defined nearby`) : scope.otherwise(name);
}

/**
 * Reads an ENV or ARG and puts its variables into the scope. `globals` are the arguments declared before the first
 * FROM, which an ARG without a default takes up; `given` overrides defaults (`--build-arg`).
 */
export function assign(
  keyword: "ENV" | "ARG",
  line: Joined,
  escapeToken: string,
  scope: Scope,
  globals: Scope,
  given: ReadonlyMap<string, string>,
): readonly Assigned[] {
  const pending: [string, Variable][] = [];
  const assigned = assignmentsOf(keyword, line, escapeToken).map((assignment): Assigned => {
    const { name, value } = assignment;
    const expansion = value && expand(value.text, escapeToken, (each) => find(scope, each));
    if (keyword === "ENV") pending.push([name, expansion ? variableOf(expansion) : { known: "unset" }]);
    else scope.own.set(name, argument(name, expansion, scope === globals ? undefined : globals, given));
    return { ...assignment, keyword, expansion };
  });
  // An ENV sees what was there before its line, an ARG also what stands before it in the line.
  for (const [name, variable] of pending) scope.own.set(name, variable);
  return assigned;
}

function argument(
  name: string,
  value: Expansion | undefined,
  globals: Scope | undefined,
  given: ReadonlyMap<string, string>,
): Variable {
  const override = given.get(name);
  if (override !== undefined) return { known: "value", value: override };
  if (value) return variableOf(value);
  return globals?.own.get(name) ?? notKnown(name, `the build argument ${name} has no default`);
}

function variableOf(expansion: Expansion): Variable {
  return expansion.reason === undefined
    ? { known: "value", value: expansion.text }
    : { known: "no", reason: expansion.reason };
}

function notKnown(name: string, reason: string): Variable {
  return {
    known: "no",
    reason: platformArgument.test(name) ? `${name} depends on the platform that is built for` : reason,
  };
}
