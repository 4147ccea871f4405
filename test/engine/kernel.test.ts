import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { openKernelMemory } from "../../src/kernel/memory.ts";
import { readKernel } from "../../src/kernel/read.ts";
import {
  type KernelContainer,
  type KernelReading,
  type KernelRequest,
  kernelVisible,
} from "../../src/kernel/request.ts";
import type { Container } from "../../src/model/container.ts";
import type { Fact } from "../../src/model/fact.ts";
import type { Mount } from "../../src/model/mount.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { until } from "./watching.ts";

const mebi = 1024 ** 2;
const sleep = [busybox, "sleep", "1000000"];

function value<T>(fact: Fact<T> | undefined): T | string | undefined {
  return fact?.state === "set" ? fact.value : fact?.state;
}

function mountsOf(view: Container): readonly Mount[] {
  return view.mounts.map((item) => {
    if (item.state !== "set") throw new Error(item.reason);
    return item.value;
  });
}

let counter = 0;

/** Starts a container that does nothing, and takes it away after the test. */
async function run(engine: TestEngine, args: readonly string[] = [], command = sleep): Promise<string> {
  counter += 1;
  const name = `kernel${counter}`;
  onTestFinished(async () => void (await engine.docker(["rm", "-f", "-v", name])));
  const quiet = args.some((arg) => /^--net/.test(arg)) ? [] : ["--network=none"];
  await engine.docker(["run", "-d", "--name", name, ...quiet, ...args, ...command]);
  return name;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number };
  readonly ExecIDs: readonly string[] | null;
}

async function requestFor(engine: TestEngine, names: readonly string[]): Promise<KernelRequest> {
  const inspected: readonly Inspected[] = JSON.parse(await engine.docker(["inspect", ...names]));
  const containers = await Promise.all(
    inspected.map(async ({ Id, Name, State, ExecIDs }): Promise<KernelContainer> => {
      const execs = await Promise.all((ExecIDs ?? []).map((id) => inspectExec(engine, id)));
      return {
        id: Id,
        name: Name.slice(1),
        pid: State.Pid,
        execPids: execs.flatMap(({ ID, Pid }) => (Pid ? [{ execId: ID, pid: Pid }] : [])),
      };
    }),
  );
  return {
    containers,
    enginePid: engine.pid,
    dataRoot: await engine.docker(["info", "-f", "{{.DockerRootDir}}"]),
    sockets: [engine.socketPath],
  };
}

function inspectExec(engine: TestEngine, id: string): Promise<{ ID: string; Pid: number }> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ socketPath: engine.socketPath, path: `/exec/${id}/json` }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    });
    call.once("error", reject);
    call.end();
  });
}

async function read(
  engine: TestEngine,
  names: readonly string[],
): Promise<{ views: readonly Container[]; reading: KernelReading }> {
  const request = await requestFor(engine, names);
  const reading = readKernel(request);
  expect(reading.gaps).toEqual([]);
  const views = request.containers.map(({ id, name }) => {
    const view = reading.views.get(id);
    if (!view) throw new Error(`no view of ${name}`);
    return view;
  });
  return { views, reading };
}

async function viewOf(engine: TestEngine, name: string): Promise<Container> {
  const { views } = await read(engine, [name]);
  const [view] = views;
  if (!view) throw new Error("no view");
  return view;
}

async function pidOf(engine: TestEngine, name: string): Promise<number> {
  return Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
}

const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** The container's cgroup of a controller. */
function cgroupOf(pid: number, controller: string): string {
  const file = isUnified ? "cgroup.procs" : "tasks";
  return dirname(limitFile(pid, controller, file, file));
}

describeWithEngine("the kernel's view of real containers", () => {
  let engine: TestEngine;
  let isSystemd = false;
  /** On cgroup v2 the rules of devices are a program in the kernel. */
  const hidesRules = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const unseenRules = [{ state: "unseen" }];
  beforeAll(async () => {
    engine = await startEngine();
    isSystemd = (await engine.docker(["info", "-f", "{{.CgroupDriver}}"])) === "systemd";
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const view = async (...args: readonly string[]) => viewOf(engine, await run(engine, args));

  it("a default container: everything at Docker's defaults, and nothing of the host", async () => {
    const read = await view();
    expect(value(read.privileged)).toBe(false);
    expect(value(read.user)).toBe("0");
    expect(value(read.noNewPrivileges)).toBe(false);
    expect(value(read.readonlyRootfs)).toBe(false);
    // The kernel shows that a filter is on, not which profile it came from.
    expect(read.seccomp.state).toBe("unseen");
    expect(value(read.networkMode)).toEqual({ mode: "private" });
    expect(value(read.pidMode)).toEqual({ mode: "private" });
    expect(value(read.ipcMode)).toEqual({ mode: "private" });
    expect(value(read.utsMode)).toEqual({ mode: "private" });
    expect(value(read.usernsMode)).toEqual({ mode: "host" });
    expect(value(read.memory)).toBe(0);
    // systemd gives each scope its DefaultTasksMax.
    if (isSystemd) expect(value(read.pidsLimit)).toBeGreaterThan(1000);
    else expect(value(read.pidsLimit)).toBe(0);
    expect(value(read.cpuQuota)).toBe(0);
    expect(value(read.cpuShares)).toBe(1024);
    expect(read.cpusetCpus.state).toBe("unset");
    expect(value(read.blkioWeight)).toBe(0);
    expect(read).toMatchObject({ mounts: [], devices: [], deviceCgroupRules: hidesRules ? unseenRules : [] });
    expect(value(read.pathProtection)).toMatchObject({
      mode: "paths",
      masked: expect.arrayContaining(["/proc/kcore", "/proc/keys", "/sys/firmware"]),
      readonly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    });
    expect(read.processes).toMatchObject([{ name: "sleep", role: "init", seccomp: { value: 2 } }]);
    expect(read.processes[0]?.capBounding).toMatchObject({ value: { size: 14 } });
  });

  it("what the Engine adds for --init, -t, --shm-size and a network of its own is nothing of the host's", async () => {
    const read = await view("--init", "-t", "--shm-size=8m", "--hostname=web", "--add-host=db:10.0.0.1");
    expect(read.mounts).toEqual([]);
    expect(read.devices).toEqual([]);
    expect(read.processes.map(({ role }) => role)).toEqual(["init", "child"]);
  });

  it("a hardened one", async () => {
    const read = await view(
      ...["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000"],
      ...["--memory=64m", "--memory-swap=96m", "--memory-reservation=32m", "--pids-limit=50"],
      ...["--cpus=0.5", "--cpu-shares=768", "--cpuset-cpus=0", "--tmpfs=/tmp:size=1m,mode=1770"],
    );
    expect(value(read.readonlyRootfs)).toBe(true);
    expect(value(read.noNewPrivileges)).toBe(true);
    expect(value(read.user)).toBe("1000");
    expect(value(read.memory)).toBe(64 * mebi);
    expect(value(read.memorySwap)).toBe(96 * mebi);
    expect(value(read.memoryReservation)).toBe(32 * mebi);
    expect(value(read.pidsLimit)).toBe(50);
    expect([value(read.cpuQuota), value(read.cpuPeriod)]).toEqual([50_000, 100_000]);
    // runc before 1.3.2 makes a weight of it that gives less than was asked for.
    expect(isUnified ? [768, 217] : [768]).toContain(value(read.cpuShares));
    expect(value(read.cpusetCpus)).toBe("0");
    expect(read.processes[0]?.capBounding).toMatchObject({ value: { size: 0 } });
    expect(mountsOf(read)).toMatchObject([
      { type: "tmpfs", target: "/tmp", tmpfs: { size: mebi, mode: 0o1770, exec: false, suid: false } },
    ]);
  });

  it("a privileged one, said once and not for each of its devices", async () => {
    const read = await view("--privileged");
    expect(value(read.privileged)).toBe(true);
    expect(value(read.seccomp)).toEqual({ profile: "unconfined" });
    expect(value(read.pathProtection)).toEqual({ mode: "unconfined" });
    expect(read).toMatchObject({ mounts: [], devices: [], deviceCgroupRules: [] });
  });

  it("the host's namespaces", async () => {
    const read = await view("--net=host", "--pid=host", "--ipc=host", "--uts=host");
    for (const mode of [read.networkMode, read.pidMode, read.ipcMode, read.utsMode]) {
      expect(value(mode)).toEqual({ mode: "host" });
    }
    expect(read.mounts).toEqual([]);
    expect(read.processes).toHaveLength(1);
  });

  it("another container's namespaces, by its name", async () => {
    const http = await run(engine, ["--ipc=shareable"]);
    const side = await run(engine, [
      `--net=container:${http}`,
      `--pid=container:${http}`,
      `--ipc=container:${http}`,
    ]);
    const { views } = await read(engine, [side, http]);
    const joined = { mode: "container", target: http, by: "container" };
    expect(value(views[0]?.networkMode)).toEqual(joined);
    expect(value(views[0]?.pidMode)).toEqual(joined);
    expect(value(views[0]?.ipcMode)).toEqual(joined);
    expect(value(views[1]?.networkMode)).toEqual({ mode: "private" });
    expect(value(views[1]?.ipcMode)).toEqual({ mode: "shareable" });
    // Each has its own process only, although they see one another.
    expect(views.map(({ processes }) => processes.length)).toEqual([1, 1]);
    expect(views[0]?.mounts).toEqual([]);
  });

  it("a limit that only an ancestor cgroup has", async () => {
    const parent = isSystemd ? `bulkheadtest${process.pid}.slice` : `bulkhead-test-${process.pid}`;
    const folders = ["pids", "memory"].map(
      (controller) => `/sys/fs/cgroup/${isUnified ? "" : `${controller}/`}${parent}`,
    );
    const name = await run(engine, [`--cgroup-parent=${isSystemd ? "" : "/"}${parent}`]);
    onTestFinished(async () => {
      await engine.docker(["rm", "-f", name]).catch(() => {});
      for (const hierarchy of readdirSync("/sys/fs/cgroup")) {
        execFileSync("sh", ["-c", `rmdir '/sys/fs/cgroup/${hierarchy}/${parent}' 2>/dev/null || true`]);
      }
    });
    writeFileSync(`${folders[0]}/pids.max`, "77");
    const memoryFile = isUnified ? "memory.max" : "memory.limit_in_bytes";
    writeFileSync(`${folders[1]}/${memoryFile}`, String(256 * mebi));
    const read = await viewOf(engine, name);
    expect(read.pidsLimit).toEqual({
      state: "set",
      value: 77,
      origins: [{ kernel: `${folders[0]}/pids.max` }],
    });
    expect(value(read.memory)).toBe(256 * mebi);
    expect(value(read.cgroupParent)).toBe(isSystemd ? parent : `/${parent}`);
  });

  it("limits loosened behind Docker's back", async () => {
    const name = await run(engine, ["--pids-limit=50", "--memory=64m"]);
    const pid = await pidOf(engine, name);
    writeFileSync(join(cgroupOf(pid, "pids"), "pids.max"), "max");
    const memory = isUnified
      ? { "memory.swap.max": "max", "memory.max": "max" }
      : { "memory.memsw.limit_in_bytes": "-1", "memory.limit_in_bytes": "-1" };
    for (const [file, none] of Object.entries(memory))
      writeFileSync(join(cgroupOf(pid, "memory"), file), none);
    const read = await viewOf(engine, name);
    expect(value(read.pidsLimit)).toBe(0);
    expect(value(read.memory)).toBe(0);
    expect(await engine.docker(["inspect", "-f", "{{.HostConfig.PidsLimit}}", name])).toBe("50");
  });

  it("a root file system that was remounted writable, and masks that were taken off", async () => {
    const name = await run(engine, ["--read-only"]);
    expect(value((await viewOf(engine, name)).readonlyRootfs)).toBe(true);
    const enter = ["-m", "-p", "-t", String(await pidOf(engine, name))];
    execFileSync("nsenter", [...enter, "/bin/mount", "-o", "remount,rw", "/"]);
    execFileSync("nsenter", [...enter, "/bin/umount", "/proc/sys"]);
    const read = await viewOf(engine, name);
    expect(value(read.readonlyRootfs)).toBe(false);
    expect(value(read.pathProtection)).toMatchObject({ mode: "paths" });
    expect(JSON.stringify(value(read.pathProtection))).not.toContain('"/proc/sys"');
  });

  it("docker exec --privileged, which the container's own inspect does not show", async () => {
    const name = await run(engine);
    await engine.docker(["exec", "-d", "--privileged", name, "sh", "-c", "sleep 999; true"]);
    await expect.poll(async () => (await viewOf(engine, name)).processes.length).toBe(3);
    const { views, reading } = await read(engine, [name]);
    expect(views[0]?.processes.map(({ role }) => role).sort()).toEqual(["exec", "exec", "init"]);
    const [processes] = [...reading.execs.values()];
    expect(processes?.map(({ name }) => name).sort()).toEqual(["sh", "sleep"]);
    const held = processes?.[0]?.capEffective;
    expect(held?.state === "set" && held.value.has("SYS_ADMIN")).toBe(true);
    expect(value(views[0]?.privileged)).toBe(false);
  });

  it("a process that entered by nsenter, with all that it brought along", async () => {
    const name = await run(engine, ["--cap-drop=ALL"]);
    const target = String(await pidOf(engine, name));
    for (const namespaces of [["-m"], ["-m", "-p", "-n"]]) {
      const child = spawn("nsenter", ["-t", target, ...namespaces, "/bin/sleep", "998"], { stdio: "ignore" });
      onTestFinished(() => void child.kill("SIGKILL"));
    }
    const entered = async () =>
      (await viewOf(engine, name)).processes.filter(
        ({ role, name }) => role === "entered" && name === "sleep",
      );
    await expect.poll(async () => (await entered()).length).toBe(2);
    for (const process of await entered()) {
      expect(process.seccomp).toMatchObject({ value: 0 });
      expect(process.capEffective.state === "set" && process.capEffective.value.has("SYS_ADMIN")).toBe(true);
    }
  });

  it("an engine's socket by any name: renamed, as a folder, as a hard link, through a volume", async () => {
    const { socketPath, folder } = engine;
    const hidden = join(folder, "hidden");
    mkdirSync(hidden);
    linkSync(socketPath, join(hidden, "innocent"));
    await engine.docker([
      ...["volume", "create", "--driver=local", "--opt=type=none", "--opt=o=bind"],
      ...[`--opt=device=${folder}`, "sneaky"],
    ]);
    onTestFinished(async () => void (await engine.docker(["volume", "rm", "-f", "sneaky"])));
    const read = await view(
      ...["-v", `${socketPath}:/tmp/renamed:ro`, "-v", `${folder}:/folder`, "-v", "sneaky:/volume"],
      ...["-v", `${join(hidden, "innocent")}:/link`, "-v", "plain:/plain"],
    );
    const mounts = new Map(mountsOf(read).map((mount) => [mount.target, mount]));
    expect(mounts.get("/tmp/renamed")).toMatchObject({
      type: "bind",
      hostPath: socketPath,
      readOnly: true,
      sockets: [socketPath],
    });
    expect(mounts.get("/folder")).toMatchObject({ hostPath: folder, sockets: [socketPath] });
    expect(mounts.get("/volume")).toMatchObject({
      type: "volume",
      source: "sneaky",
      hostPath: folder,
      sockets: [socketPath],
    });
    expect(mounts.get("/link")).toMatchObject({ hostPath: join(hidden, "innocent"), sockets: [socketPath] });
    expect(mounts.get("/plain")).toMatchObject({ type: "volume", hostPath: undefined, sockets: [] });
    expect(mounts.get("/plain")?.propagation).toBeUndefined();
  });

  it("a bind through a symlink shows where it leads", async () => {
    const real = join(engine.folder, "real");
    const link = join(engine.folder, "link");
    mkdirSync(real);
    symlinkSync(real, link);
    const read = await view("-v", `${link}:/data:ro`);
    expect(mountsOf(read)).toMatchObject([
      {
        type: "bind",
        target: "/data",
        hostPath: real,
        resolvedPath: real,
        readOnly: true,
        propagation: "private",
      },
    ]);
  });

  it("the host's /, /proc, /dev and /sys, and shared propagation", async () => {
    const shared = join(engine.folder, "shared");
    mkdirSync(shared);
    execFileSync("mount", ["--bind", shared, shared]);
    execFileSync("mount", ["--make-shared", shared]);
    onTestFinished(() => void execFileSync("umount", ["-l", shared]));
    const read = await view(
      ...["-v", "/:/host:ro", "-v", "/proc:/host-proc", "-v", "/dev:/dev", "-v", "/sys:/sys"],
      ...["-v", `${shared}:/shared:rshared`],
    );
    const mounts = new Map(mountsOf(read).map((mount) => [mount.target, mount]));
    expect(mounts.get("/host")).toMatchObject({ hostPath: "/" });
    expect(mounts.get("/host")?.sockets).toEqual([engine.socketPath]);
    expect(mounts.get("/host-proc")).toMatchObject({ hostPath: "/proc" });
    expect(mounts.get("/dev")).toMatchObject({ hostPath: "/dev" });
    expect(mounts.get("/sys")).toMatchObject({ hostPath: "/sys" });
    expect(mounts.get("/shared")).toMatchObject({ propagation: "shared" });
    const extra = [...mounts.keys()].filter((target) => target.includes("/merged"));
    expect(extra).toEqual([]);
  });

  it("devices, also one under an innocent name, and rules without a node", async () => {
    const read = await view(
      ...["--device=/dev/fuse", "--device=/dev/kmsg:/dev/innocent:r", "--device=/dev/loop0:/dev/null0"],
      "--device-cgroup-rule=c 189:* rw",
    );
    const devices = read.devices.map((item) => (item.state === "set" ? item.value : item.reason));
    expect(devices).toEqual(
      expect.arrayContaining([
        { hostPath: "/dev/fuse", containerPath: "/dev/fuse", permissions: "rwm", nodes: ["c 10:229"] },
        // Making a node is allowed to everybody. Where no rule shows, the node's mode is all that is known.
        {
          ...{ hostPath: "/dev/kmsg", containerPath: "/dev/innocent", nodes: ["c 1:11"] },
          permissions: hidesRules ? "rwm" : "rm",
        },
        { hostPath: "/dev/loop0", containerPath: "/dev/null0", permissions: "rwm", nodes: ["b 7:0"] },
      ]),
    );
    expect(devices).toHaveLength(3);
    expect(read.deviceCgroupRules).toMatchObject(hidesRules ? unseenRules : [{ value: "c 189:* rw" }]);
  });

  it("a device that is made later, renamed and taken away, although what was seen before is remembered", async () => {
    const name = await run(engine, ["--device-cgroup-rule=b 7:* rwm"]);
    const request = { ...(await requestFor(engine, [name])), memory: openKernelMemory() };
    const seen = () => [...readKernel(request).views.values()].flatMap(({ devices }) => devices.map(value));
    const nodes = ["b 7:0"];
    const loop = (containerPath: string) => ({
      ...{ hostPath: "/dev/loop0", containerPath, permissions: "rwm", nodes },
    });
    // What changed in the last second is not remembered.
    await pause(1_200);
    expect(seen()).toEqual([]);
    expect(seen()).toEqual([]);
    await engine.docker(["exec", name, "mknod", "/dev/disk", "b", "7", "0"]);
    expect(seen()).toEqual([loop("/dev/disk")]);
    await engine.docker(["exec", name, "mv", "/dev/disk", "/dev/zero"]);
    expect(seen()).toEqual([loop("/dev/zero")]);
    await engine.docker(["exec", name, "sh", "-c", "mkdir /dev/folder; mv /dev/zero /dev/folder/disk"]);
    expect(seen()).toEqual([loop("/dev/folder/disk")]);
    await pause(1_200);
    expect(seen()).toEqual([loop("/dev/folder/disk")]);
    await engine.docker(["exec", name, "rm", "-f", "/dev/folder/disk"]);
    expect(seen()).toEqual([]);
  });

  it("a sandbox inside a container holds nothing of the container's", async () => {
    const flags = [
      "--network=none",
      "--security-opt=seccomp=unconfined",
      "--security-opt=apparmor=unconfined",
    ];
    // The shell waits for it: a sandbox is what a program makes beside itself.
    const script = [busybox, "sh", "-c", "unshare -U -r sleep 1000; true"];
    const name = await run(engine, ["--user=1000", ...flags], script);
    const request = await requestFor(engine, [name]);
    const sleeper = () =>
      [...readKernel(request).views.values()]
        .flatMap(({ processes }) => processes)
        .find(({ name: program }) => program === "sleep");
    await until(() => sleeper() !== undefined);
    const { role, uid, capEffective, capBounding } = sleeper() ?? {};
    expect([role, uid && value(uid)]).toEqual(["child", 1000]);
    expect([capEffective, capBounding]).toMatchObject([{ value: new Set() }, { value: new Set() }]);
    expect(capEffective?.state === "set" && capEffective.value.size).toBe(0);
  });

  it("no filter and no masks without privileges", async () => {
    const read = await view("--security-opt=seccomp=unconfined", "--security-opt=systempaths=unconfined");
    expect(value(read.seccomp)).toEqual({ profile: "unconfined" });
    expect(value(read.pathProtection)).toEqual({ mode: "unconfined" });
    expect(value(read.privileged)).toBe(false);
  });

  it("a container whose first process moved into a cgroup below its own", async () => {
    const name = await run(engine, ["--pids-limit=40"]);
    const pid = await pidOf(engine, name);
    const inner = join(cgroupOf(pid, "pids"), "inner");
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(inner, "cgroup.procs"), String(pid));
    onTestFinished(() => {
      execFileSync("sh", ["-c", `rmdir '${inner}' 2>/dev/null || true`]);
    });
    const read = await viewOf(engine, name);
    expect(read.processes[0]).toMatchObject({ pid, role: "init" });
    expect(value(read.pidsLimit)).toBe(40);
  });

  it("is steady while processes come and go", async () => {
    const script = "while true; do for i in 1 2 3 4 5 6 7 8; do /bin/true & done; wait; done";
    const name = await run(engine, ["--pids-limit=100"], [busybox, "sh", "-c", script]);
    const request = await requestFor(engine, [name]);
    for (let i = 0; i < 100; i++) {
      const reading = readKernel(request);
      expect(reading.gaps).toEqual([]);
      const [view] = reading.views.values();
      expect(view?.processes[0]?.role).toBe("init");
      // A process that ends meanwhile drops out as a whole: half of one would be an unknown.
      expect(JSON.stringify(view?.processes)).not.toContain("unresolved");
    }
  });

  it("tells a container that stopped meanwhile, and that another's kernel is not here", async () => {
    const name = await run(engine);
    const request = await requestFor(engine, [name]);
    expect(kernelVisible(request)).toEqual({ ok: true, value: undefined });
    const elsewhere = request.containers.map((each) => ({ ...each, pid: process.pid }));
    expect(kernelVisible({ ...request, containers: elsewhere }).ok).toBe(false);
    await engine.docker(["kill", name]);
    const reading = readKernel(request);
    expect(reading.views.size).toBe(0);
    expect(reading.gaps).toMatchObject([{ subject: `container:${name}` }]);
    expect(kernelVisible(request).ok).toBe(false);
  });

  it("works from a container that has the host's /proc and cgroups", async () => {
    const name = await run(engine, ["--pids-limit=33", "--net=host"]);
    const request = await requestFor(engine, [name]);
    const project = process.cwd();
    const tsx = createRequire(import.meta.url).resolve("tsx");
    const folder = join(engine.folder, "reader");
    mkdirSync(folder);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "request.json"), JSON.stringify(request));
    writeFileSync(
      join(folder, "reader.ts"),
      `import { readFileSync } from "node:fs";
import { openKernelMemory } from "../../src/kernel/memory.ts";
import { readKernel } from "${project}/src/kernel/read.ts";
const request = JSON.parse(readFileSync("/reader/request.json", "utf8"));
const { views, gaps } = readKernel({ ...request, proc: "/host/proc", cgroup: "/host/sys/fs/cgroup" });
const [view] = views.values();
console.log(JSON.stringify({ gaps, net: view.networkMode, pids: view.pidsLimit, user: view.user, memory: view.memory, roles: view.processes.map((each) => each.role), mounts: view.mounts }));
`,
    );
    const binds = [...new Set(["/usr", "/lib", "/lib64", project, dirname(dirname(process.execPath))])];
    const output = await engine.docker([
      ...["run", "--rm", "--network=none", "--cgroupns=private", "--cap-add=SYS_PTRACE", "--read-only"],
      // Where AppArmor runs, Docker's profile keeps it from looking into other containers (docs/containers.md).
      "--security-opt=apparmor=unconfined",
      ...["-v", "/proc:/host/proc:ro", "-v", "/sys/fs/cgroup:/host/sys/fs/cgroup:ro"],
      ...binds.flatMap((path) => ["-v", `${path}:${path}:ro`]),
      ...["-v", `${folder}:/reader:ro`, "--tmpfs=/tmp:exec", "-e", "TSX_DISABLE_CACHE=1", busybox],
      ...[process.execPath, "--import", tsx, "/reader/reader.ts"],
    ]);
    expect(JSON.parse(output)).toMatchObject({
      gaps: [],
      net: { value: { mode: "host" }, origins: [{ kernel: expect.stringContaining("/host/proc/") }] },
      pids: {
        value: 33,
        origins: [{ kernel: expect.stringMatching(/^\/host\/sys\/fs\/cgroup\/.*pids\.max$/) }],
      },
      user: { value: "0" },
      memory: { value: 0 },
      roles: ["init"],
      mounts: [],
    });
  });
});

describeWithEngine("the kernel's view under userns-remap", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine({ usernsRemap: true });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("root inside is another user outside, in a user namespace of its own", async () => {
    const name = await run(engine, ["--device=/dev/fuse"]);
    const read = await viewOf(engine, name);
    expect(value(read.user)).toBe("0");
    expect(value(read.usernsMode)).toEqual({ mode: "private" });
    const [init] = read.processes;
    expect(value(init?.hostUid)).toBeGreaterThan(65_535);
    expect(init?.sharesHost.user).toMatchObject({ value: false });
    expect(read.mounts).toEqual([]);
    // The host's node is bound there: without a right for everybody remapped root cannot open it.
    const isOpen = (statSync("/dev/fuse").mode & 0o006) !== 0;
    expect(read.devices).toMatchObject(isOpen ? [{ value: { hostPath: "/dev/fuse" } }] : []);
    expect(value(read.privileged)).toBe(false);
  });

  it("--userns=host opts out", async () => {
    const read = await viewOf(engine, await run(engine, ["--userns=host"]));
    expect(value(read.usernsMode)).toEqual({ mode: "host" });
    expect(read.processes[0]?.hostUid).toMatchObject({ value: 0 });
  });
});
