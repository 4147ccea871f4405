import { ok, type Result } from "../../base/result.ts";
import { textOf } from "../experiment/attempts.ts";
import { mountsOf } from "../experiment/kernel-files.ts";
import { type Looked, readFolder, readLink, textFile } from "../experiment/looks.ts";
import { type Judgement, measurement, type ProbeRuns, type ProbeTarget } from "../probe.ts";

/** The host's uid of root inside; the whole map as the kernel prints it. */
interface UidMap {
  readonly rootIs: number | undefined;
  readonly map: string;
}

/** @see https://docs.docker.com/engine/security/userns-remap/ */
export const uidMap = measurement<UidMap>({
  id: "uid-map",
  control: "engine-user-namespaces",
  tries: "be root of the host as root in the container",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: async (target) => {
    const text = await textFile(target, "/proc/self/uid_map");
    if (!text.ok) return text;
    if (!text.value.ok)
      return { ok: false, reason: `/proc/self/uid_map cannot be read (${text.value.error})` };
    return ok(parseUidMap(text.value.value));
  },
  judge: judgeUidMap,
});

/** Lines of three numbers: first uid inside, first uid outside, how many (user_namespaces(7)). */
export function parseUidMap(text: string): UidMap {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const first = rows.find(([inside = -1, , length = 0]) => inside <= 0 && inside + length > 0);
  return { rootIs: first?.[1], map: rows.map((row) => row.join(" ")).join(", ") };
}

/** The map is the kernel's own word; that the looser container can be read at all shows that the reading works. */
function judgeUidMap({ subject, control }: ProbeRuns<UidMap>): Judgement {
  if (subject.rootIs === 0) {
    return {
      outcome: "notHeld",
      evidence: `its uid_map is ${subject.map}: uid 0 in it is uid 0 of the host`,
    };
  }
  if (!control.ok)
    return { outcome: "inconclusive", evidence: `no container with --userns=host: ${control.reason}` };
  const root = subject.rootIs === undefined ? "nobody" : `uid ${subject.rootIs}`;
  const looser =
    control.value.rootIs === 0
      ? "with --userns=host it is uid 0"
      : "the whole Engine runs in a user namespace, so it is with --userns=host, too";
  return {
    outcome: "held",
    evidence: `uid 0 in it is ${root} of the host (uid_map ${subject.map}); ${looser}`,
  };
}

export const hostInterfaces = measurement<Sight>({
  id: "host-interfaces",
  control: "host-network",
  tries: "see the host's network interfaces",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "net", nameInterfaces),
  judge: (seen) => judgeNamespace(seen, "--network=host"),
});

/** /proc/net/dev: two lines of headings, then `NAME: figures` (proc(5)). */
async function nameInterfaces(target: ProbeTarget): Promise<Result<string>> {
  const table = await textFile(target, "/proc/net/dev");
  if (!table.ok) return table;
  const lines = table.value.ok ? table.value.value.split("\n").slice(2) : [];
  const names = lines.flatMap((line) => /^\s*([^:]+):/.exec(line)?.[1] ?? []);
  const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
  return ok(names.length === 0 ? "no interface" : `${names.slice(0, 4).join(", ")}${more}`);
}

export const hostIpc = measurement<Sight>({
  id: "host-ipc",
  control: "host-ipc",
  tries: "see the host's shared memory",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "ipc", countSegments),
  judge: (seen) => judgeNamespace(seen, "--ipc=host"),
});

/** /proc/sysvipc/shm: a line of headings, then one for each segment (proc(5)). */
async function countSegments(target: ProbeTarget): Promise<Result<string>> {
  const table = await textFile(target, "/proc/sysvipc/shm");
  if (!table.ok) return table;
  const count = table.value.ok ? table.value.value.trim().split("\n").length - 1 : 0;
  return ok(`${count} segment${count === 1 ? "" : "s"} of shared memory`);
}

export const hostName = measurement<Sight>({
  id: "host-name",
  control: "host-uts",
  tries: "see the host's name",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "uts", readName),
  judge: judgeName,
});

/** A name of its own is what hides the host's: the same name in another namespace tells as much. */
function judgeName(seen: ProbeRuns<Sight>): Judgement {
  const { subject, control } = seen;
  const isOther = control.ok && subject.namespace !== control.value.namespace;
  if (!isOther || subject.sees !== control.value.sees) return judgeNamespace(seen, "--uts=host");
  return { outcome: "notHeld", evidence: `in ${subject.namespace} it has ${subject.sees}, as the host has` };
}

/** struct utsname (uname(2)): six texts of 65 bytes, the second the name. */
async function readName(target: ProbeTarget): Promise<Result<string>> {
  const name = await target.run((builder) => {
    const memory = builder.space(6 * 65);
    builder.call("uname", memory);
    return (ran) => textOf(ran, { ...memory, offset: memory.offset + 65, size: 65 });
  });
  return name.ok ? ok(`the name ${name.value}`) : name;
}

/** Its own namespace, and every other that a procfs shows it, wherever that is mounted. */
export const hostProcesses = measurement<Sight>({
  id: "host-processes",
  control: "host-pid",
  tries: "see the host's processes",
  inPlace: true,
  isOfMounts: true,
  looser: "hostNamespaces",
  async experiment(target) {
    const own = await sightOf(target, "pid", (through) => countProcesses(through, "/proc"));
    if (!own.ok) return own;
    const foreign = await foreignProcesses(target);
    return foreign.ok && foreign.value !== undefined ? ok({ ...own.value, elsewhere: foreign.value }) : own;
  },
  judge: (seen) =>
    seen.subject.elsewhere === undefined
      ? judgeNamespace(seen, "--pid=host")
      : { outcome: "notHeld", evidence: seen.subject.elsewhere },
});

/** The first procfs of a namespace above its own: there it has another number. */
async function foreignProcesses(target: ProbeTarget): Promise<Result<string | undefined>> {
  const mounts = await mountsOf(target);
  if (!mounts.ok) return mounts;
  const self = await target.run(readLink("/proc/self"));
  if (!self.ok) return self;
  for (const { type, root, point } of mounts.value) {
    if (type !== "proc" || root !== "/" || point === "/proc") continue;
    const [other, count] = [await target.run(readLink(`${point}/self`)), await countProcesses(target, point)];
    if (!other.ok) return other;
    if (!count.ok) return count;
    // In a namespace below its own it has no number at all.
    if (other.value.ok && (!self.value.ok || other.value.value !== self.value.value))
      return ok(`at ${point} it sees ${count.value} of a namespace above its own`);
  }
  return ok(undefined);
}

async function countProcesses(target: ProbeTarget, procfs: string): Promise<Result<string>> {
  const list = await target.run(readFolder(procfs, 262_144));
  if (!list.ok) return list;
  const count = list.value.ok ? list.value.value.filter(({ name }) => /^\d+$/.test(name)).length : 0;
  return ok(`${count} process${count === 1 ? "" : "es"}`);
}

/** What a process sees of a kind of namespace. */
interface Sight {
  /** `net:[4026531840]`: the same for all that share it. */
  readonly namespace: string;
  /** In words: `lo and eth0`. */
  readonly sees: string;
  /** What it sees of another namespace, in words. */
  readonly elsewhere?: string;
}

/** Reads which namespace of a kind the container is in, and what it sees there. */
async function sightOf(
  target: ProbeTarget,
  kind: "net" | "pid" | "ipc" | "uts" | "cgroup",
  see: (target: ProbeTarget) => Promise<Result<string>>,
): Promise<Result<Sight>> {
  const link: Result<Looked<string>> = await target.run(readLink(`/proc/self/ns/${kind}`));
  if (!link.ok) return link;
  if (!link.value.ok)
    return { ok: false, reason: `/proc/self/ns/${kind} cannot be read (${link.value.error})` };
  const sees = await see(target);
  return sees.ok ? ok({ namespace: link.value.value, sees: sees.value }) : sees;
}

/** Held where it is not the namespace of a container that was put onto the host's own. */
export function judgeNamespace({ subject, control }: ProbeRuns<Sight>, flag: string): Judgement {
  if (!control.ok) {
    return {
      outcome: "inconclusive",
      evidence: `it sees ${subject.sees}; no container with ${flag}: ${control.reason}`,
    };
  }
  if (subject.namespace === control.value.namespace) {
    return {
      outcome: "notHeld",
      evidence: `it is in the host's namespace (${subject.namespace}) and sees ${subject.sees}`,
    };
  }
  return {
    outcome: "held",
    evidence: `in ${subject.namespace} it sees ${subject.sees}; a container with ${flag} sees ${control.value.sees} in ${control.value.namespace}`,
  };
}
