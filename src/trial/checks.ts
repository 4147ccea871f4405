import { failed, ok, type Result } from "../base/result.ts";
import { type Docker, whyFailed } from "./docker.ts";
import { runProgram } from "./program.ts";
import type { ContainerState } from "./state.ts";
import { listensOf } from "./state.ts";

/** What the user says that working means. */
export interface UserChecks {
  /** A shell command on this machine. */
  readonly command: string | undefined;
  /** A shell command in each container that is verified; `SERVICE=COMMAND` names one service. */
  readonly exec: readonly string[];
  /** A path, or `SERVICE/path`, or `:PORT/path`. */
  readonly http: readonly string[];
  /** Milliseconds that one check may take. */
  readonly limit: number;
  /** A shell command on this machine that uses the workload once the checks pass: a load, a test suite. */
  readonly load?: { readonly command: string; readonly limit: number } | undefined;
}

export const checkKinds = ["command", "exec", "http", "health", "listens", "output", "restart"] as const;
export type CheckKind = (typeof checkKinds)[number];

export interface CheckFailure {
  readonly kind: CheckKind;
  readonly service: string | undefined;
  readonly reason: string;
  /** It would not help to try again. */
  readonly isFinal: boolean;
  /** The Engine could not start a container: no program of the workload had a part in it. */
  readonly byEngine?: boolean;
}

export interface CheckContext {
  readonly project: string;
  readonly phase: "first" | "again";
  readonly states: ReadonlyMap<string, ContainerState>;
  /** The services that are verified, not their dependencies. */
  readonly targets: readonly string[];
  readonly docker: Docker;
  readonly signal: AbortSignal;
}

/** Runs the user's checks once. Gives the first that fails. */
export async function runChecks(
  checks: UserChecks,
  context: CheckContext,
): Promise<CheckFailure | undefined> {
  const { command, exec, http, limit } = checks;
  if (command !== undefined) {
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
    const answered = await getPath(each, context, limit);
    if (!answered.ok) return { kind: "http", service: undefined, reason: answered.reason, isFinal: false };
  }
  return undefined;
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

async function getPath(text: string, context: CheckContext, limit: number): Promise<Result<void>> {
  const [, service, port, path = "/"] = /^([\w.-]*)(?::(\d+))?(\/.*)?$/s.exec(text) ?? [];
  const names = service ? [service] : context.targets;
  let reason = `${text}: no container of ${names.join(", ")} has an address and a port to ask`;
  for (const name of names) {
    const state = context.states.get(name);
    if (state?.address === undefined) continue;
    for (const each of port ? [port] : portsOf(state)) {
      const url = `http://${state.address}:${each}${path}`;
      try {
        const signal = AbortSignal.any([context.signal, AbortSignal.timeout(limit)]);
        const answer = await fetch(url, { redirect: "manual", signal });
        await answer.body?.cancel();
        if (answer.status < 400) return ok(undefined);
        reason = `${name} answers ${path} on port ${each} with status ${answer.status}`;
      } catch {
        reason = `${name} does not answer ${path} on port ${each}`;
      }
    }
  }
  return failed(reason);
}

function portsOf(state: ContainerState): readonly string[] {
  const listened = listensOf(state).filter((each) => each.startsWith("tcp/"));
  if (listened.length > 0) return listened.map((each) => each.slice("tcp/".length));
  return state.exposed.filter((each) => each.endsWith("/tcp")).map((each) => each.slice(0, -"/tcp".length));
}
