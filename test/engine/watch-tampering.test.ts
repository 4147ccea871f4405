import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, watching } from "./watching.ts";

/** Everything that a container can be held to, so that whatever opens was done to it. */
const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5"],
];

/** One whose writes the kernel can throttle. */
const disk = readdirSync("/sys/block").find(
  (name) => /^[sv]d|^nvme/.test(name) && existsSync(`/dev/${name}`),
);

/** Milliseconds. */
const hour = 3_600_000;

describeWithEngine("tampering is noticed, with the right control and level", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const run = (flags: readonly string[], command?: readonly string[]) =>
    runNamed(engine, testName(engine, "tampered"), flags, command);

  const pidOf = async (name: string) =>
    Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));

  const opens = (control: string, subject: string) => (each: Change) =>
    each.change !== "resolved" &&
    each.finding.control === control &&
    each.finding.subject.startsWith(subject);

  describe.each([
    ["by sweeps alone", false],
    ["with kernel events", true],
  ])("%s", (_, kernelEvents) => {
    /** Between two sweeps, where the kernel tells. */
    const watchingCalls = () => watching(engine, { kernelEvents, interval: kernelEvents ? hour : 1_000 });
    const watchingEvents = () => watching(engine, { kernelEvents });
    /** A call whose caller has ended names nobody: all is looked at. */
    const byKernel = { kind: kernelEvents ? expect.stringMatching(/^(?:kernel|sweep)$/) : "sweep" };

    it("a limit written into the cgroup", async () => {
      const name = await run(hardened);
      const watched = await watchingCalls();
      const swap = limitFile(await pidOf(name), "memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
      const memory = limitFile(await pidOf(name), "memory", "memory.limit_in_bytes", "memory.max");
      const none = memory.endsWith(".max") ? "max" : "9223372036854771712";
      const from = watched.changes.length;
      if (existsSync(swap)) writeFileSync(swap, none);
      writeFileSync(memory, none);
      writeFileSync(limitFile(await pidOf(name), "pids", "pids.max", "pids.max"), "max");
      const opened = await watched.change(opens("memory-limit", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { verdict: "fail", level: "effective" },
        cause: { kind: kernelEvents ? "file" : "sweep" },
      });
      expect(opened.finding.message).toContain("the Engine says: memory 64 MiB");
      expect(await watched.change(opens("pids-limit", `container:${name}`), from)).toMatchObject({
        finding: { level: "effective" },
      });
    });

    it.skipIf(disk === undefined)(
      "limits of the processor and of a disk written into the cgroup",
      async () => {
        const name = await run([...hardened, `--device-write-bps=/dev/${disk}:1mb`]);
        const watched = await watchingCalls();
        const pid = await pidOf(name);
        const from = watched.changes.length;
        const isCap = (file: string) => file.endsWith(".max");
        const cpu = limitFile(pid, "cpu", "cpu.cfs_quota_us", "cpu.max");
        writeFileSync(cpu, isCap(cpu) ? "max 100000" : "-1");
        const io = limitFile(pid, "blkio", "blkio.throttle.write_bps_device", "io.max");
        const number = readFileSync(`/sys/block/${disk}/dev`, "utf8").trim();
        writeFileSync(io, `${number} ${isCap(io) ? "wbps=max" : "0"}`);
        // On cgroup v2 an Engine may discard the disk's, with a warning: then nothing is lifted.
        const kept = await engine.docker(["inspect", "-f", "{{len .HostConfig.BlkioDeviceWriteBps}}", name]);
        for (const control of ["cpu-limit", ...(kept === "0" ? [] : ["io-limit"])])
          expect(await watched.change(opens(control, `container:${name}`), from)).toMatchObject({
            finding: { verdict: "fail", level: "effective" },
            cause: { kind: kernelEvents ? expect.stringMatching(/^(?:file|sweep)$/) : "sweep" },
          });
      },
    );

    it("a process moved to another cgroup", async () => {
      const name = await run(hardened, ["sh", "-c", "sleep 1000 & sleep 1000"]);
      const watched = await watchingCalls();
      const from = watched.changes.length;
      const init = await pidOf(name);
      const children = readFileSync(`/proc/${init}/task/${init}/children`, "utf8").trim().split(" ");
      const isV1 = existsSync("/sys/fs/cgroup/memory/cgroup.procs");
      writeFileSync(
        isV1 ? "/sys/fs/cgroup/memory/cgroup.procs" : "/sys/fs/cgroup/cgroup.procs",
        children[0] ?? "",
      );
      const opened = await watched.change(opens("cgroup-parent", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { level: "effective" },
        cause: byKernel,
      });
      expect(opened.finding.message).toContain(
        `sleep (${children[0]}) was moved out of the container's cgroup`,
      );
    });

    it("a root file system remounted writable", async () => {
      const name = await run(hardened);
      const watched = await watchingCalls();
      const from = watched.changes.length;
      execFileSync("nsenter", [
        "-t",
        String(await pidOf(name)),
        "-m",
        "-p",
        "/bin/busybox",
        "mount",
        "-o",
        "remount,rw",
        "/",
      ]);
      const opened = await watched.change(opens("read-only-rootfs", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { level: "effective" },
        cause: byKernel,
      });
    });

    it("a process that nsenter brought in", async () => {
      const name = await run(hardened);
      const watched = await watchingCalls();
      const from = watched.changes.length;
      const intruder = spawn(
        "nsenter",
        ["-t", String(await pidOf(name)), "-a", "/bin/busybox", "sleep", "1000"],
        {
          detached: true,
        },
      );
      const end = () => {
        // nsenter waits for a child of its own.
        if (intruder.pid !== undefined && intruder.exitCode === null && intruder.signalCode === null)
          process.kill(-intruder.pid, "SIGKILL");
      };
      onTestFinished(end);
      const opened = await watched.change(opens("privileged-exec", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { level: "effective" },
        cause: byKernel,
      });
      expect(opened.finding.message).toContain("came in from outside");
      end();
      await watched.change(
        ({ change, finding }) => change === "resolved" && finding.control === "privileged-exec",
        from,
      );
    });

    it("a privileged exec, by its event and with its program, never its arguments", async () => {
      const name = await run(hardened);
      const watched = await watchingEvents();
      const from = watched.changes.length;
      await engine.docker(["exec", "-d", "--privileged", "-u", "0", name, "sleep", "4242"]);
      const opened = await watched.change(opens("privileged-exec", `exec:${name}/`), from);
      expect(opened.cause).toMatchObject({
        kind: "event",
        action: "exec_start",
        process: "sleep",
        actor: { name },
      });
      await until(() =>
        watched.watch
          .open()
          .some(({ control, level }) => control === "privileged-exec" && level === "effective"),
      );
      expect(JSON.stringify(watched.changes)).not.toContain("4242");
    });

    it("a privileged exec that was over in a moment, each time", async () => {
      const name = await run(hardened);
      const watched = await watching(engine, { kernelEvents, cooldown: 0 });
      const isExec = (wanted: Change["change"]) => (each: Change) =>
        each.change === wanted &&
        each.finding.control === "privileged-exec" &&
        each.finding.subject.startsWith("exec:");
      for (let time = 0; time < 10; time += 1) {
        const from = watched.changes.length;
        await engine.docker(["exec", "--privileged", name, "true"]);
        expect(await watched.change(isExec("opened"), from)).toMatchObject({ cause: { process: "true" } });
        await watched.change(isExec("resolved"), from);
      }
    });

    it("an exec that holds no more than its container is nothing", async () => {
      const name = await run(hardened);
      const watched = await watchingEvents();
      const from = watched.changes.length;
      await engine.docker(["exec", name, "true"]);
      await engine.docker(["update", "--pids-limit=-1", name]);
      await watched.change(opens("pids-limit", `container:${name}`), from);
      expect(
        watched.changes.slice(from).filter(({ finding }) => finding.control === "privileged-exec"),
      ).toEqual([]);
    });

    it("capabilities gained by a setuid program", async () => {
      const name = await run(
        ["--network=none", "--user=1000"],
        ["sh", "-c", "while ! [ -e /tmp/go ]; do sleep 0.2; done; su root -c 'sleep 1000'"],
      );
      const watched = await watchingCalls();
      const from = watched.changes.length;
      // A program that somebody made setuid in the running container, for a root without a password.
      const open = "sed -i s/root:x:/root::/ /etc/passwd && chmod 4755 /bin/busybox && touch /tmp/go";
      await engine.docker(["exec", "-u", "0", name, "sh", "-c", open]);
      const opened = await watched.change(opens("root-user", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { level: "effective" },
        cause: byKernel,
      });
    });

    it("limits loosened by docker update, as configured and in the kernel, by its event", async () => {
      const name = await run(hardened);
      const watched = await watchingEvents();
      const from = watched.changes.length;
      await engine.docker(["update", "--pids-limit=-1", name]);
      const opened = await watched.change(opens("pids-limit", `container:${name}`), from);
      expect(opened).toMatchObject({
        change: "opened",
        finding: { level: "effective" },
        cause: {
          ...{ kind: "event", type: "container", action: "update", actor: { name } },
          limits: [{ field: "pids-limit", before: "50", after: "no limit" }],
        },
      });
      expect(opened.finding.views).toMatchObject([
        { level: "effective", verdict: "fail" },
        { level: "configured", verdict: "fail" },
      ]);
      await engine.docker(["update", "--pids-limit=50", name]);
      await watched.change(
        ({ change, finding }) => change === "resolved" && finding.control === "pids-limit",
        from,
      );
    });

    it("the Engine's socket: by its path, by a volume's driver options, by a symlink, by --volumes-from", async () => {
      const folder = testFolder();
      symlinkSync(engine.socketPath, join(folder, "innocent"));
      await engine.docker([
        ...["volume", "create", "--driver=local", "-o", "type=none", "-o", "o=bind"],
        ...["-o", `device=${engine.folder}`, "innocent"],
      ]);
      const watched = await watching(engine, { kernelEvents, interval: 5_000 });
      const mounted = async (...args: readonly string[]) => {
        const from = watched.changes.length;
        const name = await run(["--network=none", ...args]);
        return {
          name,
          opened: await watched.change(opens("docker-socket-mount", `container:${name}`), from),
        };
      };
      const byPath = await mounted("-v", `${engine.socketPath}:/x`);
      expect(byPath.opened).toMatchObject({
        finding: { severity: "critical", verdict: "fail" },
        cause: { kind: "event", type: "container", actor: { name: byPath.name } },
      });
      const byVolume = await mounted("-v", "innocent:/data");
      const bySymlink = await mounted("-v", `${folder}/innocent:/data.sock`);
      const byOther = await mounted("--volumes-from", byPath.name);
      for (const { opened } of [byVolume, bySymlink, byOther])
        expect(opened.finding.severity).toBe("critical");
      // The kernel says the same, once they run: of one that was read a moment before that at the next sweep.
      for (const { name } of [byPath, byVolume, bySymlink, byOther]) {
        await until(() =>
          watched.watch
            .open()
            .some(
              ({ subject, control, level }) =>
                subject === `container:${name}` && control === "docker-socket-mount" && level === "effective",
            ),
        );
      }
      await engine.docker(["rm", "-f", "-v", byOther.name]);
      await watched.change(
        ({ change, finding }) => change === "resolved" && finding.subject === `container:${byOther.name}`,
      );
    });

    it("the namespaces of a privileged container", async () => {
      const watched = await watchingEvents();
      const target = await run(["--network=none", "--privileged"]);
      const from = watched.changes.length;
      const name = await run(["--network=none", `--pid=container:${target}`]);
      const opened = await watched.change(opens("shared-namespace", `container:${name}`), from);
      expect(opened.finding.message).toContain(`joins the PID namespace of ${target}, which is privileged`);
    });
  });
});
