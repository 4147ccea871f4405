import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { type CuttingSocket, cuttingSocket } from "./cutting-socket.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";

/** Healthy at once, so that a test does not wait five seconds. */
const healthy = ["--health-cmd", "true", "--health-interval", "200ms"];

/** Stopped at once: a sleep as the first process takes no SIGTERM. */
const quick = ["--stop-signal", "KILL"];

describeWithEngine("bulkhead fix container:NAME --recreate", () => {
  let engine: TestEngine;
  let program: string;
  let state: string;

  /** Images made in the same second come in any order. */
  const imageIds = async () => (await engine.docker(["images", "-q"])).split("\n").toSorted();

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    state = join(engine.folder, "state");
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const environment = () => ({ ...engine.environment, XDG_STATE_HOME: state });
  const fix = (...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["fix", "--no-config", ...words], { env: environment() });
  const recreate = (name: string, ...words: readonly string[]): Promise<Ran> =>
    fix(
      `container:${name}`,
      "--recreate",
      ...(words.includes("--only") ? [] : ["--only", "no-new-privileges"]),
      ...words,
    );
  const inspect = (name: string, format: string) => engine.docker(["inspect", "-f", format, name]);
  const start = (name: string, ...words: readonly string[]) =>
    engine.docker(["run", "-d", "--name", name, ...healthy, ...quick, ...words]);
  const names = async (name: string) =>
    (await engine.docker(["ps", "-a", "--format", "{{.Names}}", "--filter", `name=^${name}`]))
      .split("\n")
      .toSorted();
  const journals = () => {
    const folder = join(state, "bulkhead/recreate");
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  };

  describe("the writable layer", () => {
    it("is never lost unasked: changes outside scratch places are listed, and nothing is done", async () => {
      await start("kept", "--tmpfs", "/scratch", "-v", "kept-data:/data", busybox, "sleep", "600");
      const write =
        "mkdir /app; echo 1 > /app/db; echo 2 > /tmp/x; echo 3 > /data/x; rm /etc/group; echo 4 > /scratch/y";
      await engine.docker(["exec", "kept", "sh", "-c", write]);
      const before = await inspect("kept", "{{.Id}} {{.State.StartedAt}}");
      const ran = await recreate("kept");
      expect(ran.status).toBe(2);
      expect(ran.stderr).toContain(
        "container:kept is as it was: these changes in its writable layer would be lost",
      );
      expect(ran.stderr.match(/^ {2}[ACD] .*$/gm)).toEqual(["  A /app/db", "  D /etc/group"]);
      expect(await inspect("kept", "{{.Id}} {{.State.StartedAt}}")).toBe(before);
      expect(await names("kept")).toEqual(["kept"]);
      expect(journals()).toEqual([]);
    });

    it("is carried over by --keep-layer, and lost by --discard-layer", async () => {
      const keeping = await recreate("kept", "--keep-layer");
      expect(keeping).toMatchObject({ status: 0 });
      expect(await engine.docker(["exec", "kept", "cat", "/app/db", "/data/x"])).toBe("1\n3");
      expect(await inspect("kept", "{{.HostConfig.SecurityOpt}}")).toContain("no-new-privileges");
      expect(await fix("container:kept", "--confirm")).toMatchObject({ status: 0 });
      await engine.docker(["exec", "kept", "sh", "-c", "echo 5 > /app/more"]);
      expect(
        await recreate(
          "kept",
          "--discard-layer",
          "--only",
          "capabilities-drop",
          "--accept",
          "capabilities-drop",
        ),
      ).toMatchObject({ status: 0 });
      await expect(engine.docker(["exec", "kept", "cat", "/app/more"])).rejects.toThrow("No such file");
      expect(await fix("container:kept", "--confirm")).toMatchObject({ status: 0 });
      expect(await names("kept")).toEqual(["kept"]);
    });

    it("is looked at again once the old one has stopped: some save as they stop", async () => {
      const saves = "trap 'echo saved > /dump; exit 0' TERM; while :; do sleep 0.1; done";
      await start("saver", "--stop-signal", "TERM", busybox, "sh", "-c", saves);
      const before = await inspect("saver", "{{.Id}}");
      const ran = await recreate("saver");
      expect(ran.stderr).toMatch(/when it stopped, these changes .*lost:\n {2}A \/dump\n/);
      expect(ran.stderr).toContain("saver is as it was");
      expect(await inspect("saver", "{{.Id}} {{.State.Running}}")).toBe(`${before} true`);
      expect(await names("saver")).toEqual(["saver"]);
    });
  });

  it("keeps the old one, stopped and without its restart policy, until the new one is confirmed", async () => {
    await start("web", "--restart", "always", busybox, "sleep", "600");
    const old = await inspect("web", "{{.Id}}");
    const ran = await recreate("web");
    expect(ran.stderr).toContain("container:web is recreated, hardened");
    expect(ran.stderr).toContain(
      "kept, stopped, as web-before-bulkhead: bulkhead fix container:web --confirm",
    );
    expect(ran.status).toBe(0);
    const format = "{{.Id}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}";
    expect(await inspect("web-before-bulkhead", format)).toBe(`${old} false no`);
    expect(await inspect("web", "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}")).toBe("true always");

    const again = await recreate("web", "--only", "capabilities-drop", "--accept", "capabilities-drop");
    expect(again.stderr).toContain("the container before it is still kept as web-before-bulkhead");
    expect((await fix("--resume")).stderr).toContain("web: the old container is kept, stopped");

    await engine.docker(["exec", "web", "touch", "/new"]);
    expect((await fix("container:web", "--undo")).stderr).toContain("  A /new");
    const back = await fix("container:web", "--undo", "--discard-layer");
    expect(back).toMatchObject({ status: 0, stderr: "bulkhead: container:web: the old container is back\n" });
    expect(await inspect("web", format)).toBe(`${old} true always`);
    expect(await names("web")).toEqual(["web"]);

    await recreate("web");
    await engine.docker(["stop", "-t", "0", "web"]);
    expect((await fix("container:web", "--confirm")).stderr).toContain(
      "the new container does not work, so web-before-bulkhead stays",
    );
    await engine.docker(["start", "web"]);
    expect(await fix("container:web", "--confirm")).toMatchObject({ status: 0 });
    expect(await names("web")).toEqual(["web"]);
    expect(journals()).toEqual([]);
    expect(await fix("container:web", "--confirm")).toMatchObject({ status: 2 });
  });

  it("keeps the address that a container was given on its network", async () => {
    const address = "02:42:aa:bb:cc:dd";
    await engine.docker(["network", "create", "lan"]);
    await start("licensed", "--network", "lan", "--mac-address", address, busybox, "sleep", "600");
    await start("plain", "--network", "lan", busybox, "sleep", "600");
    expect((await fix("container:licensed")).stdout).toContain(`--mac-address ${address} `);
    expect((await fix("container:plain")).stdout).not.toContain("--mac-address");
    expect(await recreate("licensed")).toMatchObject({ status: 0 });
    expect(await inspect("licensed", "{{.NetworkSettings.Networks.lan.MacAddress}}")).toBe(address);
  });

  it("removes the old one in a later run, when --keep's time is over", async () => {
    await start("timed", busybox, "sleep", "600");
    await recreate("timed", "--keep", "24h");
    await fix("--resume");
    expect(await names("timed")).toEqual(["timed", "timed-before-bulkhead"]);
    expect(await fix("container:timed", "--undo")).toMatchObject({ status: 0 });
    expect(await recreate("timed", "--keep", "1ms")).toMatchObject({ status: 0 });
    expect((await fix("container:timed")).stderr).toContain("timed: the old container is removed");
    expect(await names("timed")).toEqual(["timed"]);
  });

  it("takes the image that the container has, not the one that its tag names now", async () => {
    await importImage(engine, "moving:1", { changes: ['CMD ["sleep", "600"]', "LABEL version=old"] });
    await start("pinned", "moving:1");
    const image = await inspect("pinned", "{{.Image}}");
    await importImage(engine, "moving:1", { changes: ['CMD ["sleep", "600"]', "LABEL version=new"] });
    expect(await recreate("pinned")).toMatchObject({ status: 0 });
    expect(await inspect("pinned", "{{.Image}} {{.Config.Labels.version}}")).toBe(`${image} old`);
  });

  it("shows and keeps the last lines of a container that failed, without secrets", async () => {
    const command = "echo starting with $DB_PASSWORD; echo x > /file || exit 9; sleep 600";
    await engine.docker([
      "run",
      "-d",
      "--name",
      "stubborn",
      "-e",
      "DB_PASSWORD=hunter22",
      busybox,
      "sh",
      "-c",
      command,
    ]);
    await engine.docker(["exec", "stubborn", "rm", "/file"]);
    const ran = await fix(
      "container:stubborn",
      "--recreate",
      "--discard-layer",
      "--only",
      "read-only-rootfs",
      "--accept",
      "read-only-rootfs",
    );
    expect(ran.stderr).toMatch(
      /ended with status 9; stubborn is as it was\nThe new container's last lines:\n/,
    );
    expect(ran.stderr).toContain("  starting with ••••\n");
    expect(ran.stderr).toContain("  sh: can't create /file: Read-only file system\n");
    const path = /They are kept in (.+)/.exec(ran.stderr)?.[1] ?? "";
    expect(readFileSync(path, "utf8")).toContain("can't create /file");
    expect(ran.stdout + ran.stderr + readFileSync(path, "utf8")).not.toContain("hunter22");
  });

  it("touches nothing where the journal cannot be written", async () => {
    await start("unwritten", busybox, "sleep", "600");
    const before = await inspect("unwritten", "{{.Id}} {{.State.StartedAt}}");
    const env = { ...environment(), XDG_STATE_HOME: join(engine.folder, "log") };
    const words = ["fix", "--no-config", "container:unwritten", "--recreate", "--only", "no-new-privileges"];
    const ran = await runCli(program, words, { env });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/the journal cannot be written to .*; unwritten is as it was/);
    expect(await inspect("unwritten", "{{.Id}} {{.State.StartedAt}}")).toBe(before);
  });

  describe("killed at any step", () => {
    let socket: CuttingSocket;
    beforeAll(async () => {
      socket = await cuttingSocket(engine.folder, engine.socketPath);
      state = join(engine.folder, "state-of-killed");
    });
    afterAll(async () => {
      await socket?.close();
    });

    /** Runs until it ends, or is killed at a change. */
    const run = (
      words: readonly string[],
      number: number,
      when: "before" | "after",
    ): Promise<NodeJS.Signals | null> =>
      new Promise((resolve) => {
        const env = { PATH: process.env.PATH ?? "", ...environment(), DOCKER_HOST: socket.host };
        const child = spawn(process.execPath, [program, "fix", "--no-config", ...words], {
          env,
          stdio: "ignore",
        });
        socket.at(number, when, () => child.kill("SIGKILL"));
        child.on("close", (_, signal) => resolve(signal));
      });

    it.each(["plain", "keep-layer"])(
      "the old one is back after --resume, %s",
      async (kind) => {
        const name = `victim-${kind}`;
        await start(name, "--restart", "unless-stopped", "--network", "none", busybox, "sleep", "600");
        await engine.docker(["exec", name, "touch", "/written"]);
        const old = await inspect(name, "{{.Id}}");
        const images = await imageIds();
        const words = [`container:${name}`, "--recreate", "--only", "no-new-privileges"];
        const flag = kind === "plain" ? "--discard-layer" : "--keep-layer";
        const places: string[] = [];
        for (let number = 0; ; number += 1) {
          const signals = [];
          for (const when of ["before", "after"] as const) {
            signals.push(await run([...words, flag], number, when));
            if (signals.at(-1) !== "SIGKILL") break;
            places.push(`${when} ${socket.changes.at(-1)}`);
            expect(journals(), places.at(-1)).toHaveLength(1);
            const resumed = await fix("--resume");
            expect(resumed.stderr, places.at(-1)).toContain("the old container is back");
            expect(resumed.status).toBe(0);
            const format = "{{.Id}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}";
            expect(await inspect(name, format), places.at(-1)).toBe(`${old} true unless-stopped`);
            expect(await names(name)).toEqual([name]);
            expect(journals()).toEqual([]);
            expect(await imageIds()).toEqual(images);
          }
          if (signals.at(-1) !== "SIGKILL") break;
        }
        // Create, stop, update, two renames, start; with a commit one more.
        expect(places.length, places.join("\n")).toBe(kind === "plain" ? 12 : 14);
        // It went through at last; the removal is cut short, too.
        expect(await names(name)).toEqual([name, `${name}-before-bulkhead`]);
        for (const when of ["before", "after"] as const) {
          if ((await run([`container:${name}`, "--confirm"], 0, when)) !== "SIGKILL") break;
        }
        await fix("--resume");
        expect(await names(name)).toEqual([name]);
        expect(await inspect(name, "{{.State.Running}}")).toBe("true");
        expect(journals()).toEqual([]);
      },
      240_000,
    );

    it("is put right by the next run on any container, and told by a run on files", async () => {
      await start("other", busybox, "sleep", "600");
      await start("cut", busybox, "sleep", "600");
      expect(await run(["container:cut", "--recreate", "--only", "no-new-privileges"], 4, "after")).toBe(
        "SIGKILL",
      );
      const folder = join(engine.folder, "empty");
      mkdirSync(folder);
      const files = await runCli(program, ["fix", "--no-config"], { cwd: folder, env: environment() });
      expect(files.stderr).toContain("--recreate of cut was cut short: bulkhead fix --resume");
      rmSync(folder, { recursive: true });
      expect((await fix("container:other")).stderr).toContain("cut: --recreate was cut short");
      expect(await inspect("cut", "{{.State.Running}}")).toBe("true");
      expect(await names("cut")).toEqual(["cut"]);
    });
  });

  it("is put back by Ctrl-C", async () => {
    await engine.docker(["run", "-d", "--name", "broken-off", ...quick, busybox, "sleep", "600"]);
    const old = await inspect("broken-off", "{{.Id}}");
    const words = ["container:broken-off", "--recreate", "--only", "no-new-privileges"];
    const child = spawn(process.execPath, [program, "fix", "--no-config", ...words], {
      env: { PATH: process.env.PATH ?? "", ...environment() },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    for (let tries = 0; tries < 200 && (await names("broken-off")).length < 2; tries += 1) await pause(50);
    child.kill("SIGINT");
    expect(await ended).toBe(2);
    expect(said).toBe("bulkhead: it was interrupted; broken-off is as it was\n");
    expect(await inspect("broken-off", "{{.Id}} {{.State.Running}}")).toBe(`${old} true`);
    expect(await names("broken-off")).toEqual(["broken-off"]);
  });
});
