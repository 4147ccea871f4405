import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pluginSocket } from "../support/guard/plugin-sockets.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";

function traces(folder: string): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  return [
    ...mounts.filter((line) => line.includes(folder)),
    ...processes.filter((line) => line.includes(`${folder}/`)),
    ...(existsSync(folder) ? [folder] : []),
  ];
}

describeWithEngine("the test engine", () => {
  let engine: TestEngine;
  let other: TestEngine;
  beforeAll(async () => {
    [engine, other] = await Promise.all([
      startEngine(),
      startEngine({ bridge: true, daemonJson: { icc: false } }),
    ]);
    await Promise.all([importBusybox(engine), importBusybox(other)]);
  });
  afterAll(async () => {
    await Promise.all([engine?.stop(), other?.stop()]);
  });

  it("runs containers, several engines side by side", async () => {
    expect(await engine.docker(["run", "--rm", busybox, "echo", "one"])).toBe("one");
    expect(await other.docker(["run", "--rm", busybox, "ping", "-c1", "-W1", "127.0.0.1"])).toContain(
      "1 packets received",
    );
    expect(await other.docker(["network", "inspect", "bridge"])).toContain(
      '"com.docker.network.bridge.enable_icc": "false"',
    );
  });

  it("makes images with a configuration", async () => {
    const image = await importImage(engine, "app:1", {
      changes: ["USER 1000", "ENV A=b"],
      files: { "/etc/motd": "hello" },
    });
    expect(await engine.docker(["run", "--rm", image, "sh", "-c", "id -u; echo $A; cat /etc/motd"])).toBe(
      "1000\nb\nhello",
    );
  });

  it("says what docker said when it fails", async () => {
    await expect(engine.docker(["run", "nosuch:1"])).rejects.toThrow(/nosuch/);
  });

  it("says why dockerd does not start", async () => {
    await expect(startEngine({ flags: ["--no-such-flag"] })).rejects.toThrow(/no-such-flag/);
  });

  it("leaves nothing behind when it stops, also of a dockerd that was killed", async () => {
    const short = await startEngine();
    await importBusybox(short);
    const id = await short.docker(["run", "-d", busybox, "sleep", "1000"]);
    process.kill(short.pid, "SIGKILL");
    await short.stop();
    await short.stop();
    expect(traces(short.folder)).toEqual([]);
    expect(
      execFileSync("sh", ["-c", `grep -l ${id} /proc/[0-9]*/cgroup 2>/dev/null || true`], {
        encoding: "utf8",
      }),
    ).toBe("");
  });

  it("leaves nothing behind when the test process is killed", async () => {
    const script = `import { startEngine } from ${JSON.stringify(new URL("engine.ts", import.meta.url).href)};
      import { importBusybox } from ${JSON.stringify(new URL("images.ts", import.meta.url).href)};
      const engine = await startEngine();
      await importBusybox(engine);
      await engine.docker(["run", "-d", "busybox:test", "sleep", "1000"]);
      console.log(engine.folder);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const folder = await new Promise<string>((resolve) => {
      child.stdout.once("data", (data: Buffer) => resolve(data.toString("utf8").trim()));
    });
    expect(traces(folder).length).toBeGreaterThan(1);
    child.kill("SIGKILL");
    for (let tries = 0; tries < 300 && existsSync(folder); tries += 1) await pause(100);
    expect(traces(folder)).toEqual([]);
  });

  it("is not held up by a plugin that was killed, and leaves those that live", async () => {
    const dead = pluginSocket(`bulkhead-test-dead-${process.pid}`);
    const alive = pluginSocket(`bulkhead-test-alive-${process.pid}`);
    mkdirSync(dirname(dead), { recursive: true });
    const script = `require("node:net").createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 9))`;
    await once(spawn(process.execPath, ["-e", script]), "exit");
    expect(existsSync(dead)).toBe(true);
    const server = createServer().listen(alive);
    await once(server, "listening");
    try {
      const held = await startEngine();
      await held.stop();
      expect(existsSync(dead)).toBe(false);
      expect(existsSync(alive)).toBe(true);
    } finally {
      server.close();
      rmSync(dead, { force: true });
    }
  });

  it("remaps users", async () => {
    const remapped = await startEngine({ usernsRemap: true });
    try {
      await importBusybox(remapped);
      expect(await remapped.docker(["run", "--rm", busybox, "cat", "/proc/self/uid_map"])).not.toMatch(
        /^\s*0\s+0\s/,
      );
      expect(await remapped.docker(["info", "-f", "{{.SecurityOptions}}"])).toContain("name=userns");
    } finally {
      await remapped.stop();
    }
  });
});
