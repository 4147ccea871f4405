import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWhere } from "./describe.ts";
import { engineAvailable, startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";
import { provingOn } from "./proving.ts";
import { runNamed, testName } from "./test-container.ts";
import { watching } from "./watching.ts";

const engineThere = engineAvailable();
const modules = existsSync("/sys/kernel/security/lsm")
  ? readFileSync("/sys/kernel/security/lsm", "utf8").trim().split(",")
  : [];
const runs = (module: string, name: string) =>
  modules.includes(module)
    ? engineThere
    : ({ ok: false, reason: `the kernel does not run ${name}`, elsewhere: true } as const);

interface Finding {
  readonly control: string;
  readonly subject: string;
  readonly verdict: string;
  readonly message: string;
  readonly views: readonly { readonly level: string; readonly verdict: string }[];
}

/** What `bulkhead audit` finds on an Engine: each failure by subject and control. */
async function auditOf(engine: TestEngine, program: string, target: string): Promise<readonly Finding[]> {
  const ran = await runCli(program, ["audit", target, "--no-config", "--format", "json"], {
    env: engine.environment,
  });
  expect(ran.stdout, ran.stderr).toMatch(/^\{/);
  return JSON.parse(ran.stdout).findings;
}

const failing = (findings: readonly Finding[], control: string) =>
  findings
    .filter((each) => each.control === control && each.verdict === "fail")
    .map(({ message }) => message);

describeWhere(runs("apparmor", "AppArmor"), "AppArmor", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
    await importImage(engine, "worker:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": worker, "/data/keep": "", "/srv/keep": "" },
    });
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const opens = (control: string, name: string) => (each: Change) =>
    each.change !== "resolved" &&
    each.finding.control === control &&
    each.finding.subject === `container:${name}`;

  /** Loads a profile that confines little, under a name of its own, and takes it away after the test. */
  function load(name: string, flags = ""): void {
    const text = `profile ${name} flags=(attach_disconnected,mediate_deleted${flags}) {
  file,
  network,
  capability,
  signal,
  ptrace,
  unix,
  deny /etc/secret* rw,
}
`;
    execFileSync("apparmor_parser", ["--replace", "--skip-cache"], { input: text });
    onTestFinished(() => unload(name));
  }
  const unload = (name: string) => {
    try {
      execFileSync("apparmor_parser", ["--remove"], {
        input: `profile ${name} {}\n`,
        stdio: ["pipe", "ignore", "ignore"],
      });
    } catch {
      // It is gone already.
    }
  };

  it("audit: docker-default passes, unconfined and complain fail, as the kernel says", async () => {
    load("bulkhead-test-logs", ",complain");
    const option = (profile: string) => ["--network=none", "--security-opt", `apparmor=${profile}`];
    const confined = await runNamed(engine, testName(engine, "confined"), ["--network=none"]);
    const free = await runNamed(engine, testName(engine, "free"), option("unconfined"));
    const logged = await runNamed(engine, testName(engine, "logged"), option("bulkhead-test-logs"));
    const said = async (name: string) =>
      failing(await auditOf(engine, program, `container:${name}`), "apparmor-profile");
    expect(await said(confined)).toEqual([]);
    expect((await said(free)).join()).toContain("unconfined");
    expect((await said(logged)).join()).toContain("only logs");
    expect(failing(await auditOf(engine, program, "engine"), "engine-mac")).toEqual([]);
  });

  it("watch: a profile that is put into complain mode, and one that is removed", async () => {
    load("bulkhead-test-changes");
    load("bulkhead-test-goes");
    const flags = (profile: string) => ["--network=none", "--security-opt", `apparmor=${profile}`];
    const changes = await runNamed(engine, testName(engine, "changes"), flags("bulkhead-test-changes"));
    const goes = await runNamed(engine, testName(engine, "goes"), flags("bulkhead-test-goes"));
    const watched = await watching(engine, { interval: 1_000 });
    const from = watched.changes.length;
    load("bulkhead-test-changes", ",complain");
    unload("bulkhead-test-goes");
    const logs = await watched.change(opens("apparmor-profile", changes), from);
    expect(logs.finding).toMatchObject({ verdict: "fail", level: "effective" });
    expect(logs.finding.message).toContain("only logs");
    const none = await watched.change(opens("apparmor-profile", goes), from);
    expect(none.finding.message).toContain("unconfined");
    // The Engine goes on saying that it is confined.
    for (const name of [changes, goes])
      expect((await watched.change(opens("drift", name), from)).finding.message).toContain("apparmor");
    load("bulkhead-test-changes");
    await watched.change(
      ({ change, finding }) =>
        change === "resolved" &&
        finding.control === "apparmor-profile" &&
        finding.subject === `container:${changes}`,
      from,
    );
  });

  it("watch: aa-exec brings a process in that no profile confines", async () => {
    const name = await runNamed(engine, testName(engine, "entered"), ["--network=none"]);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 1_000 });
    const from = watched.changes.length;
    const enter = ["nsenter", "-t", pid, "-a", "/bin/busybox", "sleep", "1000"];
    const intruder = spawn("aa-exec", ["-p", "unconfined", "--", ...enter], { detached: true });
    onTestFinished(() => void (intruder.pid && process.kill(-intruder.pid, "SIGKILL")));
    const { finding } = await watched.change(opens("privileged-exec", name), from);
    expect(finding).toMatchObject({ level: "effective", verdict: "fail" });
    expect(finding.message).toContain("came in from outside");
  });

  it("prove: a profile is the layer that stops a mount where nothing else does", async () => {
    const proving = await provingOn(engine);
    const open = ["--security-opt", "seccomp=unconfined", "--cap-add", "SYS_ADMIN"];
    await proving.start("mac", ...open);
    await proving.start("no-mac", ...open, "--security-opt", "apparmor=unconfined");
    const probe = async (name: string) =>
      (await proving.proof(name, "--only", "mount")).probes.find((each) => each.probe === "mount");
    expect(await probe("mac")).toMatchObject({ outcome: "held", by: ["apparmor-profile"] });
    expect(await probe("no-mac")).toMatchObject({ outcome: "notHeld" });
    await engine.docker(["rm", "-f", "mac", "no-mac"]);
  });

  it("learn: the kernel enforces the profile that it writes; the workload answers the same, and nothing more is allowed", async () => {
    const cwd = testFolder();
    const line = "docker run -d --name learnt -v data:/data worker:1";
    const ran = await runCli(
      program,
      ["learn", line, "--no-config", "--settle", "1", "--apply", "--format", "json"],
      {
        cwd,
        env: engine.environment,
      },
    );
    const { workloads, hardened } = JSON.parse(ran.stdout || "{}");
    expect(workloads, ran.stderr).toMatchObject([{ verified: true, apparmor: { parsed: true } }]);
    const { name } = workloads[0].apparmor;
    execFileSync("apparmor_parser", ["--replace", "--skip-cache", join(cwd, "apparmor/learnt")]);
    onTestFinished(() => unload(name));
    // Its root stays read-only without the profile, too: what the profile alone stops is tried without that.
    const answers = async (more: string) => {
      const script = join(cwd, "run.sh");
      writeFileSync(script, String(hardened).replace("docker run ", `docker run ${more} `));
      execFileSync("sh", [script], { cwd, env: { PATH: process.env.PATH ?? "", ...engine.environment } });
      onTestFinished(async () => void (await engine.docker(["rm", "-f", "learnt"]).catch(() => "")));
      await expect.poll(() => engine.docker(["logs", "learnt"]), { timeout: 60_000 }).toContain("ready");
      const said = await engine.docker(["logs", "learnt"]);
      return said;
    };
    const without = await answers("");
    await engine.docker(["rm", "-f", "learnt"]);
    const within = await answers(`--security-opt apparmor=${name}`);
    expect(within).toBe(without);
    expect(await engine.docker(["exec", "learnt", "cat", "/proc/1/attr/current"])).toBe(`${name} (enforce)`);
    const loose = [
      "--security-opt",
      `apparmor=${name}`,
      "--security-opt",
      "seccomp=unconfined",
      "--cap-add=ALL",
    ];
    const refused = (...command: readonly string[]) =>
      expect(
        engine.docker(["run", "--rm", "--network=none", ...loose, busybox, ...command]),
        command.join(" "),
      ).rejects.toThrow(/Permission denied|Operation not permitted/);
    // Docker's own profile lets it.
    await engine.docker(["run", "--rm", "--network=none", busybox, "touch", "/etc/new"]);
    await refused("touch", "/etc/new");
    await refused("mount", "-t", "tmpfs", "none", "/etc");
    await refused("chroot", "/", "true");
    expect(
      await engine.docker(["run", "--rm", "--network=none", ...loose, busybox, "cat", "/etc/passwd"]),
    ).toBeDefined();
  });
});

/** Writes to its data and its scratch folder, changes an owner, and says what it could do. */
const worker = `#!/bin/sh
mkdir -p /tmp/cache && echo one >/tmp/cache/now || exit 4
echo two >/data/file && chown 1000 /data/file || exit 3
cat /tmp/cache/now /data/file
ls -ln /data/file | cut -d ' ' -f 1
echo ready
trap "exit 0" TERM
while :; do sleep 1 & wait $!; done
`;

describeWhere(runs("selinux", "SELinux"), "SELinux", () => {
  const isEnforcing =
    existsSync("/sys/fs/selinux/enforce") && readFileSync("/sys/fs/selinux/enforce", "utf8") === "1";
  let program: string;
  let labelling: TestEngine;
  let plain: TestEngine;
  beforeAll(async () => {
    program = builtCommand();
    labelling = await startEngine({ flags: ["--selinux-enabled"] });
    plain = await startEngine();
    for (const engine of [labelling, plain]) await importBusybox(engine);
  });
  afterAll(async () => {
    await labelling?.stop();
    await plain?.stop();
  });

  const macOf = async (engine: TestEngine) =>
    failing(await auditOf(engine, program, "engine"), "engine-mac").join();

  it("an Engine that does not use it, and one that does: permissive is not enforcing", async () => {
    expect(await macOf(plain)).toMatch(/does not use SELinux/);
    if (isEnforcing) expect(await macOf(labelling)).toBe("");
    else expect(await macOf(labelling)).toContain("runs with SELinux permissive");
  });

  it("a container's label, as the Engine and the kernel say: its own, label=disable, an unconfined type", async () => {
    const run = (prefix: string, ...flags: readonly string[]) =>
      runNamed(labelling, testName(labelling, prefix), ["--network=none", ...flags]);
    const own = await run("own");
    const off = await run("off", "--security-opt", "label=disable");
    const free = await run("free", "--security-opt", "label=type:spc_t");
    const labelOf = async (name: string) => {
      const pid = await labelling.docker(["inspect", "-f", "{{.State.Pid}}", name]);
      return readFileSync(`/proc/${pid}/attr/current`, "utf8").replace(/\0$/, "");
    };
    expect(await labelOf(own)).toMatch(/:container_t:s0:c\d+,c\d+$/);
    const found = async (name: string) =>
      (await auditOf(labelling, program, `container:${name}`)).filter(
        ({ control, verdict }) => control === "selinux-label" && verdict === "fail",
      );
    expect(await found(own)).toEqual([]);
    const levels = (views: readonly Finding[]) =>
      views.flatMap((each) => each.views.map(({ level, verdict }) => `${level} ${verdict}`)).toSorted();
    const both = ["configured fail", "effective fail"];
    expect(levels(await found(off)), await labelOf(off)).toEqual(both);
    expect(levels(await found(free)), await labelOf(free)).toEqual(both);
  });
});
