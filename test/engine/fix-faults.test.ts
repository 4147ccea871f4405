import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { restart } from "./restart.ts";

/** What was said, as lines. */
const lines = ({ stderr }: Ran) => stderr.trim().split("\n");

describeWithEngine("bulkhead fix, where the Engine or the disk fails", () => {
  let engine: TestEngine;
  let program: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    environment = { ...engine.environment, XDG_STATE_HOME: join(engine.folder, "state") };
    await importBusybox(engine);
    await engine.docker(["run", "-d", "--name", "web", "--stop-signal", "KILL", busybox, "sleep", "600"]);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const fix = (env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["fix", "--no-config", ...words], { env });
  const webIs = () =>
    engine.docker(["inspect", "-f", "{{.Id}} {{.State.StartedAt}} {{.HostConfig.PidsLimit}}", "web"]);
  const recreate = ["container:web", "--recreate", "--only", "no-new-privileges"];

  describe.each<readonly [string, readonly string[]]>([
    ["a container", ["container:web", "--apply"]],
    ["a container anew", recreate],
    ["its confirmation", ["container:web", "--confirm"]],
    ["the daemon.json", ["engine", "--apply"]],
  ])("%s", (_, words) => {
    it("without an Engine: one line, exit status 2", async () => {
      const ran = await fix({ DOCKER_HOST: `unix://${engine.folder}/nowhere.sock` }, ...words);
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(lines(ran)).toEqual([expect.stringMatching(/^bulkhead: .*nowhere\.sock/)]);
    });

    it("without the right to speak to it: one line, and nothing is changed", async () => {
      const before = await webIs();
      const ran = await runCli(program, ["fix", "--no-config", ...words], {
        env: { DOCKER_HOST: engine.host },
        uid: 65_534,
      });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(lines(ran)).toEqual([expect.stringMatching(/^bulkhead: .*permission denied/i)]);
      expect(await webIs()).toBe(before);
    });
  });

  it("a full disk under the journal: one line, and the container is as it was", async () => {
    const full = join(engine.folder, "full");
    mkdirSync(full);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", full]);
    try {
      mkdirSync(join(full, "bulkhead/recreate"), { recursive: true });
      execFileSync("sh", ["-c", `cat /dev/zero > ${full}/filler 2>/dev/null || true`]);
      const before = await webIs();
      const ran = await fix({ ...environment, XDG_STATE_HOME: full }, ...recreate);
      expect(ran.status).toBe(2);
      expect(lines(ran)).toEqual([
        expect.stringMatching(
          /^bulkhead: the journal cannot be written to .*: the disk is full; web is as it was$/,
        ),
      ]);
      expect(await webIs()).toBe(before);
      expect(await engine.docker(["ps", "-aq", "--no-trunc"])).toBe(before.split(" ")[0]);
      expect(readdirSync(join(full, "bulkhead/recreate"))).toEqual([]);
    } finally {
      execFileSync("umount", [full]);
    }
  });

  it("a full disk under daemon.json: one line, and the file is as it was", async () => {
    const own = await startEngine();
    const file = join(own.folder, "daemon.json");
    const full = join(own.folder, "full");
    mkdirSync(full);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", full]);
    try {
      const before = readFileSync(file, "utf8");
      writeFileSync(join(full, "daemon.json"), before);
      execFileSync("sh", ["-c", `cat /dev/zero > ${full}/filler 2>/dev/null || true`]);
      execFileSync("mount", ["--bind", join(full, "daemon.json"), file]);
      const ran = await fix({ ...environment, ...own.environment }, "engine", "--safe", "--apply");
      expect(ran.status).toBe(2);
      expect(ran.stderr).toMatch(/^bulkhead: .*daemon\.json is as it was: /m);
      expect(readFileSync(file, "utf8")).toBe(before);
      expect(readdirSync(full).toSorted()).toEqual(["daemon.json", "filler"]);
    } finally {
      execFileSync("sh", ["-c", `umount ${file}; umount ${full}`]);
      await own.stop();
    }
  });

  it("a journal that nobody can read stops everything that could go over it", async () => {
    const state = join(engine.folder, "spoilt");
    mkdirSync(join(state, "bulkhead/recreate"), { recursive: true });
    writeFileSync(join(state, "bulkhead/recreate/abc.json"), "{ half");
    const before = await webIs();
    for (const words of [recreate, ["--resume"], ["container:web", "--confirm"]]) {
      const ran = await fix({ ...environment, XDG_STATE_HOME: state }, ...words);
      expect(ran.status).toBe(2);
      expect(lines(ran)).toEqual([
        expect.stringContaining("abc.json is not a journal that this version can read"),
      ]);
    }
    expect(await webIs()).toBe(before);
  });

  it("an Engine that restarts in the middle: the old container is back, running", async () => {
    const own = await startEngine();
    try {
      await importBusybox(own);
      const flags = ["--restart", "always", "--stop-signal", "KILL"];
      await own.docker(["run", "-d", "--name", "web", ...flags, busybox, "sleep", "600"]);
      const old = await own.docker(["inspect", "-f", "{{.Id}}", "web"]);
      const running = fix({ ...environment, ...own.environment }, ...recreate);
      // The new one is on trial.
      for (let tries = 0; tries < 200; tries += 1) {
        const names = await own.docker(["ps", "--format", "{{.Names}}"]);
        if ((await own.docker(["ps", "-aq"])).split("\n").length === 2 && names === "web") break;
        await pause(50);
      }
      await restart(own);
      const ran = await running;
      expect(ran.status).toBe(2);
      expect(lines(ran).at(0)).toMatch(/web is as it was$/);
      const format = "{{.Id}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}";
      expect(await own.docker(["inspect", "-f", format, "web"])).toBe(`${old} true always`);
      expect(await own.docker(["ps", "-aq", "--no-trunc"])).toBe(old);
      const journals = join(environment.XDG_STATE_HOME ?? "", "bulkhead/recreate");
      expect(
        existsSync(journals) ? readdirSync(journals).filter((name) => name.endsWith(".json")) : [],
      ).toEqual([]);
    } finally {
      await own.stop();
    }
  });
});
