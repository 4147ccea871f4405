import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { loosenMemory } from "./tampering.ts";
import { runNamed, testName } from "./test-container.ts";
import { type Watching, watching } from "./watching.ts";

const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5", "--tmpfs=/tmp"],
];

describeWithEngine("what the kernel tells between sweeps", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const pidOf = async (name: string) =>
    Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));

  /** A watch that does not sweep within an hour, and a container. */
  async function started(command?: readonly string[], flags = hardened) {
    const name = await runNamed(engine, testName(engine, "told"), flags, command);
    const watched = await watching(engine, { kernelEvents: true, cooldown: 0 });
    expect(watched.watch.status().kernelEvents).toBe(true);
    return { name, pid: await pidOf(name), watched, from: watched.changes.length };
  }

  const opened = (watched: Watching, control: string, name: string, from: number) =>
    watched.change(
      ({ change, finding }: Change) =>
        change !== "resolved" && finding.control === control && finding.subject === `container:${name}`,
      from,
    );

  function stays(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { detached: true, stdio: "ignore" });
    onTestFinished(() => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, "SIGKILL");
    });
  }

  it.each([
    ["-a", "/bin/busybox"],
    ["-n", "/bin/busybox"],
    ["-p", "/bin/busybox"],
  ])("nsenter %s", async (flag, program) => {
    const { name, pid, watched, from } = await started();
    stays("nsenter", ["-t", String(pid), flag, program, "sleep", "1000"]);
    const { finding, cause } = await opened(watched, "privileged-exec", name, from);
    expect(finding.message).toContain("came in from outside");
    // A look at all containers, for a caller elsewhere that has ended, may come first.
    if (cause.kind !== "sweep") expect(cause).toMatchObject({ kind: "kernel", call: "setns" });
  });

  it("a remount and a new procfs, by processes that ended at once", async () => {
    const { name, pid, watched, from } = await started();
    const enter = (...command: readonly string[]) =>
      execFileSync("nsenter", ["-t", String(pid), "-m", "-p", "/bin/busybox", ...command]);
    enter("mount", "-o", "remount,rw", "/");
    const remount = await opened(watched, "read-only-rootfs", name, from);
    enter("mkdir", "/tmp/at");
    enter("mount", "-t", "proc", "none", "/tmp/at");
    const mount = await opened(watched, "kernel-file-system", name, from);
    // Beside other tests that mount, both may be one of several calls.
    for (const { cause } of [remount, mount])
      if (cause.kind !== "sweep") expect(cause).toMatchObject({ kind: "kernel", ended: true });
  });

  it("a process moved to another cgroup", async () => {
    const { name, pid, watched, from } = await started(["sh", "-c", "sleep 1000 & sleep 1000"]);
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    const v1 = "/sys/fs/cgroup/memory/cgroup.procs";
    writeFileSync(existsSync(v1) ? v1 : "/sys/fs/cgroup/cgroup.procs", child);
    const { cause } = await opened(watched, "cgroup-parent", name, from);
    // Not who was moved: who moved it, in this case the test.
    if (cause.kind !== "sweep")
      expect(cause).toMatchObject({ kind: "kernel", call: "cgroup.procs", pid: process.pid });
  });

  it("a setuid program, by its execve", async () => {
    const wait = "while ! [ -e /tmp/go ]; do sleep 0.2; done; su root -c 'sleep 1000'";
    const { name, watched, from } = await started(["sh", "-c", wait], ["--network=none", "--user=1000"]);
    const open = "sed -i s/root:x:/root::/ /etc/passwd && chmod 4755 /bin/busybox && touch /tmp/go";
    await engine.docker(["exec", "-u", "0", name, "sh", "-c", open]);
    const { finding, cause } = await opened(watched, "root-user", name, from);
    expect(finding.level).toBe("effective");
    if (cause.kind !== "sweep")
      expect(cause).toMatchObject({
        kind: "kernel",
        call: expect.stringMatching(/^(?:execve|setre?s?uid)$/),
      });
  });

  it("a setuid program, which is not blamed for a limit that somebody lifted by hand before", async () => {
    const wait = "while ! [ -e /tmp/go ]; do sleep 0.2; done; su root -c 'sleep 1000'";
    const flags = ["--network=none", "--user=1000", "--memory=64m"];
    const { name, pid, watched, from } = await started(["sh", "-c", wait], flags);
    const open = "sed -i s/root:x:/root::/ /etc/passwd && chmod 4755 /bin/busybox";
    await engine.docker(["exec", "-u", "0", name, "sh", "-c", open]);
    // The exec is looked at for a moment after it ended.
    await pause(2_000);
    expect(loosenMemory(await engine.docker(["inspect", "-f", "{{.Id}}", name]))).toBeGreaterThan(0);
    writeFileSync(`/proc/${pid}/root/tmp/go`, "");
    await opened(watched, "root-user", name, from);
    for (const control of ["memory-limit", "drift"])
      expect((await opened(watched, control, name, from)).cause).toMatchObject({
        kind: "file",
        path: expect.stringContaining("/memory."),
      });
  });

  it("a limit and a device rule that somebody writes into the cgroup, within a second", async () => {
    const { name, watched, from } = await started();
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", name]);
    const file = (kernelFile: string) => {
      const found = execFileSync("find", ["/sys/fs/cgroup", "-path", `*${id}/${kernelFile}`], {
        encoding: "utf8",
      });
      return found.trim().split("\n")[0] ?? "";
    };
    const at = Date.now();
    writeFileSync(file("pids.max"), "max");
    const { cause, time } = await opened(watched, "pids-limit", name, from);
    expect(cause).toEqual({ kind: "file", path: file("pids.max") });
    expect(Date.parse(time) - at).toBeLessThan(1_000);
    if (file("devices.allow") === "") return;
    await opened(watched, "drift", name, from);
    writeFileSync(file("devices.allow"), "c 1:1 rwm");
    await watched.change(
      ({ finding, cause: by }) =>
        finding.subject === `container:${name}` && by.kind === "file" && by.path.endsWith("devices.allow"),
      from,
    );
    // Another run has other cgroups.
    await engine.docker(["restart", "-t", "0", name]);
    await watched.change(
      ({ change, finding }) => change === "resolved" && finding.control === "pids-limit",
      from,
    );
    // What the restart leads to is over by then.
    await pause(2_000);
    const again = watched.changes.length;
    writeFileSync(file("pids.max"), "max");
    expect((await opened(watched, "pids-limit", name, again)).cause).toMatchObject({ kind: "file" });
  });

  it("what gets worse without another finding: a limit, a device rule, a privileged exec, a process from outside", async () => {
    const { name, pid, watched, from } = await started();
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", name]);
    const write = (kernelFile: string, text: string) => {
      const found = execFileSync("find", ["/sys/fs/cgroup", "-path", `*${id}/${kernelFile}`], {
        encoding: "utf8",
      });
      const [file = ""] = found.trim().split("\n");
      if (file !== "") writeFileSync(file, text);
      return file !== "";
    };
    const drifts = (text: string, after: number) =>
      watched.change(
        ({ change, finding }) =>
          change !== "resolved" && finding.control === "drift" && finding.message.includes(text),
        after,
      );
    write("pids.max", "65");
    await drifts("65", from);
    write("pids.max", "30000");
    await drifts("30000", from);
    if (write("devices.allow", "c 1:1 r")) {
      await drifts("device-cgroup-rule", from);
      const more = watched.changes.length;
      write("devices.allow", "c 1:2 r");
      await drifts("device-cgroup-rule", more);
    }
    const isPrivileged = ({ change, finding }: Change) =>
      change !== "resolved" && finding.control === "privileged-exec";
    for (let times = 1; times <= 2; times += 1) {
      const before = watched.changes.length;
      await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
      await watched.change((each) => isPrivileged(each) && each.finding.subject.startsWith("exec:"), before);
    }
    for (let times = 1; times <= 2; times += 1) {
      const before = watched.changes.length;
      stays("nsenter", ["-t", String(pid), "-n", "sleep", "1000"]);
      await watched.change(
        (each) => isPrivileged(each) && each.finding.subject === `container:${name}`,
        before,
      );
    }
  });

  it("ctr task exec, which the Engine does not know of", async () => {
    const { name, watched, from } = await started();
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", name]);
    stays("ctr", [
      ...["-a", `${engine.folder}/exec/containerd/containerd.sock`, "-n", "moby", "task", "exec"],
      ...["--exec-id", "x", "--user", "0", id, "/bin/busybox", "sleep", "1000"],
    ]);
    const { finding, cause } = await opened(watched, "privileged-exec", name, from);
    expect(finding.message).toContain("came in from outside");
    if (cause.kind !== "sweep") expect(cause).toMatchObject({ kind: "kernel" });
  });

  /** Waits for the file `go`, mounts a procfs by a call of its own, and stays. */
  const mounts = `
    if (@ARGV && fork) { sleep 1000 }
    mkdir "/mnt/at"; select(undef, undef, undef, 0.1) while !-e "/mnt/go"; $0 = shift if @ARGV;
    my @at = ("none", "/mnt/at", "proc");
    syscall($ENV{MOUNT}, @at, 0, 0) == 0 or die $!; sleep 1000`;

  it.each([
    ["a container's first process", []],
    ["a process that calls itself the Engine's runtime", ["runc:[2:INIT]"]],
  ])("a mount by %s", async (_, args) => {
    const flags = [
      ...["--network=none", "--cap-add=SYS_ADMIN", "--security-opt=apparmor=unconfined"],
      ...["usr", "lib", "lib64"]
        .filter((each) => existsSync(`/${each}`))
        .flatMap((each) => ["-v", `/${each}:/${each}:ro`]),
      ...["--tmpfs=/mnt", "-e", `MOUNT=${process.arch === "arm64" ? 40 : 165}`],
    ];
    const command = ["/usr/bin/perl", "-e", mounts, ...args];
    const { name, pid, watched, from } = await started(command, flags);
    writeFileSync(`/proc/${pid}/root/mnt/go`, "");
    const { cause } = await opened(watched, "kernel-file-system", name, from);
    if (cause.kind !== "sweep") expect(cause).toMatchObject({ kind: "kernel", call: "mount" });
  });

  it("nothing of the programs that the host starts: the kernel leaves them out", async () => {
    const { watched } = await started();
    const run = "for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done";
    for (let round = 0; round < 20; round += 1) execFileSync("sh", ["-c", run]);
    const before = watched.kernelEvents();
    // Another test's Engine may start a container meanwhile, whose calls count.
    for (let round = 0; round < 20; round += 1) execFileSync("sh", ["-c", run]);
    expect(watched.kernelEvents() - before).toBeLessThan(200);
  });

  it("the Engine's socket and daemon.json, as soon as they change", async () => {
    const { watched, from } = await started();
    const ofEngine = (control: string) =>
      watched.change(({ change, finding }) => change !== "resolved" && finding.control === control, from);
    chmodSync(engine.socketPath, 0o666);
    onTestFinished(() => chmodSync(engine.socketPath, 0o660));
    expect(await ofEngine("engine-socket-permissions")).toMatchObject({
      finding: { subject: "engine" },
      cause: { kind: "file", path: engine.socketPath },
    });
    const path = `${engine.folder}/daemon.json`;
    const before = readFileSync(path, "utf8");
    onTestFinished(() => writeFileSync(path, before));
    // Replaced as a whole, as editors do.
    writeFileSync(`${path}.new`, JSON.stringify({ "insecure-registries": ["0.0.0.0/0"] }));
    renameSync(`${path}.new`, path);
    expect(await ofEngine("engine-insecure-registry")).toMatchObject({ cause: { kind: "file", path } });
  });

  it("is silent about what the Engine does itself", async () => {
    const { name, watched, from } = await started();
    for (let round = 0; round < 5; round += 1) {
      await engine.docker(["exec", name, "sleep", "0"]);
      await runNamed(engine, testName(engine, "beside"), hardened, ["sleep", "0"]);
    }
    await engine.docker(["restart", "-t", "0", name]);
    for (const pids of ["60", "2000", "-1"]) await engine.docker(["update", `--pids-limit=${pids}`, name]);
    await opened(watched, "pids-limit", name, from);
    const told = watched.changes.slice(from).filter(({ cause }) => cause.kind !== "event");
    expect(told).toEqual([]);
  });
});
