import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../src/fleet/store/database.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { startWatchCommand } from "./running-watch.ts";
import { runNamed, testName } from "./test-container.ts";

describeWithEngine("bulkhead watch --prove", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const cli = (...args: readonly string[]) =>
    runCli(program, args, { env: { NODE_PATH: resolve("node_modules") } });

  it("reports what held in an earlier proof and does not hold now, and is not alarmed by its own twins", async () => {
    const history = join(testFolder(), "history.db");
    const name = await runNamed(engine, testName(engine, "proven"), ["--network=none"]);
    const args = ["--no-config", "--cooldown", "0s", "--history", history, "--severity", "high"];
    const before = await startWatchCommand({ program, host: engine.host, args });
    await before.end();
    // Yesterday it was another one of the same name: read-only, and as loose as today otherwise.
    const opened = await openDatabase(history);
    if (!opened.ok) throw new Error(opened.reason);
    const host = opened.value.prepare<[], { host: string }>("SELECT id AS host FROM host").get()?.host;
    const insert = opened.value.prepare(
      `INSERT INTO proof_span (host, subject, probe, control, outcome, evidence, first_seen, last_seen)
       VALUES (?, ?, ?, ?, ?, 'as the kernel said then', ?, ?)`,
    );
    const yesterday = Date.now() - 86_400_000;
    const add = (probe: string, control: string, outcome: string) =>
      insert.run(host, `container:${name}`, probe, control, outcome, yesterday, yesterday);
    add("write-root", "read-only-rootfs", "held");
    add("fork-until-limit", "pids-limit", "notHeld");
    opened.value.close();
    const watch = await startWatchCommand({ program, host: engine.host, args: [...args, "--prove", "24h"] });
    const deadline = Date.now() + 240_000;
    while (!watch.stderr().includes("proven; ") && Date.now() < deadline)
      await new Promise((pause) => setTimeout(pause, 200));
    expect(watch.stderr()).toContain("1 container proven; 1 of them lost what held before");
    const lines = watch.stdout().trim().split("\n").filter(Boolean);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(
        `opened +high +proof-lost container:${name} .*read-only-rootfs.*held until.*\\[found by a proof\\]`,
      ),
    );
    expect(await watch.end()).toBe(0);
    const shown = await cli("history", "proofs", "--history", history, "--subject", name);
    expect(shown.stdout).toMatch(/ held +container:\S+ +write-root +as the kernel said then\n/);
    expect(shown.stdout).toMatch(/ not held +container:\S+ +write-root /);
    const left = await engine.docker(["ps", "-a", "--format", "{{.Names}}"]);
    expect(left.split("\n").filter((each) => each.startsWith("bulkhead-prove-"))).toEqual([]);
    // It stays open over a restart, and is due again only tomorrow.
    const again = await startWatchCommand({ program, host: engine.host, args: [...args, "--prove", "24h"] });
    await new Promise((pause) => setTimeout(pause, 1_500));
    expect(again.stdout()).toBe("");
    await again.end();
    const open = await cli("history", "--open", "--control", "proof-lost", "--history", history);
    expect(open.stdout).toContain(`container:${name}`);
  }, 360_000);

  it("does not begin where it cannot compare, or not tell its own containers from others", async () => {
    const wrong = async (...args: readonly string[]) => {
      const ran = await cli("watch", "--no-config", "-H", engine.host, "--prove", ...args);
      expect([ran.status, ran.stdout]).toEqual([2, ""]);
      return ran.stderr;
    };
    expect(await wrong("24h", "--no-history")).toContain("no history is kept");
    expect(await wrong("24h", "--once", "--no-history")).toContain("leave one out");
    expect(await wrong("soon")).toContain("03:30");
    const asUser = await runCli(
      program,
      ["watch", "--no-config", "--no-history", "-H", engine.host, "--prove", "1h"],
      {
        uid: 65534,
      },
    );
    expect(asUser.stderr).toContain("--prove needs root, or XDG_RUNTIME_DIR");
  });
});
