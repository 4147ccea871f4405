import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Finding } from "../../src/audit/finding.ts";
import type { Change } from "../../src/watch/change.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5"],
];

describeWithEngine("what an intruder on the host does to a hardened container", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const start = async (flags: readonly string[] = hardened) => {
    const name = await runNamed(engine, testName(engine, "missed"), flags);
    const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
    return { name, pid };
  };

  /** In the namespaces of a process, as root of the host. */
  const enter = (pid: number, how: readonly string[], command: readonly string[]) =>
    execFileSync("nsenter", ["-t", String(pid), ...how, ...command], { stdio: "pipe" });

  /** Stays until the test ends. */
  function stays(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { detached: true, stdio: "ignore" });
    onTestFinished(() => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, "SIGKILL");
    });
  }

  const opened = (watched: Watching, control: string, subject: string, from: number) =>
    watched.change(
      (each: Change) =>
        each.change !== "resolved" &&
        each.finding.control === control &&
        each.finding.subject.startsWith(subject) &&
        each.finding.verdict === "fail",
      from,
    );

  /** `SUBJECT MESSAGE` of each mount that an audit finds. */
  async function audit(): Promise<readonly string[]> {
    const mounts = "kernel-file-system,sensitive-host-mount,host-dev-mount";
    const args = ["engine", "-H", engine.host, "--only", mounts, "--format", "json"];
    const { stdout } = await runCli(builtCommand(), ["audit", "--no-config", ...args]);
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings.map(({ subject, message }) => `${subject} ${message}`);
  }

  describe("file systems, told by their type", () => {
    const mount = (type: string, source = "none") => ["mount", "-t", type, source, "/tmp/at"];

    async function afterMount(command: readonly string[], flags: readonly string[] = ["-m"]) {
      const { name, pid } = await start([...hardened, "--tmpfs=/tmp"]);
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      enter(pid, ["-m"], ["/bin/busybox", "mkdir", "/tmp/at"]);
      enter(pid, flags, ["/bin/busybox", ...command]);
      return (await opened(watched, "kernel-file-system", `container:${name}`, from)).finding;
    }

    it("a procfs of the host", async () => {
      expect(await afterMount(mount("proc"))).toMatchObject({
        severity: "critical",
        message: expect.stringContaining("every process of the host"),
      });
    });

    it("a procfs of the container's own processes, which nothing masks", async () => {
      expect(await afterMount(mount("proc"), ["-m", "-p"])).toMatchObject({
        severity: "critical",
        message: expect.stringContaining("none of Docker's masks"),
      });
    });

    it("any other that the kernel makes up, also one that the host mounts itself", async () => {
      const controller = existsSync("/sys/fs/cgroup/memory") ? "cgroup -o memory" : "cgroup2";
      const rows = [
        ["debugfs", "kernel-file-system", "has a debugfs mounted at /tmp/at"],
        ["tracefs", "kernel-file-system", "has a tracefs mounted at /tmp/at"],
        ["securityfs", "kernel-file-system", "has a securityfs mounted at /tmp/at"],
        ["sysfs", "sensitive-host-mount", "mounts /sys at /tmp/at"],
        [controller, "sensitive-host-mount", /mounts \/sys\/fs\/cgroup\S* at \/tmp\/at/],
        ["devtmpfs", "host-dev-mount", "mounts /dev at /tmp/at"],
      ] as const;
      const isHosts = (type: string) =>
        readFileSync("/proc/self/mountinfo", "utf8").includes(` - ${type.split(" ")[0]} `);
      const containers = await Promise.all(rows.map(() => start([...hardened, "--tmpfs=/tmp:size=1m"])));
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      for (const [index, [type]] of rows.entries()) {
        const at = `mkdir /tmp/at && mount -t ${type} none /tmp/at`;
        enter(containers[index]?.pid ?? 0, ["-m"], ["/bin/busybox", "sh", "-c", at]);
      }
      for (const [index, [type, control, message]] of rows.entries()) {
        const subject = `container:${containers[index]?.name}`;
        // Mounted nowhere on the host, it has no path there, and its type tells.
        const isByType = control === "kernel-file-system" || !isHosts(type);
        const seen = await opened(watched, isByType ? "kernel-file-system" : control, subject, from);
        expect(seen.finding).toMatchObject({
          level: "effective",
          severity: expect.stringMatching(/critical|high/),
          message: isByType ? expect.stringContaining(" mounted at /tmp/at") : expect.stringMatching(message),
        });
      }
      // An audit finds the same.
      const audited = await audit();
      for (const { name } of containers)
        expect(audited).toContainEqual(expect.stringMatching(new RegExp(`^container:${name} .* at /tmp/at`)));
    });
  });

  it("a disk, and an overlay of the host's folders", async () => {
    const { name, pid } = await start([...hardened, "--tmpfs=/tmp"]);
    const disk = `${engine.folder}/disk.img`;
    writeFileSync(disk, Buffer.alloc(4 * 1024 ** 2));
    execFileSync("mkfs.ext4", ["-q", disk]);
    const loop = execFileSync("losetup", ["--find", "--show", disk], { encoding: "utf8" }).trim();
    onTestFinished(() => void execFileSync("losetup", ["-d", loop]));
    const watched = await watching(engine, { interval: 500 });
    let from = watched.changes.length;
    const numbers = execFileSync("stat", ["-c", "%Hr %Lr", loop], { encoding: "utf8" }).trim().split(" ");
    enter(
      pid,
      ["-m"],
      ["/bin/busybox", "sh", "-c", `mknod /dev/disk b ${numbers.join(" ")} && mkdir /tmp/at`],
    );
    enter(pid, ["-m"], ["/bin/busybox", "mount", "-t", "ext4", "/dev/disk", "/tmp/at"]);
    onTestFinished(() => void enter(pid, ["-m"], ["/bin/busybox", "umount", "/tmp/at"]));
    const onDisk = await opened(watched, "kernel-file-system", `container:${name}`, from);
    expect(onDisk.finding.message).toContain("every file on the disk");
    from = watched.changes.length;
    const over = "mkdir /tmp/a /tmp/o && mount -t overlay -o lowerdir=/etc:/tmp/a none /tmp/o";
    enter(pid, ["-m"], ["/bin/busybox", "sh", "-c", over]);
    const again = await opened(watched, "kernel-file-system", `container:${name}`, from);
    expect(again.finding.message).toContain("overlay");
  });

  it("limits loosened by hand that are still limits are drift, with both values", async () => {
    const { name, pid } = await start();
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    writeFileSync(limitFile(pid, "memory", "memory.memsw.limit_in_bytes", "memory.swap.max"), "1073741824");
    writeFileSync(limitFile(pid, "memory", "memory.limit_in_bytes", "memory.max"), "1073741824");
    const { finding } = await opened(watched, "drift", `container:${name}`, from);
    expect(finding).toMatchObject({ severity: "high", level: "effective" });
    expect(finding.message).toMatch(
      /the Engine says: 64 MiB; the kernel says: 1 GiB; changed between (\S+ \S+)Z and (\S+)Z/,
    );
    writeFileSync(limitFile(pid, "pids", "pids.max", "pids.max"), "100000");
    writeFileSync(limitFile(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"), "190000");
    await until(() => {
      const now = watched.watch.open().find(({ control }) => control === "drift")?.message ?? "";
      return now.includes("pids-limit") && now.includes("cpus");
    });
  });

  it("a mount, and a mount that became writable, are drift", async () => {
    const { name, pid } = await start([...hardened, "--tmpfs=/tmp", "-v", `${engine.folder}:/data:ro`]);
    const watched = await watching(engine, { interval: 500 });
    let from = watched.changes.length;
    enter(pid, ["-m", "-p"], ["/bin/busybox", "mount", "-o", "remount,rw,bind", "/data"]);
    const writable = await opened(watched, "drift", `container:${name}`, from);
    expect(writable.finding.message).toContain(
      "mount /data is not what the Engine says (the Engine says: read-only",
    );
    from = watched.changes.length;
    enter(pid, ["-m"], ["/bin/busybox", "mount", "-t", "tmpfs", "none", "/var"]);
    await until(() =>
      watched.watch
        .open()
        .some(({ control, message }) => control === "drift" && message.includes("mount /var")),
    );
  });

  it("no container that the Engine made drifts", async () => {
    const variants = [
      [],
      ["--privileged"],
      ["--pid=host", "--uts=host", "--ipc=host"],
      ["--cgroupns=host", "--init"],
      ["-v", "named:/data:ro", "-v", `${engine.folder}:/var/run/x`],
      ["--tmpfs=/run:size=1m", "--tmpfs=/var/tmp"],
      ["--device=/dev/kmsg", "--device-cgroup-rule=c 1:* r"],
      ["--memory=50000001", "--cpus=0.333", "--pids-limit=7"],
      ["--cpu-quota=70000", "--cpuset-cpus=0", "--memory=64m", "--memory-swap=-1", "--oom-kill-disable"],
      ["--user=1000", "--group-add=5", "--security-opt=seccomp=unconfined"],
      ["--cap-add=ALL", "--cap-drop=CHOWN", "--security-opt=systempaths=unconfined"],
      ["--shm-size=1m", "--ulimit=nofile=64", "--read-only", "-v", "/srv", "--volume=/etc:/x:ro"],
    ];
    const names = await Promise.all(variants.map((flags) => start([...flags, "--network=none"])));
    names.push(await start([`--network=container:${names[2]?.name}`, `--pid=container:${names[0]?.name}`]));
    const watched = await watching(engine, { interval: 300 });
    const sweeps = watched.sweeps();
    await until(() => watched.sweeps() > sweeps + 1);
    const ours = new Set(names.map(({ name }) => `container:${name}`));
    const wrong = watched.watch
      .open()
      .filter(({ control }) => ["drift", "kernel-file-system", "privileged-exec"].includes(control))
      .filter(({ subject }) => ours.has(subject));
    expect(wrong.map(({ subject, message }) => `${subject} ${message}`)).toEqual([]);
  });

  it("docker update that stays a limit is no drift", async () => {
    const { name } = await start();
    const watched = await watching(engine, { interval: 200 });
    const from = watched.changes.length;
    for (const memory of ["128m", "256m", "96m", "512m"])
      await engine.docker(["update", `--memory=${memory}`, `--memory-swap=${memory}`, name]);
    const sweeps = watched.sweeps();
    await until(() => watched.sweeps() > sweeps + 2);
    expect(watched.changes.slice(from).filter(({ finding }) => finding.control === "drift")).toEqual([]);
  });

  describe("processes that nobody judged", () => {
    it("docker exec as root in a container that runs as 1000", async () => {
      const { name } = await start();
      const watched = await watching(engine);
      const from = watched.changes.length;
      await engine.docker(["exec", "-d", "-u", "0", name, "sleep", "1000"]);
      const { finding } = await opened(watched, "privileged-exec", `exec:${name}/`, from);
      expect(finding.severity).toBe("medium");
      expect(finding.message).toContain("--user 0");
    });

    it("nsenter into one namespace alone", async () => {
      const flags = ["-n", "-i", "-u", "-p", "-m", "-C"];
      const containers = await Promise.all(flags.map(() => start([...hardened, "--cgroupns=private"])));
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      for (const [index, flag] of flags.entries()) {
        const program = flag === "-m" ? ["/bin/busybox", "sleep", "1000"] : ["sleep", "1000"];
        stays("nsenter", ["-t", String(containers[index]?.pid), flag, ...program]);
      }
      for (const [index, flag] of flags.entries()) {
        const subject = `container:${containers[index]?.name}`;
        const { finding } = await opened(watched, "privileged-exec", subject, from);
        expect(finding.message, flag).toContain("came in from outside");
      }
    });

    it("nsenter as the container's own user, without its seccomp filter and no-new-privileges", async () => {
      const { name, pid } = await start();
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      stays("nsenter", [
        ...["-t", String(pid), "-m", "-S", "1000", "-G", "1000"],
        ...["/bin/busybox", "sleep", "1000"],
      ]);
      const { finding } = await opened(watched, "privileged-exec", `container:${name}`, from);
      expect(finding.message).toMatch(/without (?:the container's )?seccomp/);
      expect(finding.message).toMatch(/without (?:the container's )?no-new-privileges/);
      expect(finding.message).not.toContain("as root");
    });

    it("runc exec, which neither the Engine nor containerd knows of", async () => {
      const { name } = await start();
      const id = await engine.docker(["inspect", "-f", "{{.Id}}", name]);
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      const root = `${engine.folder}/exec/runtime-runc/moby`;
      expect(existsSync(`${root}/${id}`), root).toBe(true);
      stays("runc", [
        ...["--root", root, "exec", "--user", "0", "--cap", "CAP_SYS_ADMIN", id],
        ...["/bin/busybox", "sleep", "1000"],
      ]);
      const { finding } = await opened(watched, "privileged-exec", `container:${name}`, from);
      expect(finding.message).toMatch(/came in from outside.*SYS_ADMIN/);
    });

    it("ctr task exec, which shows in no list of the Engine", async () => {
      const { name } = await start();
      const id = await engine.docker(["inspect", "-f", "{{.Id}}", name]);
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      const address = `${engine.folder}/exec/containerd/containerd.sock`;
      expect(existsSync(address), address).toBe(true);
      stays("ctr", [
        ...["-a", address, "-n", "moby", "task", "exec", "--exec-id", "x", "--user", "0", id],
        ...["/bin/busybox", "sleep", "1000"],
      ]);
      const { finding } = await opened(watched, "privileged-exec", `container:${name}`, from);
      expect(finding.message).toMatch(/came in from outside/);
    });
  });
});
