import { isIPv4 } from "node:net";
import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { parseBytes, spellBytes } from "../../formats/values/bytes.ts";

/** What one leash may have, all of its containers together. */
export interface Budget {
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  readonly pids: number;
  readonly containers: number;
  readonly volumes: number;
  /** An Engine has addresses for some thirty. */
  readonly networks: number;
  /** Published ports. */
  readonly ports: number;
  /** Bytes of layers, volumes and images. */
  readonly disk: number;
  /** Milliseconds; undefined without an end. */
  readonly time?: number;
}

/** What is counted when a request is judged. Disk is measured while the leash runs, CPUs and time need no account. */
export type Counted = "memory" | "pids" | "containers" | "volumes" | "networks" | "ports";

const gigabyte = 1024 ** 3;

/** Where nobody says: no more than half of the machine's memory. */
export function usualBudget(machine: { readonly memory: number; readonly cpus: number }): Budget {
  return {
    memory: Math.min(8 * gigabyte, Math.floor(machine.memory / 2)),
    cpus: Math.min(4, machine.cpus),
    pids: 4_000,
    containers: 20,
    volumes: 20,
    networks: 10,
    ports: 20,
    disk: 20 * gigabyte,
  };
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

const sizes: ReadonlySet<string> = new Set(["memory", "disk"]);
const names = [
  "memory",
  "cpus",
  "pids",
  "containers",
  "volumes",
  "networks",
  "ports",
  "disk",
  "time",
] as const;

/** `memory=8g,cpus=4,time=2h` over the usual budget. */
export function readBudget(text: string, usual: Budget): Result<Budget> {
  const found: Record<string, number> = { ...usual };
  for (const part of text.split(",").filter((each) => each.trim() !== "")) {
    const [name = "", value = ""] = part.split("=").map((each) => each.trim());
    if (!(names as readonly string[]).includes(name))
      return failed(`--budget has no ${name || "name"}: it knows ${names.join(", ")}`);
    const amount = amountOf(name, value);
    if (amount === undefined || !(amount > 0)) return failed(`--budget: ${name}=${value} is not an amount`);
    found[name] = amount;
  }
  return ok(found as unknown as Budget);
}

function amountOf(name: string, value: string): number | undefined {
  if (sizes.has(name)) return parseBytes(value);
  if (name !== "time") {
    const amount = Number(value === "" ? Number.NaN : value);
    return name === "cpus" || Number.isInteger(amount) ? amount : undefined;
  }
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(value) ?? [];
  return count === undefined ? undefined : Number(count) * (seconds[unit] ?? 0) * 1_000;
}

/** `memory 8 GiB, 4 CPUs, …`, for a person. */
export function spellBudget(budget: Budget): string {
  const { cpus, disk, time } = budget;
  const counted = (["memory", "pids", "containers", "volumes", "networks", "ports"] as const).map((name) =>
    spell(name, budget[name]),
  );
  return [
    ...counted,
    `${cpus} CPUs`,
    `disk ${spellBytes(disk)}`,
    ...(time ? [`time ${time / 60_000} min`] : []),
  ].join(", ");
}

function spell(name: Counted, amount: number): string {
  return name === "memory" ? `memory ${spellBytes(amount)}` : `${amount} ${name}`;
}

/** Why it is too much: one line that names the rest, and what would be enough. */
export function overBudget(name: Counted, budget: Budget, used: number, asked: number): string | undefined {
  if (asked <= 0 || used + asked <= budget[name]) return undefined;
  const say = (amount: number) => (name === "memory" ? spellBytes(amount) : String(amount));
  const enough = name === "memory" ? `${Math.ceil((used + asked) / 1024 ** 2)}m` : String(used + asked);
  return `asks for ${spell(name, asked)} and the leash has ${say(Math.max(0, budget[name] - used))} of ${say(budget[name])} left: end a container, or start the leash with --budget ${name}=${enough}`;
}

/** Bytes below which a container is of no use. */
const leastMemory = 32 * 1024 ** 2;
const leastPids = 16;

/**
 * What a container gets that asks for no limit: an eighth of the budget, and never more than a quarter of what is left, so that
 * the next ones get some as well.
 */
export function shareOf(name: "memory" | "pids", budget: Budget, used: number): number {
  const share = Math.floor(Math.min(budget[name] / 8, Math.max(0, budget[name] - used) / 4));
  return Math.max(share, name === "memory" ? leastMemory : leastPids);
}

type Json = Readonly<Record<string, unknown>>;

/** Ports on the loopback address: those that name none, and those of `--publish-all`. */
export function boundPorts(
  body: Json,
  host: Json,
  config: Json,
): { readonly bindings: Json; readonly refused: readonly string[] } {
  const refused: string[] = [];
  const free = { HostIp: "127.0.0.1", HostPort: "" };
  const given = Object.entries(recordAt(host, "PortBindings")).map(([port, bindings]) => {
    const bound = itemsOf(bindings).map((binding) => {
      const address = textAt(binding, "HostIp") || "127.0.0.1";
      // Of an address that it cannot read (127.0.0.300) dockerd makes every address.
      if (address !== "::1" && !(isIPv4(address) && address.startsWith("127.")))
        refused.push(`publishes ${port} on ${address}: a leash publishes on 127.0.0.1 alone`);
      return { ...(isRecord(binding) ? binding : {}), HostIp: address };
    });
    return [port, bound.length === 0 ? [free] : bound] as const;
  });
  const exposed =
    host.PublishAllPorts === true
      ? [...Object.keys(recordAt(body, "ExposedPorts")), ...Object.keys(recordAt(config, "ExposedPorts"))]
      : [];
  return { bindings: Object.fromEntries([...exposed.map((port) => [port, [free]]), ...given]), refused };
}

/** Bytes of a log that every container may keep: what the driver `local` keeps by default. */
const usualLog = 100 * 1024 ** 2;

/** The Engine counts no log as disk: what a container asks for beyond its part. The control log-limit limits one that asks for nothing. */
export function longLog(host: Json, { disk, containers }: Budget): readonly string[] {
  const given = recordAt(host, "LogConfig", "Config");
  // Without a type it is the Engine's driver, which may be this one.
  const isLocal = ["local", "", undefined].includes(textAt(host, "LogConfig", "Type"));
  const files = textAt(given, "max-file");
  // https://docs.docker.com/engine/logging/drivers/local/: five files of 20 MB, unless the options say otherwise.
  const size = textAt(given, "max-size") ?? (isLocal && files !== undefined ? "20m" : undefined);
  if (size === undefined) return [];
  const bytes = (parseBytes(size) ?? Number.NaN) * Number(files ?? (isLocal ? 5 : 1));
  const most = Math.max(usualLog, Math.floor(disk / containers));
  return bytes >= 0 && bytes <= most
    ? []
    : [
        `keeps a log of ${Number.isFinite(bytes) ? spellBytes(bytes) : size}, and a container of the leash keeps ${spellBytes(most)} at most`,
      ];
}
