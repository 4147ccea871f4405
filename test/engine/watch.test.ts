import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { contextOf } from "../../src/audit/contexts.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import type { Finding } from "../../src/audit/finding.ts";
import { readLiveEngine } from "../../src/audit/live/read-live.ts";
import { controls } from "../../src/controls/registry.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { listenIn } from "./fake-engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, watching } from "./watching.ts";

const names = (findings: readonly Finding[]) =>
  findings
    .map(({ control, subject, verdict, level }) => `${subject} ${control} ${verdict} ${level}`)
    .toSorted();

describeWithEngine("bulkhead watch on a real Engine", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const newName = () => testName(engine, "watched");
  const run = (...flags: readonly string[]) => runNamed(engine, newName(), ["--network=none", ...flags]);

  /** What `bulkhead audit engine` finds. */
  async function audited(): Promise<readonly Finding[]> {
    const live = await readLiveEngine(
      {
        ...{ required: true, whole: true, containers: [], images: [], host: engine.host, context: undefined },
        ...{ proc: "/proc", cgroup: "/sys/fs/cgroup", environment: {}, home: "/nonexistent" },
      },
      [],
    );
    const rules = { controls, ignores: [], severities: {}, today: "2026-01-01", spell: () => null };
    const around = {
      files: new Map(),
      engine: live.engine?.views.at(-1),
      live: live.peers,
      running: live.running,
    };
    // The watch judges what runs; an audit also judges the images that it runs from.
    return live.reading.subjects
      .filter(({ kind }) => kind !== "image")
      .flatMap((subject) => evaluate(subject, contextOf(subject, around), rules))
      .flatMap(({ finding }) => (finding && finding.verdict === "fail" ? finding : []));
  }

  const failing = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict === "fail");

  it("finds what the audit finds, at first and after events have touched this and that", async () => {
    const first = await run("--privileged");
    const watched = await watching(engine, { cooldown: 0 });
    expect(names(failing(watched.watch.open()))).toEqual(names(await audited()));
    await run("--pid", `container:${first}`, "--memory=64m");
    const third = await run("--volumes-from", first, "-v", "/etc:/host:ro");
    await engine.docker(["update", "--memory=32m", "--memory-swap=64m", third]);
    await engine.docker(["rename", third, `${third}-renamed`]);
    onTestFinished(async () => void (await engine.docker(["rm", "-f", `${third}-renamed`])));
    await engine.docker(["stop", "-t", "0", first]);
    const wanted = names(await audited());
    await until(
      () => names(failing(watched.watch.open())).join() === wanted.join(),
      () => `${names(failing(watched.watch.open())).join("\n")}\n\ninstead of\n\n${wanted.join("\n")}`,
    );
  });

  it("reads of the Engine only what an event touches", async () => {
    const [touched, other] = [await run(), await run()];
    const door = await doorTo(engine.socketPath);
    const watched = await watching(door, { cooldown: 0 });
    const idOf = (name: string) => watched.watch.container(name)?.id ?? name;
    const before = door.asked().length;
    await engine.docker(["update", "--memory=64m", "--memory-swap=64m", touched]);
    await watched.change(
      ({ finding, change }) =>
        change === "resolved" &&
        finding.control === "memory-limit" &&
        finding.subject === `container:${touched}`,
    );
    const asked = door.asked().slice(before).join("\n");
    expect(asked).toContain(idOf(touched));
    expect(asked).not.toContain(idOf(other));
    expect(asked).not.toMatch(/\/info|\/containers\/json/);
  });

  it("notices a container that lives for a moment, and that it is gone", async () => {
    const watched = await watching(engine);
    const name = newName();
    await engine.docker([
      ...["run", "--rm", "--name", name, "--network=none", "-v", `${engine.socketPath}:/s`, busybox, "true"],
    ]);
    const isIt = (change: string) => (each: (typeof watched.changes)[number]) =>
      each.change === change &&
      each.finding.control === "docker-socket-mount" &&
      each.finding.subject === `container:${name}`;
    expect(await watched.change(isIt("opened"))).toMatchObject({
      cause: { kind: "event", action: "create" },
    });
    // Its end and its network's disconnect come just before it goes: each may find it gone.
    expect(await watched.change(isIt("resolved"))).toMatchObject({
      cause: { kind: "event", action: expect.stringMatching(/^(?:die|destroy|disconnect)$/) },
    });
  });

  it("tells a container that restarts again and again once", async () => {
    const watched = await watching(engine, { cooldown: 3_000 });
    const name = newName();
    await engine.docker([
      "run",
      "-d",
      "--name",
      name,
      "--network=none",
      "--restart=always",
      busybox,
      "false",
    ]);
    await watched.change(({ finding }) => finding.subject === `container:${name}`);
    const deaths = () => watched.events.filter((each) => each.action === "die" && each.name === name).length;
    await until(() => deaths() >= 4);
    const opened = watched.changes.filter(({ finding }) => finding.subject === `container:${name}`);
    const controlsOf = opened.map(({ finding, change }) => `${change} ${finding.control}`);
    expect(controlsOf).toEqual([...new Set(controlsOf)]);
  });

  it("sees what happened while the Engine was out of sight, and what comes after", async () => {
    const mine = await startEngine({ daemonJson: { "live-restore": true } });
    onTestFinished(() => mine.stop());
    await importBusybox(mine);
    await mine.docker(["run", "-d", "--name", "before", "--network=none", busybox, "sleep", "1000"]);
    // A door between the watch and the Engine, which can be shut.
    const door = await doorTo(mine.socketPath);
    const watched = await watching(door, { cooldown: 0 });
    door.shut();
    await until(() => watched.said.length > 0);
    expect(watched.watch.status().connected).toBe(false);
    await mine.docker([
      "run",
      "-d",
      "--name",
      "meanwhile",
      "--network=none",
      "--privileged",
      busybox,
      "sleep",
      "1000",
    ]);
    await mine.docker(["rm", "-f", "before"]);
    door.open();
    const opened = await watched.change(
      ({ finding, change }) =>
        change === "opened" && finding.control === "privileged" && finding.subject === "container:meanwhile",
    );
    // The Engine still knows the event, so the cause is known, too.
    expect(["event", "reconnect"]).toContain(opened.cause.kind);
    await watched.change(
      ({ finding, change }) => change === "resolved" && finding.subject === "container:before",
    );
    await mine.docker(["rm", "-f", "meanwhile"]);
    await watched.change(
      ({ finding, change }) => change === "resolved" && finding.subject === "container:meanwhile",
    );
    const identities = watched.events.map(({ identity }) => identity);
    expect(identities).toEqual([...new Set(identities)]);
    expect(
      watched.events.filter(({ action, name }) => action === "create" && name === "meanwhile"),
    ).toHaveLength(1);
  });

  it("judges no container before it knows its Engine", async () => {
    const total = Number(JSON.parse(await engine.docker(["info", "--format", "{{json .MemTotal}}"])));
    const door = await doorTo(engine.socketPath, { slow: /\/info$/ });
    const opening = watching(door, { cooldown: 0 });
    await until(() => door.asked().some((url) => url.includes("/events?")));
    const limit = `${Math.round(total / 1024 ** 2) + 1}m`;
    const name = await run("--privileged", `--memory=${limit}`, `--memory-swap=${limit}`);
    const watched = await opening;
    const ofIt = () => watched.changes.filter(({ finding }) => finding.subject === `container:${name}`);
    await until(() => ofIt().some(({ finding }) => finding.control === "privileged"));
    // A limit above the host's memory is none: only the Engine knows how much that is.
    const first = ofIt().filter(({ time }) => time === ofIt()[0]?.time);
    expect(first.map(({ finding }) => finding.control)).toContain("memory-limit");
  });

  it("goes on with a sweep where an event never came", async () => {
    const door = await doorTo(engine.socketPath, { withoutEvents: true });
    const watched = await watching(door, { interval: 1_000, cooldown: 0 });
    const name = await run("--privileged");
    const opened = await watched.change(
      ({ finding }) => finding.control === "privileged" && finding.subject === `container:${name}`,
    );
    expect(opened.cause).toEqual({ kind: "sweep" });
    await until(() => watched.eventsLost() > 0);
    await engine.docker(["rm", "-f", name]);
    await watched.change(
      ({ finding, change }) => change === "resolved" && finding.subject === `container:${name}`,
    );
  });

  it("counts a sweep that comes late, because the machine keeps it from running", async () => {
    const watched = await watching(engine, { interval: 1_000 });
    await until(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
      return watched.sweepsLate() > 0;
    });
  });

  it("takes ten thousand events in a burst, with memory that stays level", async () => {
    const id = (number: number) => number.toString(16).padStart(64, "0");
    const burst = Array.from(
      { length: 10_000 },
      (_, index) =>
        `{"Type":"container","Action":"${index % 2 === 0 ? "update" : "start"}","Actor":{"ID":"${id(index % 50)}","Attributes":{"name":"c${index % 50}","filler":"${"x".repeat(400)}"}},"timeNano":${1_000_000_000 + index}}\n`,
    );
    const door = await doorTo(engine.socketPath, { inject: burst });
    const watched = await watching(door, { cooldown: 0 });
    const before = process.memoryUsage().heapUsed;
    door.inject();
    await until(() => watched.events.length >= 10_000);
    const name = await run("--privileged");
    await watched.change(({ finding }) => finding.subject === `container:${name}`);
    expect((process.memoryUsage().heapUsed - before) / 1024 ** 2).toBeLessThan(120);
    // Each of the fifty is asked for a few times, not ten thousand.
    expect(door.asked().filter((path) => path.includes(id(7))).length).toBeLessThan(100);
    await pause(0);
  });
});

interface Door {
  readonly host: string;
  shut(): void;
  open(): void;
  inject(): void;
  asked(): readonly string[];
}

/** Hands requests on to an Engine; can refuse them, answer some after two seconds, keep events back, and tell events of its own. */
async function doorTo(
  socketPath: string,
  {
    withoutEvents = false,
    inject = [],
    slow,
  }: { withoutEvents?: boolean; inject?: readonly string[]; slow?: RegExp } = {},
): Promise<Door> {
  const { request: ask } = await import("node:http");
  let isShut = false;
  const asked: string[] = [];
  const streams = new Set<import("node:http").ServerResponse>();
  const server = createServer(async (request, response) => {
    const url = request.url ?? "";
    asked.push(url);
    if (slow?.test(url)) await pause(2_000);
    if (isShut) {
      request.socket.destroy();
      return;
    }
    const isStream = url.includes("/events?");
    if (isStream && withoutEvents) {
      response.writeHead(200);
      response.flushHeaders();
      return;
    }
    const up = ask(
      { socketPath, path: url, method: request.method ?? "GET", headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        if (isStream) {
          streams.add(response);
          response.flushHeaders();
          response.once("close", () => {
            streams.delete(response);
            up.destroy();
          });
        }
        answer.pipe(response);
      },
    );
    up.once("error", () => response.destroy());
    request.pipe(up);
  });
  const listening = await listenIn(server, () => server.closeAllConnections());
  onTestFinished(() => listening.stop());
  return {
    host: listening.host,
    shut() {
      isShut = true;
      server.closeAllConnections();
    },
    open() {
      isShut = false;
    },
    inject() {
      for (const stream of streams) for (const event of inject) stream.write(event);
    },
    asked: () => asked,
  };
}
