import { readFileSync } from "node:fs";
import { itemsOf, textAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import type { EngineStreams } from "../engine/streams.ts";
import { causeOf } from "../trial/compare/cause.ts";
import { loggedLines } from "../trial/logged-lines.ts";
import { type ContainerState, stateOf } from "../trial/state.ts";
import { type KernelLine, killedFor, openKernelLog, readAuditLine } from "./audit-lines.ts";
import {
  type Asked,
  askedOf,
  type Ended,
  faultsOf,
  gathered,
  type Refused,
  type WhyReport,
} from "./outcome.ts";
import { errorIn, type Fate, type Refusal } from "./refusal.ts";
import { isDropped, ruleOf, userOf } from "./rules.ts";
import { callIn } from "./words.ts";

/** One container of the look back. */
interface Looked {
  readonly asked: Asked;
  readonly state: ContainerState;
}

interface Kernel {
  readonly isReadable: boolean;
  readonly lines: readonly KernelLine[];
}

/** Lines that are read of each container's log. */
const mostLines = 2_000;
/** Milliseconds between an error line and the end that it announces; dockerd may read the line after the end. */
const soon = 2_000;
/** Statuses by which a container ends that was stopped: SIGINT, SIGKILL, SIGTERM (signal(7)). */
const stopped: readonly number[] = [130, 137, 143];

/**
 * What was refused since a time (milliseconds since 1970), as far as the containers' logs, their ends and the kernel's log show it:
 * nothing watched them then. `name`: of this container alone.
 */
export async function lookBack(
  reader: EngineClient,
  streams: Pick<EngineStreams, "getBytes">,
  since: number,
  name?: string,
): Promise<Result<WhyReport>> {
  const names = name === undefined ? await everyId(reader) : ok([name]);
  if (!names.ok) return names;
  const containers: Looked[] = [];
  const refused: Refused[] = [];
  for (const each of names.value) {
    const inspect = await reader.get(`/containers/${encodeURIComponent(each)}/json`);
    if (!inspect.ok) {
      // Of all containers, one that is removed meanwhile is none of them any more.
      if (name === undefined && inspect.kind === "missing") continue;
      return failed(inspect.kind === "missing" ? `there is no container ${each}` : inspect.reason);
    }
    const one = { asked: askedOf(inspect.value), state: stateOf(inspect.value) };
    if (!one.state.running && one.state.finishedAt < since && name === undefined) continue;
    containers.push(one);
    const query = `timestamps=1&since=${Math.floor(since / 1_000)}&tail=${mostLines}`;
    refused.push(
      ...(await loggedLines(one.asked.id, inspect.value, streams, query)).flatMap((line) =>
        ofLine(one, line),
      ),
    );
  }
  const log = openKernelLog(since);
  const kernel = { isReadable: log.isReadable, lines: log.read() };
  log.close();
  refused.push(...kernel.lines.flatMap((line) => ofKernel(containers, line)));
  refused.push(...containers.flatMap((each) => ofEnd(each, kernel, refused)));
  const all = gathered(refused.filter(({ time }) => time >= since));
  return ok({
    containers: containers.map(({ asked }) => asked),
    refused: all,
    unexplained: containers.flatMap((each) => unexplained(each, since, all)),
    seconds: Math.round((Date.now() - since) / 1_000),
    lost: 0,
  });
}

async function everyId(reader: EngineClient): Promise<Result<readonly string[]>> {
  const list = await reader.get("/containers/json?all=1");
  return list.ok ? ok(itemsOf(list.value).flatMap((each) => textAt(each, "Id") ?? [])) : failed(list.reason);
}

/** One line of a container's log, behind its time: `2026-11-30T10:00:00.000000000Z mkdir: …`. */
function ofLine({ asked, state }: Looked, line: string): readonly Refused[] {
  const at = line.indexOf(" ");
  const time = Date.parse(line.slice(0, at));
  const [text] = faultsOf(line.slice(at + 1));
  const error = text === undefined ? undefined : errorIn(text);
  if (text === undefined || error === undefined || Number.isNaN(time)) return [];
  const { path, capability } = causeOf(text) ?? {};
  const call = callIn(text);
  const refused = refusedOf(
    asked,
    {
      ...{ error, missing: missingOf(error, capability, asked), fate: fateOf(state, time) },
      process: /^([\w.-]+): /.exec(text)?.[1] ?? unnamed,
      call: call ?? "a call",
      texts: path === undefined ? [] : [path],
    },
    time,
  );
  const named =
    path === undefined ? refused.call : call === undefined ? `use of ${path}` : `${call}(${path})`;
  return [{ ...refused, call: named, line: text.slice(0, 300) }];
}

/** What the error means for who the container runs as, and with which capabilities. */
function missingOf(error: string, capability: string | undefined, { facts }: Asked): readonly string[] {
  if (error !== "EPERM" && error !== "EACCES") return [];
  const user = userOf(facts);
  if (capability !== undefined && (user !== undefined || isDropped(capability, facts))) return [capability];
  const isOthers = error === "EACCES" && (user !== undefined || isDropped("DAC_OVERRIDE", facts));
  return isOthers ? ["DAC_OVERRIDE"] : [];
}

function fateOf({ running, exitCode, finishedAt }: ContainerState, time: number): Fate {
  const isEnd = !running && exitCode !== 0 && Math.abs(finishedAt - time) <= soon;
  return isEnd ? { kind: "exit", status: exitCode } : { kind: "error" };
}

/** The kernel's words where a limit of a cgroup is reached (mm/oom_kill.c, kernel/cgroup/pids.c). */
const outOfMemory = /\boom-kill:.*task_memcg=(\S+?),task=(.*),pid=(\d+),/;
const forkRejected = /fork rejected by pids controller in (\S+)/;

function ofKernel(containers: readonly Looked[], { time, text }: KernelLine): readonly Refused[] {
  const [, memoryGroup, victim = "", pid] = outOfMemory.exec(text) ?? [];
  const pidsGroup = forkRejected.exec(text)?.[1];
  const audited = readAuditLine(text);
  const group = memoryGroup ?? pidsGroup ?? (audited && cgroupOf(audited.pid));
  const asked = containers.find((each) => group?.includes(each.asked.id))?.asked;
  if (!asked) return [];
  if (memoryGroup !== undefined) return [killedByMemory(asked, victim, Number(pid), time)];
  if (!audited) return [refusedOf(asked, { call: "fork", error: "EAGAIN", fate: { kind: "error" } }, time)];
  const isSeccomp = audited.layer === "seccomp";
  const { path } = audited;
  const own = {
    ...{ pid: audited.pid, process: /\bcomm="([^"]*)"/.exec(text)?.[1] ?? unnamed, isSeccomp },
    ...{ call: killedFor(audited) ?? "a call", error: isSeccomp ? "SIGSYS" : "EACCES" },
    texts: path === undefined ? [] : [path],
  };
  const refused = refusedOf(asked, own, time);
  return [
    {
      ...refused,
      ...(!isSeccomp && { rule: audited }),
      ...(path !== undefined && { call: `use of ${path}` }),
    },
  ];
}

const unnamed = "a program";

/** A refusal as far as the log shows it: `known`. */
function refusedOf(container: Asked, known: Partial<Refusal>, time: number): Refused {
  const refusal: Refusal = {
    ...{ container: container.id, pid: 0, process: unnamed, time: time / 1_000, call: "a call", error: "" },
    ...{ isSeccomp: false, words: undefined, missing: [], texts: [], fate: { kind: "survived" } },
    ...known,
  };
  const rule = ruleOf(refusal, container.facts);
  return { container, call: refusal.call, refusal, rule, line: undefined, time, count: 1 };
}

function killedByMemory(container: Asked, process: string, pid: number, time: number): Refused {
  const fate: Fate = { kind: "signal", signal: "SIGKILL" };
  return refusedOf(container, { pid, process, call: "memory", error: "OOM", fate }, time);
}

/** Undefined where the process has ended. */
function cgroupOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return undefined;
  }
}

/** By this status a container ends that a seccomp profile killed (128 and SIGSYS), and any that chose it. */
const bySigsys = 159;

/** What the end itself shows: the kernel's log may be another machine's. */
function ofEnd({ asked, state }: Looked, log: Kernel, refused: readonly Refused[]): readonly Refused[] {
  const isKnown = (error: string) =>
    refused.some((each) => each.container.id === asked.id && each.refusal.error === error);
  const { running, exitCode, finishedAt } = state;
  if (state.oomKilled && !isKnown("OOM")) return [killedByMemory(asked, unnamed, 0, finishedAt)];
  if (running || exitCode !== bySigsys || isKnown("SIGSYS")) return [];
  // The kernel writes of each such end. Whose line it is nobody can say once the process has ended, so its call is not named.
  const isNear = ({ time, text }: KernelLine) =>
    Math.abs(time - finishedAt) <= soon && readAuditLine(text)?.layer === "seccomp";
  if (log.isReadable && !log.lines.some(isNear)) return [];
  const fate: Fate = { kind: "signal", signal: "SIGSYS" };
  const killed = { call: "a system call", error: "SIGSYS", isSeccomp: true, fate };
  return [refusedOf(asked, killed, finishedAt)];
}

function unexplained({ asked, state }: Looked, since: number, refused: readonly Refused[]): readonly Ended[] {
  const { running, exitCode, finishedAt } = state;
  const isFailure = !running && finishedAt >= since && exitCode !== 0 && !stopped.includes(exitCode);
  if (!isFailure || refused.some(({ container }) => container.id === asked.id)) return [];
  return [{ container: asked, status: exitCode, reason: state.error, time: finishedAt }];
}
