import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkKernel } from "../../src/doctor/kernel.ts";
import { builtCommand, type RunOptions, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";

interface Check {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly cost: string | null;
}

describeWithEngine("bulkhead doctor", () => {
  let engine: TestEngine;
  let program = "";

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
  });

  afterAll(async () => {
    await engine?.stop();
  });

  async function doctor(flags: readonly string[], options: RunOptions = {}) {
    const env = { ...engine.environment };
    const ran = await runCli(program, ["doctor", "--format", "json", ...flags], { env, ...options });
    const { checks } = JSON.parse(ran.stdout) as { checks: readonly Check[] };
    return { ...ran, of: (name: string) => checks.find((check) => check.name === name) };
  }

  it("shows the Engine, and that its kernel is this one", async () => {
    const { of } = await doctor([]);
    const version = await engine.docker(["version", "--format={{.Server.Version}}"]);
    expect(of("Docker Engine")).toMatchObject({ state: "ok", found: expect.stringContaining(version) });
    expect(of("Engine's kernel")?.state).toBe("ok");
    expect(of("docker compose")?.state).toBe("ok");
    expect(of("seccomp")?.found).toContain("errno");
    const calls = of("kernel events")?.state === "ok" ? ", written limits and calls of the kernel" : "";
    expect(of("bulkhead watch")?.found).toContain(`Engine events${calls}`);
    expect(of("bulkhead watch")?.found).toMatch(/within a second; the rest of the kernel every 5 to 60 s/);
  });

  it("says what another user cannot see, and what that costs", async () => {
    const root = await doctor([]);
    const hidden = (text = "") => Number(/into (\d+) of/.exec(text)?.[1] ?? 0);
    const { of, status } = await doctor([], { uid: 65534 });
    expect(of("processes")?.state).toBe("limited");
    expect(hidden(of("processes")?.found)).toBeGreaterThan(hidden(root.of("processes")?.found));
    expect(of("processes")?.cost).toContain("root");
    expect(status).toBe(1);
  });

  it("says how to go on where there is no Engine, no cgroup and no procfs", async () => {
    const { of, status, stderr } = await doctor([
      ...["--host", "unix:///nonexistent/docker.sock"],
      ...["--proc", "/nonexistent", "--cgroup", "/nonexistent"],
    ]);
    for (const name of ["Docker Engine", "processes", "cgroups"]) {
      expect(of(name)?.state).toBe("missing");
      expect(of(name)?.cost).not.toBeNull();
    }
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  });

  it("is read aloud as text", async () => {
    const ran = await runCli(program, ["doctor"], { env: { ...engine.environment } });
    expect(ran.stdout).toMatch(/^✓ Docker Engine +\d+\.\d+/m);
    for (const line of ran.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});

it("reads what this machine has not: cgroup version 2, AppArmor, SELinux, tracefs", () => {
  // As the kernel's documents describe them: admin-guide/cgroup-v2, admin-guide/LSM, trace/ftrace.
  const root = mkdtempSync(join(tmpdir(), "bulkhead-doctor-"));
  chmodSync(root, 0o755);
  try {
    const put = (path: string, text: string) => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    const stateOf = (name: string) =>
      checkKernel({ proc: join(root, "proc"), cgroup: join(root, "cgroup"), sys: join(root, "sys") }).find(
        (check) => check.name === name,
      );
    put("cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    expect(stateOf("cgroups")).toMatchObject({
      state: "ok",
      found: "version 2, with cpu, io, memory and pids",
    });
    put("cgroup/cgroup.controllers", "cpu memory\n");
    expect(stateOf("cgroups")).toMatchObject({ state: "limited", found: "version 2, without io, pids" });
    expect(stateOf("AppArmor, SELinux")?.state).toBe("limited");
    put("sys/fs/selinux/enforce", "0");
    expect(stateOf("AppArmor, SELinux")?.found).toBe("SELinux is permissive");
    put("sys/fs/selinux/enforce", "1");
    expect(stateOf("AppArmor, SELinux")?.state).toBe("ok");
    put("sys/module/apparmor/parameters/enabled", "Y\n");
    expect(stateOf("AppArmor, SELinux")?.found).toBe("AppArmor is on");
    expect(stateOf("kernel events")?.state).toBe("limited");
    // Root mounts it, where the kernel has it.
    put("proc/filesystems", "nodev\tproc\nnodev\ttracefs\n");
    expect(stateOf("kernel events")?.state).toBe("limited");
    put("proc/self/status", "CapEff:\t000001ffffffffff\n");
    expect(stateOf("kernel events")).toMatchObject({
      state: "ok",
      found: expect.stringContaining("mounts it for itself"),
    });
    put("sys/kernel/tracing/available_events", "");
    put("sys/kernel/tracing/instances/.keep", "");
    expect(stateOf("kernel events")?.state).toBe("ok");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
