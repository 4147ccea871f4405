import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeEngine, fakeEngine, type Replies } from "../../../test/engine/fake-engine.ts";
import type { EngineClient } from "../client.ts";
import { connectEngine } from "../connect.ts";
import type { LiveReading, Selection } from "./live-reading.ts";
import { readEngine } from "./read.ts";

let open: { readonly engine: FakeEngine; readonly client: EngineClient } | undefined;

afterEach(async () => {
  await open?.client.close();
  open?.engine.stop();
  open = undefined;
});

const base = {
  "/info": { Driver: "overlay2", SecurityOptions: [] },
  "/version": { Version: "26.1.5" },
  "/networks": [],
};

const everything: Selection = { containers: "all", images: [] };

async function read(replies: Replies, selection: Selection = everything): Promise<LiveReading> {
  const engine = await fakeEngine({ ...replies, documents: { ...base, ...replies.documents } });
  const client = await connectEngine({ host: engine.host, environment: {}, home: "/nowhere" });
  if (!client.ok) throw new Error(client.reason);
  open = { engine, client: client.value };
  return await readEngine(client.value, selection);
}

/** Documents of containers `c1`, `c2`, … and their list. */
function containers(
  ...more: readonly Readonly<Record<string, unknown>>[]
): Readonly<Record<string, unknown>> {
  const documents = more.map((document, index) => ({
    Id: `id${index + 1}`,
    Name: `/c${index + 1}`,
    State: { Running: true, Pid: 100 + index },
    ...document,
  }));
  return {
    "/containers/json?all=1": documents.map(({ Id, Name }) => ({ Id, Names: [Name] })),
    ...Object.fromEntries(
      documents.flatMap((each) =>
        [each.Id, each.Name.slice(1)].map((key) => [`/containers/${key}/json`, each]),
      ),
    ),
  };
}

function gone(response: ServerResponse): void {
  response.writeHead(404).end('{"message": "No such container"}');
}

describe("every container", () => {
  it("is listed once and inspected once, in the Engine's order", async () => {
    const reading = await read({ documents: containers({}, { State: { Running: false, Pid: 99 } }, {}) });
    expect(reading.gaps).toEqual([]);
    expect(reading.containers).toMatchObject([
      {
        id: "id1",
        name: "c1",
        running: true,
        pid: 100,
        subject: { id: "container:c1", source: "engine-api" },
      },
      { name: "c2", running: false, pid: undefined },
      { name: "c3", pid: 102 },
    ]);
    const asked = open?.engine.asked ?? [];
    expect(asked.filter((path) => path.startsWith("/containers")).toSorted()).toEqual([
      "/containers/id1/json",
      "/containers/id2/json",
      "/containers/id3/json",
      "/containers/json?all=1",
    ]);
  });

  it("that vanishes between list and inspect is gone, and no gap", async () => {
    const reading = await read({
      documents: containers({}, {}, {}),
      handlers: { "/containers/id2/json": gone },
    });
    expect(reading.containers.map(({ name }) => name)).toEqual(["c1", "c3"]);
    expect(reading.gaps).toEqual([]);
  });

  it("that cannot be inspected is a gap that names it, and the others are read", async () => {
    const reading = await read({
      documents: containers({}, {}),
      handlers: { "/containers/id2/json": (response) => response.writeHead(500).end('{"message": "boom"}') },
    });
    expect(reading.containers.map(({ name }) => name)).toEqual(["c1"]);
    expect(reading.gaps).toMatchObject([
      {
        subject: "container:c2",
        reason: "the container c2 cannot be inspected: it answers with status 500: boom",
      },
    ]);
  });

  it("that was read stays when the Engine dies in the middle, with one gap", async () => {
    const documents = containers(...Array.from({ length: 30 }, () => ({})));
    let answered = 0;
    const handlers = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `/containers/id${index + 1}/json`,
        (response: ServerResponse, engine: FakeEngine) => {
          answered += 1;
          if (answered === 20) engine.die();
          else response.end(JSON.stringify(documents[`/containers/id${index + 1}/json`]));
        },
      ]),
    );
    const start = Date.now();
    const reading = await read({ documents, handlers });
    expect(reading.containers.length).toBeGreaterThan(5);
    expect(reading.containers.length).toBeLessThan(30);
    expect(reading.gaps).toHaveLength(1);
    expect(reading.gaps[0]?.reason).toMatch(/stopped answering, after \d+ of 30 containers were read: /);
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});

describe("a selection", () => {
  it("by name that is not there is a gap", async () => {
    const reading = await read(
      { documents: containers({}) },
      { containers: ["c1", "nosuch"], images: ["gone:1"] },
    );
    expect(reading.containers.map(({ name }) => name)).toEqual(["c1"]);
    expect(reading.gaps.map(({ subject }) => subject).toSorted()).toEqual([
      "container:nosuch",
      "image:gone:1",
    ]);
    expect(open?.engine.asked).not.toContain("/containers/json?all=1");
  });

  it("by name and by id of the same container is one", async () => {
    const reading = await read({ documents: containers({}) }, { containers: ["c1", "id1"], images: [] });
    expect(reading.containers).toHaveLength(1);
  });

  it("knows the containers that a selected one joins, over several steps", async () => {
    const documents = containers(
      { HostConfig: { NetworkMode: "container:id2" } },
      { HostConfig: { PidMode: "container:id3", VolumesFrom: ["id1", "nosuch"] } },
      { HostConfig: { NetworkMode: "container:id2" } },
    );
    const reading = await read({ documents }, { containers: ["c1"], images: [] });
    expect(reading.containers.map(({ name }) => name)).toEqual(["c1"]);
    expect([...reading.peers.keys()].toSorted()).toEqual(["c1", "c2", "c3", "id1", "id2", "id3"]);
    expect(reading.gaps).toEqual([]);
  });

  it("of nothing is the engine alone", async () => {
    const reading = await read({}, { containers: [], images: [] });
    expect(reading).toMatchObject({
      engine: { id: "engine", kind: "engine" },
      containers: [],
      images: [],
      gaps: [],
    });
  });
});

describe("what belongs together", () => {
  it("is a volume's driver_opts and the mount of it", async () => {
    const reading = await read({
      documents: {
        ...containers({ HostConfig: { Binds: ["sock:/s", "plain:/p", "nfs:/n", "disk:/k"] } }),
        "/volumes/sock": {
          Name: "sock",
          Driver: "local",
          Options: { type: "none", o: "ro,bind", device: "/run/../run/docker.sock" },
        },
        "/volumes/plain": { Name: "plain", Driver: "local", Options: null },
        "/volumes/nfs": {
          Name: "nfs",
          Driver: "local",
          Options: { type: "nfs", o: "addr=10.0.0.1", device: ":/bind" },
        },
        "/volumes/disk": {
          Name: "disk",
          Driver: "local",
          Options: { type: "ext4", o: "ro", device: "/dev/sdz1" },
        },
      },
    });
    expect(reading.containers[0]?.subject.views[0]?.mounts).toMatchObject([
      { value: { source: "sock", hostPath: "/run/docker.sock" } },
      { value: { source: "plain", hostPath: undefined } },
      { value: { source: "nfs", hostPath: undefined } },
      { value: { source: "disk", hostPath: undefined } },
    ]);
  });

  it("is a mount and the container of --volumes-from that it came from", async () => {
    const shared = { Type: "bind", Source: "/etc", Destination: "/e", RW: true };
    const own = { Type: "volume", Name: "v1", Destination: "/own", RW: true };
    const reading = await read({
      documents: containers(
        { HostConfig: { Binds: ["/etc:/e", "/usr:/u"] }, Mounts: [shared, { ...shared, Destination: "/u" }] },
        {
          HostConfig: { VolumesFrom: ["c1:ro"], Binds: ["/usr:/u"] },
          Mounts: [shared, own, { ...shared, Source: "/var", Destination: "/e2" }],
        },
        { HostConfig: { VolumesFrom: ["c1"] }, Mounts: [{ ...shared, Source: "/var" }] },
      ),
    });
    expect(reading.containers[1]?.subject.views[0]?.mounts).toMatchObject([
      // Asked for here, although c1 has the same.
      { value: { hostPath: "/usr", from: undefined } },
      { value: { hostPath: "/etc", from: "c1" } },
      { value: { source: "v1", from: undefined } },
      { value: { hostPath: "/var", from: undefined } },
    ]);
    // The same target, but something else is there.
    expect(reading.containers[2]?.subject.views[0]?.mounts).toMatchObject([{ value: { from: undefined } }]);
  });

  it("is an image, inspected once for all its containers, and its user", async () => {
    const reading = await read({
      documents: {
        ...containers(
          { Image: "sha256:a", Config: { Image: "app", User: "1000" } },
          { Image: "sha256:a", Config: { Image: "app", User: "" } },
          { Image: "sha256:gone", Config: { User: "" } },
        ),
        "/images/sha256%3Aa/json": {
          Id: "sha256:a",
          RepoTags: ["other:1", "app:latest"],
          Config: { User: "1000" },
        },
      },
    });
    expect(reading.images).toMatchObject([{ id: "image:app:latest", views: [{ user: { value: "1000" } }] }]);
    expect(reading.containers.map(({ subject }) => subject.views[0]?.imageUser)).toMatchObject([
      { value: "1000" },
      { value: "1000" },
      { value: "" },
    ]);
    // Its inspection and its history.
    expect(open?.engine.asked.filter((path) => path.startsWith("/images/sha256%3Aa/"))).toHaveLength(2);
    expect(open?.engine.asked.filter((path) => path.startsWith("/images"))).toHaveLength(4);
    expect(reading.gaps).toEqual([]);
  });

  it("is an exec that runs, and its container", async () => {
    const reading = await read({
      documents: {
        ...containers({ ExecIDs: ["exec1234567890", "ended", "vanished"] }),
        "/exec/exec1234567890/json": { Running: true, Pid: 7, ProcessConfig: { privileged: true, user: "" } },
        "/exec/ended/json": { Running: false, Pid: 8, ProcessConfig: {} },
      },
    });
    expect(reading.execs).toMatchObject([
      {
        pid: 7,
        containerId: "id1",
        subject: {
          id: "exec:c1/exec12345678",
          name: "c1",
          stableId: "exec:c1",
          views: [
            { privileged: { value: true }, user: { state: "unset" }, container: { kind: "container" } },
          ],
        },
      },
    ]);
    expect(reading.gaps).toEqual([]);
  });
});

// A filtering proxy in front of the Engine lets through what it was told to.
it("says what it may not see, and reads the rest", async () => {
  const refuse = (response: ServerResponse) => response.writeHead(403).end("Forbidden");
  const reading = await read({
    documents: containers({ HostConfig: { Binds: ["one:/a", "two:/b"] } }),
    handlers: { "/info": refuse, "/volumes/one": refuse, "/volumes/two": refuse, "/networks": refuse },
  });
  expect(reading.engine).toBeUndefined();
  expect(reading.containers).toHaveLength(1);
  expect(reading.gaps.map(({ reason }) => reason).toSorted()).toEqual([
    "the Engine did not describe a volume: it answers with status 403",
    "the Engine did not describe itself: it answers with status 403",
    "the Engine did not list its networks: it answers with status 403",
  ]);
  // What a volume is that nobody describes is unknown, and no pass.
  expect(reading.containers[0]?.subject.views[0]?.mounts.map(({ state }) => state)).toEqual([
    ...["unresolved", "unresolved"],
  ]);
});

it.each([
  [null, ["the Engine's list of containers cannot be read"]],
  [{ a: 1 }, ["the Engine's list of containers cannot be read"]],
  [[null], ["the Engine lists a container without an id"]],
  [[{ Id: "id9", Names: 5 }], ["what the Engine says of the container id9 cannot be read"]],
  [[], []],
])("does not take the list %j for a clean Engine", async (list, reasons) => {
  const reading = await read({ documents: { "/containers/json?all=1": list, "/containers/id9/json": 5 } });
  expect(reading.containers).toEqual([]);
  expect(reading.gaps.map(({ reason }) => reason)).toEqual(reasons);
});
