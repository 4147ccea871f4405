import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { setItems } from "../../src/model/fact.ts";
import { type Change, subjectKey } from "../../src/watch/change.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { until, watching } from "./watching.ts";

/** No sweep comes to help: what is noticed here was noticed by its event. */
describeWithEngine("each event of the Engine is looked into", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  let counter = 0;
  async function make(verb: "create" | "run", ...args: readonly string[]): Promise<string> {
    counter += 1;
    const name = `told${counter}`;
    onTestFinished(async () => void (await engine.docker(["rm", "-f", "-v", name]).catch(() => "")));
    const detached = verb === "run" ? ["-d"] : [];
    await engine.docker([verb, ...detached, "--name", name, ...args, busybox, "sleep", "1000"]);
    return name;
  }

  const is = (change: Change["change"], control: string, subject: string) => (each: Change) =>
    each.change === change && each.finding.control === control && each.finding.subject === subject;

  it("create, before anything of it runs; start, with what the kernel says of it", async () => {
    const watched = await watching(engine);
    const name = await make("create", "--network=none", "--pid=host");
    const subject = `container:${name}`;
    expect(await watched.change(is("opened", "host-pid", subject))).toMatchObject({
      finding: { level: "configured", verdict: "fail" },
      cause: { kind: "event", type: "container", action: "create", actor: { name } },
    });
    await engine.docker(["start", name]);
    await until(() =>
      watched.watch
        .open()
        .some(
          (each) => each.control === "host-pid" && each.subject === subject && each.level === "effective",
        ),
    );
  });

  it("die: what only the kernel showed is over with the process", async () => {
    const watched = await watching(engine, { cooldown: 0 });
    const name = await make("run", "--network=none");
    await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
    await watched.change(
      ({ change, finding }) =>
        change === "opened" &&
        finding.control === "privileged-exec" &&
        finding.subject.startsWith(`exec:${name}/`),
    );
    const from = watched.changes.length;
    await engine.docker(["kill", name]);
    const resolved = await watched.change(
      ({ change, finding }) => change === "resolved" && finding.control === "privileged-exec",
      from,
    );
    expect(resolved.cause).toMatchObject({ kind: "event", type: "container" });
    // What it is configured to be stays as it was.
    const open = () => watched.watch.open().filter(({ subject }) => subject === `container:${name}`);
    await until(() => open().every(({ level }) => level === "configured"));
    expect(open()).not.toEqual([]);
  });

  it("rename: the findings of a container that runs stay, under its new name", async () => {
    const watched = await watching(engine, { cooldown: 0 });
    const name = await make("run", "--network=none", "--pid=host");
    onTestFinished(async () => void (await engine.docker(["rm", "-f", `${name}-new`])));
    await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
    await watched.change(
      ({ finding }) => finding.control === "host-pid" && finding.subject === `container:${name}`,
    );
    await watched.change(({ finding }) => finding.subject.startsWith(`exec:${name}/`));
    const controlsOf = (now: string) =>
      watched.watch
        .open()
        .filter(({ subject }) => [`container:${now}`, `exec:${now}`].includes(subjectKey(subject)))
        .map(({ control }) => control)
        .toSorted();
    const [before, from] = [controlsOf(name), watched.changes.length];
    await engine.docker(["rename", name, `${name}-new`]);
    await until(() => controlsOf(`${name}-new`).length === before.length);
    await engine.docker(["exec", `${name}-new`, "true"]);
    expect(controlsOf(`${name}-new`)).toEqual(before);
    expect(controlsOf(name)).toEqual([]);
    const told = watched.changes.slice(from).filter(({ finding }) => finding.subject.includes(name));
    expect(told.map(({ change, was }) => `${change} ${was?.replace(name, "NAME")}`).toSorted()).toEqual([
      ...before.slice(1).map(() => "changed container:NAME"),
      "changed exec:NAME",
    ]);
    expect(told[0]).toMatchObject({
      cause: { kind: "event", type: "container", action: "rename", actor: { name: `${name}-new` } },
    });
    expect(watched.watch.container(name)).toBeUndefined();
  });

  it("rename: a container that does not run makes room for another one of its name", async () => {
    const watched = await watching(engine, { cooldown: 0 });
    const name = await make("create", "--network=none", "--privileged");
    await watched.change(is("opened", "privileged", `container:${name}`));
    const from = watched.changes.length;
    onTestFinished(async () => void (await engine.docker(["rm", "-f", `${name}-old`])));
    await engine.docker(["rename", name, `${name}-old`]);
    await watched.change(is("opened", "privileged", `container:${name}-old`), from);
    await watched.change(is("resolved", "privileged", `container:${name}`), from);
  });

  it("network connect and disconnect", async () => {
    const watched = await watching(engine);
    const name = await make("run");
    const networks = () =>
      watched.watch
        .container(name)
        ?.subject.views.flatMap((view) => setItems(view.networks).map(({ value }) => value))
        .toSorted()
        .join();
    await until(() => networks() === "bridge");
    await engine.docker(["network", "create", "back"]);
    onTestFinished(async () => void (await engine.docker(["network", "rm", "-f", "back"])));
    await engine.docker(["network", "connect", "back", name]);
    await until(
      () => networks() === "back,bridge",
      () => `it is ${networks()}`,
    );
    await engine.docker(["network", "disconnect", "bridge", name]);
    await until(
      () => networks() === "back",
      () => `it is ${networks()}`,
    );
    await engine.docker(["rm", "-f", name]);
  });

  it("a volume's, which change nothing of what runs", async () => {
    const watched = await watching(engine);
    const name = await make("run", "--network=none");
    await until(() => watched.watch.container(name)?.running === true);
    const from = watched.changes.length;
    await engine.docker([
      "volume",
      "create",
      "-d",
      "local",
      "-o",
      "type=none",
      "-o",
      "o=bind",
      "-o",
      "device=/",
      "innocent",
    ]);
    await engine.docker(["volume", "rm", "innocent"]);
    await until(() => watched.events.filter(({ type }) => type === "volume").length >= 2);
    expect(watched.changes.slice(from)).toEqual([]);
  });

  it("exec_create alone runs nothing, and is no finding", async () => {
    const watched = await watching(engine);
    const name = await make("run", "--network=none");
    await engine.docker(["exec", name, "true", "--token=hunter2"]);
    await until(() => watched.events.some(({ action }) => action === "exec_die"));
    const told = watched.events.filter(({ action }) => action.startsWith("exec_"));
    expect(told.map(({ action }) => action)).toEqual(["exec_create", "exec_start", "exec_die"]);
    expect(watched.changes.filter(({ finding }) => finding.subject.startsWith("exec:"))).toEqual([]);
    const everything = JSON.stringify([
      watched.changes,
      watched.said,
      watched.events.map((each) => ({ ...each, timeNano: 0 })),
    ]);
    expect(everything).not.toContain("hunter2");
  });

  it("a daemon that read its configuration again", async () => {
    const watched = await watching(engine, { cooldown: 0 });
    const reload = (more: Readonly<Record<string, unknown>>) => {
      writeFileSync(join(engine.folder, "daemon.json"), JSON.stringify(more));
      process.kill(engine.pid, "SIGHUP");
    };
    const isOpen = () => watched.watch.open().some(({ control }) => control === "engine-insecure-registry");
    expect(isOpen()).toBe(false);
    reload({ "insecure-registries": ["registry.test:5000"] });
    expect(await watched.change(is("opened", "engine-insecure-registry", "engine"))).toMatchObject({
      cause: { kind: "event", type: "daemon", action: "reload" },
    });
    reload({ "insecure-registries": [] });
    expect(await watched.change(is("resolved", "engine-insecure-registry", "engine"))).toMatchObject({
      cause: { kind: "event", type: "daemon", action: "reload" },
    });
  });
});
