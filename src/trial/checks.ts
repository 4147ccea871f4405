import { differenceFrom, type Likeness } from "./compare/likeness.ts";
import { type Docker, type Ended, runProgram, whyFailed } from "./docker.ts";
import { type Answer, ask, type CookieJar, type HttpCheck, isHarmless } from "./http.ts";
import type { ContainerState } from "./state.ts";

/** What the user says that working means. */
export interface UserChecks {
  /** Shell commands on this machine. */
  readonly commands: readonly string[];
  /** A shell command in each container that is verified; `SERVICE=COMMAND` names one service. */
  readonly exec: readonly string[];
  readonly http: readonly HttpCheck[];
  /** Services of the same project that test the others: each is run, and must end with status 0. */
  readonly services: readonly string[];
  /** Milliseconds that one check may take. */
  readonly limit: number;
  /** A shell command on this machine that uses the workload once the checks pass: a load, a test suite. */
  readonly load?: { readonly command: string; readonly limit: number } | undefined;
}

export const checkKinds = [
  "command",
  "service",
  "exec",
  "http",
  "health",
  "listens",
  "output",
  "restart",
  "stop",
  "reload",
] as const;
export type CheckKind = (typeof checkKinds)[number];

export interface CheckFailure {
  readonly kind: CheckKind;
  readonly service: string | undefined;
  readonly reason: string;
  /** It would not help to try again. */
  readonly isFinal: boolean;
  /** The Engine could not start a container: no program of the workload had a part in it. */
  readonly byEngine?: boolean;
  /** It works, and what it answers or writes is not what it was untouched. */
  readonly isOtherContent?: boolean;
  /** Controls whose steps are likely to have done it, where no log says. */
  readonly suspects?: readonly string[];
}

/** Answers of one phase, by the check's text: a service's own, since each is compared with its own. */
export type Answers = Map<string, Answer[]>;

/** What the untouched runs answered to one check. */
export interface ExpectedAnswer {
  readonly statuses: readonly number[];
  readonly body: Likeness;
}

/** What serves another page: configuration that its start could not write, or a file that it cannot read. */
const ofContent = ["read-only-rootfs", "tmpfs-options", "root-user", "capabilities-drop"];

export interface CheckContext {
  readonly project: string;
  readonly phase: "first" | "again";
  readonly states: ReadonlyMap<string, ContainerState>;
  /** The services that are verified, not their dependencies. */
  readonly targets: readonly string[];
  readonly docker: Docker;
  readonly signal: AbortSignal;
  /** Takes what was answered. */
  readonly answers: Answers;
  /** By the check's text; empty in untouched runs. */
  readonly expected: ReadonlyMap<string, ExpectedAnswer>;
  readonly jar: CookieJar;
  /** docker compose with the trial's project. */
  readonly compose: (limit: number, ...words: readonly string[]) => Promise<Ended>;
}

/** Runs the user's checks once. Gives the first that fails. */
export async function runChecks(
  checks: UserChecks,
  context: CheckContext,
): Promise<CheckFailure | undefined> {
  const { commands, exec, http, services, limit } = checks;
  for (const service of services) {
    const words = [
      ...["run", "--rm", "--no-deps", "--no-TTY", "--interactive=false"],
      ...["--env", `BULKHEAD_PHASE=${context.phase}`, service],
    ];
    const ended = await context.compose(limit, ...words);
    if (ended.status === 0) continue;
    const reason = `the service ${service} failed: ${ended.timedOut ? tooLong(limit) : saidBy(ended)}`;
    return { kind: "service", service: undefined, reason, isFinal: ended.timedOut };
  }
  for (const command of commands) {
    const environment = { ...process.env, ...variablesOf(context) };
    const ended = await runProgram("sh", ["-c", command], { environment, limit, signal: context.signal });
    if (ended.status !== 0) {
      const reason = `the check failed: ${ended.timedOut ? tooLong(limit) : saidBy(ended)}`;
      return { kind: "command", service: undefined, reason, isFinal: ended.timedOut };
    }
  }
  for (const each of exec) {
    const { services, rest } = forServices(each, context);
    for (const service of services) {
      const id = context.states.get(service)?.id ?? "";
      const words = ["exec", "--env", `BULKHEAD_PHASE=${context.phase}`, id, "sh", "-c", rest];
      const ended = await context.docker.run(words, { limit, signal: context.signal });
      if (ended.status === 0) continue;
      const reason = `the check in ${service} failed: ${ended.timedOut ? tooLong(limit) : saidBy(ended)}`;
      return { kind: "exec", service, reason, isFinal: ended.timedOut };
    }
  }
  for (const each of http) {
    const failure = await askOnce(each, limit, context);
    if (failure) return failure;
  }
  return undefined;
}

/** Asks once more what can be asked again: an answer that counts or tells the time varies then. */
export async function askAgain(
  { http, limit }: UserChecks,
  context: CheckContext,
): Promise<CheckFailure | undefined> {
  for (const each of http.filter((check) => isHarmless(check) && !check.recorded)) {
    const failure = await askOnce(each, limit, context);
    if (failure) return failure;
  }
  return undefined;
}

async function askOnce(
  check: HttpCheck,
  limit: number,
  context: CheckContext,
): Promise<CheckFailure | undefined> {
  const answered = await ask(check, { ...context, limit });
  if (!answered.ok) return { kind: "http", service: undefined, reason: answered.reason, isFinal: false };
  const { service, status, body } = answered.value;
  context.answers.set(check.text, [...(context.answers.get(check.text) ?? []), answered.value]);
  const expected = context.expected.get(check.text);
  if (!expected) return undefined;
  const difference = expected.statuses.includes(status)
    ? differenceFrom(expected.body, body)
    : `has the status ${status} instead of ${expected.statuses[0]}`;
  if (difference === undefined) return undefined;
  const reason = `the answer of ${service} to ${check.text} differs: it ${difference}`;
  return { kind: "http", service, reason, isFinal: false, isOtherContent: true, suspects: ofContent };
}

/** Runs the user's load to its end. Gives why it failed. */
export async function runLoad(
  { load }: UserChecks,
  context: CheckContext,
): Promise<CheckFailure | undefined> {
  if (!load) return undefined;
  const environment = { ...process.env, ...variablesOf(context) };
  const { command, limit } = load;
  const ended = await runProgram("sh", ["-c", command], { environment, limit, signal: context.signal });
  if (ended.status === 0 || context.signal.aborted) return undefined;
  const reason = `the --while command failed: ${ended.timedOut ? tooLong(limit) : saidBy(ended)}`;
  return { kind: "command", service: undefined, reason, isFinal: true };
}

function tooLong(limit: number): string {
  return `it did not end within ${Math.round(limit / 1000)} s`;
}

function saidBy(ended: Parameters<typeof whyFailed>[0]): string {
  const said = `${ended.stderr}${ended.stdout}`.trim() === "" ? "" : `: ${whyFailed(ended, 0)}`;
  return `exit status ${ended.status ?? "unknown"}${said}`;
}

/** What `--check` finds in its environment: BULKHEAD_ADDRESS_WEB, BULKHEAD_CONTAINER_WEB, BULKHEAD_PHASE. */
function variablesOf({ project, phase, states }: CheckContext): Record<string, string> {
  const entries = [...states.values()].flatMap(({ service, name, address }): [string, string][] => {
    const suffix = service.toUpperCase().replace(/[^A-Z0-9]/g, "_");
    return [
      [`BULKHEAD_CONTAINER_${suffix}`, name],
      [`BULKHEAD_ADDRESS_${suffix}`, address ?? ""],
    ];
  });
  return { BULKHEAD_PROJECT: project, BULKHEAD_PHASE: phase, ...Object.fromEntries(entries) };
}

function forServices(text: string, { states, targets }: CheckContext) {
  const named = /^([\w.-]+)=(.*)$/s.exec(text);
  if (named?.[1] !== undefined && states.has(named[1])) return { services: [named[1]], rest: named[2] ?? "" };
  return { services: targets, rest: text };
}
