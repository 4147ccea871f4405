import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, itemsOf, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { type IdsInside, idsInside } from "../../engine/host/container-process.ts";
import { type GainingProgram, gainingPrograms } from "../../engine/host/gaining.ts";
import type { RunWatch } from "../../trial/run.ts";
import { type ContainerState, isHere, listensOf } from "../../trial/state.ts";
import type { Asked } from "../trace/tasks.ts";
import type { KernelTrace } from "../trace/trace.ts";
import { type ChangedPath, type PathEntry, type Places, placesOf } from "./places.ts";
import { type Peaks, type PeakWatch, watchPeaks } from "./usage.ts";
import { type Users, type UserWatch, watchUsers } from "./users.ts";

/** What one service was seen to do while it ran untouched. */
export interface Observation {
  readonly peaks: Peaks;
  readonly users: Users;
  readonly network: Network;
  readonly listens: readonly string[];
  /** The user that it is started as; "" is root. */
  readonly startsAs: string;
  /** The image that it was made from: `sha256:…`; undefined where the Engine did not answer. */
  readonly image?: string | undefined;
  /** Undefined where the Engine does not say, or nothing ran long enough to be asked. */
  readonly places: Places | undefined;
  /** Its programs that give who executes them more rights; undefined where its files cannot be seen from here. */
  readonly gains?: readonly GainingProgram[] | undefined;
  /** Paths of volumes and bind mounts that it may write. */
  readonly mounted: readonly string[];
  /** What the kernel was asked for; undefined where that was not traced. */
  readonly asked: Asked | undefined;
}

export interface Observer {
  readonly watch: RunWatch;
  readonly observed: () => ReadonlyMap<string, Observation>;
  readonly stop: () => void;
}

/** Milliseconds between two looks. */
const interval = 300;

interface Watches {
  readonly peaks: PeakWatch;
  readonly users: UserWatch;
  readonly network: NetworkWatch;
  readonly listens: Set<string>;
  startsAs: string;
  image: string | undefined;
  places: Places | undefined;
  gains: readonly GainingProgram[] | undefined;
  mounted: readonly string[];
}

/** Watches the services of a run from when they work until they are stopped. */
export function observer(reader: EngineClient, trace: KernelTrace | undefined): Observer {
  const services = new Map<string, Watches>();
  let timer: NodeJS.Timeout | undefined;
  const watchesOf = (name: string): Watches => {
    const known = services.get(name);
    if (known) return known;
    const fresh: Watches = {
      peaks: watchPeaks(),
      users: watchUsers(),
      network: watchNetwork(),
      listens: new Set(),
      startsAs: "",
      image: undefined,
      places: undefined,
      gains: undefined,
      mounted: [],
    };
    services.set(name, fresh);
    return fresh;
  };
  const sample = (states: ReadonlyMap<string, ContainerState>) => {
    for (const [name, state] of states) {
      if (!isHere(state)) continue;
      trace?.follow(name, state.pid);
      const { peaks, users, network, listens } = watchesOf(name);
      peaks.sample(state);
      users.sample(state.pid);
      if (!state.hostNetwork) network.sample(state.pid);
      for (const port of listensOf(state)) listens.add(port);
    }
  };
  const stop = () => clearInterval(timer);
  return {
    stop,
    watch: {
      // The trace must see runc's start: what follows the containers is there before them.
      ...(trace && { created: async () => {} }),
      async up(states) {
        stop();
        sample(states);
        timer = setInterval(() => sample(states), interval);
      },
      async settled(states, phase) {
        stop();
        sample(states);
        // After the second start files of the first one would count as the image's.
        if (phase === "again") return;
        for (const [name, state] of states) {
          const watches = watchesOf(name);
          watches.mounted = state.mounts.flatMap(({ target, writable }) => (writable ? [target] : []));
          watches.places = await readPlaces(reader, state);
          watches.gains = isHere(state) ? gainingPrograms([`/proc/${state.pid}/root`]) : undefined;
          const inspect = await reader.get(`/containers/${state.id}/json`);
          watches.startsAs = (inspect.ok && textAt(inspect.value, "Config", "User")) || "";
          watches.image = inspect.ok ? textAt(inspect.value, "Image") : undefined;
        }
      },
    },
    observed: () =>
      new Map(
        [...services].map(([name, { peaks, users, network, listens, ...rest }]) => [
          name,
          {
            peaks: peaks.peaks(),
            users: users.users(),
            network: network.network(),
            listens: [...listens].toSorted(),
            startsAs: rest.startsAs,
            image: rest.image,
            places: rest.places,
            gains: rest.gains,
            mounted: rest.mounted,
            asked: trace?.asked(name),
          },
        ]),
      ),
  };
}

const kinds = ["changed", "added", "deleted"] as const;

/** Where a running container writes; undefined where the Engine does not say. */
async function readPlaces(reader: EngineClient, state: ContainerState): Promise<Places | undefined> {
  const answer = await reader.get(`/containers/${state.id}/changes`);
  if (!answer.ok) return undefined;
  const changes = itemsOf(answer.value)
    .filter(isRecord)
    .flatMap((each): readonly ChangedPath[] => {
      const kind = kinds[Number(each.Kind)];
      return kind === undefined ? [] : [{ path: textAt(each, "Path") ?? "", kind }];
    });
  const root = isHere(state) ? `/proc/${state.pid}/root` : undefined;
  const ids = idsInside(state.pid);
  const seen = new Map<string, PathEntry | undefined>();
  const look = (path: string) => {
    if (!seen.has(path)) seen.set(path, root === undefined ? undefined : entryAt(join(root, path), ids));
    return seen.get(path);
  };
  return placesOf(
    changes,
    state.mounts.map(({ target }) => target),
    look,
  );
}

/** Bytes in a folder that are counted: more files than this are not looked at. */
const most = 10_000;

function entryAt(path: string, ids: IdsInside): PathEntry | undefined {
  try {
    const status = lstatSync(path);
    const type = status.isDirectory() ? "folder" : status.isFile() ? "file" : "other";
    const names = type === "folder" ? readdirSync(path) : [];
    const size = type === "folder" ? sizeBelow(path, { left: most }) : status.size;
    const owner = { uid: ids.uid(status.uid), gid: ids.gid(status.gid) };
    return { type, ...owner, mode: status.mode & 0o7777, size, names };
  } catch {
    return undefined;
  }
}

function sizeBelow(folder: string, budget: { left: number }): number {
  let total = 0;
  try {
    for (const each of readdirSync(folder, { withFileTypes: true })) {
      budget.left -= 1;
      if (budget.left < 0) break;
      const path = join(folder, each.name);
      if (each.isDirectory()) total += sizeBelow(path, budget);
      else if (each.isFile()) total += lstatSync(path).size;
    }
  } catch {
    // It went while it was looked at.
  }
  return total;
}

/** What a container did on its network. */
interface Network {
  /** Addresses and ports that it was connected to, `172.18.0.3:5432`, as far as samples show them. */
  readonly peers: readonly string[];
  /** Bytes that it sent on other interfaces than the loopback. */
  readonly sentBytes: number | undefined;
}

interface NetworkWatch {
  readonly sample: (pid: number) => void;
  readonly network: () => Network;
}

/** Watches the network namespace of a container's process. */
export function watchNetwork(proc = "/proc"): NetworkWatch {
  const peers = new Set<string>();
  let sentBytes: number | undefined;
  return {
    sample(pid) {
      const listened = new Set<number>();
      const open: { readonly local: number; readonly peer: string }[] = [];
      for (const file of ["tcp", "tcp6"]) {
        for (const line of linesOf(`${proc}/${pid}/net/${file}`).slice(1)) {
          const [, local = "", remote = "", status] = line.trim().split(/\s+/);
          const port = Number.parseInt(local.split(":")[1] ?? "", 16);
          // include/net/tcp_states.h: 0A is LISTEN; 01 ESTABLISHED, 02 SYN_SENT, and those that follow a close.
          if (status === "0A") listened.add(port);
          else open.push({ local: port, peer: remote });
        }
      }
      for (const { local, peer } of open) {
        const address = spell(peer);
        if (address !== undefined && !listened.has(local)) peers.add(address);
      }
      sentBytes = sentBy(`${proc}/${pid}/net/dev`) ?? sentBytes;
    },
    network: () => ({ peers: [...peers].toSorted(), sentBytes }),
  };
}

/** `0100007F:1538` as `127.0.0.1:5432`; undefined for the loopback and for none. */
function spell(text: string): string | undefined {
  const [address = "", port = ""] = text.split(":");
  const hex =
    address.length === 32 && address.startsWith("0000000000000000FFFF0000") ? address.slice(24) : address;
  if (hex.length === 8) {
    const bytes = (hex.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16));
    if (bytes[0] === 127 || bytes.every((byte) => byte === 0)) return undefined;
    return `${bytes.join(".")}:${Number.parseInt(port, 16)}`;
  }
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).toReversed().join(""));
  const groups = words.join("").match(/.{4}/g) ?? [];
  if (/^0*1?$/.test(words.join(""))) return undefined;
  return `[${groups.map((group) => group.replace(/^0{1,3}/, "").toLowerCase()).join(":")}]:${Number.parseInt(port, 16)}`;
}

/** The bytes sent on all interfaces but the loopback (proc_net_dev: the ninth column). */
function sentBy(path: string): number | undefined {
  const lines = linesOf(path).slice(2);
  if (lines.length === 0) return undefined;
  return lines.reduce((total, line) => {
    const [name = "", ...columns] = line.trim().split(/[:\s]+/);
    return name === "lo" || name === "" ? total : total + Number(columns[8] ?? 0);
  }, 0);
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}
