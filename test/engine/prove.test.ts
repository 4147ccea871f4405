import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labelName } from "../../src/prove/containers/proof-containers.ts";
import { probes } from "../../src/prove/registry.ts";
import { folderOf, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox } from "./images.ts";
import { evidence, outcomes, type Proving, provingOn } from "./proving.ts";

/** Everything that bulkhead hardens, by flags. */
const hardened = [
  ...["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-u", "1000:1000"],
  ...["--pids-limit", "64", "--memory", "32m", "--memory-swap", "32m", "--cpus", "0.3"],
  ...["--tmpfs", "/tmp:size=8m", "-v", "/etc:/host-etc:ro", "-e", "TOKEN=hunter2"],
];

describeWithEngine("bulkhead prove", () => {
  let engine: TestEngine;
  let proving: Proving;

  beforeAll(async () => {
    engine = await startEngine();
    proving = await provingOn(engine);
    await proving.start("plain");
    await proving.start("hard", ...hardened);
    await proving.start("open", "--privileged", "-v", `${engine.socketPath}:/engine.sock:ro`);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const prove = (...words: readonly string[]) => proving.prove(...words);
  const proof = (...words: readonly string[]) => proving.proof(...words);

  it("leaves nothing behind, and ends with 1 where something is not held", async () => {
    expect((await prove("plain", "--only", "chroot")).status).toBe(1);
    expect(await proving.ours()).toBe("");
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("");
  });

  it("finds that a hardened one holds, each time with the error that its control gives", async () => {
    const only = ["write-root", "write-read-only-volume", "script-from-tmpfs", "fill-tmpfs"];
    const more = ["fork-until-limit", "memory-past-limit", "setuid-binary"];
    const hard = await proof("hard", "--only", [...only, ...more].join());
    expect(hard.probes.filter(({ outcome }) => outcome !== "held")).toEqual([]);
    expect(evidence(hard, "write-root")).toMatch(/\/: EROFS|: EROFS/);
    expect(evidence(hard, "write-read-only-volume")).toMatch(/\/host-etc: EROFS/);
    expect(evidence(hard, "script-from-tmpfs")).toMatch(/\/tmp: EACCES/);
    expect(evidence(hard, "fill-tmpfs")).toMatch(/8 MiB in \/tmp: ENOSPC/);
    expect(evidence(hard, "fork-until-limit")).toMatch(/EAGAIN \(pids\.events: max [1-9]/);
    expect(evidence(hard, "memory-past-limit")).toMatch(/OOMKilled/);
    expect(evidence(hard, "setuid-binary")).toMatch(/stays uid 65534/);
    expect(JSON.stringify(hard)).not.toContain("hunter2");
  });

  it("says at which socket an Engine answers", async () => {
    const open = await proof("open", "--only", "engine-socket");
    expect(evidence(open, "engine-socket")).toMatch(
      /connect\(\/engine\.sock\), where an Engine answers with API/,
    );
  });

  it("sees the host's namespaces, joined ones, too", async () => {
    await engine.docker(["run", "-d", "--name", "on-host", "--network", "host", busybox, "sleep", "3600"]);
    await engine.docker([
      ...["run", "-d", "--name", "joined", "--network", "container:on-host"],
      ...[busybox, "sleep", "3600"],
    ]);
    for (const name of ["on-host", "joined"]) {
      const shown = outcomes(await proof(name, "--only", "reboot,host-interfaces"));
      expect(shown).toEqual({ reboot: "held", "host-interfaces": "notHeld" });
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

  it("holds to the limit of the CPU, which the kernel counts", async () => {
    // So little that a busy host, too, gives it more.
    await proving.start("thin", "--cpus", "0.05");
    const thin = await proof("thin", "--only", "cpu-limit");
    expect(outcomes(thin)).toEqual({ "burn-cpu": "held" });
    expect(evidence(thin, "burn-cpu")).toMatch(/throttled \(nr_throttled grows by [1-9]/);
  });

  it("prints one JSON document, whose shape scripts rely on", async () => {
    const one = await proof("hard", "--only", "chroot");
    expect(one).toEqual({
      schemaVersion: 1,
      subject: "container:hard",
      probes: [
        {
          ...{ probe: "chroot", control: "capabilities-drop", outcome: "held", evidence: expect.any(String) },
          by: expect.any(Array),
        },
      ],
      where: "twin",
      notApplicable: [],
      missing: [],
      summary: { held: 1, notHeld: 0, inconclusive: 0, notTried: 0 },
      deviations: [],
    });
    expect(Object.keys(one).slice(0, 3)).toEqual(["schemaVersion", "subject", "probes"]);
    expect((await prove("hard", "--only", "chroot")).status).toBe(0);
    expect(JSON.parse((await prove("--list", "--format", "json")).stdout)).toHaveLength(probes.length);
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
    expect(outcomes(killing)).toMatchObject({ chroot: "held", chown: "notHeld" });
    // unshare is not the only way.
    expect(evidence(killing, "unshare-user")).toContain("clone(CLONE_NEWUSER)");
    expect(evidence(killing, "chroot")).toContain("SIGSYS");
    // runc itself takes some 9 MiB.
    const tiny = ["--pids-limit", "1", "--memory", "16m", "--read-only"];
    await engine.docker(["run", "-d", "--name", "tiny", ...tiny, busybox, "sleep", "600"]);
    expect(outcomes(await proof("tiny", "--only", "pids-limit"))).toEqual({ "fork-until-limit": "held" });
  });

  it("says so where the container is gone, stopped or not to be started", async () => {
    await engine.docker(["create", "--name", "nobody", "--user", "nosuchuser", busybox, "sleep", "600"]);
    expect(await prove("nobody")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: container:nobody cannot be proven: .*nosuchuser/),
    });
    expect(await prove("nobody", "--in-place")).toMatchObject({
      stderr: expect.stringContaining("it is not running"),
    });
    expect(await proving.ours()).toBe("");
  });

  it("audits and proves in one go", async () => {
    const words = ["audit", "container:plain", "--no-config", "--prove", "--only", "read-only-rootfs"];
    const audited = (format: string) =>
      runCli(proving.program, [...words, "--format", format], { env: engine.environment });
    const document = JSON.parse((await audited("json")).stdout);
    expectDocument("audit", document);
    const { proofs, findings } = document;
    expect(findings).toHaveLength(1);
    expect(proofs).toEqual([
      expect.objectContaining({
        subject: "container:plain",
        probes: [expect.objectContaining({ probe: "write-root", outcome: "notHeld" })],
      }),
    ]);
    expect((await audited("html")).stdout).toMatch(/<span class="level">proven<\/span>.*not held/);
    expect((await audited("text")).stdout).toMatch(
      /read-only-rootfs[\s\S]*proven in a throw-away twin[\s\S]*not held/,
    );
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
      stderr: "bulkhead: nofile.yaml cannot be read: it does not exist\n",
    });
    expect(await prove("examples/insecure/compose.yaml")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: name one service of .*compose.yaml#proxy, .*\n$/),
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
      const proving = await provingOn(engine);
      await proving.start("mapped");
      for (const words of [[], ["--in-place"]]) {
        const only = ["--only", "uid-map,unshare-user", "--format", "json"];
        const ran = await proving.prove("mapped", ...words, ...only);
        expect(ran).toMatchObject({ status: 0, stderr: "" });
        expect(ran.stdout).toMatch(/uid 0 in it is uid \d{5,} of the host/);
      }
      expect(await proving.ours()).toBe("");
    } finally {
      await engine.stop();
    }
  });
});
