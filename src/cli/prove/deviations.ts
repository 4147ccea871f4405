import { contextOf } from "../../audit/contexts.ts";
import { readLiveEngine } from "../../audit/live/read-live.ts";
import type { Context } from "../../controls/control.ts";
import { differences } from "../../controls/drift/differences.ts";
import { controls } from "../../controls/registry.ts";
import type { Container } from "../../model/container.ts";
import type { Deviation } from "../../model/proof.ts";
import type { Subject } from "../../model/subject.ts";
import type { Problem, Verdict } from "../../model/verdict.ts";
import { engineTarget } from "../common/engine-target.ts";

export interface EngineOptions {
  readonly host?: string;
  readonly context?: string;
  readonly proc?: string;
  readonly cgroup?: string;
}

/**
 * Where a running container is not what its configuration says: what the kernel enforces less strictly, what is mounted
 * into it, and which process entered it with more rights. Empty where the Engine's kernel cannot be seen from here.
 */
export async function readDeviations(
  container: string,
  { host, context, proc = "/proc", cgroup = "/sys/fs/cgroup" }: EngineOptions,
): Promise<readonly Deviation[]> {
  const live = await readLiveEngine(
    {
      ...{ required: true, whole: false, containers: [container], images: [], proc, cgroup },
      ...engineTarget({ host, context }),
    },
    [],
  );
  const around = {
    files: new Map(),
    engine: live.engine?.views.at(-1),
    live: live.peers,
    running: live.running,
  };
  const found = live.reading.subjects.flatMap((subject) => deviationsOf(subject, contextOf(subject, around)));
  return [...new Map(found.map((each) => [each.message, each])).values()];
}

function deviationsOf(subject: Subject, context: Context): readonly Deviation[] {
  if (subject.kind === "exec") {
    const effective = subject.views.find(({ level }) => level === "effective");
    const check = controls.find(({ id }) => id === "privileged-exec")?.check.exec;
    return effective && check ? intruders(check(effective, context)) : [];
  }
  if (subject.kind !== "container") return [];
  const configured = subject.views.find(({ level }) => level === "configured");
  const effective = subject.views.find(({ level }) => level === "effective");
  return configured && effective ? inContainer(configured, effective, context) : [];
}

function inContainer(configured: Container, effective: Container, context: Context): readonly Deviation[] {
  const drifted = differences(configured, effective, context.engine).map(
    ({ field, configured: was, effective: now }) => ({
      controls: heldBy[field.split(" ")[0] ?? ""] ?? [],
      message: `${field}: the Engine says ${was}, the kernel says ${now}`,
    }),
  );
  const failing = controls.flatMap(({ id, check }): readonly Deviation[] => {
    if (!check.container || id === "drift") return [];
    const verdict = check.container(effective, context);
    if (id === "privileged-exec") return intruders(verdict);
    if (verdict.verdict !== "fail" || check.container(configured, context).verdict !== "pass") return [];
    return verdict.problems.map(({ message }) => ({ controls: [id], message: `it ${message}` }));
  });
  return [...drifted, ...failing];
}

/** The controls that a field of the configuration belongs to. */
const heldBy: Readonly<Record<string, readonly string[]>> = {
  memory: ["memory-limit"],
  "memory-swap": ["memory-limit"],
  "pids-limit": ["pids-limit"],
  cpus: ["cpu-limit"],
  "read-only": ["read-only-rootfs"],
  "no-new-privileges": ["no-new-privileges"],
  privileged: ["privileged", "capabilities-drop", "capabilities-dangerous", "device-access", "masked-paths"],
  seccomp: ["seccomp-profile"],
  user: ["root-user"],
  network: ["host-network"],
  pid: ["host-pid"],
  ipc: ["host-ipc"],
  uts: ["host-uts"],
  cgroupns: ["host-cgroup-namespace"],
  "cap-add": ["capabilities-drop", "capabilities-dangerous"],
  device: ["device-access"],
  "device-cgroup-rule": ["device-access"],
  mount: ["read-only-volume"],
};

/** Processes with more rights than the container: they do what it forbids. */
function intruders(verdict: Verdict): readonly Deviation[] {
  if (verdict.verdict !== "fail") return [];
  return verdict.problems.map((problem) => ({ controls: deniedTo(problem), message: problem.message }));
}

function deniedTo({ evidence }: Problem): readonly string[] {
  if (evidence.endsWith(" without seccomp")) return ["seccomp-profile"];
  if (evidence.endsWith(" as root")) return ["root-user"];
  if (evidence.endsWith(" without no-new-privileges")) return ["no-new-privileges"];
  return ["capabilities-drop", "capabilities-dangerous"];
}
