import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { lacksLimits } from "../../controls/cgroups/limits.ts";
import { whyNoLimits } from "../../controls/engine/rootless-host.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { OnHost } from "../engine/views.ts";
import { engineIn } from "../judge/container/known.ts";
import type { Budget } from "./budget.ts";

/**
 * One cgroup around all containers and builds of a leash, so that the kernel holds what no account of requests can: RUN steps of BuildKit
 * have no limits of their own, and what a container put into a tmpfs, into shared memory or behind a descriptor that another one has
 * stays when it is removed.
 */
export interface Cgroup {
  /** What `--cgroup-parent` takes; undefined where there is none. Made with the first container or build. */
  parent(): Promise<string | undefined>;
}

const root = "/sys/fs/cgroup";

/** What a budget sets of each container, by the Engine's names. */
const parts = [
  { field: "memory", noun: "memory" },
  { field: "pids-limit", noun: "processes" },
  { field: "cpuset-cpus", noun: "CPUs" },
] as const;

/** Of what it has on the host, which others see: without the part that nobody else knows. */
export function hostName(value: string): string {
  return `bulkhead${createHash("sha256").update(value).digest("hex").slice(0, 24)}`;
}

/** $1: its name; $2: bytes; $3: processes; $4: CPUs or nothing. Each limit is read back. */
const making = `set -e
cd ${root}
put() { echo "$2" > "$1"; [ "$(cat "$1")" -le "$2" ]; }
if [ -e cgroup.controllers ]; then
  echo "+memory +pids +cpuset" > cgroup.subtree_control
  mkdir -p "$1"
  put "$1/memory.max" "$2"; put "$1/pids.max" "$3"
  [ ! -e "$1/memory.swap.max" ] || echo 0 > "$1/memory.swap.max"
  [ -z "$4" ] || echo "$4" > "$1/cpuset.cpus"
else
  mkdir -p "memory/$1" "pids/$1" "cpuset/$1"
  swap="memory/$1/memory.memsw.limit_in_bytes"
  # Each must not be below the other at any moment.
  [ ! -e "$swap" ] || echo -1 > "$swap"
  put "memory/$1/memory.limit_in_bytes" "$2"
  [ ! -e "$swap" ] || echo "$2" > "$swap"
  put "pids/$1/pids.max" "$3"
  cat cpuset/cpuset.mems > "cpuset/$1/cpuset.mems"
  echo "\${4:-$(cat cpuset/cpuset.cpus)}" > "cpuset/$1/cpuset.cpus"
fi`;

/** $1: its name. The kernel holds a cgroup for a moment after its last process has ended. */
const removing = `cd ${root}
for try in 1 2 3 4 5 6 7 8 9 10; do
  left=
  for at in "$1" */"$1"; do
    [ -d "$at" ] && [ ! -L "\${at%/*}" ] || continue
    find "$at" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
  done
  [ -n "$left" ] || exit 0
  sleep 0.2
done
exit 0`;

export function openCgroup(
  {
    value,
    budget,
    cpuset,
  }: { readonly value: string; readonly budget: Budget; readonly cpuset: string | undefined },
  engine: Pick<EngineClient, "get">,
  onHost: OnHost | undefined,
  tell: (message: string) => void,
): Cgroup {
  let made: Promise<string | undefined> | undefined;
  async function make(): Promise<string | undefined> {
    const info = await engine.get("/info");
    const described = engineIn({ info: info.ok ? info.value : undefined });
    const done = !info.ok
      ? info
      : onHost
        ? await makeCgroup(hostName(value), budget, cpuset, textAt(info.value, "CgroupDriver"), onHost)
        : failed("the Engine is not on this machine");
    if (done.ok) return `/${done.value}`;
    const lacking = parts.filter(({ field }) => lacksLimits(described, [field])).map(({ noun }) => noun);
    if (lacking.length > 0)
      tell(
        `the budget of ${lacking.join(", ")} is not held: the Engine sets no such limit, since ${whyNoLimits(described)} (engine-limits)`,
      );
    if (lacking.length === parts.length) return undefined;
    tell(
      `the budget is held container by container (${done.reason}): a build's memory and processes are not limited`,
    );
    return undefined;
  }
  return {
    parent() {
      made ??= make();
      return made;
    },
  };
}

async function makeCgroup(
  name: string,
  budget: Budget,
  cpuset: string | undefined,
  driver: string | undefined,
  onHost: OnHost,
): Promise<Result<string>> {
  if (driver !== "cgroupfs") return failed(`its cgroup driver is ${driver ?? "unknown"}, not cgroupfs`);
  const limits = [String(budget.memory), String(budget.pids), cpuset ?? ""];
  const done = await onHost(["sh", "-c", making, "sh", name, ...limits]);
  return done.ok ? ok(name) : done;
}

/** Once nothing is in it any more. */
export async function removeCgroup(value: string, onHost: OnHost): Promise<void> {
  const name = hostName(value);
  // On cgroup v1 the Engine makes it in each hierarchy.
  const hierarchies = existsSync(root) ? readdirSync(root) : [];
  if (["", ...hierarchies].some((each) => existsSync(join(root, each, name))))
    await onHost(["sh", "-c", removing, "sh", name]);
}
