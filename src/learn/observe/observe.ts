import { textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { RunWatch } from "../../trial/run.ts";
import { type ContainerState, isHere, listensOf } from "../../trial/state.ts";
import type { Asked } from "../trace/tasks.ts";
import type { KernelTrace } from "../trace/trace.ts";
import { readPlaces } from "./look.ts";
import { type Network, type NetworkWatch, watchNetwork } from "./network.ts";
import { type Peaks, type PeakWatch, watchPeaks } from "./peaks.ts";
import type { Places } from "./places.ts";
import { type Users, type UserWatch, watchUsers } from "./users.ts";

/** What one service was seen to do while it ran untouched. */
export interface Observation {
  readonly peaks: Peaks;
  readonly users: Users;
  readonly network: Network;
  readonly listens: readonly string[];
  /** The user that it is started as; "" is root. */
  readonly startsAs: string;
  /** Undefined where the Engine does not say, or nothing ran long enough to be asked. */
  readonly places: Places | undefined;
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
  places: Places | undefined;
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
      places: undefined,
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
      peaks.sample(state.pid);
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
          const inspect = await reader.get(`/containers/${state.id}/json`);
          watches.startsAs = (inspect.ok && textAt(inspect.value, "Config", "User")) || "";
        }
      },
    },
    observed: () =>
      new Map(
        [...services].map(([name, { peaks, users, network, listens, startsAs, places, mounted }]) => [
          name,
          {
            peaks: peaks.peaks(),
            users: users.users(),
            network: network.network(),
            listens: [...listens].toSorted(),
            startsAs,
            places,
            mounted,
            asked: trace?.asked(name),
          },
        ]),
      ),
  };
}
