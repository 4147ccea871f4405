import { afterAll, beforeAll, expect, it } from "vitest";
import { spawnDocker } from "../support/guard/guard-process.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { type Ask, type GuardedClients, guardClients } from "./policy/clients.ts";

describeWithEngine("two clients with an owner's label", () => {
  let engine: TestEngine;
  let clients: GuardedClients;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    // Nobody's, on everybody's bridge.
    await engine.docker(["run", "-d", "--name=web", busybox, "sleep", "1d"]);
    clients = await guardClients(engine, { ann: "owner: true", bob: "owner: true" });
  }, 120_000);
  afterAll(async () => {
    await clients?.stop();
    await engine?.stop();
  });

  it("each sees and touches its own, and nothing else is there", async () => {
    for (const client of ["ann", "bob"]) {
      await clients.passes(client, ["network", "create", `${client}-net`]);
      await clients.passes(client, ["volume", "create", `${client}-data`]);
      const flags = ["--name", `${client}-box`, "--network", `${client}-net`, "-v", `${client}-data:/data`];
      await clients.passes(client, [
        "run",
        "-d",
        ...flags,
        "-v",
        `${client}-new:/new`,
        busybox,
        "sleep",
        "1d",
      ]);
    }
    const events = spawnDocker({ ...clients.guard, host: `unix://${clients.socketOf("ann")}` }, [
      "events",
      "--since=1h",
      "--format={{.Actor.Attributes.name}}",
    ]);
    expect(await clients.passes("ann", ["ps", "-a", "--format={{.Names}}"])).toBe("ann-box");
    expect(await clients.passes("ann", ["network", "ls", "--format={{.Name}}"])).toBe("ann-net");
    expect((await clients.passes("ann", ["volume", "ls", "--format={{.Name}}"])).split("\n")).toEqual([
      "ann-data",
      "ann-new",
    ]);
    expect(await clients.passes("ann", ["ps", "-aq", "--filter=label=bulkhead.owner=bob"])).toBe("");
    expect(await clients.passes("ann", ["ps", "-aq", "--filter=name=bob-box"])).toBe("");
    expect(await clients.passes("ann", ["exec", "ann-box", "echo", "mine"])).toBe("mine");
    expect(await clients.passes("ann", ["stats", "--no-stream", "--format={{.Name}}"])).toBe("ann-box");
    const usage = JSON.parse((await clients.call("ann", { ask: ["GET", "/system/df"] })).text);
    expect(usage.Containers.map(({ Names }: { readonly Names: readonly string[] }) => Names)).toEqual([
      ["/ann-box"],
    ]);
    await events.until("ann-box");
    events.child.kill("SIGINT");
    await events.ended;
    expect(events.output()).not.toMatch(/bob|web|dangerous/);
  });

  it.each([
    ["inspect", "bob-box"],
    ["logs", "bob-box"],
    ["top", "bob-box"],
    ["stats", "--no-stream", "bob-box"],
    ["port", "bob-box"],
    ["diff", "bob-box"],
    ["exec", "bob-box", "true"],
    ["attach", "--no-stdin", "bob-box"],
    ["cp", "bob-box:/etc/passwd", "-"],
    ["export", "bob-box"],
    ["start", "bob-box"],
    ["stop", "bob-box"],
    ["restart", "bob-box"],
    ["kill", "bob-box"],
    ["pause", "bob-box"],
    ["wait", "bob-box"],
    ["rename", "bob-box", "mine"],
    ["update", "--cpus=1", "bob-box"],
    ["rm", "bob-box"],
    ["network", "inspect", "bob-net"],
    ["network", "connect", "bob-net", "ann-box"],
    ["network", "connect", "ann-net", "bob-box"],
    ["network", "disconnect", "bob-net", "bob-box"],
    ["network", "rm", "bob-net"],
    ["volume", "inspect", "bob-data"],
    ["volume", "rm", "bob-data"],
    ["ps", "--filter=before=bob-box"],
    ["create", "--network=bob-net", busybox],
    ["create", "--network=container:bob-box", busybox],
    ["create", "--volumes-from=bob-box", busybox],
    ["create", "--link=bob-box", busybox],
  ])("docker %s %s: as if it were not there, and nothing happens", async (...args) => {
    const id = await engine.docker(["inspect", "--format={{.Id}}", "bob-box"]);
    const ran = await clients.docker("ann", args);
    const said = ran.stdout + ran.stderr;
    expect(ran.status, said).not.toBe(0);
    expect(said).toMatch(/no such|not found/i);
    expect(said).not.toMatch(/guard-owner|Unable to find image/);
    expect(said).not.toContain(id.slice(0, 12));
    const nobody = await clients.docker(
      "ann",
      args.map((word) => word.replaceAll("bob-", "nobody-")),
    );
    expect(said.replaceAll("bob-", "nobody-")).toBe(nobody.stdout + nobody.stderr);
    const state = ["inspect", "--format={{.State.Status}} {{.State.Running}} {{.Name}}", "bob-box"];
    expect(await engine.docker(state)).toBe("running true /bob-box");
  });

  it("the names that a client makes are its own: nobody else's reference leads to them", async () => {
    const dockerfile = `FROM ${busybox}\nLABEL bulkhead.owner=bob\nRUN echo ann > /who\n`;
    await clients.passes("ann", ["build", "-q", "-t", "base", testFolder({ Dockerfile: dockerfile })]);
    const own = testFolder({ Dockerfile: "FROM base\nCOPY --from=base /who /again\n" });
    await clients.passes("ann", ["build", "-q", "-t", "app:1", own]);
    for (const name of ["postgres:17", "docker/dockerfile:1", "registry.example.com/app:1"]) {
      await clients.passes("ann", ["tag", "app:1", name]);
      expect(await clients.passes("ann", ["images", "--format={{.Repository}}:{{.Tag}}", name])).toBe(name);
      await expect(engine.docker(["image", "inspect", name])).rejects.toThrow(/No such image/);
      expect((await clients.docker("bob", ["image", "inspect", name])).status).not.toBe(0);
    }
    // By its own name it is there, also after another client has one of the same name.
    await clients.passes("bob", ["tag", busybox, "app:1"]);
    const run = ["run", "--name=mine", "--network=none", "app:1", "cat", "/again"];
    expect(await clients.passes("ann", run)).toBe("ann");
    expect(await clients.passes("ann", ["ps", "-a", "--filter=ancestor=app:1", "--format={{.Image}}"])).toBe(
      "app:1",
    );
    expect(await clients.passes("ann", ["inspect", "--format={{.Config.Image}}", "mine"])).toBe("app:1");
    const listed = await clients.passes("bob", ["images", "--format={{.Repository}}:{{.Tag}}"]);
    expect(listed.split("\n")).toContain("app:1");
    expect(listed).not.toMatch(/base|postgres|invalid/);
    // What the operator runs of it is not the client's, nor bob's.
    const image = await clients.passes("ann", ["image", "inspect", "--format={{.Id}}", "app:1"]);
    await engine.docker(["run", "--name=operators", "--network=none", image, "true"]);
    await clients.passes("ann", ["rm", "mine"]);
    for (const client of ["ann", "bob"]) {
      await clients.passes(client, ["container", "prune", "-f"]);
      expect((await clients.docker(client, ["inspect", "operators"])).status).not.toBe(0);
    }
    expect(await engine.docker(["rm", "operators"])).toBe("operators");
    await clients.fails("ann", ["push", "postgres:17"], "allow.names");
    for (const name of ["postgres:17", "app:1"]) await clients.passes("ann", ["rmi", name]);
    expect((await clients.docker("ann", ["image", "inspect", "app:1"])).status).not.toBe(0);
    expect(await clients.passes("bob", ["image", "inspect", "--format={{.RepoTags}}", "app:1"])).toContain(
      "app:1",
    );
  });

  it("nor an exec's id, nor the name of a volume that is taken, nor who else is on everybody's bridge", async () => {
    const { text } = await clients.call("bob", {
      ask: ["POST", "/containers/bob-box/exec", { Cmd: ["true"] }],
    });
    const { Id } = JSON.parse(text);
    for (const ask of [
      ["GET", `/exec/${Id}/json`],
      ["POST", `/exec/${Id}/start`, { Detach: true }],
      ["POST", `/exec/${Id}/resize?h=1&w=1`],
    ] satisfies Ask[]) {
      expect((await clients.call("ann", { ask })).status).toBe(404);
    }
    expect((await clients.call("bob", { ask: ["GET", `/exec/${Id}/json`] })).status).toBe(200);
    const taken = await clients.call("ann", { ask: ["POST", "/volumes/create", { Name: "bob-data" }] });
    expect(taken).toMatchObject({ status: 403, rules: ["guard-owner"] });
    for (const flags of [["-v", "bob-data:/x"], ["--mount=type=volume,src=bob-data,dst=/x"]]) {
      await clients.fails("ann", ["run", "--rm", ...flags, busybox, "true"], "the name bob-data is taken");
    }
    expect(
      await clients.passes("ann", ["network", "inspect", "--format={{len .Containers}}", "bridge"]),
    ).toBe("0");
    expect(await engine.docker(["network", "inspect", "--format={{len .Containers}}", "bridge"])).not.toBe(
      "0",
    );
    await clients.fails("ann", ["create", "--label=bulkhead.owner=bob", busybox], "(guard-owner-label)");
  });

  it("prunes its own alone", async () => {
    await clients.passes("bob", ["stop", "-t", "0", "bob-box"]);
    await clients.passes("ann", ["stop", "-t", "0", "ann-box"]);
    for (const kind of ["container", "network"]) await clients.passes("ann", [kind, "prune", "-f"]);
    await clients.passes("ann", ["volume", "prune", "-af"]);
    const left = await engine.docker(["ps", "-a", "--format={{.Names}}"]);
    expect(left).toContain("bob-box");
    expect(left).not.toContain("ann-box");
    expect(await engine.docker(["volume", "ls", "-q"])).toMatch(/bob-data\nbob-new/);
    expect(await engine.docker(["volume", "ls", "-q"])).not.toContain("ann-");
    expect(await engine.docker(["network", "ls", "--format={{.Name}}"])).toMatch(/bob-net/);
    await clients.passes("bob", ["rm", "bob-box"]);
  });
});
