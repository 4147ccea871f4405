import { afterEach, expect, test } from "vitest";
import { type FakeEngine, fakeEngine } from "../../../test/engine/fake-engine.ts";
import { readLiveEngine } from "./read-live.ts";

const engines: FakeEngine[] = [];

afterEach(() => {
  for (const engine of engines.splice(0)) engine.stop();
});

const ids = { web: "ab".repeat(32), debug: "cd".repeat(32) };

function inspected(name: keyof typeof ids, hostConfig: unknown = {}): unknown {
  return { Id: ids[name], Name: `/${name}`, State: { Running: true, Pid: 0 }, HostConfig: hostConfig };
}

async function live(containers: readonly string[] | "all") {
  const debug = inspected("debug", { NetworkMode: `container:${ids.web}` });
  const documents = {
    "/info": { Driver: "overlay2", SecurityOptions: [] },
    "/version": { Version: "26.1.5" },
    "/volumes": { Volumes: null },
    "/networks": [],
    "/containers/json?all=1": Object.entries(ids).map(([name, Id]) => ({ Id, Names: [`/${name}`] })),
    [`/containers/${ids.web}/json`]: inspected("web"),
    [`/containers/${ids.debug}/json`]: debug,
    "/containers/debug/json": debug,
  };
  const engine = await fakeEngine({ documents });
  engines.push(engine);
  const request = {
    required: true,
    whole: containers === "all",
    containers: containers === "all" ? [] : containers,
    images: [],
    host: engine.host,
    context: undefined,
    proc: "/nonexistent",
    cgroup: "/nonexistent",
    environment: {},
    home: "/nonexistent",
  };
  return await readLiveEngine(request, []);
}

test("what is felt under contention is told where all that runs was read, and only there", async () => {
  expect((await live("all")).running.map(({ subject }) => subject.name)).toEqual(["web", "debug"]);
  expect((await live(["debug"])).running).toEqual([]);
});

test("a container that another joins is called by its name, not by the id that the Engine keeps", async () => {
  const subject = (await live(["debug"])).reading.subjects[0];
  expect(subject?.views[0]).toMatchObject({ networkMode: { value: { target: "web" } } });
});
