import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { isRecord, itemsOf, recordAt, textAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import { isProcessOf } from "../engine/host/container-process.ts";

/** A container of a trial as the Engine shows it now. */
export interface ContainerState {
  readonly service: string;
  readonly id: string;
  readonly name: string;
  /** 0 while it does not run. */
  readonly pid: number;
  readonly running: boolean;
  readonly restarting: boolean;
  readonly exitCode: number;
  /** RFC 3339; "" where it never started. */
  readonly startedAt: string;
  /** Milliseconds since 1970; 0 where it never ended. */
  readonly finishedAt: number;
  readonly oomKilled: boolean;
  /** What the runtime said when it could not start it. */
  readonly error: string;
  readonly restarts: number;
  readonly health: "none" | "starting" | "healthy" | "unhealthy";
  readonly address: string | undefined;
  readonly mounts: readonly MountPoint[];
  readonly hostNetwork: boolean;
  readonly exposed: readonly string[];
}

export interface MountPoint {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** Every container of a project; none if the Engine does not answer. */
export async function statesOf(
  reader: EngineClient,
  project: string,
): Promise<ReadonlyMap<string, ContainerState>> {
  const states = await readStates(reader, project);
  return states.ok ? states.value : new Map();
}

/** Every container of a project. A service that has none yet is absent. Fails if the Engine does not answer. */
export async function readStates(
  reader: EngineClient,
  project: string,
): Promise<Result<ReadonlyMap<string, ContainerState>>> {
  const all = await readAll(reader, project);
  return all.ok ? ok(new Map(all.value.map((state) => [state.service, state] as const))) : all;
}

/** The same where a service may have several. */
export async function readAll(
  reader: EngineClient,
  project: string,
): Promise<Result<readonly ContainerState[]>> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  const list = await reader.get(`/containers/json?all=1&filters=${filters}`);
  if (!list.ok) return failed(list.reason);
  const ids = itemsOf(list.value).flatMap((each) => textAt(each, "Id") ?? []);
  const states = await Promise.all(
    ids.map(async (id) => {
      const answer = await reader.get(`/containers/${id}/json`);
      return answer.ok ? stateOf(answer.value) : undefined;
    }),
  );
  return ok(states.flatMap((state) => state ?? []));
}

/** A container of an inspect document. */
export function stateOf(inspect: unknown): ContainerState {
  const state = recordAt(inspect, "State");
  const health = textAt(state, "Health", "Status");
  const networks = Object.values(recordAt(inspect, "NetworkSettings", "Networks"));
  const addresses = networks.map((network) => textAt(network, "IPAddress")).filter(Boolean);
  return {
    service: textAt(inspect, "Config", "Labels", "com.docker.compose.service") ?? "",
    id: textAt(inspect, "Id") ?? "",
    name: (textAt(inspect, "Name") ?? "").replace(/^\//, ""),
    pid: typeof state.Pid === "number" ? state.Pid : 0,
    running: state.Running === true && state.Restarting !== true,
    restarting: state.Restarting === true,
    exitCode: typeof state.ExitCode === "number" ? state.ExitCode : 0,
    startedAt: textAt(state, "StartedAt") ?? "",
    finishedAt: Math.max(0, Date.parse(textAt(state, "FinishedAt") ?? "") || 0),
    oomKilled: state.OOMKilled === true,
    error: textAt(state, "Error") ?? "",
    restarts: Number(recordAt({ inspect }, "inspect").RestartCount ?? 0),
    health: health === "starting" || health === "healthy" || health === "unhealthy" ? health : "none",
    address: addresses[0],
    mounts: itemsOf(recordAt({ inspect }, "inspect").Mounts)
      .filter(isRecord)
      .map((mount) => ({
        type: textAt(mount, "Type") ?? "",
        source: textAt(mount, "Source") ?? "",
        target: textAt(mount, "Destination") ?? "",
        writable: mount.RW !== false,
      })),
    hostNetwork: textAt(inspect, "HostConfig", "NetworkMode") === "host",
    exposed: Object.keys(recordAt(inspect, "Config", "ExposedPorts")),
  };
}

/** Whether the process is the container's on this machine: an Engine elsewhere numbers other processes. */
export function isHere({ pid, id }: ContainerState): boolean {
  return isProcessOf(id, pid);
}

/** TCP's LISTEN, and what the kernel shows for a UDP socket that is bound (include/net/tcp_states.h). */
const listening = { tcp: "0A", udp: "07" } as const;

/** The ports that the container listens on, as `tcp/80`. Docker's own name server is left out. */
export function listensOf(state: ContainerState): readonly string[] {
  if (state.hostNetwork || !isHere(state)) return [];
  const found = new Set<string>();
  for (const file of ["tcp", "tcp6", "udp", "udp6"] as const) {
    const protocol = file.startsWith("tcp") ? "tcp" : "udp";
    for (const line of linesOf(`/proc/${state.pid}/net/${file}`).slice(1)) {
      const [, local = "", remote = "", status] = line.trim().split(/\s+/);
      const [address = "", port = ""] = local.split(":");
      const isPeer = protocol === "udp" && !/^0+:0+$/.test(remote);
      if (status !== listening[protocol] || address === "0B00007F" || isPeer) continue;
      found.add(`${protocol}/${Number.parseInt(port, 16)}`);
    }
  }
  return [...found].toSorted();
}

/** Whether a connection from the port (ours) to the port (the container's) ends in its network namespace. */
export function hasConnection({ pid }: ContainerState, from: number, to: number): boolean {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].some((file) =>
    linesOf(`/proc/${pid}/net/${file}`).some((line) => {
      const [, local = "", remote = ""] = line.trim().split(/\s+/);
      return local.endsWith(hex(to)) && remote.endsWith(hex(from));
    }),
  );
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

/** Programs that start others at set times, and init systems that may. */
const schedulers =
  /^(?:cron|crond|anacron|fcron|dcron|supercronic|ofelia|supervisord|s6-svscan|s6-supervise|runsv(?:dir)?|systemd)$/;

/** Whether one of its processes starts others at set times. A beat of Celery's is one of Python's. */
export function hasScheduler(state: ContainerState): boolean {
  if (!isHere(state)) return false;
  return processesOf(state.pid).some((pid) => {
    const words = textOf(`/proc/${pid}/cmdline`).split("\0");
    const names = [textOf(`/proc/${pid}/comm`).trim(), ...words.slice(0, 2).map((word) => basename(word))];
    return (
      names.some((name) => schedulers.test(name)) ||
      (words.includes("beat") && /celery/.test(words.join(" ")))
    );
  });
}

function textOf(path: string): string {
  return linesOf(path).join("\n");
}

/** The processes of the container, its first one and what that started. */
export function processesOf(pid: number): readonly number[] {
  const own = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
      for (const child of children.split(/\s+/).filter(Boolean)) own.push(...processesOf(Number(child)));
    }
  } catch {
    // It ended in the meantime.
  }
  return own;
}
