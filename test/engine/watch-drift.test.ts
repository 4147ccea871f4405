import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { folderOf } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5", "--cgroupns=private"],
];

/** On cgroup v2 they are a program in the kernel, which nobody can read. */
const hasDeviceRules = existsSync("/sys/fs/cgroup/devices");

/**
 * A runtime that leaves out what the Engine asked for, as one that an intruder put in runc's place: of what the kernel lets nobody
 * take from a running process, this is how the two come to differ. A variable of the container says what is left out.
 */
const looseRuntime = `#!/bin/sh
case " $* " in *" create "*) ${process.execPath} "$0.cjs" "$@" || exit 1 ;; esac
exec runc "$@"
`;

const loosenBundle = `const { readFileSync, writeFileSync } = require("node:fs");
const without = (kind) => (spec) => {
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== kind);
};
const ways = {
  capability({ process: { capabilities } }) {
    for (const kind of ["bounding", "effective", "permitted"])
      capabilities[kind] = [...(capabilities[kind] ?? []), "CAP_SYS_ADMIN"];
  },
  seccomp: (spec) => delete spec.linux.seccomp,
  privileges: (spec) => { spec.process.noNewPrivileges = false; },
  user: (spec) => { spec.process.user = { uid: 0, gid: 0 }; },
  devices: (spec) => { spec.linux.resources.devices = [{ allow: true, access: "rwm" }]; },
  mount: (spec) => spec.mounts.push({ destination: "/host", type: "bind", source: "/etc", options: ["rbind", "rw"] }),
  pid: without("pid"),
  cgroup: without("cgroup"),
};
const file = process.argv[process.argv.indexOf("--bundle") + 1] + "/config.json";
const spec = JSON.parse(readFileSync(file, "utf8"));
const way = spec.process.env.find((each) => each.startsWith("LOOSE="));
ways[way.slice(6)](spec);
writeFileSync(file, JSON.stringify(spec));
`;

describeWithEngine("a container that the kernel holds to less than the Engine says", () => {
  let engine: TestEngine;
  let folder: ReturnType<typeof folderOf>;
  beforeAll(async () => {
    folder = folderOf({ loose: looseRuntime, "loose.cjs": loosenBundle });
    const path = join(folder.path, "loose");
    execFileSync("chmod", ["755", path]);
    engine = await startEngine({ daemonJson: { runtimes: { loose: { path } } } });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
    folder?.remove();
  });

  const drifts = (watched: Watching, name: string, from: number) =>
    watched.change(
      ({ change, finding }: Change) =>
        change !== "resolved" && finding.control === "drift" && finding.subject === `container:${name}`,
      from,
    );

  it("drifts in each of its capabilities, seccomp, no-new-privileges, user, devices, mounts and namespaces", async () => {
    const rows: Readonly<Record<string, RegExp>> = {
      capability: /cap-add .*the Engine says: not among its capabilities; the kernel says: SYS_ADMIN/,
      seccomp: /seccomp .*the Engine says: the Engine's profile; the kernel says: no filter/,
      privileges: /no-new-privileges .*the Engine says: on; the kernel says: off/,
      user: /user .*the Engine says: 1000; the kernel says: 0 \(root\)/,
      ...(hasDeviceRules && {
        devices: /device-cgroup-rule .*the Engine says: no rule; the kernel says: a \*:\* rwm/,
      }),
      mount: /mount \/host .*the Engine says: no mount; the kernel says: \/etc/,
      pid: /pid .*the Engine says: private; the kernel says: the host's/,
      cgroup: /cgroupns .*the Engine says: private; the kernel says: the host's/,
    };
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    const names = await Promise.all(
      Object.keys(rows).map((way) =>
        runNamed(engine, testName(engine, way), [...hardened, "--runtime=loose", `--env=LOOSE=${way}`]),
      ),
    );
    for (const [index, message] of Object.values(rows).entries()) {
      const { finding } = await drifts(watched, names[index] ?? "", from);
      expect(finding).toMatchObject({ severity: "high", level: "effective", verdict: "fail" });
      expect(finding.message).toMatch(message);
    }
  });

  it("drifts where somebody lifted the cap of a disk by hand", async () => {
    const disk = readdirSync("/sys/block").find((each) => existsSync(`/sys/block/${each}/device`)) ?? "";
    const number = readFileSync(`/sys/block/${disk}/dev`, "utf8").trim();
    const flags = ["--network=none", "--device-write-bps", `/dev/${disk}:1mb`];
    const name = await runNamed(engine, testName(engine, "capped"), flags);
    const watched = await watching(engine, { kernelEvents: true, cooldown: 0 });
    const from = watched.changes.length;
    expect(watched.changes.some(({ finding }) => finding.control === "drift")).toBe(false);
    const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
    const file = limitFile(pid, "blkio", "blkio.throttle.write_bps_device", "io.max");
    writeFileSync(file, file.endsWith("io.max") ? `${number} wbps=max` : `${number} 0`);
    const { finding, cause } = await drifts(watched, name, from);
    expect(finding.message).toContain(
      `device-write-bps /dev/${disk} is not what the Engine says (the Engine says: 1 MiB a second; the kernel says: no limit`,
    );
    expect(cause).toMatchObject({ kind: "file", path: file });
  });

  it("drifts further while no watch runs, and the next one says so", async () => {
    const name = await runNamed(engine, testName(engine, "further"), hardened);
    const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
    const file = limitFile(pid, "pids", "pids.max", "pids.max");
    const first = await watching(engine, { kernelEvents: true, cooldown: 0 });
    writeFileSync(file, "65");
    const { finding } = await drifts(first, name, 0);
    expect(finding.message).toContain("the kernel says: 65");
    const open = first.watch.open();
    first.watch.close();
    const same = await watching(engine, { cooldown: 0, remembered: open });
    const isDrift = (each: Change) =>
      each.finding.control === "drift" && each.finding.subject === `container:${name}`;
    expect(same.changes.filter(isDrift)).toEqual([]);
    same.watch.close();
    writeFileSync(file, "30000");
    const next = await watching(engine, { cooldown: 0, remembered: open });
    const { change, finding: further } = await next.change(isDrift);
    expect(change).toBe("changed");
    expect(further.message).toContain("the kernel says: 30000");
  });

  it("drifts where somebody moved an interface into its empty network namespace", async () => {
    const name = await runNamed(engine, testName(engine, "veth"), hardened);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    const own = `bh${pid}`;
    execFileSync("ip", ["link", "add", own, "type", "veth", "peer", "name", "veth0", "netns", pid]);
    onTestFinished(() => {
      execFileSync("sh", ["-c", `ip link del ${own} 2> /dev/null || true`]);
    });
    const { finding } = await drifts(watched, name, from);
    expect(finding.message).toMatch(/interfaces .*the Engine says: none; the kernel says: veth0/);
  });

  it("drifts where somebody turned forwarding on in its network namespace", async () => {
    const off = "--sysctl=net.ipv4.ip_forward=0";
    const name = await runNamed(engine, testName(engine, "forwards"), [...hardened, off]);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    const turnOn = "echo 1 > /proc/sys/net/ipv4/ip_forward";
    execFileSync("nsenter", ["-t", pid, "-n", "sh", "-c", turnOn]);
    const { finding } = await drifts(watched, name, from);
    expect(finding.message).toMatch(/sysctl net.ipv4.ip_forward .*the Engine says: 0; the kernel says: 1/);
  });

  it("drifts in namespaces that its own first process left", async () => {
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    const leave = `sleep 1; exec nsenter -t ${engine.pid} -n -u -i sleep 1000`;
    const flags = ["--privileged", "--pid=host", "--network=none"];
    const name = await runNamed(engine, testName(engine, "leaves"), flags, ["sh", "-c", leave]);
    const { finding } = await drifts(watched, name, from);
    expect(finding.message).toMatch(/^network is not .*the Engine says: none; the kernel says: the host's/);
    expect(finding.message).toMatch(/; also (?=.*\bipc\b)(?=.*\buts\b)/);
  });

  it.skipIf(!hasDeviceRules)(
    "drifts in a device rule that somebody wrote into its running cgroup",
    async () => {
      const name = await runNamed(engine, testName(engine, "devices"), hardened);
      const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
      const watched = await watching(engine, { interval: 500 });
      const from = watched.changes.length;
      const path = /^\d+:devices:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
      writeFileSync(`/sys/fs/cgroup/devices${path}/devices.allow`, "b *:* rw");
      const { finding, cause } = await drifts(watched, name, from);
      expect(finding.message).toMatch(/device-cgroup-rule .*no rule; the kernel says: b \*:\* rw/);
      expect(cause).toEqual({ kind: "sweep" });
    },
  );

  it.skipIf(!hasDeviceRules)("drifts in a device rule beside those that it was given", async () => {
    const given = ["--device=/dev/fuse:/dev/fuse:r", "--device-cgroup-rule=c 189:* rmw"];
    const name = await runNamed(engine, testName(engine, "given"), [...hardened, ...given]);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 500 });
    const drift = () => watched.watch.open().find(({ control }) => control === "drift")?.message ?? "";
    expect(drift()).toBe("");
    const path = /^\d+:devices:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
    const allow = (rule: string) => writeFileSync(`/sys/fs/cgroup/devices${path}/devices.allow`, rule);
    allow("c 10:229 rw");
    await until(() => drift().includes("device /dev/fuse"));
    expect(drift()).toMatch(/no such device; the kernel says: c 10:229 rwm?; changed between/);
    allow("a *:* rwm");
    await until(() => drift().includes("a *:* rwm"));
  });
});

describeWithEngine("an Engine that remaps users", () => {
  it("has a process that entered a container's user namespace alone reported", async () => {
    const engine = await startEngine({ usernsRemap: true });
    onTestFinished(() => engine.stop());
    await importBusybox(engine);
    const name = await runNamed(engine, testName(engine, "remapped"), hardened);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 500 });
    const from = watched.changes.length;
    const intruder = spawn("nsenter", ["-t", pid, "-U", "sleep", "1000"], { stdio: "ignore" });
    onTestFinished(() => void intruder.kill("SIGKILL"));
    const { finding } = await watched.change(
      (each) =>
        each.change !== "resolved" &&
        each.finding.control === "privileged-exec" &&
        each.finding.subject === `container:${name}`,
      from,
    );
    expect(finding.message).toContain(`sleep (${intruder.pid}) came in from outside`);
  });
});
