import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readLiveEngine } from "../../src/audit/live/read-live.ts";
import type { Change } from "../../src/watch/change.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { image, podmanAvailable, startPodman } from "./podman.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

describeWithEngine("containers that the Engine does not know", () => {
  let engine: TestEngine;
  let rootfs: string;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
    rootfs = join(engine.folder, "foreign-root");
    for (const name of ["bin", "proc", "sys", "dev", "tmp"])
      mkdirSync(join(rootfs, name), { recursive: true });
    execFileSync("sh", ["-c", 'cp "$(command -v busybox)" "$1"', "sh", join(rootfs, "bin/busybox")]);
    symlinkSync("busybox", join(rootfs, "bin/sleep"));
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const ctr = (...args: readonly string[]) =>
    execFileSync("ctr", ["-a", `${engine.folder}/exec/containerd/containerd.sock`, "-n", "other", ...args], {
      stdio: "pipe",
    });

  function runCtr(name: string, ...flags: readonly string[]): void {
    ctr("run", "-d", "--rootfs", ...flags, rootfs, name, "/bin/sleep", "1000");
    onTestFinished(() => {
      ctr("tasks", "rm", "-f", name);
      ctr("containers", "rm", name);
    });
  }

  const pidOf = (name: string) =>
    ctr("tasks", "ls")
      .toString()
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find(([id]) => id === name)?.[1] ?? "";

  const openOf = ({ watch }: Watching, subject: string) =>
    watch.open().filter((each) => each.subject === subject && each.verdict === "fail");

  /** What one look of the command sees, as it prints it: `CONTROL SUBJECT`. */
  async function once(): Promise<readonly string[]> {
    const args = ["watch", "--once", "--no-config", "--no-history", "--format", "jsonl", "-H", engine.host];
    const { status, stdout } = await runCli(builtCommand(), args);
    expect(status).toBe(0);
    const changes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Change);
    return changes.map(({ finding }) => `${finding.control} ${finding.subject}`);
  }

  async function audited() {
    const { reading, looked } = await readLiveEngine(
      {
        ...{ required: true, whole: true, foreign: true, containers: [], images: [] },
        ...{ host: engine.host, context: undefined, proc: "/proc", cgroup: "/sys/fs/cgroup" },
        ...{ environment: {}, home: "/nonexistent" },
      },
      [],
    );
    return { ids: reading.subjects.map(({ id }) => id), looked: looked.join() };
  }

  // runc keeps the containers of all containerds of this machine in one folder.
  const [plain, loose] = [`plain-${process.pid}`, `loose-${process.pid}`];

  it("are those of another containerd namespace, judged by the kernel, until they go", async () => {
    const known = await runNamed(engine, testName(engine, "known"), ["--network=none", "--pid=host"]);
    runCtr(plain);
    runCtr(loose, "--privileged", "--net-host");
    const watched = await watching(engine, { interval: 300, cooldown: 0, foreign: true });
    await until(() => openOf(watched, `foreign:containerd/other/${loose}`).length > 0);
    const found = openOf(watched, `foreign:containerd/other/${loose}`);
    expect(found.map(({ control, level }) => `${control} ${level}`)).toEqual(
      expect.arrayContaining(["privileged effective", "host-network effective"]),
    );
    await until(() => openOf(watched, `foreign:containerd/other/${plain}`).length > 0);
    const other = openOf(watched, `foreign:containerd/other/${plain}`).map(({ control }) => control);
    expect(other).toEqual(expect.arrayContaining(["memory-limit", "seccomp-profile"]));
    expect(other).not.toContain("privileged");
    expect(other).not.toContain("cgroup-parent");
    expect(watched.said.join("\n")).toContain(`the container containerd/other/${loose} runs on this machine`);
    const { ids, looked } = await audited();
    expect(ids).toEqual(expect.arrayContaining([`foreign:containerd/other/${plain}`, `container:${known}`]));
    expect(looked).toMatch(/\d containers? that the Engine does not know/);
    expect(await once()).toEqual(
      expect.arrayContaining([
        `privileged foreign:containerd/other/${loose}`,
        `memory-limit foreign:containerd/other/${plain}`,
      ]),
    );
    process.kill(Number(pidOf(loose)), "SIGKILL");
    await until(() => openOf(watched, `foreign:containerd/other/${loose}`).length === 0);
    // None of the Engine's own, none of the kernel's threads.
    const foreign = watched.watch
      .open()
      .map(({ subject }) => subject)
      .filter((each) => each.startsWith("foreign:"));
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", known]);
    expect(foreign.filter((each) => each.includes(id.slice(0, 12)) || each.includes("kdevtmpfs"))).toEqual(
      [],
    );
  });

  it("are those of unshare, too", async () => {
    const child = spawn("unshare", ["-p", "-m", "-f", "--mount-proc", "sleep", "1000"], { detached: true });
    onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")));
    await until(() => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8") !== "");
    const watched = await watching(engine, { interval: 300, cooldown: 0, foreign: true });
    await until(() =>
      watched.watch.open().some(({ subject }) => /^foreign:(?:sleep|unshare)\/\d+$/.test(subject)),
    );
  });

  it("are one line of information where an unprivileged user made them", async () => {
    const args = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    const sandbox = ["unshare", "-Ur", "-p", "-m", "-f", "--mount-proc", "sleep", "1000"];
    const child = spawn("setpriv", [...args, ...sandbox], { detached: true, stdio: "ignore" });
    onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")));
    await until(() => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8") !== "");
    const watched = await watching(engine, { interval: 300, cooldown: 0, foreign: true });
    const isOfUser = (subject: string) => /^foreign:(?:sleep|unshare)\/\d+$/.test(subject);
    await until(() => watched.watch.open().some(({ subject }) => isOfUser(subject)));
    const found = watched.watch.open().filter(({ subject }) => isOfUser(subject));
    expect(found.map(({ control, severity }) => `${control} ${severity}`)).toEqual([
      "unprivileged-sandbox info",
    ]);
    expect(found[0]?.message).toContain("uid 65534");
  });

  it.skipIf(!podmanAvailable().ok)("are Podman's, by their names", async () => {
    const podman = await startPodman();
    onTestFinished(() => podman.stop());
    await podman.podman(["run", "-d", "--name", "pod-foreign", "--network=host", image, "sleep", "1000"]);
    const watched = await watching(engine, { interval: 300, cooldown: 0, foreign: true });
    await until(() => openOf(watched, "foreign:podman/pod-foreign").length > 0);
    const found = openOf(watched, "foreign:podman/pod-foreign").map(({ control }) => control);
    expect(found).toContain("host-network");
    expect(found).not.toContain("sensitive-host-mount");
    expect(found).not.toContain("privileged-exec");
    expect(await once()).toContain("host-network foreign:podman/pod-foreign");
  });
});
