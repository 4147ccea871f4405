import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Container } from "../../model/container.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Observation } from "../observe/observe.ts";
import { isSilent } from "../plan/steps.ts";

export interface LearntAppArmor {
  /** Beside the hardened file. */
  readonly path: string;
  /** What `--security-opt apparmor=` takes, once it is loaded. */
  readonly name: string;
  readonly text: string;
  readonly parsed: Parsed;
  /** Whether this machine's kernel enforces AppArmor. */
  readonly runsHere: boolean;
}

interface ProfileFile {
  readonly path: string;
  readonly name: string;
}

/** The profile of a service with the patches that hold. Undefined where it was not seen what it writes. */
export function learntAppArmor(
  { path, name }: ProfileFile,
  view: Container,
  seen: Observation,
  capabilities: readonly string[],
  patches: readonly ContainerPatch[],
): LearntAppArmor | undefined {
  if (!seen.places) return undefined;
  const text = appArmorProfile({
    name,
    capabilities,
    writable: writableIn(view, seen, patches),
    network: networkOf(seen),
    calls: seen.asked?.calls,
  });
  return { path, name, text, parsed: parseProfile(text), runsHere: runsHere() };
}

/** Undefined where its root stays writable. */
function writableIn(
  view: Container,
  { mounted }: Observation,
  patches: readonly ContainerPatch[],
): readonly string[] | undefined {
  const isMade = patches.some(({ op, field }) => op === "set" && field === "readonlyRootfs");
  if (!isMade && !valueOr(view.readonlyRootfs, false)) return undefined;
  const added = patches.flatMap((patch) =>
    patch.op === "add" && patch.field === "mounts" ? [patch.value] : [],
  );
  const declared = setItems(view.mounts).map(({ value }) => value);
  const targets = [...declared, ...added].flatMap(({ readOnly, target }) => (readOnly ? [] : [target]));
  return [...new Set([...targets, ...mounted])];
}

function networkOf(seen: Observation): AppArmorFacts["network"] {
  const { listens, network } = seen;
  if (isSilent(seen)) return { stream: false, datagram: false };
  const asks = network.peers.length > 0 || listens.length === 0;
  const on = (protocol: string) => listens.some((port) => port.startsWith(protocol));
  return { stream: on("tcp") || asks, datagram: on("udp") || asks };
}

function runsHere(): boolean {
  try {
    return readFileSync("/sys/module/apparmor/parameters/enabled", "utf8").startsWith("Y");
  } catch {
    return false;
  }
}

/** What apparmor_parser said of a profile. */
interface Parsed {
  /** Undefined where nobody could ask it. */
  readonly ok: boolean | undefined;
  /** A clause: why it was not parsed, or what is wrong with it. */
  readonly reason: string | undefined;
}

/** Has apparmor_parser compile a profile without loading it (apparmor_parser(8)). Needs no AppArmor in the kernel. */
export function parseProfile(text: string): Parsed {
  const ran = spawnSync("apparmor_parser", ["--skip-kernel-load", "--skip-cache"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
  if (ran.error) return { ok: undefined, reason: "apparmor_parser is not installed here" };
  if (ran.status === 0) return { ok: true, reason: undefined };
  const said = ran.stderr.trim().split("\n").at(-1) ?? "";
  return { ok: false, reason: said === "" ? `exit status ${ran.status}` : said };
}

/** What a profile is made of, all of it learnt. */
export interface AppArmorFacts {
  /** `bulkhead-shop-web`. */
  readonly name: string;
  /** `CHOWN`. */
  readonly capabilities: readonly string[];
  /** Folders that it may write; undefined where its root file system stays writable. */
  readonly writable: readonly string[] | undefined;
  readonly network: {
    /** Whether it used TCP, or may have. */
    readonly stream: boolean;
    /** Whether it used UDP, or may have: a name is looked up so. */
    readonly datagram: boolean;
  };
  /** The system calls that it makes; undefined where they were not traced. */
  readonly calls: ReadonlySet<string> | undefined;
}

/**
 * An AppArmor profile (apparmor.d(5)) for a container, to be given by `--security-opt apparmor=NAME`. Everything can be read
 * and run; only what the container was seen to write can be written. Docker's own profile lets everything be written that is
 * not in /proc or /sys (moby: profiles/apparmor/template.go). Pure.
 */
export function appArmorProfile(facts: AppArmorFacts): string {
  const { name, calls } = facts;
  const sections: readonly (readonly string[])[] = [
    ["#include <abstractions/base>"],
    facts.capabilities.toSorted().map((capability) => `capability ${capability.toLowerCase()},`),
    networkRules(facts),
    fileRules(facts),
    mountRules(facts),
    calls === undefined || calls.has("ptrace")
      ? [`ptrace (trace, tracedby, read, readby) peer=${name},`]
      : ["deny ptrace (trace, tracedby),", `ptrace (read, readby) peer=${name},`],
    [
      `signal (send, receive) peer=${name},`,
      "# docker stop and docker kill.",
      ...["unconfined", "runc", "crun", "/usr/bin/dockerd"].map((peer) => `signal (receive) peer=${peer},`),
    ],
  ];
  const body = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}\n`).join(""))
    .join("\n");
  return `# Learnt by bulkhead. Load it: apparmor_parser -r FILE. Use it: --security-opt apparmor=${name}
#include <tunables/global>

profile ${name} flags=(attach_disconnected,mediate_deleted) {
${body}}
`;
}

function networkRules({ network, capabilities }: AppArmorFacts): readonly string[] {
  const types = [...(network.stream ? ["stream"] : []), ...(network.datagram ? ["dgram"] : [])];
  return [
    "network unix,",
    ...["inet", "inet6"].flatMap((family) => types.map((type) => `network ${family} ${type},`)),
    // A C library asks so which addresses this machine has (getaddrinfo(3)).
    ...(types.length > 0 ? ["network netlink raw,"] : []),
    ...(capabilities.includes("NET_RAW") ? ["network raw,", "network packet,"] : []),
  ];
}

/** What a program has open by itself: its terminal, its own entries in /proc, shared memory. */
const always = ["/dev/pts/*", "/dev/ptmx", "/dev/shm/**", "/dev/mqueue/**", "@{PROC}/@{pid}/**"];

function fileRules({ writable }: AppArmorFacts): readonly string[] {
  if (writable === undefined) {
    return [
      "# Its root file system stays writable.",
      "file,",
      "deny @{PROC}/sys/** w,",
      "deny @{PROC}/sysrq-trigger rwklx,",
      "deny @{PROC}/kcore rwklx,",
      "deny /sys/** wklx,",
    ];
  }
  return [
    "/ r,",
    "/** mrix,",
    ...always.map((path) => `${path} rwk,`),
    ...writable.toSorted().flatMap((path) => [`${quoted(path, "/")} rw,`, `${quoted(path, "/**")} rwkl,`]),
    "deny @{PROC}/kcore rwklx,",
  ];
}

function mountRules({ capabilities, calls }: AppArmorFacts): readonly string[] {
  const mounts = capabilities.includes("SYS_ADMIN") && (calls === undefined || calls.has("mount"));
  return mounts ? ["mount,", "umount,", "pivot_root,"] : ["deny mount,", "deny umount,", "deny pivot_root,"];
}

/** A path as itself: what AppArmor takes for a pattern or a variable is escaped. */
function quoted(path: string, end: string): string {
  const plain = `${path.replaceAll(/[\\"*?[\]{}^@,]/g, "\\$&").replace(/\/+$/, "")}${end}`;
  return /\s/.test(path) ? `"${plain}"` : plain;
}
