import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../../src/base/json.ts";
import { slowness } from "../../support/slowness.ts";
import { type EngineOptions, startEngine, type TestEngine } from "../engine.ts";
import { busybox, importBusybox } from "../images.ts";
import { type Answered, type Door, openDoor } from "./door.ts";
import { type Neighbour, startNeighbour } from "./neighbour.ts";

type Json = Readonly<Record<string, unknown>>;

/** The Engine that is attacked, seen past every guard, and the host around it. */
export interface Stage {
  readonly engine: TestEngine;
  /** Straight to dockerd. */
  readonly door: Door;
  /** A folder of the host's own, empty before each attack. */
  readonly folder: string;
  /** What listens on the host's loopback address, and hears who comes. */
  readonly neighbour: Neighbour;
  /** Where the guards have their policy and their sockets, and the program that they run. */
  readonly guard: { folder: string; program: string };
  /** Ids and the like from `prepare`, by a name of the attack's choice. */
  readonly kept: Map<string, string>;
  /** The id of the one image that is there always, whatever its name was put to. */
  readonly image: string;
  /** A call past the guard that has to succeed. */
  ask(method: string, path: string, body?: unknown): Promise<Answered>;
  /** What inspect says of every container. */
  containers(): Promise<readonly Json[]>;
  /** Makes a container past the guard; gives its id. `start` waits until it runs. */
  make(name: string, body: Json, start?: "start"): Promise<string>;
  /** Whether the condition comes to be within some seconds. */
  comes(condition: () => boolean | Promise<boolean>): Promise<boolean>;
  /** Puts dockerd behind the authorization plugins of these names, or none. */
  plugins(names: readonly string[]): Promise<void>;
  /** Takes away whatever is there but the image. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** A name that no attack is after. */
const always = "always:test";

/** One Engine for all of them, with a second runtime that nobody is to choose. */
export async function startStage(options: Pick<EngineOptions, "usernsRemap"> = {}): Promise<Stage> {
  const settings = { runtimes: { other: { path: "/usr/sbin/runc" } }, "live-restore": false };
  const engine = await startEngine({ ...options, bridge: true, daemonJson: settings });
  await importBusybox(engine);
  const neighbour = await startNeighbour(engine.pid);
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-attacked-"));
  const door = openDoor(engine.socketPath);
  const ask: Stage["ask"] = async (method, path, body) => {
    const answer = await door.call(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const list = async (path: string): Promise<readonly unknown[]> => itemsOf((await ask("GET", path)).json);
  const kept = new Map<string, string>();
  const image = textAt((await list("/images/json"))[0], "Id") ?? "";
  // One that has no name goes with the last image that is made of it.
  await ask("POST", `/images/${image}/tag?repo=${always.replace(":", "&tag=")}`);

  async function clear(): Promise<void> {
    const [containers, { json }, networks] = await Promise.all([
      list("/containers/json?all=1"),
      ask("GET", "/volumes"),
      list("/networks"),
    ]);
    for (const each of containers) {
      await door.call("DELETE", `/containers/${textAt(each, "Id")}?force=1&v=1`);
    }
    for (const each of itemsOf(recordAt({ json }, "json").Volumes)) {
      await door.call("DELETE", `/volumes/${textAt(each, "Name")}?force=1`);
    }
    // One that is configuration alone goes after those that take theirs from it.
    const isSettings = (network: unknown) => Number(recordAt({ network }, "network").ConfigOnly === true);
    for (const each of networks.toSorted((one, other) => isSettings(one) - isSettings(other))) {
      const name = textAt(each, "Name") ?? "";
      if (!["bridge", "none", "host"].includes(name)) {
        await door.call("DELETE", `/networks/${textAt(each, "Id")}`);
      }
    }
    await clearImages();
    kept.clear();
    neighbour.forget();
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }

  async function clearImages(): Promise<void> {
    const images = await list("/images/json");
    const namesOf = (each: unknown) => textsOf(recordAt({ each }, "each").RepoTags);
    for (const each of images) {
      const id = textAt(each, "Id");
      if (id !== image) await door.call("DELETE", `/images/${id}?force=1&noprune=1`);
    }
    const names = images.flatMap((each) => (textAt(each, "Id") === image ? namesOf(each) : []));
    for (const name of names) {
      if (![busybox, always].includes(name)) await door.call("DELETE", `/images/${name}?noprune=1`);
    }
    if (!names.includes(busybox)) {
      await ask("POST", `/images/${image}/tag?repo=${busybox.replace(":", "&tag=")}`);
    }
    // The steps of a build: a later attack would be answered from this cache.
    await ask("POST", `/images/prune?filters=${encodeURIComponent('{"dangling":["true"]}')}`);
    await ask("POST", "/build/prune?all=1");
  }

  async function comes(condition: () => boolean | Promise<boolean>): Promise<boolean> {
    for (const deadline = Date.now() + 10_000 * slowness; !(await condition()); await pause(20)) {
      if (Date.now() > deadline) return false;
    }
    return true;
  }

  return {
    engine,
    door,
    folder,
    neighbour,
    guard: { folder: "", program: "" },
    kept,
    image,
    ask,
    clear,
    comes,
    async containers() {
      const all = await list("/containers/json?all=1");
      const seen = await Promise.all(all.map((each) => ask("GET", `/containers/${textAt(each, "Id")}/json`)));
      return seen.map(({ json }) => json).filter(isRecord);
    },
    async make(name, body, start) {
      const { json } = await ask("POST", `/containers/create?name=${name}`, { Image: busybox, ...body });
      const id = textAt(json, "Id") ?? "";
      if (start) await ask("POST", `/containers/${id}/start`);
      return id;
    },
    async plugins(names) {
      const text = JSON.stringify({ ...settings, "authorization-plugins": names });
      if (readFileSync(join(engine.folder, "daemon.json"), "utf8") === text) return;
      writeFileSync(join(engine.folder, "daemon.json"), text);
      process.kill(engine.pid, "SIGHUP");
      // A question that every policy of a guard denies. The Engine's /info goes on to name the plugins that it began with.
      const isSo = await comes(async () => {
        const { text } = await door.call("GET", "/swarm/unlockkey");
        return text.includes("authorization denied by plugin") === names.length > 0;
      });
      if (!isSo) throw new Error(`dockerd did not take the plugins ${names.join(", ") || "away"}`);
    },
    async stop() {
      await neighbour.stop();
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
