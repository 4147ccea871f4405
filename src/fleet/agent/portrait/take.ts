import type { BenchmarkResult, RecommendationResult } from "../../../audit/benchmark/benchmark.ts";
import { cis } from "../../../audit/benchmark/cis/cis.ts";
import { judgeBenchmark } from "../../../audit/benchmark/judge.ts";
import type { Rules } from "../../../audit/evaluate.ts";
import { diskFiles } from "../../../audit/inputs/disk-files.ts";
import { readLiveEngine } from "../../../audit/live/read-live.ts";
import { survey } from "../../../audit/survey.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { ConnectOptions } from "../../../engine/connect/endpoint.ts";
import { spellBytes } from "../../../formats/values/bytes.ts";
import type { NameValue, Ulimit } from "../../../model/container-values.ts";
import type { Engine, EngineLists, EngineScalars, ListenAddress, SocketFile } from "../../../model/engine.ts";
import { type Fact, type FactList, firstOpen, set, setItems, unresolved } from "../../../model/fact.ts";
import { isApiOrigin, isFileOrigin, type Origin } from "../../../model/origin.ts";
import { nameOwner } from "../../../model/root-owner.ts";
import { redactSentence, remembered } from "../../../report/secrets/redact.ts";
import type { KernelPlaces } from "../../../watch/inventory/inventory.ts";
import {
  type HostSetting,
  type Portrait,
  type PortraitResult,
  portraitLimits,
  shortened,
} from "../../protocol/report.ts";

interface PortraitRequest {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly rules: Rules;
}

/** Reads an Engine and its host as `bulkhead audit engine --benchmark cis-1.6` does. A reason says why there is no portrait. */
export async function takePortrait(request: PortraitRequest): Promise<Result<Portrait>> {
  const { connect, places, rules } = request;
  const { ignores, severities, today, controls, spell } = rules;
  const taken = Date.now();
  const io = diskFiles();
  const nothing = { paths: [], texts: [], composeFiles: [], exclude: [] };
  const live = async (mentioned: readonly string[]) =>
    await readLiveEngine(
      {
        ...{ required: true, whole: true, containers: [], images: [], benchmark: true },
        ...{ host: connect.host, context: connect.context, environment: connect.environment },
        ...{ home: connect.home, proc: places.proc, cgroup: places.cgroup },
      },
      mentioned,
    );
  const seen = await survey(
    { ...nothing, compose: { profiles: [], envFiles: [] }, live, controls, ignores, severities, today },
    spell,
    io,
    breathe,
  );
  const engine = seen.live?.engine?.views.at(-1);
  if (!engine) return failed(seen.gaps[0]?.reason ?? "the Engine did not describe itself");
  const results: PortraitResult[] = [];
  const redact = remembered(redactSentence);
  // A watch must stay quick to hear the kernel: one section at a time.
  for (const section of cis.sections) {
    const part = judgeBenchmark({ ...cis, sections: [section] }, seen.subjects, rules);
    results.push(...resultsOf(part).map((each) => resultNow(each, redact)));
    await breathe();
  }
  return ok({ taken, settings: settingsOf(engine), benchmark: { id: cis.id, results } });
}

function resultsOf({ sections }: BenchmarkResult): readonly RecommendationResult[] {
  return sections.flatMap((section) => section.results);
}

function resultNow(result: RecommendationResult, redact: (text: string) => string): PortraitResult {
  const { number, outcome, evidence, more, remedy } = result;
  const shown = evidence.slice(0, portraitLimits.evidence);
  return {
    number,
    outcome,
    evidence: shown.map(({ subject, message }) => ({
      subject: shortened(subject),
      message: shortened(redact(message)),
    })),
    more: more + evidence.length - shown.length,
    remedy: remedy === null ? null : shortened(redact(remedy)),
  };
}

async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

interface Shown<T> {
  readonly group: HostSetting["group"];
  readonly name: string;
  readonly say: (value: T) => string;
  /** What holds where nothing is said. */
  readonly otherwise: string;
}

const daemon = { group: "daemon", otherwise: "off" } as const;
const kernel = { group: "kernel", otherwise: "none" } as const;
const asIs = (value: string) => value;
const onOff = (value: boolean) => (value ? "on" : "off");

/** How each scalar is shown; undefined for what another one says already. */
const scalars: { readonly [K in keyof EngineScalars]: Shown<EngineScalars[K]> | undefined } = {
  product: { ...daemon, name: "product", say: asIs, otherwise: "docker" },
  version: { ...daemon, name: "version", say: asIs },
  rootless: { ...daemon, name: "rootless", say: onOff },
  rootOwner: { ...daemon, name: "root is", say: nameOwner, otherwise: "root of the host" },
  // What is wrong with these two is a finding.
  limitsNotInForce: undefined,
  rootlessHost: undefined,
  usernsRemap: { ...daemon, name: "userns-remap", say: (value) => value || "off" },
  noNewPrivileges: { ...daemon, name: "no-new-privileges", say: onOff },
  seccompProfile: { ...daemon, name: "seccomp-profile", say: asIs, otherwise: "builtin" },
  seccompAllowsAll: undefined,
  seccompOpens: undefined,
  absentModules: undefined,
  selinuxEnabled: { ...daemon, name: "selinux-enabled", say: onOff },
  storageDriver: { ...daemon, name: "storage-driver", say: asIs, otherwise: "chosen by dockerd" },
  backingFilesystem: { ...daemon, name: "backing file system", say: asIs, otherwise: "not told" },
  storageQuotaSupported: {
    ...daemon,
    name: "size limits of layers",
    say: (value) => (value ? "possible" : "not possible with this driver and file system"),
  },
  // What is wrong with them is a finding; a unit that is as Docker ships it is no setting.
  units: undefined,
  kernelPrograms: undefined,
  logDriver: { ...daemon, name: "log-driver", say: asIs, otherwise: "json-file" },
  icc: { ...daemon, name: "icc", say: onOff, otherwise: "on" },
  liveRestore: { ...daemon, name: "live-restore", say: onOff },
  swarmActive: { ...daemon, name: "Swarm", say: (value) => (value ? "active" : "not active") },
  cgroupParent: { ...daemon, name: "cgroup-parent", say: asIs, otherwise: "chosen by dockerd" },
  defaultCgroupnsMode: { ...daemon, name: "default-cgroupns-mode", say: asIs, otherwise: "private" },
  defaultIpcMode: { ...daemon, name: "default-ipc-mode", say: asIs, otherwise: "private" },
  dataRoot: { ...daemon, name: "data-root", say: asIs, otherwise: "/var/lib/docker" },
  defaultRuntime: { ...daemon, name: "default-runtime", say: asIs, otherwise: "runc" },
  kernelVersion: { ...kernel, name: "version", say: asIs },
  cgroupVersion: { ...kernel, name: "cgroups", say: (value) => `version ${value}` },
  kernelLsm: { ...kernel, name: "security modules", say: (value) => value.join(", ") || "none" },
  apparmorEnabled: { ...kernel, name: "AppArmor", say: onOff, otherwise: "off" },
  selinuxMode: { ...kernel, name: "SELinux", say: asIs, otherwise: "off" },
  seccompSupported: { ...kernel, name: "seccomp", say: (value) => (value ? "available" : "missing") },
  memoryTotal: { ...kernel, name: "memory", say: spellBytes },
  cpus: { ...kernel, name: "CPUs", say: String },
  swapTotal: { ...kernel, name: "swap", say: (value) => (value === 0 ? "none" : spellBytes(value)) },
};

/** A log driver's other options may hold a token. */
const plainLogOptions = new Set(["max-size", "max-file", "compress", "mode", "max-buffer-size", "tag"]);

const protections = { none: "no TLS", server: "TLS, any client", mutual: "TLS, known clients" } as const;

const lists: {
  readonly [K in Exclude<keyof EngineLists, "furtherOptions" | "credentials">]: Shown<EngineLists[K]>;
} = {
  listenAddresses: {
    ...daemon,
    name: "hosts",
    say: ({ address, tls }: ListenAddress) =>
      address.startsWith("tcp:") ? `${address} (${protections[tls]})` : address,
    otherwise: "unix:///var/run/docker.sock",
  },
  socketFiles: {
    ...daemon,
    name: "sockets",
    say: ({ path, mode, uid, gid }: SocketFile) => `${path} (mode ${mode.toString(8)}, owner ${uid}:${gid})`,
    otherwise: "not seen",
  },
  storageOptions: { ...daemon, name: "storage-opts", say: sayPair, otherwise: "none" },
  logOptions: {
    ...daemon,
    name: "log-opts",
    say: (option: NameValue) => (plainLogOptions.has(option.name) ? sayPair(option) : `${option.name}=…`),
    otherwise: "none",
  },
  defaultUlimits: {
    ...daemon,
    name: "default-ulimits",
    say: ({ name, soft, hard }: Ulimit) => `${name}=${soft}:${hard}`,
    otherwise: "none",
  },
  insecureRegistries: { ...daemon, name: "insecure-registries", say: asIs, otherwise: "none" },
  authorizationPlugins: { ...daemon, name: "authorization-plugins", say: asIs, otherwise: "none" },
  components: {
    ...daemon,
    name: "components",
    say: ({ name, value }: NameValue) => `${name} ${value}`,
    otherwise: "none",
  },
};

function sayPair({ name, value }: NameValue): string {
  return `${name}=${value}`;
}

/** What an Engine and its host are set to, in words. Pure. */
export function settingsOf(told: Engine): readonly HostSetting[] {
  const engine = withDefaults(told);
  const said = [
    ...Object.entries(scalars).flatMap(([field, shown]) =>
      shown ? [scalarSetting(engine[field as keyof EngineScalars], shown as Shown<unknown>)] : [],
    ),
    ...Object.entries(lists).map(([field, shown]) =>
      listSetting(engine[field as keyof EngineLists], shown as Shown<unknown>),
    ),
    ...setItems(engine.furtherOptions).map(
      ({ value, origins }): HostSetting => ({
        group: "daemon",
        name: value.name,
        value: value.value,
        from: place(origins),
      }),
    ),
  ];
  return said
    .map((each) => ({
      ...each,
      value: each.value === null ? null : shortened(each.value),
      from: shortened(each.from),
    }))
    .toSorted((a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name))
    .slice(0, portraitLimits.settings);
}

/** dockerd's default follows the cgroups of the host (moby: daemon/config, DefaultCgroupNamespaceMode). */
function withDefaults(engine: Engine): Engine {
  const { defaultCgroupnsMode, cgroupVersion } = engine;
  if (defaultCgroupnsMode.state !== "unset") return engine;
  if (cgroupVersion.state !== "set")
    return { ...engine, defaultCgroupnsMode: unresolved("the cgroups of the host are not known") };
  return {
    ...engine,
    defaultCgroupnsMode: set(cgroupVersion.value === 1 ? "host" : "private", ...cgroupVersion.origins),
  };
}

function scalarSetting(fact: Fact<unknown>, { group, name, say, otherwise }: Shown<unknown>): HostSetting {
  if (fact.state === "set") return { group, name, value: say(fact.value), from: place(fact.origins) };
  if (fact.state === "unset") return { group, name, value: otherwise, from: "default" };
  return { group, name, value: null, from: fact.reason };
}

function listSetting(list: FactList<unknown>, { group, name, say, otherwise }: Shown<unknown>): HostSetting {
  const open = firstOpen(list);
  if (open) return { group, name, value: null, from: open.reason };
  const items = setItems(list);
  if (items.length === 0) return { group, name, value: otherwise, from: "default" };
  const value = items.map((item) => say(item.value)).join(", ");
  return { group, name, value, from: place(items.flatMap(({ origins }) => origins)) };
}

/** Where a person finds it. */
function place(origins: readonly Origin[]): string {
  return [...new Set(origins.map(placeOf))].join(", ");
}

function placeOf(origin: Origin): string {
  if (isFileOrigin(origin)) return `${origin.file}:${origin.startLine}`;
  if (isApiOrigin(origin)) return "the Engine's API";
  return origin.kernel.endsWith("/cmdline") ? "dockerd's arguments" : origin.kernel;
}
