// The law *Never worse* on a real Engine: two clients ask at random under random policies, through a guard, and what comes to be
// is seen past it (test/support/guard/never-worse.ts; the unit tests run the same against a mock). Needs root and dockerd.
// `npm run fuzz:guard -- --engine` runs it.

import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../src/base/json.ts";
import { tarOf } from "../test/engine/attacks/archive.ts";
import { openDoor } from "../test/engine/attacks/door.ts";
import { startStage } from "../test/engine/attacks/stage.ts";
import { builtCommand } from "../test/support/cli.ts";
import { startGuard } from "../test/support/guard/guard-process.ts";
import { calls, clients, links, policies, type State, worse } from "../test/support/guard/never-worse.ts";

/** Whether the law held for so long. */
export async function neverWorseOnEngine(seconds: number, firstSeed: number): Promise<boolean> {
  const folders = ["/srv/ann", "/srv/bob"];
  if (folders.some((each) => existsSync(each))) throw new Error(`${folders.join(" and ")} are there already`);
  for (const each of folders) mkdirSync(join(each, "a"), { recursive: true });
  for (const [link, target] of Object.entries(links)) symlinkSync(target, link);

  const stage = await startStage();
  const config = join(stage.engine.folder, "bulkhead.yaml");
  const socketOf = (client: string) => join(stage.engine.folder, `${client}.sock`);
  const write = (all: Readonly<Record<string, object>>) => {
    const own = clients.map((name) => [name, { ...all[name], listen: `unix://${socketOf(name)}` }]);
    writeFileSync(config, JSON.stringify({ guard: { clients: Object.fromEntries(own) } }));
  };
  write({});
  const guard = await startGuard(builtCommand(), stage.engine.host, ["--config", config]);

  async function look(): Promise<State> {
    const list = async (path: string) => (await stage.ask("GET", path)).json;
    const named = (items: readonly unknown[]) =>
      new Map(items.map((each) => [(textAt(each, "Name") ?? "").replace(/^\//, ""), each]));
    const images = itemsOf(await list("/images/json"));
    const containers = await stage.containers();
    return {
      tags: new Map(
        images
          .filter(isRecord)
          .flatMap(({ Id, RepoTags }) => textsOf(RepoTags).map((tag) => [tag, String(Id)])),
      ),
      containers: named(containers),
      volumes: named(itemsOf(recordAt({ at: await list("/volumes") }, "at").Volumes)),
      networks: named(itemsOf(await list("/networks"))),
      execs: await execs(containers),
      services: new Map(),
      secrets: new Map(),
    };
  }

  async function execs(containers: readonly unknown[]): Promise<Map<string, unknown>> {
    const all = new Map<string, unknown>();
    for (const container of containers)
      for (const id of textsOf(recordAt({ container }, "container").ExecIDs)) {
        const { json } = await openDoor(stage.engine.socketPath).call("GET", `/exec/${id}/json`);
        all.set(id, { ...recordAt({ json }, "json"), container: (textAt(container, "Name") ?? "").slice(1) });
      }
    return all;
  }

  const until = Date.now() + seconds * 1_000;
  let [seed, asked, done] = [firstSeed, 0, 0];
  let broken: readonly string[] = [];
  try {
    for (; Date.now() < until && broken.length === 0; seed += 1) {
      const [round] = fc.sample(fc.tuple(policies, calls), { seed, numRuns: 1 });
      if (!round) continue;
      const [all, wanted] = round;
      await stage.clear();
      await stage.make("others", { Cmd: ["sleep", "1d"], HostConfig: { NetworkMode: "none" } });
      await stage.ask("POST", `/images/${stage.image}/tag?repo=trusted&tag=latest`);
      write(all);
      const before = guard.said().length;
      guard.signal("SIGHUP");
      if (!(await stage.comes(() => guard.said().slice(before).includes("read anew"))))
        throw new Error(guard.said());
      for (const call of wanted) {
        const was = await look();
        const door = openDoor(socketOf(call.client));
        const answer =
          call.dockerfile === undefined
            ? await door.call(call.method, call.path, call.body)
            : await door.send(call.method, call.path, await tarOf({ Dockerfile: call.dockerfile }));
        asked += 1;
        if (answer.status < 300) done += 1;
        broken = worse(was, await look(), call, all);
        if (broken.length === 0) continue;
        console.error(
          `seed ${seed}: ${broken.join("; ")}\n${JSON.stringify({ all, call, answer: answer.text.slice(0, 400) }, null, 1)}`,
        );
        break;
      }
    }
  } finally {
    await guard.stop();
    await stage.stop();
    for (const each of folders) rmSync(each, { recursive: true, force: true });
  }
  console.log(`never worse: ${asked} requests, ${done} of them done, up to seed ${seed}`);
  return broken.length === 0;
}
