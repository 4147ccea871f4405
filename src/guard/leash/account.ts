import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isFolderName } from "../engine/folders.ts";
import { ownerLabel } from "../policy/layer.ts";

/** What one container takes while it runs. */
export type Amounts = Readonly<Record<"memory" | "pids" | "ports", number>>;

export interface Usage extends Amounts {
  readonly containers: number;
  readonly volumes: number;
  readonly networks: number;
  readonly volumeNames: ReadonlySet<string>;
  /** Containers that take something now, by their ids. */
  readonly running: ReadonlySet<string>;
}

/** Something that was let through and that the Engine's lists may not show yet. */
interface Pending {
  readonly amounts: Amounts & Readonly<Record<"containers" | "volumes" | "networks", number>>;
  /** The container's id where it is known, or the mark in it; a volume's or network's name. */
  readonly key: string;
  readonly until: number;
}

/** Milliseconds after which a request that nobody answered counts as done. */
const longestPending = 120_000;

const nothing: Pending["amounts"] = { memory: 0, pids: 0, ports: 0, containers: 0, volumes: 0, networks: 0 };

const gone = { amounts: { memory: 0, pids: 0, ports: 0 }, mark: "" };

/** What the leash has, by what the Engine says of it now and what is under way. */
export interface Account {
  usage(): Promise<Result<Usage>>;
  /** Counts it until the Engine shows it, or the returned function says that it came to nothing. */
  expect(key: string, amounts: Partial<Pending["amounts"]>): () => void;
  /** What is known of the container may have changed. */
  forget(id: string): void;
}

export function openAccount(engine: Pick<EngineClient, "get">, value: string): Account {
  const filter = `filters=${encodeURIComponent(JSON.stringify({ label: [`${ownerLabel}=${value}`] }))}`;
  const known = new Map<string, { readonly amounts: Amounts; readonly mark: string }>();
  const pending = new Set<Pending>();

  async function amountsOf(id: string) {
    const before = known.get(id);
    if (before) return before;
    const inspected = await engine.get(`/containers/${id}/json`);
    // It went meanwhile, and takes nothing.
    if (!inspected.ok) return inspected.kind === "missing" ? gone : failed(inspected.reason);
    const host = recordAt(inspected.value, "HostConfig");
    const made = { amounts: amountsIn(host), mark: textAt(host, "ContainerIDFile") ?? "" };
    known.set(id, made);
    return made;
  }

  return {
    async usage() {
      // What was under way when the lists were asked for may not be in them, although it has come to its end meanwhile.
      const underWay = [...pending];
      const [containers, volumes, networks] = await Promise.all([
        engine.get(`/containers/json?all=1&${filter}`),
        engine.get(`/volumes?${filter}`),
        engine.get(`/networks?${filter}`),
      ]);
      for (const each of [containers, volumes, networks])
        if (!each.ok) return failed(`the leash's budget cannot be counted: ${each.reason}`);
      const listed = containers.ok ? itemsOf(containers.value) : [];
      const ids = listed.map((item) => textAt(item, "Id") ?? "");
      const asked = await Promise.all(ids.map(amountsOf));
      const unknown = asked.find((each) => "ok" in each);
      if (unknown) return failed(`the leash's budget cannot be counted: ${unknown.reason}`);
      const all = asked.filter((each) => "amounts" in each);
      for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
      const running = new Set(
        listed.flatMap((item, at) => (isOver(textAt(item, "State")) ? [] : [ids[at] ?? ""])),
      );
      const marks = new Set(all.map(({ mark }) => mark));
      // The guard's own volumes are folders of the host.
      const names = itemsOf(volumes.ok ? recordAt(volumes, "value").Volumes : [])
        .map((each) => textAt(each, "Name") ?? "")
        .filter((name) => !isFolderName(name));
      const made = itemsOf(networks.ok ? networks.value : []).map((each) => textAt(each, "Name") ?? "");
      const now = Date.now();
      const shown = new Set([...marks, ...running, ...names, ...made]);
      const open = underWay.filter(({ key, until }) => !shown.has(key) && now <= until);
      for (const each of underWay) if (!open.includes(each)) pending.delete(each);
      const sum = (name: keyof Pending["amounts"]) =>
        open.reduce((total, { amounts }) => total + amounts[name], 0);
      const taken = (name: keyof Amounts) =>
        all.reduce(
          (total, each, at) => total + (running.has(ids[at] ?? "") ? each.amounts[name] : 0),
          sum(name),
        );
      return ok({
        memory: taken("memory"),
        pids: taken("pids"),
        ports: taken("ports"),
        containers: ids.length + sum("containers"),
        volumes: names.length + sum("volumes"),
        networks: made.length + sum("networks"),
        volumeNames: new Set(names),
        running,
      });
    },
    expect(key, amounts) {
      const added = { key, amounts: { ...nothing, ...amounts }, until: Date.now() + longestPending };
      pending.add(added);
      return () => pending.delete(added);
    },
    forget: (id) => known.delete(id),
  };
}

/** One that was made and never started is about to be; one that ended takes nothing but its place. */
function isOver(state: string | undefined): boolean {
  return state === "exited" || state === "dead" || state === "removing";
}

/** What a HostConfig asks for; a limit that it does not have counts as none, since the leash gives one to each. */
export function amountsIn(host: Readonly<Record<string, unknown>>): Amounts {
  const number = (value: unknown) => (typeof value === "number" && value > 0 ? value : 0);
  return {
    memory: number(host.Memory),
    pids: number(host.PidsLimit),
    ports: Object.values(recordAt(host, "PortBindings")).reduce<number>(
      (sum, each) => sum + itemsOf(each).length,
      0,
    ),
  };
}

/** A container whose amounts are asked for again. */
export async function amountsOfContainer(
  engine: Pick<EngineClient, "get">,
  id: string,
): Promise<Amounts | undefined> {
  const inspected = await engine.get(`/containers/${id}/json`);
  return inspected.ok ? amountsIn(recordAt(inspected.value, "HostConfig")) : undefined;
}
