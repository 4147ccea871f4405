import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ownLabel } from "../../src/engine/owner.ts";
import { labelName } from "../../src/prove/containers/proof-containers.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox } from "./images.ts";
import { type Proving, provingOn } from "./proving.ts";

describeWithEngine("bulkhead prove, cut short", () => {
  let engine: TestEngine;
  let proving: Proving;

  beforeAll(async () => {
    engine = await startEngine();
    proving = await provingOn(engine);
    await proving.start("plain");
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("leaves nothing behind when it is killed, or told to end, whenever that is", async () => {
    // The milliseconds are from where the first of its containers is there.
    for (const [signal, after] of [
      ["SIGKILL", 0],
      ["SIGKILL", 800],
      ["SIGKILL", 1_800],
      ["SIGTERM", 0],
      ["SIGINT", 0],
      ["SIGINT", 1_000],
    ] as const) {
      const child = spawn(process.execPath, [proving.program, "prove", "plain"], {
        env: { PATH: process.env.PATH, HOME: "/nonexistent", ...engine.environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (text) => {
        said += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      while ((await proving.ours()) === "" && child.exitCode === null) await pause(20);
      await pause(after);
      child.kill(signal);
      const status = await ended;
      // It may have come to its end by itself meanwhile, but not where nothing was waited for.
      if (signal !== "SIGKILL" && (after === 0 || status !== 1)) {
        expect(said).toContain("interrupted");
        expect(status).toBe(2);
        // Told to end, it takes everything away itself, before it ends.
        expect(await proving.ours()).toBe("");
      }
      // Killed, its containers see the end of their input; one that was not started yet is swept by the next proof.
      await proving.untilNoneIsOurs();
      await proving.prove("plain", "--only", "chroot");
      expect(await proving.ours()).toBe("");
    }
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("");
  });

  it("sweeps what a dead proof left, and nothing of one that lives", async () => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const alive = ownLabel();
    expect(alive).toBe(`${boot}/${alive.split("/")[1]}/${process.pid}/${started}`);
    const dead = alive.replace(/[^/]+$/, "1");
    const create = (name: string, label: string) =>
      engine.docker(["create", "--name", name, "-l", `${labelName}=${label}`, busybox]);
    await create("of-the-dead", dead);
    await create("of-the-living", alive);
    await create("of-another-machine", dead.replace(boot, "another"));
    await proving.prove("plain", "--only", "chroot");
    expect(
      (await proving.ours())
        .replace(/ Created/g, "")
        .split("\n")
        .toSorted(),
    ).toEqual(["of-another-machine", "of-the-living"]);
    await engine.docker(["rm", "of-the-living", "of-another-machine"]);
  });

  it("gives up on what does not answer in time, and takes it away all the same", async () => {
    const child = proving.prove("plain", "--timeout", "1", "--format", "json");
    let over = false;
    void child.finally(() => {
      over = true;
    });
    while (!over) {
      const running = await engine.docker([
        "ps",
        "-q",
        "--filter",
        `label=${labelName}`,
        "--filter",
        "status=running",
      ]);
      for (const id of running.split("\n").filter(Boolean))
        await engine.docker(["pause", id]).catch(() => undefined);
      await pause(50);
    }
    const { stdout, stderr } = await child;
    expect(stdout + stderr).toMatch(/did not answer within 1 s|it could not be tried|cannot be proven/);
    expect(await proving.ours()).toBe("");
  });

  it("says so in one line where the Engine goes away in the middle", async () => {
    // The milliseconds are from where the first of its containers is there.
    for (const after of [0, 700]) {
      const other = await startEngine();
      try {
        const there = await provingOn(other);
        await there.start("plain");
        const ran = there.prove("plain");
        while ((await there.ours()) === "") await pause(20);
        await pause(after);
        process.kill(other.pid, "SIGKILL");
        expect(await ran).toMatchObject({
          status: 2,
          stdout: "",
          stderr: expect.stringMatching(/^bulkhead: container:plain cannot be proven: .*\n$/),
        });
      } finally {
        await other.stop();
      }
    }
  });
});
