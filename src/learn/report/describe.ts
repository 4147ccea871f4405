import { createColors } from "picocolors";
import { shellWords } from "../../base/shell-words.ts";
import { visible } from "../../base/visible.ts";
import { round, sayBytes } from "../../controls/cgroups/amounts.ts";
import type { Look } from "../../fix/describe.ts";
import { hiding, snippetOf } from "../../fix/outcome.ts";
import { sayPlaces } from "../../fix/plan/needs.ts";
import type { Step } from "../../fix/plan/step.ts";
import { weakChecks } from "../../fix/verify/describe.ts";
import type { Learnt } from "../learnt.ts";
import type { Observation } from "../observe/observe.ts";
import type { Places } from "../observe/places.ts";
import { isPlainUser } from "../observe/users.ts";
import { diskPatches, headRoom, isSilent, least, missingDiskLimits } from "../plan/steps.ts";
import { deniedWithoutHarm, row } from "./document.ts";

/** What was learnt, a few lines for each service. */
export function describeLearnt(all: readonly Learnt[], look: Look): string {
  const c = createColors(look.colour);
  return all
    .map((learnt) => {
      const { plan, failure } = learnt;
      const hide = hiding(plan.subject);
      const head = `${c.bold(plan.subject.id)}  ${sayRuns(learnt)}`;
      if (failure !== undefined)
        return `${head}\n  ${c.red("not learnt")}: ${hide(failure).split("\n").map(visible).join("\n")}\n`;
      const rows: readonly (readonly [string, readonly string[]])[] = [
        ...learntFacts(learnt),
        ["also", also(plan.steps).map(hide)],
        ["breaks", broken(learnt).map(hide)],
        ["note", sayWeak(learnt).map(hide)],
      ];
      const body = rows.flatMap(([name, lines]) => row(name, lines, look));
      return `${head}\n${body.join("")}`;
    })
    .join("\n");
}

/** What was learnt of one service, by name, without credentials. Nothing where it was not looked at. */
export function learntFacts(learnt: Learnt): readonly (readonly [name: string, lines: readonly string[]])[] {
  const { seen, plan } = learnt;
  const all: readonly (readonly [string, readonly string[]])[] = [
    ["capabilities", capabilities(learnt)],
    ["user", user(learnt)],
    ["files", seen?.places ? files(seen.places, learnt) : []],
    ["volumes", volumes(learnt)],
    ["system calls", seccomp(learnt)],
    ["AppArmor", apparmor(learnt)],
    ["limits", limits(learnt)],
    ["network", network(learnt)],
  ];
  const hide = hiding(plan.subject);
  return all.flatMap(([name, lines]) => (lines.length > 0 ? [[name, lines.map(hide)] as const] : []));
}

export function sayRuns({ starts, seconds }: Learnt): string {
  return `${starts} runs in ${seconds.toFixed(0)} s`;
}

export function sayWeak({ check }: Learnt): readonly string[] {
  const { unseen, strength } = check;
  const rest = unseen.length === 0 ? [] : [`Not seen: ${unseen.join("; ")}.`];
  if (strength !== "weak") return rest;
  return [weakChecks, ...rest];
}

function capabilities(learnt: Learnt): readonly string[] {
  const {
    capabilities: { before, needed },
    broken,
    seen,
    untraced,
  } = learnt;
  if (broken.some(({ step }) => step.keys[0] === "learn capabilities-drop")) return ["unchanged"];
  const denied = deniedWithoutHarm(learnt);
  // Of one who starts without capabilities these are the kernel's own, as for an overlay.
  const used = isPlainUser(seen?.startsAs ?? "") ? [] : [...(seen?.asked?.granted.keys() ?? [])];
  const spare = used.filter((name) => before.includes(name) && !needed.has(name));
  const more = [
    ...(spare.length > 0 ? [`used at times, but not needed: ${spare.join(", ")}`] : []),
    ...(denied.length > 0 ? [`asked for and refused, harmlessly: ${denied.join(", ")}`] : []),
    ...(untraced === undefined ? [] : [`not traced, found by trial alone: ${untraced}`]),
  ];
  if (before.length === 0) return ["none, as today", ...more];
  if (needed.size === 0) return [`none of its ${before.length} are needed`, ...more];
  return [
    `${[...needed.keys()].join(", ")}: ${needed.size} of ${before.length}, each one is needed`,
    ...[...needed].map(([name, reason]) => `without ${name}: ${reason}`),
    ...more,
  ];
}

function user({ seen, user: { candidate, reason } }: Learnt): readonly string[] {
  const starts = seen?.startsAs || "root";
  if (!candidate) return [`starts as ${starts}`];
  const whom = `${candidate.uid}:${candidate.gid}`;
  if (reason === undefined)
    return [`starts as ${whom} instead of ${starts}: it switches to that user anyway`];
  return [`starts as ${starts} and switches to ${whom}; it cannot start as that user: ${reason}`];
}

function files({ data, among }: Places, { plan }: Learnt): readonly string[] {
  const isReadOnly = plan.steps.some(({ patches }) =>
    patches.some(({ field }) => field === "readonlyRootfs"),
  );
  const added = plan.steps
    .flatMap(({ patches }) => patches)
    .flatMap((patch) => (patch.op === "add" && patch.field === "mounts" ? patch.value : []));
  const targets = (type: string) => added.filter((each) => each.type === type).map(({ target }) => target);
  const places = sayPlaces({ inMemory: targets("tmpfs"), onDisk: targets("volume") });
  const some = (paths: readonly string[]) =>
    `${paths.slice(0, 4).join(", ")}${paths.length > 4 ? ` and ${paths.length - 4} more` : ""}`;
  return [
    isReadOnly ? `read-only root file system${places}` : "the root file system stays writable",
    ...data.map(({ path, written }) => `${path} may hold data: ${some(written)}`),
    ...(among.length > 0 && !isReadOnly
      ? [`it writes next to files of the image: ${some(among)}; give it a separate folder to write to`]
      : []),
  ];
}

function volumes({ volumes: tried }: Learnt): readonly string[] {
  if (!tried) return [];
  const lines = tried.mounts.map(({ name, target }) => `- ${name}:${target}`);
  if (!tried.works) return [`a named volume did not work: ${tried.reason}`, ...lines];
  return ["add and declare these: with them, it works on a read-only root file system", ...lines];
}

function seccomp({ seccomp: profile, seen }: Learnt): readonly string[] {
  if (!profile) return seen?.asked ? ["unchanged"] : [];
  const { path, names, refused, narrower, families, wider } = profile;
  const sockets = families ? `, and allows ${families.length} socket families` : "";
  return [
    `${names.length} used; ${path} allows these and their variants`,
    `it stops ${narrower} calls that Docker's own profile allows${sockets}`,
    ...(wider.length > 0 ? [`it allows what Docker's own stops: ${wider.join(", ")}`] : []),
    ...(refused.length > 0 ? [`refused harmlessly: ${refused.join(", ")}`] : []),
  ];
}

/** No trial starts with it: that would load it into this machine's kernel. */
function apparmor({ apparmor: profile }: Learnt): readonly string[] {
  if (!profile) return [];
  const { path, name, parsed, runsHere } = profile;
  const read = parsed.ok
    ? "apparmor_parser accepts it"
    : parsed.ok === false
      ? `apparmor_parser refuses it: ${parsed.reason}`
      : `not parsed: ${parsed.reason}`;
  const untried = runsHere ? "it was not loaded, nor tried" : "not tried: AppArmor does not run here";
  return [
    `${path} allows the same; ${read}; ${untried}`,
    `to use it: apparmor_parser -r ${shellWords([path])}, then add the security option apparmor=${name}`,
  ];
}

function limits(learnt: Learnt): readonly string[] {
  const { seen, isLoaded, plan } = learnt;
  if (!seen) return [];
  const { memory, pids, pidsSampled, cpus } = seen.peaks;
  // fix's default comes from no peak.
  const set = (field: string) =>
    plan.steps
      .filter(({ keys: [key] }) => key.startsWith("learn "))
      .flatMap(({ patches }) => patches)
      .find((patch) => patch.field === field && patch.op === "set");
  const value = (field: string): number | undefined => {
    const patch = set(field);
    return patch && "value" in patch ? Number(patch.value) : undefined;
  };
  const lines: string[] = [];
  const add = (name: string, peak: string, limit: string | undefined, times: number, least: string) =>
    lines.push(
      `${name} ${limit ?? "unchanged"}: peak ${peak}${limit === undefined ? "" : `, times ${times}, at least ${least}`}`,
    );
  const [bytes, processes, nano] = [value("memory"), value("pidsLimit"), value("nanoCpus")];
  if (memory !== undefined)
    add(
      "memory",
      sayBytes(memory),
      bytes === undefined ? undefined : sayBytes(bytes),
      headRoom.memory,
      sayBytes(least.memory),
    );
  if (pids !== undefined)
    add(
      "processes",
      `${pids}${pidsSampled ? " in samples (this kernel keeps no peak: there may have been more)" : ""}`,
      processes?.toString(),
      headRoom.pids,
      String(least.pids),
    );
  if (cpus !== undefined && (nano !== undefined || cpus >= 0.01))
    add(
      "CPUs",
      cpus < 0.01 ? "below 0.01" : String(round(cpus)),
      nano === undefined ? undefined : String(nano / 1e9),
      headRoom.cpus,
      String(least.cpus),
    );
  if (!isLoaded) {
    lines.push("No limits come from these peaks, because nothing put load on it: see --while.");
  }
  return [...lines, ...disks(learnt, seen)];
}

/** A file that names a disk of this host does not start on another: it takes a person to want that. */
function disks({ plan, isLoaded, broken: left }: Learnt, seen: Observation): readonly string[] {
  const patches = plan.steps.flatMap((step) => step.patches);
  const lines = seen.peaks.disks.map(({ path, readBytes, writtenBytes, readRate, writeRate }) => {
    const limits = patches.flatMap((patch) =>
      patch.op === "add" && patch.field === "blkioDeviceLimits" && patch.value.path === path
        ? [`${patch.value.kind === "read-bps" ? "reads" : "writes"} ${sayBytes(patch.value.rate)}/s`]
        : [],
    );
    const peak = (rate: number) => (rate === 0 ? "" : ` (peak ${sayBytes(rate)}/s)`);
    const used = `read ${sayBytes(readBytes)}${peak(readRate)}, wrote ${sayBytes(writtenBytes)}${peak(writeRate)}`;
    const room = `times ${headRoom.disks}, at least ${sayBytes(least.disks)}/s`;
    return `${path} ${limits.length === 0 ? `unchanged: ${used}` : `${limits.join(", ")}: ${used}, ${room}`}`;
  });
  const view = plan.subject.kind === "container" ? plan.subject.views[0] : undefined;
  const isDone = [...patches, ...left.flatMap(({ step }) => step.patches)].some(
    ({ field }) => field === "blkioDeviceLimits",
  );
  const missing = view && isLoaded && !isDone ? diskPatches(missingDiskLimits(view, seen)) : [];
  if (missing.length === 0) return lines;
  return [
    ...lines,
    "No disk limits were set: they name a disk of this host, and elsewhere the container would not start. --disk-limits sets and tries them:",
    ...(snippetOf(plan, { patches: missing })?.split("\n") ?? []),
  ];
}

function network({ seen }: Learnt): readonly string[] {
  if (!seen) return [];
  const {
    listens,
    network: { peers },
    asked,
  } = seen;
  if (isSilent(seen)) return ["does not listen and sent nothing: it needs no network"];
  return [
    listens.length > 0 ? `listens on ${listens.join(", ")}` : "listens on nothing",
    peers.length > 0
      ? `connected to ${peers.slice(0, 6).join(", ")}`
      : asked && !asked.calls.has("connect")
        ? "opened no connections: an internal network is enough, unless you publish its ports"
        : "no connection to another host was seen; a short one can be missed",
  ];
}

/** Steps that fix makes, and that held in every run. */
function also(steps: readonly Step[]): readonly string[] {
  const others = steps.filter(({ keys: [key] }) => !key.startsWith("learn "));
  return others.length === 0 ? [] : [others.flatMap(({ controls }) => controls.slice(0, 1)).join(", ")];
}

function broken({ broken: steps }: Learnt): readonly string[] {
  return steps.flatMap(({ step, reason, evidence }) => [
    `${step.controls.join(", ")}: ${reason}`,
    ...evidence.filter((line) => line !== reason).map((line) => `| ${line.slice(0, 200)}`),
  ]);
}
