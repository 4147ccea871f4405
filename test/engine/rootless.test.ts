import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { describeWhere } from "./describe.ts";
import { importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { delegatedUser, type RootlessEngine, rootlessAvailable, startRootless } from "./rootless.ts";
import { runNamed } from "./test-container.ts";
import { until } from "./watching.ts";

interface Finding {
  readonly control: string;
  readonly subject: string;
  readonly severity: string;
  readonly verdict: string;
  readonly message: string;
  readonly level: string;
}

interface Job {
  readonly ended: number | null;
  readonly trouble: string | null;
  readonly report: string | null;
  readonly probes: readonly { readonly outcome: string }[] | null;
}

/** What the page's API answers, of what is asked here. */
interface Answer {
  readonly findings: readonly Finding[];
  readonly hosts: readonly { readonly id: string }[];
  readonly jobs: readonly Job[];
}

const who = ["root", "user"] as const;

describeWhere(rootlessAvailable(), "a rootless Engine", () => {
  let engine: RootlessEngine;
  let program = "";
  const findings = new Map<string, readonly Finding[]>();

  async function bulkhead(as: (typeof who)[number], args: readonly string[]) {
    return await engine.as(as, [process.execPath, program, ...args]);
  }

  async function audit(as: (typeof who)[number]): Promise<readonly Finding[]> {
    const { stdout, stderr } = await bulkhead(as, ["audit", "engine", "--format", "json"]);
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
    engine = await startRootless();
    await importBusybox(engine);
    const sock = engine.socketPath;
    await Promise.all([
      runNamed2("plain1", []),
      runNamed2("plain2", []),
      runNamed2("plain3", []),
      runNamed2("privileged", ["--privileged"]),
      runNamed2("socket", ["-v", `${sock}:/var/run/docker.sock`]),
      runNamed2("proc", ["-v", "/proc:/hostproc"]),
      runNamed2("dev", ["-v", "/dev:/hostdev"]),
      runNamed2("whole", ["-v", "/:/host"]),
      runNamed2("network", ["--network", "host"]),
      runNamed2("pid", ["--pid", "host"]),
      runNamed2("limited", ["--memory", "64m", "--pids-limit", "50", "--cpus", "0.5"]),
    ]);
    for (const as of who) findings.set(as, await audit(as));
  });

  async function runNamed2(name: string, flags: readonly string[]) {
    await runNamed(engine, name, flags);
  }

  afterAll(async () => {
    await engine?.stop();
  });

  it.each(who)("%s: three plain containers and their Engine have nothing high", (as) => {
    const subjects = ["engine", "plain1", "plain2", "plain3"];
    const bad = subjects
      .flatMap((each) => of(as, each))
      .filter(({ severity }) => /high|critical/.test(severity))
      // What the kernel itself leaves open to an exploit leads to its root, also where a user runs the Engine.
      .filter(({ control, message }) => control !== "kernel-reach" || !message.includes("(CVE-"));
    expect(bad.map(({ control, message }) => `${control}: ${message}`)).toEqual([]);
  });

  it.each(who)("%s: the Engine's own processes are no container's, and no container", (as) => {
    const all = findings.get(as) ?? [];
    expect(
      all.filter(({ message }) => /came in from outside|slirp4netns|rootlesskit \(/.test(message)),
    ).toEqual([]);
    const subjects = [...new Set(all.map(({ subject }) => subject))];
    expect(subjects.filter((each) => each.includes("slirp4netns"))).toEqual([]);
  });

  it.each(who)("%s: severity and words follow from whose root it is", (as) => {
    const rows = [
      ["privileged", "privileged", "high"],
      ["socket", "docker-socket-mount", "high"],
      ["proc", "host-proc-mount", "medium"],
      ["dev", "host-dev-mount", "medium"],
      ["whole", "docker-socket-mount", "high"],
      ["whole", "sensitive-host-mount", "high"],
      ["network", "host-network", "medium"],
      ["pid", "host-pid", "medium"],
      ["plain1", "root-user", "low"],
    ] as const;
    for (const [name, control, severity] of rows) {
      const [found] = of(as, name, control);
      expect({ name, control, severity: found?.severity }).toEqual({ name, control, severity });
      expect(found?.message).not.toMatch(/own the host|take over the host|the host's root|every disk/);
      if (control !== "host-network") expect(found?.message).toContain(`${engine.user} (uid ${engine.uid})`);
    }
    // What other programs of this machine run is not this Engine's.
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
      // systemd limits the tasks of each user (TasksMax=), and a limit of a parent holds for the container.
      const slice = readFileSync(`/sys/fs/cgroup/user.slice/user-${engine.uid}.slice/pids.max`, "utf8");
      expect(of(as, "plain1", "pids-limit")).toHaveLength(slice.trim() === "max" ? 1 : 0);
      const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", "limited"]));
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
      for (const control of ["memory-limit", "pids-limit", "cpu-limit"])
        expect(of(as, "plain1", control)).toEqual([]);
      expect(of(as, "limited", "drift")).toMatchObject([{ severity: "medium" }]);
      expect(of(as, "engine", "engine-socket-permissions")).toEqual([]);
    },
  );

  it("doctor asks the user for nothing that helps nobody here", async () => {
    const { stdout } = await bulkhead("user", ["doctor"]);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain(`is ${engine.user} (uid ${engine.uid}) on the host: the Engine is rootless`);
    expect(text).toMatch(/✓ processes user \d+ can read all \d+ of the rootless Engine and its containers/);
    expect(text).toContain("only root can trace the kernel");
    expect(text).not.toMatch(/Run bulkhead as root|As root:|--privileged/);
  });

  it("fix engine changes the daemon.json of the user who runs it, and of nobody else", async () => {
    const path = join(engine.home, ".config/docker/daemon.json");
    const denied = await bulkhead("root", ["fix", "engine", "--no-config", "--apply"]);
    expect(denied).toMatchObject({ status: 2, stdout: "" });
    expect(denied.stderr).toContain(`runs as uid ${engine.uid}, whose file ${path} is`);
    expect(existsSync(path)).toBe(false);

    const shown = await bulkhead("user", ["fix", "engine", "--no-config"]);
    expect(shown.stderr).toContain("daemon.json is not written (dockerd accepts it)");
    expect(shown.stdout).toContain("systemctl --user restart docker");
    expect(existsSync(path)).toBe(false);

    const written = await bulkhead("user", ["fix", "engine", "--no-config", "--apply"]);
    expect(written).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      "log-opts": { "max-size": expect.any(String) },
    });
    expect(statSync(path).uid).toBe(engine.uid);
    const undone = await bulkhead("user", ["fix", "--undo", path]);
    expect(undone.status, undone.stderr).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it("prove finds the same as root and as the user", async () => {
    const outcomes = async (as: (typeof who)[number]) => {
      const { stdout, stderr } = await bulkhead(as, ["prove", "plain1", "--format", "json"]);
      expect(stderr).not.toContain("fault of bulkhead");
      const { probes } = JSON.parse(stdout) as {
        readonly probes: readonly { readonly probe: string; readonly outcome: string }[];
      };
      return Object.fromEntries(probes.map(({ probe, outcome }) => [probe, outcome]));
    };
    const [root, user] = [await outcomes("root"), await outcomes("user")];
    expect(Object.values(user).filter((outcome) => outcome === "held").length).toBeGreaterThan(5);
    expect(user).toEqual(root);
    // One right that the Engine refuses to the looser container (no /dev/mqueue here) leaves the others shown.
    for (const probe of ["host-processes", "host-name", "host-interfaces"])
      expect(user).toHaveProperty([probe], "held");
  });

  it("a guard of the user's judges a link where the Engine follows it, and denies what opens more of the user's account", async () => {
    const folder = join(engine.home, "guarded");
    await engine.as("user", ["mkdir", "-p", `${folder}/site`]);
    await engine.as("user", ["sh", "-c", 'echo page >"$0/site/page"; ln -s /etc "$0/link"', folder]);
    const policy = `guard:\n  limits: { memory: 64m }\n  allow:\n    mounts: ["${folder}/*"]\n`;
    await engine.as("user", ["sh", "-c", 'printf "%b" "$1" >"$0/bulkhead.yaml"', folder, policy]);
    const script = `
      node=$1 program=$2 folder=$3
      cd "$folder"
      "$node" "$program" guard proxy --listen "unix://$folder/guard.sock" --log "$folder/guard.log" 2>said &
      guard=$!
      until grep -q " guards " said; do kill -0 $guard || { cat said; exit 9; }; sleep 0.1; done
      ask() { docker -H "unix://$folder/guard.sock" run --rm --network none "$@" 2>&1; echo "status $?"; }
      ask -v "$folder/site:/x" busybox:test cat /x/page
      ask -v "$folder/link:/x" busybox:test cat /x/passwd
      for flags in --privileged "--pid host" "--network host" "-v /proc:/x" "-v $4:/x" "--cap-add SYS_ADMIN"; do
        echo "with $flags"
        ask $flags busybox:test true
      done
      kill $guard
      wait $guard
      cat said`;
    const { stdout } = await engine.as("user", [
      "sh",
      "-c",
      script,
      "sh",
      process.execPath,
      program,
      folder,
      engine.socketPath,
    ]);
    const [mounts = "", ...rights] = stdout.split(/^with /m);
    expect(mounts).toMatch(/^page\nstatus 0\n/);
    expect(mounts).toMatch(/bulkhead: .*\/etc[\s\S]*\nstatus 12[56]\n$/);
    expect(rights).toHaveLength(6);
    for (const each of rights) expect(each).toMatch(/bulkhead: [\s\S]*\nstatus 12[56]\n/);
    expect(stdout.includes("limits.memory and limits.pids of the policy have no effect")).toBe(
      !delegatedUser(),
    );
  });

  it("watch of the user's reports what opens", async () => {
    const script = `"$1" "$2" watch --format jsonl --no-history & watch=$!
      sleep 5
      docker run -d --name late --network none --privileged busybox:test sleep 100 >/dev/null
      sleep 5
      kill $watch; wait $watch`;
    const { stdout } = await engine.as("user", ["sh", "-c", script, "sh", process.execPath, program], {
      DOCKER_HOST: engine.host,
    });
    expect(stdout).toMatch(/"opened"[^\n]*"privileged"|"privileged"[^\n]*"opened"/);
    expect(stdout).toContain(`${engine.user} (uid ${engine.uid})`);
  });

  it("serve of the user's shows what audit finds, and proves a container for its operator", async () => {
    const port = await freePort();
    const script = `"$1" "$2" serve --no-config --listen 127.0.0.1:${port} --store "$HOME/serve.db" \\
        --allow prove,learn >"$HOME/link" 2>"$HOME/said" & serve=$!
      until [ -e "$HOME/stop" ]; do kill -0 $serve || break; sleep 0.2; done
      kill $serve; wait $serve; cat "$HOME/said" >&2`;
    const link = () => /join\/(\S+)/.exec(readFileSync(join(engine.home, "link"), "utf8"))?.[1];
    const packages = { NODE_PATH: resolve("node_modules") };
    const serving = engine.as("user", ["sh", "-c", script, "sh", process.execPath, program], packages);
    onTestFinished(async () => {
      writeFileSync(join(engine.home, "stop"), "");
      const { status, stderr } = await serving;
      expect(status, stderr).toBe(0);
    });
    await until(() => existsSync(join(engine.home, "link")) && link() !== undefined);
    const headers = {
      "content-type": "application/json",
      origin: `http://127.0.0.1:${port}`,
      // On a slow machine one that was kept may be closed just as it is used again.
      connection: "close",
      cookie: "",
    };
    const ask = async (path: string, body?: unknown): Promise<Answer> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        headers,
        ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      }).catch((error) => {
        throw new Error(`${path}: ${error.cause ?? error}`);
      });
      headers.cookie ||= answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      expect(answer.status, path).toBe(200);
      return (await answer.json()) as Answer;
    };
    await ask("/join", { token: link(), name: "ada", password: "correct horse battery" });
    const shown = async () => {
      const { findings: list } = await ask("/findings?limit=500&verdict=fail");
      return list.map((each) => [each.subject, each.control, each.severity].join(" ")).toSorted();
    };
    // What watch is about: not the images.
    const wanted = (await audit("user")).filter(
      ({ verdict, subject }) => verdict === "fail" && !subject.startsWith("image:"),
    );
    const expected = wanted.map((each) => [each.subject, each.control, each.severity].join(" ")).toSorted();
    await vi.waitFor(async () => expect(await shown()).toEqual([...new Set(expected)]), {
      timeout: 30_000,
      interval: 500,
    });
    const host = (await ask("/hosts")).hosts[0]?.id;
    const jobs = `/hosts/${host}/containers/plain1/jobs`;
    for (const kind of ["prove", "learn"]) {
      await ask(jobs, { kind, ...(kind === "learn" && { seconds: 10 }) });
      let job: Job | undefined;
      while (!job?.ended) {
        await pause(200);
        [job] = (await ask(jobs)).jobs;
      }
      expect(job.trouble).toBeNull();
      if (kind === "prove") expect(job.probes?.map(({ outcome }) => outcome)).toContain("held");
      else expect(job.report).toContain("its processes run as 0:0");
    }
    // The containers of the proof were nobody's finding.
    const { findings: ever } = await ask("/findings?limit=500&state=resolved");
    expect(JSON.stringify(ever)).not.toContain("bulkhead-prove-");
  });

  it.each(who)("%s: what no node gives is no device", (as) => {
    for (const name of ["plain1", "limited"]) expect(of(as, name, "device-access")).toEqual([]);
    expect(of(as, "plain1", "drift")).toEqual([]);
  });
});
