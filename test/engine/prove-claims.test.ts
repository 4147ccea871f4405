import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectDocument } from "../support/documents.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { evidence, outcomes, type Proving, provingOn } from "./proving.ts";
import { loosenMemory } from "./tampering.ts";

/** What touches the kernel of the host, and is harmless by the way it is asked. */
const harmless = ["load-module", "swapoff", "set-hostname", "set-clock", "reboot"];

describeWithEngine("bulkhead prove claims only what it showed", () => {
  let engine: TestEngine;
  let proving: Proving;

  beforeAll(async () => {
    engine = await startEngine();
    proving = await provingOn(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("tries the bounding set through a setuid program, as an image's own would", async () => {
    await proving.start("user", "-u", "1000");
    const only = ["--only", "raw-socket,chroot,mknod-open,unshare-user"];
    const user = await proving.proof("user", ...only);
    expect(outcomes(user)).toEqual({
      "raw-socket": "notHeld",
      chroot: "notHeld",
      "mknod-open": "held",
      "unshare-user": "held",
    });
    expect(evidence(user, "chroot")).toContain("through a program that is setuid root");
    await proving.start("locked", "-u", "1000", "--security-opt", "no-new-privileges");
    expect(outcomes(await proving.proof("locked", "--only", "raw-socket,chroot"))).toEqual({
      "raw-socket": "held",
      chroot: "held",
    });
    // In place there is no setuid program to try: what the bounding set allows is not held.
    const inPlace = await proving.proof("user", "--in-place", "--only", "raw-socket,chroot");
    expect(outcomes(inPlace)).toEqual({ "raw-socket": "inconclusive", chroot: "inconclusive" });
    expect(evidence(inPlace, "chroot")).toBe(
      'chroot("/") through a program that is setuid root (the bounding set allows it): not tried in place, as 32-bit calls, too, where EPERM or SIGSYS or ENOSYS was expected',
    );
    expect(await proving.prove("user", "--in-place", "--only", "reboot,swapoff")).toMatchObject({
      stdout: "",
      stderr:
        "bulkhead: none of these probes runs in place: swapoff, reboot. Leave out --in-place to run them in a twin\n",
      status: 2,
    });
  });

  it("opens a node for writing, too: the kernel's log takes lines from who may not read it", async () => {
    await proving.start("writer", "--device-cgroup-rule", "c 1:11 w");
    const writer = await proving.proof("writer", "--only", "mknod-open");
    expect(outcomes(writer)).toEqual({ "mknod-open": "notHeld" });
    expect(evidence(writer, "mknod-open")).toContain("1:11 (kmsg) for writing");
  });

  it("tries what is harmless by its make in privileged containers and on the host's namespaces, too", async () => {
    await proving.start("open", "--privileged");
    await proving.start("on-host", "--network", "host", "--pid", "host");
    const only = ["--only", [...harmless, "sysctl", "core-pattern", "cgroup-write"].join()];
    const open = await proving.proof("open", ...only);
    expect(new Set(Object.values(outcomes(open)))).toEqual(
      new Set(
        open.probes.some(({ outcome }) => outcome === "inconclusive")
          ? ["notHeld", "inconclusive"]
          : ["notHeld"],
      ),
    );
    expect(outcomes(open)).toMatchObject({
      reboot: "notHeld",
      swapoff: "notHeld",
      "core-pattern": "notHeld",
    });
    const onHost = outcomes(await proving.proof("on-host", ...only));
    expect(onHost).toMatchObject({ reboot: "held", "set-clock": "held", swapoff: "held", sysctl: "held" });
  });

  it("credits a control only where a twin that lacks that one alone succeeds", async () => {
    const restricted = readFileSync("/proc/sys/kernel/dmesg_restrict", "utf8").trim() === "1";
    await proving.start("plain");
    const plain = await proving.proof(
      "plain",
      "--only",
      "kernel-log,unshare-user,mount,core-pattern,host-pid",
    );
    const by = Object.fromEntries(plain.probes.map((each) => [each.probe, each.by]));
    expect(by).toEqual({
      // Where the host restricts its log, seccomp is not what holds it.
      "kernel-log": [restricted ? "capabilities-dangerous" : "seccomp-profile"],
      "unshare-user": ["seccomp-profile"],
      mount: ["capabilities-dangerous"],
      "core-pattern": ["masked-paths"],
      "host-processes": ["host-pid"],
    });
    expect(evidence(plain, "unshare-user")).toContain("a twin that lacks only seccomp-profile");
  });

  it("names the controls that hold together where no one of them decides alone", async () => {
    await proving.start(
      "hard",
      ...["-u", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--read-only", "--pids-limit", "50", "--memory", "24m", "--memory-swap", "24m"],
    );
    const hard = await proving.proof("hard", "--only", "raw-socket,read-only-rootfs,pids-limit,memory-limit");
    const by = Object.fromEntries(hard.probes.map((each) => [each.probe, each.by]));
    expect(by).toMatchObject({
      "write-root": ["read-only-rootfs"],
      "fork-until-limit": ["pids-limit"],
      "memory-past-limit": ["memory-limit"],
    });
    expect(by["raw-socket"]?.length).toBe(2);
    expect(by["raw-socket"]).toContain("capabilities-drop");
    const text = (await proving.prove("hard", "--only", "raw-socket")).stdout.replace(/\s+/g, " ");
    expect(text).toMatch(/capabilities-drop and .* each hold it alone/);
    expect(await proving.ours()).toBe("");
  });

  it("says first where the container is not what its configuration says, and calls nothing of that held", async () => {
    const limits = ["--memory", "24m", "--memory-swap", "24m", "--pids-limit", "40", "--read-only"];
    const id = await proving.start("drifted", ...limits, "-u", "1000");
    const only = [
      "--only",
      "memory-limit,pids-limit,read-only-rootfs,docker-socket-mount,seccomp-profile,chown",
    ];
    const before = await proving.proof("drifted", ...only);
    expect(before.deviations).toEqual([]);
    expect(outcomes(before)).toMatchObject({ "memory-past-limit": "held", "engine-socket": "held" });
    expect(loosenMemory(id)).toBeGreaterThan(0);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", "drifted"]);
    execFileSync("nsenter", ["-t", pid, "-m", "-p", "/bin/busybox", "mount", "-o", "remount,rw", "/"]);
    const intruder = spawn("nsenter", ["-t", pid, "-m", "-p", "/bin/busybox", "sleep", "60"], {
      stdio: "ignore",
    });
    try {
      const after = await proving.proof("drifted", ...only);
      expect(outcomes(after)).toMatchObject({
        "memory-past-limit": "notHeld",
        "write-root": "notHeld",
        "unshare-user": "notHeld",
        "fork-until-limit": "held",
      });
      expect(after.deviations.map(({ message }) => message).join("\n")).toMatch(
        /^memory: the Engine says 24 MiB, the kernel says no limit/,
      );
      const { stdout, status } = await proving.prove("drifted", "--only", "pids-limit");
      expect(stdout).toMatch(
        /^container:drifted, proven [^\n]*\n\nThe running container is not what its configuration says:\n {2}! memory: the Engine says 24 MiB, the kernel says no limit/,
      );
      expect(status).toBe(1);
    } finally {
      intruder.kill();
    }
  });

  it("finds an engine at an abstract socket of the host's network", async () => {
    await proving.start("beside", "--network", "host");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\n\r\nOK");
    });
    await new Promise<void>((resolve) => server.listen("\0bulkhead-test-engine", resolve));
    try {
      const beside = await proving.proof("beside", "--only", "engine-socket");
      expect(outcomes(beside)).toEqual({ "engine-socket": "notHeld" });
      expect(evidence(beside, "engine-socket")).toContain(
        "connect(@bulkhead-test-engine), where an Engine answers",
      );
    } finally {
      server.close();
    }
  });

  it("proves every container that runs, one after the other", async () => {
    const ran = await proving.prove("--all", "--only", "run-as-root", "--format", "json");
    const document = JSON.parse(ran.stdout);
    expectDocument("proofs", document);
    const running = (await engine.docker(["ps", "--format", "container:{{.Names}}"])).split("\n");
    expect(document.proofs.map(({ subject }: { subject: string }) => subject).toSorted()).toEqual(
      running.toSorted(),
    );
    expect(ran.status).toBe(1);
    expect(await proving.prove("user", "--all")).toMatchObject({ status: 2, stdout: "" });
  });

  it("says which containers --all leaves out for the label of a proof, which anybody can set", async () => {
    await proving.start("posing", "--label", "bulkhead.prove=x");
    const { stdout, stderr, status } = await proving.prove("--all", "--only", "run-as-root");
    expect(status).toBe(2);
    expect(stderr).toContain("container:posing was not proven: its label bulkhead.prove says");
    expect(stdout).not.toContain("container:posing");
  });
});
