import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";
import { describeWhere } from "./describe.ts";
import { limitFile } from "./limit-file.ts";
import { image } from "./podman.ts";
import { type RootlessPodman, rootlessPodmanAvailable, startRootlessPodman } from "./podman-rootless.ts";
import { delegatedUser } from "./rootless.ts";

interface Finding {
  readonly control: string;
  readonly subject: string;
  readonly severity: string;
  readonly verdict: string;
  readonly message: string;
  readonly level: string;
}

const who = ["root", "user"] as const;

/** The rows of rootless.test.ts, as far as Podman has what they are about. */
describeWhere(rootlessPodmanAvailable(), "a rootless Podman", () => {
  let podman: RootlessPodman;
  let program = "";
  const findings = new Map<string, readonly Finding[]>();

  const bulkhead = (as: (typeof who)[number], ...args: readonly string[]) =>
    podman.as(as, [process.execPath, program, ...args]);

  async function audit(as: (typeof who)[number]): Promise<readonly Finding[]> {
    // Without options: the user's socket is found.
    const { stdout, stderr } = await bulkhead(as, "audit", "engine", "--format", "json");
    expect(stderr).toBe("");
    return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
  }

  const of = (as: string, subject: string, control?: string) =>
    (findings.get(as) ?? []).filter(
      (each) =>
        each.verdict === "fail" &&
        each.subject === (subject === "engine" ? "engine" : `container:${subject}`) &&
        (control === undefined || each.control === control),
    );

  beforeAll(async () => {
    program = builtCommand();
    podman = await startRootlessPodman();
    const start = (name: string, ...flags: readonly string[]) =>
      podman.podman(["run", "-d", "--name", name, ...flags, image, "sleep", "600"]);
    await start("plain1");
    await start("plain2");
    await start("plain3");
    await start("privileged", "--privileged");
    await start("socket", "-v", `${podman.socketPath}:/var/run/docker.sock`);
    await start("proc", "-v", "/proc:/hostproc");
    await start("dev", "-v", "/dev:/hostdev");
    await start("whole", "-v", "/:/host");
    await start("network", "--network", "host");
    await start("pid", "--pid", "host");
    await start("limited", "--memory", "64m", "--pids-limit", "50", "--cpus", "0.5");
    for (const as of who) findings.set(as, await audit(as));
  });

  afterAll(async () => {
    await podman?.stop();
  });

  it.each(who)("%s: three plain containers and their Engine have nothing high", (as) => {
    const bad = ["engine", "plain1", "plain2", "plain3"]
      .flatMap((each) => of(as, each))
      .filter(({ severity }) => /high|critical/.test(severity))
      // What the kernel itself leaves open to an exploit leads to its root, also where a user runs the Engine.
      .filter(({ control, message }) => control !== "kernel-reach" || !message.includes("(CVE-"));
    expect(bad.map(({ control, message }) => `${control}: ${message}`)).toEqual([]);
  });

  it.each(who)("%s: Podman's own processes are no container's, and no container", (as) => {
    const all = findings.get(as) ?? [];
    expect(all.filter(({ message }) => /came in from outside|slirp4netns|pasta \(/.test(message))).toEqual(
      [],
    );
    expect(all.filter(({ subject }) => /slirp4netns|pasta|conmon|podman/.test(subject))).toEqual([]);
    expect(of(as, "plain1", "runtime-annotation")).toEqual([]);
    expect(of(as, "network", "tmpfs-options")).toEqual([]);
  });

  it.each(who)("%s: severity and words follow from whose root it is", (as) => {
    const rows = [
      ["privileged", "privileged", "high"],
      ["socket", "docker-socket-mount", "high"],
      ["proc", "host-proc-mount", "medium"],
      ["dev", "host-dev-mount", "medium"],
      ["whole", "docker-socket-mount", "high"],
      ["whole", "sensitive-host-mount", "high"],
      // The host's own network: Podman has no rootlesskit.
      ["network", "host-network", "high"],
      ["pid", "host-pid", "medium"],
      ["plain1", "root-user", "low"],
    ] as const;
    for (const [name, control, severity] of rows) {
      const [found] = of(as, name, control);
      expect({ name, control, severity: found?.severity }).toEqual({ name, control, severity });
      expect(found?.message).not.toMatch(
        /own the host|take over the host|the host's root|every disk|any of the/,
      );
      expect(found?.message).toContain(`${podman.user} (uid ${podman.uid})`);
    }
    const own = (findings.get(as) ?? []).filter(({ subject }) => !subject.startsWith("foreign:"));
    expect(own.length).toBeGreaterThan(rows.length);
    expect(own.filter(({ severity }) => severity === "critical")).toEqual([]);
  });

  const delegated = delegatedUser() !== undefined;
  it.runIf(delegated).each(who)(
    `%s: limits that are in force are nothing of the Engine's${delegated ? "" : " (skipped: the user has no cgroups of its own here; npm run test:kernels has such a user)"}`,
    async (as) => {
      expect(of(as, "engine", "engine-limits")).toEqual([]);
      for (const control of ["memory-limit", "pids-limit", "cpu-limit", "drift"])
        expect(of(as, "limited", control)).toEqual([]);
      expect(of(as, "plain1", "memory-limit")).toMatchObject([{ level: "effective" }]);
      const pid = Number(await podman.podman(["inspect", "-f", "{{.State.Pid}}", "limited"]));
      const limits = { memory: "memory.max", pids: "pids.max", cpu: "cpu.max" };
      const inForce = Object.entries(limits).map(([controller, file]) =>
        readFileSync(limitFile(pid, controller, file, file), "utf8").trim(),
      );
      expect(inForce).toEqual([`${64 * 1024 ** 2}`, "50", "50000 100000"]);
    },
  );

  it.skipIf(delegated).each(who)(
    `%s: limits that are not in force are said once, of the Engine${delegated ? " (skipped: they are in force here)" : ""}`,
    (as) => {
      expect(of(as, "engine", "engine-limits")).toMatchObject([{ severity: "medium" }]);
      for (const name of ["plain1", "limited"])
        for (const control of ["memory-limit", "pids-limit", "cpu-limit"])
          expect(of(as, name, control)).toEqual([]);
      // Podman forgets what it cannot set, so that its own word and the kernel's are the same.
      expect(of(as, "limited", "drift")).toEqual([]);
      expect(of(as, "engine", "engine-socket-permissions")).toEqual([]);
    },
  );

  it.each(who)("%s: what no node gives is no device, and what nobody set is no drift", (as) => {
    for (const name of ["plain1", "limited"]) expect(of(as, name, "device-access")).toEqual([]);
    for (const name of ["plain1", "network", "pid"]) expect(of(as, name, "drift")).toEqual([]);
  });

  it.each(who)("%s: what only dockerd and rootlesskit have does not apply", (as) => {
    const engines = (findings.get(as) ?? []).filter(({ subject }) => subject === "engine");
    for (const control of [
      "engine-version",
      "rootless-port-driver",
      "rootless-loopback",
      "engine-live-restore",
    ])
      expect(engines.filter((each) => each.control === control && each.verdict !== "notApplicable")).toEqual(
        [],
      );
  });

  it("fix says of the Engine and of a container what it does not change", async () => {
    expect((await bulkhead("user", "fix", "container:plain1")).stderr).toContain(
      "Podman's containers are audited",
    );
    expect((await bulkhead("user", "fix", "engine")).stderr).toContain("Podman has no daemon.json");
    expect((await bulkhead("user", "doctor")).stdout).toMatch(
      new RegExp(`Podman \\S+ at ${podman.host}[^]*is ${podman.user} \\(uid ${podman.uid}\\) on the host`),
    );
  });

  it.skipIf(!hasProgram("docker", "--version"))(
    "a guard of the user's stands before it: what is hardened runs and may be entered, the rest is denied",
    async () => {
      const script = `
        node=$1 program=$2 at=$3/guard.sock said=$3/guard.out image=$4
        "$node" "$program" guard proxy --listen "unix://$at" --log "$3/guard.log" 2>"$said" &
        guard=$!
        until grep -q " guards " "$said"; do kill -0 $guard || exit 9; sleep 0.1; done
        ask() { docker -H "unix://$at" "$@" 2>&1; echo "status $?"; }
        ask run --rm --network none "$image" sh -c 'echo hello'
        ask exec plain1 sh -c 'echo entered'
        ask exec privileged sh -c 'echo never'
        ask run --rm --network none --privileged "$image" sh -c 'echo never'
        until grep -q engine-limits "$said" || [ "$5" = delegated ]; do sleep 0.1; done
        cat "$said"
        kill $guard
        wait $guard`;
      const words = [process.execPath, program, podman.home, image, podman.delegated ? "delegated" : ""];
      const { stdout } = await podman.as("user", ["sh", "-c", script, "sh", ...words]);
      expect(stdout).toMatch(/^hello\nstatus 0\nentered\nstatus 0\n/);
      expect(stdout).not.toContain("never\nstatus 0");
      expect(stdout).toMatch(/privileged is a container that this policy would not have made/);
      expect(stdout).toMatch(/bulkhead: runs privileged/);
      if (!podman.delegated) expect(stdout).toContain("limits.pids of the policy has no effect");
    },
  );

  it("root and the user see the same", () => {
    const told = (as: string) =>
      (findings.get(as) ?? [])
        .filter(({ subject }) => !subject.startsWith("foreign:"))
        .map(({ control, subject, severity, verdict, message }) =>
          [control, subject, severity, verdict, message].join(" "),
        )
        .toSorted();
    expect(told("user")).toEqual(told("root"));
  });
});
