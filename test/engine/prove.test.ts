import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Outcome } from "../../src/model/proof.ts";
import { labelName } from "../../src/prove/owner.ts";
import { builtCommand, folderOf, type Ran, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

interface Proof {
  readonly subject: string;
  readonly probes: readonly {
    readonly probe: string;
    readonly control: string;
    readonly outcome: Outcome;
    readonly evidence: string;
  }[];
  readonly notApplicable: readonly { readonly probe: string }[];
  readonly missing: readonly string[];
}

/** Everything that bulkhead hardens, by flags. */
const hardened = [
  ...["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-u", "1000:1000"],
  ...["--pids-limit", "64", "--memory", "32m", "--memory-swap", "32m", "--cpus", "0.3"],
  ...["--tmpfs", "/tmp:size=8m", "-v", "/etc:/host-etc:ro", "-e", "TOKEN=hunter2"],
];

/** Built once for all of this file: the sources of others may change meanwhile. */
let program = "";
beforeAll(() => {
  program = builtCommand();
});

describeWithEngine("bulkhead prove", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
    const start = (name: string, ...words: readonly string[]) =>
      engine.docker(["run", "-d", "--name", name, ...words, busybox, "sleep", "3600"]);
    await start("plain");
    await start("hard", ...hardened);
    await start("open", "--privileged", "-v", `${engine.socketPath}:/engine.sock:ro`);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const prove = (...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["prove", ...words], { env: engine.environment });
  const proof = async (...words: readonly string[]): Promise<Proof> => {
    const ran = await prove(...words, "--format", "json");
    expect(ran.stderr).toBe("");
    return JSON.parse(ran.stdout);
  };
  const outcomes = ({ probes }: Proof) =>
    Object.fromEntries(probes.map(({ probe, outcome }) => [probe, outcome]));
  const evidence = ({ probes }: Proof, id: string) =>
    probes.find(({ probe }) => probe === id)?.evidence ?? "";
  const ours = () =>
    engine.docker(["ps", "-a", "--filter", `label=${labelName}`, "--format", "{{.Names}} {{.Status}}"]);
  const untilNoneIsOurs = async () => {
    for (let round = 0; round < 50 && (await ours()) !== ""; round += 1) await pause(100);
    return await ours();
  };

  it("finds that a default container holds little, and what Docker's defaults do hold", async () => {
    const plain = await proof("plain");
    expect(plain.subject).toBe("container:plain");
    expect(outcomes(plain)).toMatchObject({
      "write-root": "notHeld",
      "raw-socket": "notHeld",
      chroot: "notHeld",
      chown: "notHeld",
      setuid: "notHeld",
      "setuid-binary": "notHeld",
      "run-as-root": "notHeld",
      "uid-map": "notHeld",
      "fork-until-limit": "notHeld",
      "memory-past-limit": "notHeld",
      "burn-cpu": "notHeld",
      "io-past-limit": "notHeld",
      "engine-socket": "held",
      devices: "held",
      "mknod-open": "held",
      "masked-paths": "held",
      "core-pattern": "held",
      sysctl: "held",
      "cgroup-write": "held",
      "unshare-user": "held",
      "unshare-mount": "held",
      "kernel-log": "held",
      mount: "held",
      swapoff: "held",
      "set-hostname": "held",
      "set-clock": "held",
      reboot: "held",
      "ptrace-neighbour": "held",
      "host-processes": "held",
      "host-interfaces": "held",
      "host-name": "held",
      "host-ipc": "held",
    });
    expect(plain.notApplicable.map(({ probe }) => probe)).toEqual([
      "write-read-only-volume",
      "script-from-tmpfs",
      "fill-tmpfs",
    ]);
    expect((await prove("plain", "--only", "chroot")).status).toBe(1);
    expect(await ours()).toBe("");
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("");
  });

  it("finds that a hardened one holds, each time with the error that its control gives", async () => {
    const hard = await proof("hard");
    const open = hard.probes.filter(({ outcome }) => outcome === "notHeld" || outcome === "notTried");
    // Without a remapping Engine, root inside is root outside; no I/O limit was given.
    expect(open.map(({ probe }) => probe)).toEqual(["uid-map", "io-past-limit"]);
    expect(evidence(hard, "write-root")).toMatch(/\/: EROFS|: EROFS/);
    expect(evidence(hard, "write-read-only-volume")).toMatch(/\/host-etc: EROFS/);
    expect(evidence(hard, "script-from-tmpfs")).toMatch(/\/tmp: EACCES/);
    expect(evidence(hard, "fill-tmpfs")).toMatch(/8 MiB in \/tmp: ENOSPC/);
    expect(evidence(hard, "fork-until-limit")).toMatch(/EAGAIN \(pids\.events: max [1-9]/);
    expect(evidence(hard, "memory-past-limit")).toMatch(/OOMKilled/);
    expect(evidence(hard, "setuid-binary")).toMatch(/stays uid 65534/);
    expect(JSON.stringify(hard)).not.toContain("hunter2");
  });

  it("finds that a privileged one holds nothing, and does not try what could change the host", async () => {
    const open = await proof("open");
    expect(outcomes(open)).toMatchObject({
      "engine-socket": "notHeld",
      devices: "notHeld",
      "mknod-open": "notHeld",
      "masked-paths": "notHeld",
      "unshare-user": "notHeld",
      "kernel-log": "notHeld",
      mount: "notHeld",
      "ptrace-neighbour": "notHeld",
    });
    const untried = open.probes.filter(({ outcome }) => outcome === "notTried").map(({ probe }) => probe);
    expect(untried.toSorted()).toEqual([
      "cgroup-write",
      "core-pattern",
      "load-module",
      "reboot",
      "set-clock",
      "set-hostname",
      "swapoff",
      "sysctl",
    ]);
    expect(evidence(open, "engine-socket")).toMatch(
      /connect\(\/engine\.sock\), where an Engine answers with API/,
    );
  });

  it("tries nothing that could change the host on the host's namespaces, joined ones, too", async () => {
    await engine.docker(["run", "-d", "--name", "on-host", "--network", "host", busybox, "sleep", "3600"]);
    await engine.docker([
      ...["run", "-d", "--name", "joined", "--network", "container:on-host"],
      ...[busybox, "sleep", "3600"],
    ]);
    for (const name of ["on-host", "joined"]) {
      const shown = outcomes(await proof(name, "--only", "reboot,host-interfaces"));
      expect(shown).toEqual({ reboot: "notTried", "host-interfaces": "notHeld" });
    }
  });

  it("finds an engine's socket under another name, in a folder, by device and inode", async () => {
    const folder = engine.folder;
    await engine.docker([
      "run",
      "-d",
      "--name",
      "deep",
      "-v",
      `${folder}:/deep:ro`,
      busybox,
      "sleep",
      "3600",
    ]);
    const found = await proof("deep", "--only", "engine-socket");
    expect(outcomes(found)).toEqual({ "engine-socket": "notHeld" });
    expect(evidence(found, "engine-socket")).toContain("connect(/deep/docker.sock)");
  });

  it("holds to the limits of the disk", async () => {
    const disk = readFileSync("/proc/partitions", "utf8").match(/^\s*\d+\s+\d+\s+\d+\s+(\w+)$/m)?.[1];
    const limits = ["--device-read-iops", `/dev/${disk}:40`, "--device-write-bps", `/dev/${disk}:1mb`];
    await engine.docker(["run", "-d", "--name", "slow", ...limits, busybox, "sleep", "3600"]);
    const slow = await proof("slow", "--only", "io-limit");
    expect(outcomes(slow)).toEqual({ "io-past-limit": "held" });
    expect(evidence(slow, "io-past-limit")).toMatch(
      /writes? of .* take .*reads? of .* take .*without a limit/,
    );
  });

  it("writes nothing to what others share, and is nobody's double", async () => {
    await engine.docker(["volume", "create", "shared"]);
    const shared = folderOf({ kept: "as it was" });
    try {
      await engine.docker([
        ...["run", "-d", "--name", "sharing", "-v", "shared:/data", "-v", `${shared.path}:/bound`],
        ...["-l", "traefik.enable=true", busybox, "sleep", "3600"],
      ]);
      const seen = engine.docker([
        ...["events", "--since", "0", "--until", String(Math.floor(Date.now() / 1000) + 8)],
        ...[
          "--filter",
          "event=create",
          "--filter",
          "type=container",
          "--format",
          "{{json .Actor.Attributes}}",
        ],
      ]);
      await prove("sharing", "--only", "read-only-rootfs");
      expect(await engine.docker(["exec", "sharing", "ls", "-A", "/data"])).toBe("");
      expect(await engine.docker(["exec", "sharing", "ls", "-A", "/bound"])).toBe("kept");
      const twins = (await seen).split("\n").filter((line) => line.includes(labelName));
      expect(twins.length).toBeGreaterThan(0);
      expect(twins.join("\n")).not.toContain("traefik");
      expect(await engine.docker(["volume", "ls", "-q"])).toBe("shared");
    } finally {
      shared.remove();
    }
  });

  it("needs no shell and nothing else in the image", async () => {
    await engine.docker(["import", "--change", 'CMD ["/nothing"]', "-", "empty:1"], Buffer.alloc(10_240));
    const empty = await proof("empty:1", "--only", "capabilities-drop,seccomp-profile,no-new-privileges");
    expect(empty.subject).toBe("image:empty:1");
    expect(outcomes(empty)).toMatchObject({ "raw-socket": "notHeld", "unshare-user": "held" });
  });

  it("proves a service as its file declares it", async () => {
    const folder = folderOf({
      "compose.yaml": `services:
  web:
    image: ${busybox}
    read_only: true
    cap_drop: [ALL]
    user: "1000"
    pids_limit: 50
    security_opt: ["no-new-privileges:true"]
    tmpfs: ["/tmp:size=4m"]
    volumes: ["data:/data:ro", "./missing:/missing"]
    environment: { TOKEN: hunter2 }
volumes: { data: {} }
`,
    });
    try {
      const file = `${folder.path}/compose.yaml`;
      const web = await proof(`${file}#web`, "--skip", "cpu-limit,memory-limit");
      expect(web.subject).toBe(`${file}#web`);
      expect(outcomes(web)).toMatchObject({
        "write-root": "held",
        "write-read-only-volume": "held",
        "script-from-tmpfs": "held",
        "fork-until-limit": "held",
        "run-as-root": "held",
        "raw-socket": "held",
      });
      expect(web.missing).toEqual([expect.stringContaining("/missing")]);
      expect(await engine.docker(["volume", "ls", "-q"])).not.toContain("data");
      const wrong = await prove(`${file}#nosuch`);
      expect(wrong).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("no service nosuch; it has web"),
      });
    } finally {
      folder.remove();
    }
  });

  it("runs in place only what cannot disturb, and leaves no file and no process", async () => {
    for (const name of ["plain", "hard"]) {
      const before = await engine.docker(["diff", name]);
      const inPlace = await proof(name, "--in-place");
      const ran = inPlace.probes.map(({ probe }) => probe);
      for (const disturbing of ["fork-until-limit", "memory-past-limit", "mount", "reboot", "fill-tmpfs"])
        expect(ran).not.toContain(disturbing);
      expect(ran).toContain("write-root");
      expect(outcomes(inPlace)["write-root"]).toBe(name === "hard" ? "held" : "notHeld");
      expect(await engine.docker(["diff", name])).toBe(before);
      expect(await engine.docker(["exec", name, "sh", "-c", "ls -A /dev / | grep bulkhead || true"])).toBe(
        "",
      );
      let running = "";
      for (let round = 0; round < 30; round += 1) {
        running = await engine.docker(["top", name]);
        if (!running.includes("bulkhead")) break;
        await pause(100);
      }
      expect(running).not.toContain("bulkhead");
    }
    expect(await prove("empty:1", "--in-place")).toMatchObject({ status: 2 });
  });

  it("leaves nothing behind when it is killed, or told to end, whenever that is", async () => {
    for (const [signal, after] of [
      ["SIGKILL", 700],
      ["SIGKILL", 1_500],
      ["SIGKILL", 2_500],
      ["SIGTERM", 900],
      ["SIGINT", 1_800],
    ] as const) {
      const child = spawn(process.execPath, [program, "prove", "hard"], {
        env: { PATH: process.env.PATH, HOME: "/nonexistent", ...engine.environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (text) => {
        said += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      await pause(after);
      child.kill(signal);
      const status = await ended;
      if (signal !== "SIGKILL" && status !== 1) {
        expect(said).toContain("interrupted");
        expect(status).toBe(2);
        // Told to end, it takes everything away itself, before it ends.
        expect(await ours()).toBe("");
      }
      // Killed, its containers see the end of their input; one that was not started yet is swept by the next proof.
      await untilNoneIsOurs();
      await prove("plain", "--only", "chroot");
      expect(await ours()).toBe("");
    }
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("shared");
  });

  it("sweeps what a dead proof left, and nothing of one that lives", async () => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const { stdout } = await runCli(program, ["--version"]);
    expect(stdout).not.toBe("");
    const { ownLabel } = await import("../../src/prove/owner.ts");
    const alive = ownLabel();
    expect(alive).toBe(`${boot}/${alive.split("/")[1]}/${process.pid}/${started}`);
    const dead = alive.replace(/[^/]+$/, "1");
    const create = (name: string, label: string) =>
      engine.docker(["create", "--name", name, "-l", `${labelName}=${label}`, busybox]);
    await create("of-the-dead", dead);
    await create("of-the-living", alive);
    await create("of-another-machine", dead.replace(boot, "another"));
    await prove("plain", "--only", "chroot");
    expect(
      (await ours())
        .replace(/ Created/g, "")
        .split("\n")
        .toSorted(),
    ).toEqual(["of-another-machine", "of-the-living"]);
    await engine.docker(["rm", "of-the-living", "of-another-machine"]);
  });

  it("goes on where a profile kills what tries, and where hardly anything is allowed", async () => {
    const folder = folderOf({
      "kill.json": JSON.stringify({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["chroot", "unshare"], action: "SCMP_ACT_KILL_PROCESS" }],
      }),
    });
    try {
      const profile = `seccomp=${folder.path}/kill.json`;
      await engine.docker([
        "run",
        "-d",
        "--name",
        "killing",
        "--security-opt",
        profile,
        busybox,
        "sleep",
        "600",
      ]);
    } finally {
      folder.remove();
    }
    const killing = await proof("killing", "--only", "capabilities-drop,seccomp-profile");
    expect(outcomes(killing)).toMatchObject({ chroot: "held", "unshare-user": "held", chown: "notHeld" });
    expect(evidence(killing, "chroot")).toContain("SIGSYS");
    const tiny = ["--pids-limit", "1", "--memory", "6m", "--read-only"];
    await engine.docker(["run", "-d", "--name", "tiny", ...tiny, busybox, "sleep", "600"]);
    expect(outcomes(await proof("tiny", "--only", "pids-limit"))).toEqual({ "fork-until-limit": "held" });
  });

  it("gives up on what does not answer in time, and takes it away all the same", async () => {
    const child = prove("plain", "--timeout", "1", "--format", "json");
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
    expect(await ours()).toBe("");
  });

  it("says so where the container is gone, stopped or not to be started", async () => {
    await engine.docker(["create", "--name", "nobody", "--user", "nosuchuser", busybox, "sleep", "600"]);
    expect(await prove("nobody")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: container:nobody cannot be proven: .*nosuchuser/),
    });
    expect(await prove("nobody", "--in-place")).toMatchObject({
      stderr: expect.stringContaining("it does not run"),
    });
    expect(await ours()).toBe("");
  });

  it("audits and proves in one go", async () => {
    const ran = await runCli(
      program,
      [
        "audit",
        "container:plain",
        "--no-config",
        "--prove",
        "--only",
        "read-only-rootfs",
        "--format",
        "json",
      ],
      { env: engine.environment },
    );
    const { proofs, findings } = JSON.parse(ran.stdout);
    expect(findings).toHaveLength(1);
    expect(proofs).toEqual([
      expect.objectContaining({
        subject: "container:plain",
        probes: [expect.objectContaining({ probe: "write-root", outcome: "notHeld" })],
      }),
    ]);
    const page = await runCli(
      program,
      [
        "audit",
        "container:plain",
        "--no-config",
        "--prove",
        "--only",
        "read-only-rootfs",
        "--format",
        "html",
      ],
      { env: engine.environment },
    );
    expect(page.stdout).toMatch(/<span class="level">proven<\/span>.*not held/);
  });

  it("says in one line what is wrong", async () => {
    expect(await prove("nosuch")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: there is neither a container nor an image nosuch .*\n$/),
    });
    expect(await prove("container:nosuch")).toMatchObject({ status: 2, stdout: "" });
    expect(await prove("image:nosuch:1")).toMatchObject({
      stderr: expect.stringContaining("build or pull it first"),
    });
    expect(await prove("nofile.yaml#web")).toMatchObject({
      stderr: "bulkhead: nofile.yaml cannot be read: there is no such file\n",
    });
    expect(await prove("plain", "--only", "nosuch")).toMatchObject({
      stderr: expect.stringContaining("no probe “nosuch”"),
    });
    expect(await prove("plain", "--timeout", "x")).toMatchObject({ status: 2 });
    expect(await prove()).toMatchObject({ status: 2 });
  });
});

describeWithEngine("bulkhead prove, where the Engine remaps users", () => {
  it("finds that root inside is nobody outside, in a twin and in place", async () => {
    const engine = await startEngine({ usernsRemap: true });
    try {
      await importBusybox(engine);
      await engine.docker(["run", "-d", "--name", "mapped", busybox, "sleep", "600"]);
      for (const words of [[], ["--in-place"]]) {
        const ran = await runCli(
          program,
          ["prove", "mapped", ...words, "--only", "uid-map,unshare-user", "--format", "json"],
          { env: engine.environment },
        );
        expect(ran).toMatchObject({ status: 0, stderr: "" });
        expect(ran.stdout).toMatch(/uid 0 in it is uid \d{5,} of the host/);
      }
      expect(await engine.docker(["ps", "-a", "--filter", `label=${labelName}`, "-q"])).toBe("");
    } finally {
      await engine.stop();
    }
  });
});
