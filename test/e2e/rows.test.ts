import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controls, findControl } from "../../src/controls/registry.ts";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { importBusybox, importImage } from "../engine/images.ts";
import { builtCommand, runCli } from "../support/cli.ts";

/**
 * Every row of the requirement, on a real Engine: a real container (or the Engine itself) that fails it, at the level that
 * must show it, and a hardened one that passes it.
 */

interface Found {
  readonly control: string;
  readonly verdict: string;
  readonly severity: string;
  readonly level: string;
  readonly message: string;
  readonly subject: string;
}

interface Audited {
  readonly looked: readonly string[];
  readonly findings: readonly Found[];
  readonly subjects: readonly {
    readonly id: string;
    readonly verdicts: Readonly<Record<string, string>>;
  }[];
}

const hardenedFlags = [
  ...["--read-only", "--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  ...[
    "--memory",
    "64m",
    "--memory-swap",
    "64m",
    "--cpus",
    "0.5",
    "--pids-limit",
    "50",
    "--blkio-weight",
    "300",
  ],
  ...["--device-read-iops", "DISK:1000", "--network", "none", "--log-opt", "max-size=1m"],
  ...["--cgroupns", "private", "--ipc", "private"],
];

describeWithEngine("every row, on a real container", () => {
  let engine: TestEngine;
  let program = "";
  let scratch = "";
  let disk = "";
  const audits = new Map<string, Promise<Audited>>();

  beforeAll(async () => {
    program = builtCommand();
    scratch = mkdtempSync(join(tmpdir(), "bulkhead-rows-"));
    // A disk to throttle, and a mount that may be shared.
    const [name] = readdirSync("/sys/block");
    const [major = "", minor = ""] = readFileSync(`/sys/block/${name}/dev`, "utf8").trim().split(":");
    disk = `/dev/bulkhead-rows-${process.pid}`;
    execFileSync("mknod", [disk, "b", major, minor]);
    mkdirSync(join(scratch, "shared"));
    execFileSync("mount", ["-t", "tmpfs", "none", join(scratch, "shared")]);
    execFileSync("mount", ["--make-shared", join(scratch, "shared")]);
    engine = await startEngine();
    await importBusybox(engine);
  });

  afterAll(async () => {
    await engine?.stop();
    execFileSync("umount", ["-l", join(scratch, "shared")]);
    rmSync(disk, { force: true });
    rmSync(scratch, { recursive: true, force: true });
  });

  let made = 0;

  /** A flag with the places of this run. */
  function here(flag: string): string {
    return flag.replace("SCRATCH", scratch).replace("DISK", disk);
  }

  /** Runs a container with these flags and gives what the audit finds on it. */
  async function audited(flags: readonly string[], image = "busybox:test"): Promise<Audited> {
    const key = [image, ...flags].join(" ");
    const known = audits.get(key);
    if (known) return await known;
    const auditing = (async () => {
      made += 1;
      const name = `row-${made}`;
      await engine.docker(["run", "-d", "--name", name, ...flags.map(here), image, "sleep", "600"]);
      return await audit(`container:${name}`);
    })();
    audits.set(key, auditing);
    return await auditing;
  }

  async function audit(target: string, host = engine.host): Promise<Audited> {
    const ran = await runCli(program, ["audit", target, "--host", host, "--format", "json"]);
    expect(ran.stderr).toBe("");
    return JSON.parse(ran.stdout);
  }

  /** What was judged of the first subject, a pass as well: a control that was not asked has no verdict. */
  function verdict({ subjects }: Audited, control: string): string | undefined {
    return subjects[0]?.verdicts[control];
  }

  function finding({ findings }: Audited, control: string): Found | undefined {
    return findings.find((each) => each.control === control);
  }

  const rows: readonly (readonly [row: string, control: string, level: string, bad: readonly string[]])[] = [
    ["1.2", "docker-socket-mount", "effective", ["-v", "/var/run:/host-run"]],
    ["1.3", "host-proc-mount", "effective", ["-v", "/proc:/host/proc"]],
    ["1.3", "host-dev-mount", "effective", ["-v", "/dev:/host/dev"]],
    ["1.3", "sensitive-host-mount", "effective", ["-v", "/etc:/host/etc"]],
    ["1.3", "device-access", "effective", ["--device", "/dev/fuse"]],
    ["1.3", "mount-propagation", "effective", ["-v", "SCRATCH/shared:/data:rshared"]],
    ["1.4", "read-only-rootfs", "effective", []],
    ["1.4", "tmpfs-options", "effective", ["--tmpfs", "/scratch:exec,suid"]],
    ["1.5", "read-only-volume", "configured", ["-v", "SCRATCH:/data"]],
    ["2.1", "cpu-limit", "effective", []],
    ["2.2", "memory-limit", "effective", []],
    ["2.2", "memory-swap-limit", "effective", ["--memory", "64m", "--memory-swap", "-1"]],
    ["2.3", "storage-limit", "effective", ["--tmpfs", "/scratch"]],
    ["2.3", "log-limit", "configured", []],
    ["2.4", "io-limit", "effective", []],
    ["2.5", "pids-limit", "effective", []],
    ["2.6", "seccomp-profile", "effective", ["--security-opt", "seccomp=unconfined"]],
    ["2.7", "masked-paths", "effective", ["--security-opt", "systempaths=unconfined"]],
    ["2.8", "capabilities-dangerous", "effective", ["--cap-add", "SYS_ADMIN"]],
    ["2.8", "capabilities-drop", "effective", []],
    ["2.9", "privileged", "effective", ["--privileged"]],
    ["2.11", "root-user", "effective", []],
    ["2.11", "no-new-privileges", "effective", []],
    ["2.12", "host-network", "effective", ["--network", "host"]],
    ["2.13", "host-pid", "effective", ["--pid", "host"]],
    ["2.13", "host-ipc", "effective", ["--ipc", "host"]],
    ["2.13", "host-uts", "effective", ["--uts", "host"]],
    ["2.13", "host-cgroup-namespace", "effective", ["--cgroupns", "host"]],
  ];

  test.each(rows)(
    "%s %s: the bad container fails it (%s), the hardened one does not",
    async (_, control, level, bad) => {
      expect(finding(await audited(bad), control)).toMatchObject({ verdict: "fail", level });
      expect(verdict(await audited(hardenedFlags), control), `${control} on the hardened one`).toBe("pass");
    },
  );

  test("no row is left out, and each control serves the row that it stands beside", () => {
    for (const [row, control] of rows) expect(findControl(control)?.row, control).toBe(row);
    const apart = ["1.1", "2.10", "2.14"];
    const served = new Set(controls.flatMap(({ row }) => row ?? []));
    expect(new Set([...rows.map(([row]) => row), ...apart])).toEqual(served);
    expect(served.size).toBe(19);
  });

  test("1.1, 2.10: an Engine on the network, and users that are remapped", async () => {
    const port = await freePort();
    const other = await startEngine({ usernsRemap: true, hosts: [`tcp://127.0.0.1:${port}`] });
    try {
      await importBusybox(other);
      const run = (name: string, ...flags: readonly string[]) =>
        other.docker(["run", "-d", "--name", name, ...flags, "busybox:test", "sleep", "600"]);
      const [open, closed] = [await audit("engine", other.host), await audit("engine")];
      expect(finding(open, "engine-network-socket")).toMatchObject({
        verdict: "fail",
        severity: "critical",
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
      expect(verdict(closed, "engine-network-socket")).toBe("pass");
      expect(verdict(open, "engine-user-namespaces")).toBe("pass");
      expect(verdict(closed, "engine-user-namespaces")).toBe("fail");
      await run("mapped");
      await run("unmapped", "--userns", "host");
      const mapped = await audit("container:mapped", other.host);
      expect(verdict(mapped, "host-user-namespace")).toBe("pass");
      expect(finding(mapped, "root-user")).toMatchObject({ severity: "low" });
      expect(finding(await audit("container:unmapped", other.host), "host-user-namespace")).toMatchObject({
        verdict: "fail",
        severity: "high",
        level: "effective",
      });
    } finally {
      await other.stop();
    }
  });

  test("2.14: sharing is fine, sharing with a privileged or host-networked container is not", async () => {
    await engine.docker([
      "run",
      "-d",
      "--name",
      "plain",
      "--network",
      "none",
      "busybox:test",
      "sleep",
      "600",
    ]);
    await engine.docker([
      "run",
      "-d",
      "--name",
      "strong",
      "--privileged",
      "--network",
      "none",
      "busybox:test",
      "sleep",
      "600",
    ]);
    await engine.docker(["run", "-d", "--name", "open", "--network", "host", "busybox:test", "sleep", "600"]);
    expect(verdict(await audited(["--network", "container:plain"]), "shared-namespace")).toBe("pass");
    expect(verdict(await audited(["--network", "container:strong"]), "shared-namespace")).toBe("fail");
    expect(verdict(await audited(["--network", "container:open"]), "host-network")).toBe("fail");
  });

  test("2.9: docker exec --privileged leaves the container's inspect clean and is found all the same", async () => {
    await engine.docker([
      "run",
      "-d",
      "--name",
      "entered",
      ...hardenedFlags.map(here),
      "busybox:test",
      "sleep",
      "600",
    ]);
    await engine.docker(["exec", "-d", "--privileged", "entered", "sleep", "600"]);
    const entered = await audit("container:entered");
    expect(finding(entered, "privileged-exec")).toMatchObject({
      verdict: "fail",
      subject: expect.stringMatching(/^exec:entered\//),
    });
    expect(
      entered.findings.filter((each) => each.verdict === "fail" && each.subject === "container:entered"),
    ).toEqual([]);
  });

  test("1.2: a renamed socket, a volume that binds it, a symlink to it, and --volumes-from", async () => {
    const socket = engine.socketPath;
    await engine.docker([
      "volume",
      "create",
      "-o",
      "type=none",
      "-o",
      "o=bind",
      "-o",
      `device=${engine.folder}`,
      "hidden",
    ]);
    await engine.docker([
      "run",
      "-d",
      "--name",
      "donor",
      "-v",
      `${socket}:/tmp/harmless`,
      "busybox:test",
      "sleep",
      "600",
    ]);
    symlinkSync(socket, join(scratch, "link"));
    for (const flags of [
      ["-v", `${socket}:/tmp/harmless`],
      ["-v", `${join(scratch, "link")}:/tmp/harmless`],
      ["-v", "hidden:/data"],
      ["--volumes-from", "donor"],
    ]) {
      expect(verdict(await audited(flags), "docker-socket-mount"), flags.join(" ")).toBe("fail");
    }
  });

  test("2.11: the image's USER counts, and its absence", async () => {
    await importImage(engine, "nonroot:test", { changes: ["USER 1000"] });
    expect(verdict(await audited([], "nonroot:test"), "root-user")).toBe("pass");
    const image = await audit("image:busybox:test");
    expect(image.looked).toEqual([expect.stringMatching(/^the Engine at unix:.*: 1 image$/)]);
    expect(verdict(image, "image-root-user")).toBe("fail");
    expect(verdict(await audit("image:nonroot:test"), "image-root-user")).toBe("pass");
  });

  test("2.11: a file's image is looked up on the Engine that is named", async () => {
    await importImage(engine, "nonroot:test", { changes: ["USER 1000"] });
    const line = async (image: string) => {
      const args = ["audit", "--run", `docker run ${image}`, "--host", engine.host, "--format", "json"];
      return verdict(JSON.parse((await runCli(program, args)).stdout), "root-user");
    };
    expect(await line("nonroot:test")).toBe("pass");
    expect(await line("busybox:test")).toBe("fail");
    expect(await line("never-seen:test")).toBe("unknown");
  });

  test("a fully hardened container has no finding", async () => {
    const { findings } = await audited(hardenedFlags);
    expect(findings.filter((each) => each.verdict === "fail" || each.verdict === "unknown")).toEqual([]);
  });

  test("what the kernel or the driver cannot support is not applicable, with the reason", async () => {
    const plain = await audited([]);
    for (const control of ["apparmor-profile", "selinux-label", "storage-limit"]) {
      expect(finding(plain, control)?.verdict, control).toBe("notApplicable");
      expect(finding(plain, control)?.message.length).toBeGreaterThan(10);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address ? address.port : 0;
}
