import { existsSync } from "node:fs";
import { join } from "node:path";
import { groupBy } from "../base/group-by.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { Ask, AskingArgument, KernelInterface } from "../model/kernel-interfaces/interface.ts";
import type { Reached, Standing } from "../model/kernel-interfaces/standing.ts";
import { kernelInterfaces } from "../model/kernel-interfaces/table.ts";
import { errorOf } from "./experiment/attempts.ts";
import { absent } from "./experiment/verdict.ts";
import { tryWays, type Way, type WayTried } from "./experiment/ways.ts";
import type { Argument, Builder, Call } from "./helper/program.ts";
import type { ProbeTarget, ProvingEngine } from "./probe.ts";
import { inContainers, type Setting } from "./prove.ts";

/** A way to ask, of prove's. */
function wayOf(ask: Ask, { needs }: KernelInterface): Way {
  return {
    what: ask.what,
    ...(ask.granted && { granted: ask.granted }),
    ...(ask.byCapability && { byCapability: true }),
    // A 32-bit call has no upper bits.
    ...(ask.hidden === "upper bits" && { abis: ["native", "x32"] }),
    ...(needs && { needs: needs.capability, inOwnNamespace: needs.in === "own" }),
    make(builder) {
      const made: Call[] = [];
      for (const [name, ...given] of ask.calls) {
        const values = given.map((argument) => argumentOf(argument, made, builder));
        if (name !== "clone" && name !== "clone3") made.push(builder.call(name, ...values));
        else {
          const child = builder.childBy(name, values, () => {});
          builder.call("wait4", child, 0, 0, 0);
          made.push(child);
        }
      }
      return (ran) => made.map((call) => errorOf(ran, call)).find((error) => error !== undefined);
    },
  };
}

function argumentOf(argument: AskingArgument, made: readonly Call[], builder: Builder): Argument {
  if (typeof argument === "number") return argument;
  if (typeof argument === "string") return builder.text(argument);
  if ("resultOf" in argument) return made[argument.resultOf] ?? -1;
  const bytes = Buffer.alloc(argument.numbers.length * 4);
  for (const [index, number] of argument.numbers.entries()) bytes.writeUInt32LE(number, index * 4);
  return builder.bytes(bytes);
}

/** The question without how it was asked. */
function plain(what: string): string {
  return what.replace(/ through a program that is setuid root.*$/, "");
}

/** What came of every question, by its call; each was tried as a native, a 32-bit and an x32 call. */
async function askAll(target: ProbeTarget): Promise<Result<ReadonlyMap<string, readonly WayTried[]>>> {
  const [first, second, ...more] = kernelInterfaces.flatMap((row) => row.asks.map((ask) => wayOf(ask, row)));
  if (!first || !second) return failed("the table of interfaces is empty");
  const tried = await tryWays(target, [first, second, ...more], undefined);
  if (!tried.ok) return tried;
  return ok(groupBy(tried.value, ({ what }) => plain(what)));
}

/**
 * Asks the kernel which of its interfaces a container reaches, in three throw-away containers: one like it, the same without
 * a seccomp filter, and a privileged one, which shows what the kernel has. Asking for a socket family may load its module, as
 * any program in the container could.
 */
export async function askReach(setting: Setting, engine: ProvingEngine): Promise<Result<Reached>> {
  return await inContainers(setting, engine, async (subject, containers) => {
    const main = await containers.subject();
    if (!main.ok) return failed(`${subject.id} cannot be asked: ${main.reason}`);
    const unfiltered = await containers.loosened(["seccomp-profile"]);
    const open = await containers.looser("open");
    // Without one of both the layer is not known, and the answer is the same.
    const [here, bare, everywhere] = [
      await askAll(main.value.target),
      unfiltered.ok ? await askAll(unfiltered.value) : unfiltered,
      open.ok ? await askAll(open.value.target) : open,
    ];
    if (!here.ok) return failed(`${subject.id} cannot be asked: ${here.reason}`);
    const free = bare.ok && isInDoubt(bare.value) ? await containers.loosened(unconfined) : undefined;
    const unlabelled = free?.ok ? await askAll(free.value) : failed("it was not needed");
    const interfaces = kernelInterfaces.map((row) =>
      standingOf(row, (map) => row.asks.flatMap(({ what }) => (map.ok ? (map.value.get(what) ?? []) : [])), {
        ...{ here, bare, everywhere, unlabelled },
      }),
    );
    const lacking = subject.isHere ? lackingSysctls(setting.proc) : [];
    return ok({ subject: subject.id, asked: "kernel", interfaces, missing: subject.missing, lacking });
  });
}

/** Sysctls of the table that a kernel does not have, by its procfs: some came late, some with an option of its build. */
export function lackingSysctls(proc: string): readonly string[] {
  return kernelInterfaces.flatMap(({ sysctl }) => {
    const [name] = sysctl?.split("=") ?? [];
    const isThere = name === undefined || existsSync(join(proc, "sys", ...name.split(".")));
    return isThere || sysctl === undefined ? [] : [sysctl];
  });
}

/** What a container without seccomp and AppArmor lacks. */
const unconfined = ["seccomp-profile", "apparmor-profile"];

/** Whether one error may come from AppArmor, and from another layer as well. */
function isInDoubt(answers: ReadonlyMap<string, readonly WayTried[]>): boolean {
  return [...answers.values()].flat().some(({ layer }) => layer?.includes(" or ") === true);
}

type Answers = Result<ReadonlyMap<string, readonly WayTried[]>>;

function standingOf(
  row: KernelInterface,
  of: (answers: Answers) => readonly WayTried[],
  {
    here,
    bare,
    everywhere,
    unlabelled,
  }: Readonly<Record<"here" | "bare" | "everywhere" | "unlabelled", Answers>>,
): Standing {
  const ways = of(here);
  const found = (answers: Answers, { what, abi }: WayTried) =>
    of(answers).find((other) => other.abi === abi && plain(other.what) === plain(what));
  const open = ways.filter(({ error }) => error === undefined);
  if (open.length > 0) return { row, state: "reached", by: [], through: named(open) };
  if (ways.length === 0)
    return { row, state: "unknown", by: ["no way to ask on this architecture"], through: [] };
  const layers = ways.map((way) => {
    const without = found(bare, way);
    return layersOf(row, way, without && certain(without, found(unlabelled, way)), found(everywhere, way));
  });
  const shown = layers.filter((by) => !by.includes("kernel"));
  const by = [...new Set((shown.length > 0 ? shown : layers).flat())];
  return { row, state: "stopped", by, through: ways.map((way) => `${nameOf(way)}: ${way.error}`) };
}

const abis = { native: "", i386: " by a 32-bit call", x32: " by an x32 call" } as const;

function nameOf({ what, abi }: WayTried): string {
  return `${what}${abis[abi]}`;
}

/** Without what a 32-bit call does as the native one does. */
function named(ways: readonly WayTried[]): readonly string[] {
  const native = new Set(ways.flatMap(({ what, abi }) => (abi === "native" ? plain(what) : [])));
  return ways.filter(({ what, abi }) => abi === "native" || !native.has(plain(what))).map(nameOf);
}

/** The layer of a way that AppArmor or another layer may stop: the other where it is the same without AppArmor. */
export function certain(way: WayTried, unlabelled: WayTried | undefined): WayTried {
  const { layer } = way;
  if (!unlabelled || layer?.includes(" or ") !== true) return way;
  if (unlabelled.error === way.error) return { ...way, ...(unlabelled.layer && { layer: unlabelled.layer }) };
  return { ...way, layer: layer.slice(layer.lastIndexOf(" or ") + " or ".length) };
}

/** What stops one way: what stops it without a filter too, and the filter where that changes the answer. */
export function layersOf(
  row: KernelInterface,
  here: WayTried,
  bare: WayTried | undefined,
  everywhere: WayTried | undefined,
): readonly string[] {
  const lacks = everywhere?.error;
  if (lacks !== undefined && (absent.has(lacks) || lacks === "SIGSEGV" || lacks === "EIO")) {
    if (lacks === "EIO") return [`sysctl ${row.sysctl ?? ""}`.trim()];
    if (here.error === lacks) return ["kernel"];
    // Something says no before the kernel would: the filter, unless it is the same without.
    return ["kernel", bare && bare.error === here.error ? layerBelow(row, bare) : "seccomp"];
  }
  if (!bare) return [here.layer ?? here.error ?? ""];
  if (bare.error === undefined) return ["seccomp"];
  const below = layerBelow(row, bare);
  return bare.error === here.error ? [below] : ["seccomp", below];
}

/** What stops a way that no filter stops. */
function layerBelow({ file, sysctl, needs }: KernelInterface, { error = "", layer }: WayTried): string {
  if (file) {
    if (error === "ENOENT") return "not in the container";
    if (error === "EPERM") return "device cgroup";
    return error === "EACCES" ? (layer ?? "permissions") : error === "EROFS" ? "read-only mount" : error;
  }
  if (layer?.startsWith("no CAP_")) return layer;
  if (needs && error === "EACCES") return `no CAP_${needs.capability}`;
  if ((error === "EIO" || error === "ENOSPC" || layer === "kernel") && sysctl) return `sysctl ${sysctl}`;
  return layer ?? error;
}
