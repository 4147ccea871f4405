import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";

const composeCommand = [["docker-compose"], ["docker", "compose"]].find(
  ([command = "", ...words]) => spawnSync(command, [...words, "version"]).status === 0,
);

/** The Engine tells nothing in many ways: null, an empty list, 0, "". */
function withoutNothing(value: object): object {
  const isNothing = (each: unknown) =>
    !each || JSON.stringify(each) === "[]" || JSON.stringify(each) === "{}";
  return Object.fromEntries(Object.entries(value).filter(([, each]) => !isNothing(each)));
}

describeWithEngine("bulkhead fix container:NAME", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
    await importImage(engine, "app:1", {
      changes: ['CMD ["sleep", "600"]', "ENV FROM_IMAGE=1", "LABEL a=b", "WORKDIR /home", "VOLUME /data"],
    });
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const fix = (...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["fix", "--no-config", ...words], {
      env: { ...engine.environment, XDG_STATE_HOME: join(engine.folder, "state") },
    });
  const inspect = async (name: string, format: string) =>
    await engine.docker(["inspect", "-f", format, name]);
  const start = (name: string, ...words: readonly string[]) =>
    engine.docker(["run", "-d", "--name", name, ...words]);

  it("shows what can be done, and does nothing", async () => {
    await start("shown", "-e", "TOKEN=hunter2", "app:1");
    const before = await inspect("shown", "{{json .HostConfig}}");
    const { status, stdout } = await fix("container:shown", "--accept", "capabilities-drop");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ {2}docker update --pids-limit 8192 .*shown$/m);
    expect(stdout).toMatch(/^ {2}docker run -d --name shown .*--env TOKEN .*--cap-drop ALL .*app:1$/m);
    expect(stdout).toContain("The values of TOKEN are not shown");
    expect(stdout).not.toMatch(/hunter2|FROM_IMAGE|--label|--workdir|sleep/);
    expect(await inspect("shown", "{{json .HostConfig}}")).toBe(before);
    expect(JSON.parse((await fix("container:shown", "--format", "json")).stdout)).toMatchObject({
      schemaVersion: 1,
      update: expect.arrayContaining(["docker", "update", "--pids-limit", "8192", "shown"]),
    });
  });

  it("asks before it takes rights from a setuid program, of a container and of an image in a file", async () => {
    await start("helped", "app:1");
    await engine.docker([
      "exec",
      "helped",
      "sh",
      "-c",
      "cp /bin/busybox /bin/helper; chmod 4755 /bin/helper",
    ]);
    const only = ["--only", "no-new-privileges"] as const;
    const live = await fix("container:helped", ...only);
    expect(live.stdout).toContain(
      "decision no-new-privileges: Set no-new-privileges. In this image /bin/helper",
    );
    expect(live.stdout).not.toContain("--security-opt");
    await engine.docker(["commit", "helped", "helped:1"]);
    const layers = await engine.docker(["image", "inspect", "-f", "{{json .GraphDriver}}", "helped:1"]);
    // Only overlay2 says where the layers are.
    if (!layers.includes("UpperDir")) return;
    const folder = testFolder({ "compose.yaml": "services: { web: { image: helped:1 } }\n" });
    const file = await fix(...only, join(folder, "compose.yaml"));
    expect(file.stdout).toContain("decision no-new-privileges: ");
    const run = await runCli(program, ["run", "--no-config", "--dry-run", "helped:1"], {
      env: { ...engine.environment },
    });
    expect(run.stdout).toBe("docker run helped:1\n");
    const plain = await runCli(program, ["run", "--no-config", "--dry-run", "app:1"], {
      env: { ...engine.environment },
    });
    expect(plain.stdout).toContain("no-new-privileges");
  });

  it("takes the memory's peak for what it needs, not what it uses at the moment", async () => {
    const peak = "dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null; exec sleep 600";
    await start("peaked", busybox, "sh", "-c", peak);
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await engine.docker(["top", "peaked"])).includes("sleep 600")) break;
    }
    const ran = await fix("container:peaked", "--only", "memory-limit");
    const stdout = ran.stdout.replace(/\s+/g, " ");
    const [, seen, said] = /Its peak is (\d+) MiB.* set twice that with --memory (\d+)m/.exec(stdout) ?? [];
    expect(Number(seen)).toBeGreaterThanOrEqual(100);
    expect(Number(said)).toBeGreaterThanOrEqual(200);
    expect(stdout).not.toContain("docker update");
  });

  it("changes limits while it runs, to what is said", async () => {
    await start("limited", busybox, "sleep", "600");
    const ran = await fix("container:limited", "--apply", "--memory", "48m", "--pids-limit", "77");
    expect(ran.stderr).toMatch(/^bulkhead: container:limited is updated/);
    expect(
      await inspect("limited", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}"),
    ).toBe(`${48 * 1024 ** 2} ${96 * 1024 ** 2} 77`);
    expect(await inspect("limited", "{{.State.Running}} {{.RestartCount}}")).toBe("true 0");
    expect((await fix("container:limited", "--only", "pids-limit,memory-limit")).stdout).not.toContain(
      "docker update",
    );
  });

  it("makes it anew, hardened, with its data and under its name", async () => {
    await start("web", "--privileged", "--hostname", "box", "-l", "x=y", "app:1");
    await engine.docker(["exec", "web", "sh", "-c", "echo kept > /data/file"]);
    const old = await inspect("web", "{{.Id}}");
    const decisions = "privileged,capabilities-drop,read-only-rootfs";
    const ran = await fix("container:web", "--recreate", "--accept", decisions);
    expect(ran.stderr).toContain("bulkhead: container:web is recreated, hardened\n");
    expect(ran.status).toBe(0);
    expect(await inspect("web", "{{.Id}}")).not.toBe(old);
    expect(
      await inspect(
        "web",
        "{{.HostConfig.Privileged}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.Config.Hostname}} {{.Config.Labels}}",
      ),
    ).toBe("false true [ALL] box map[a:b x:y]");
    expect(await engine.docker(["exec", "web", "cat", "/data/file"])).toBe("kept");
    expect((await fix("container:web", "--confirm")).status).toBe(0);
    expect(await engine.docker(["ps", "-a", "--filter", "name=bulkhead", "-q"])).toBe("");
    const audit = await runCli(program, ["audit", "container:web", "--no-config", "--format", "json"], {
      env: engine.environment,
    });
    const failing = JSON.parse(audit.stdout)
      .findings.filter((finding: { verdict: string }) => finding.verdict === "fail")
      .map((finding: { control: string }) => finding.control);
    for (const control of [
      "privileged",
      "capabilities-drop",
      "read-only-rootfs",
      "no-new-privileges",
      "pids-limit",
    ]) {
      expect(failing).not.toContain(control);
    }
  });

  it("puts the old one back, running, where the new one fails", async () => {
    // Writes to its root file system, which is read-only then.
    await start("stubborn", busybox, "sh", "-c", "echo x > /file || exit 9; sleep 600");
    const old = await inspect("stubborn", "{{.Id}}");
    const flags = ["--discard-layer", "--accept", "read-only-rootfs"];
    const ran = await fix("container:stubborn", "--recreate", ...flags);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/ended with status 9; stubborn is as it was/);
    expect(await inspect("stubborn", "{{.Id}} {{.State.Running}} {{.Name}}")).toBe(`${old} true /stubborn`);
    expect(await engine.docker(["ps", "-a", "--filter", "name=bulkhead", "-q"])).toBe("");
  });

  it("waits for health, and takes an unhealthy one for a failure", async () => {
    const health = [
      "--health-cmd",
      "test -w /file || touch /file",
      "--health-interval",
      "500ms",
      "--health-retries",
      "1",
    ];
    await start("sick", ...health, busybox, "sleep", "600");
    const old = await inspect("sick", "{{.Id}}");
    const flags = ["--discard-layer", "--accept", "read-only-rootfs", "--only", "read-only-rootfs"];
    const ran = await fix("container:sick", "--recreate", ...flags);
    expect(ran.stderr).toMatch(/unhealthy; sick is as it was/);
    expect(await inspect("sick", "{{.Id}} {{.State.Running}}")).toBe(`${old} true`);
    const sound = ["--discard-layer", "--only", "no-new-privileges"];
    expect(await fix("container:sick", "--recreate", ...sound)).toMatchObject({ status: 0 });
    expect(await inspect("sick", "{{.HostConfig.SecurityOpt}} {{.State.Health.Status}}")).toMatch(
      /no-new-privileges.* healthy$/,
    );
  });

  it("leaves what belongs to others, or would be lost", async () => {
    await start("fleeting", "--rm", busybox, "sleep", "600");
    await start("composed", "-l", "com.docker.compose.project=shop", busybox, "sleep", "600");
    expect(await fix("container:fleeting", "--recreate")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--rm"),
    });
    expect((await fix("container:composed", "--recreate")).stderr).toContain("Compose project shop");
    expect(await fix("container:nosuch")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nosuch"),
    });
    expect(await inspect("fleeting", "{{.State.Running}}")).toBe("true");
  });

  it("prints a command that makes the same container", async () => {
    const flags = [
      ["--cap-add", "NET_ADMIN", "--user", "1000:1000", "--tmpfs", "/run:size=1m", "--shm-size", "128m"],
      ["-v", "/usr:/u:ro", "--mount", "type=volume,source=vol,target=/v", "-e", "A=b", "--workdir", "/tmp"],
      ["--ulimit", "nofile=64:128", "--sysctl", "net.ipv4.ip_forward=0", "--restart", "on-failure:3"],
      ["--device", "/dev/null:/dev/x:r", "--log-opt", "max-size=1m", "--network", "none", "--init"],
    ].flat();
    await engine.docker(["create", "--name", "rich", "--entrypoint", "sleep", ...flags, busybox, "600"]);
    const shown = await fix("container:rich", "--format", "json", "--only", "no-new-privileges");
    const { run } = JSON.parse(shown.stdout) as { run: readonly string[] };
    expect(run.join(" ")).toContain("--security-opt no-new-privileges");
    const words = run
      .slice(2)
      .map((word) => (word === "rich" ? "twin" : word))
      .filter((word) => word !== "-d");
    const same = (format: string) => Promise.all([inspect("rich", format), inspect("twin", format)]);
    process.env.A = "b";
    await engine.docker(["create", ...words]);
    delete process.env.A;
    const [one, other] = await same("{{json .HostConfig}}");
    expect({ ...JSON.parse(other ?? ""), SecurityOpt: null }).toEqual(JSON.parse(one ?? ""));
    for (const key of ["Env", "Cmd", "Entrypoint", "User", "WorkingDir"]) {
      const [mine, theirs] = await same(`{{json .Config.${key}}}`);
      if (key === "Env")
        expect(JSON.parse(theirs ?? "").toSorted()).toEqual(JSON.parse(mine ?? "").toSorted());
      else expect(theirs).toBe(mine);
    }
  });

  it.skipIf(!composeCommand)("writes a Compose file that starts the same container, hardened", async () => {
    const flags = [
      ["--cap-add", "NET_ADMIN", "--user", "1000:1000", "--tmpfs", "/run:size=1m", "--shm-size", "128m"],
      [
        "-v",
        "/usr:/u:ro",
        "--mount",
        "type=volume,source=kept,target=/v",
        "-e",
        "TOKEN=hunter2",
        "-w",
        "/tmp",
      ],
      ["--ulimit", "nofile=64:128", "--sysctl", "net.ipv4.ip_forward=0", "--restart", "on-failure:3"],
      ["--device", "/dev/null:/dev/x:r", "--log-opt", "max-size=1m", "--network", "none", "--init"],
      ["--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--stop-timeout", "1"],
    ].flat();
    await start("given", "--entrypoint", "sh", ...flags, busybox, "-c", "sleep $((600))");
    const file = join(engine.folder, "given.yaml");
    const ran = await fix("container:given", "--as", "compose", "-o", file, "--only", "no-new-privileges");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain(`${file} is written; container:given is as it was`);
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain("hunter2");
    expect(ran.stdout).toContain("container_name: given");
    await engine.docker(["rename", "given", "given-before"]);
    const environment = { ...process.env, ...engine.environment, TOKEN: "hunter2" };
    const [command = "", ...words] = composeCommand ?? [];
    const compose = (...more: readonly string[]) =>
      spawnSync(command, [...words, "-f", file, ...more], { env: environment, encoding: "utf8" });
    expect(compose("config", "--quiet")).toMatchObject({ status: 0, stderr: "" });
    const up = compose("up", "-d");
    expect(up.stderr).toContain("Started");
    expect(await inspect("given", "{{.State.Running}} {{json .HostConfig.SecurityOpt}}")).toBe(
      'true ["no-new-privileges:true"]',
    );
    const hostOf = async (name: string) => JSON.parse(await inspect(name, "{{json .HostConfig}}")) as object;
    const usual = { SecurityOpt: null, Binds: null, Mounts: null };
    expect(withoutNothing({ ...(await hostOf("given")), ...usual })).toEqual(
      withoutNothing({ ...(await hostOf("given-before")), ...usual }),
    );
    const mounts = async (name: string) =>
      (await inspect(name, "{{range .Mounts}}{{.Source}}:{{.Destination}}:{{.RW}}\n{{end}}"))
        .split("\n")
        .toSorted();
    expect(await mounts("given")).toEqual(await mounts("given-before"));
    for (const key of ["Env", "Cmd", "Entrypoint", "User", "WorkingDir", "StopTimeout"]) {
      const format = `{{json .Config.${key}}}`;
      const [mine, theirs] = [await inspect("given", format), await inspect("given-before", format)];
      expect([JSON.parse(mine)].flat().toSorted(), key).toEqual([JSON.parse(theirs)].flat().toSorted());
    }
    compose("down", "-t", "0");
  });

  it("refuses what means nothing for a container, in one sentence", async () => {
    await start("asked", busybox, "sleep", "600");
    const ran = await fix("container:asked", "--interactive");
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr.trim().split("\n")).toEqual([
      expect.stringContaining("--interactive asks about changes to files"),
    ]);
  });
});

describeWithEngine("bulkhead fix engine", () => {
  let engine: TestEngine;
  let program: string;
  let path: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    path = join(engine.folder, "daemon.json");
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const fix = (...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["fix", "engine", "--no-config", ...words], { env: engine.environment });

  it("shows the edit, then writes what dockerd validates, and restarts nothing", async () => {
    const before = readFileSync(path, "utf8");
    const shown = await fix();
    expect(shown.status).toBe(1);
    expect(shown.stdout).toMatch(/^\+ +"no-new-privileges": true/m);
    expect(shown.stdout).toContain("when dockerd restarts");
    expect(shown.stderr).toContain("is not written (dockerd accepts it); nothing was restarted");
    expect(readFileSync(path, "utf8")).toBe(before);
    const applied = await fix("--apply", "--only", "engine-no-new-privileges,engine-live-restore");
    expect(applied.status).toBe(0);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      ...JSON.parse(before),
      "no-new-privileges": true,
      "live-restore": true,
    });
    expect(() => process.kill(engine.pid, 0)).not.toThrow();
  });

  it("writes nothing that dockerd refuses", async () => {
    const text = '{ "no-such-option": 1 }\n';
    writeFileSync(path, text);
    const ran = await fix("--apply");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/dockerd refuses the change: .*no-such-option|cannot be read/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("never remaps users unasked, not even with everything else", async () => {
    writeFileSync(path, "{}\n");
    const ran = await fix("--apply");
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/decision engine-user-namespaces/);
    expect(readFileSync(path, "utf8")).not.toContain("userns-remap");
    expect(JSON.parse(readFileSync(path, "utf8"))).toHaveProperty("log-opts");
  });

  it("adds no option of json-file for another driver, which dockerd has from its next start on", async () => {
    const pending = await startEngine();
    try {
      const file = join(pending.folder, "daemon.json");
      writeFileSync(file, '{ "log-driver": "syslog" }\n');
      const ran = await runCli(program, ["fix", "engine", "--no-config", "--safe", "--apply"], {
        env: pending.environment,
      });
      expect(ran.stdout).toContain("names the log driver syslog");
      const { "log-opts": options } = JSON.parse(readFileSync(file, "utf8"));
      expect(options).toBeUndefined();
    } finally {
      await pending.stop();
    }
    // What was written before: the Engine does not start with it.
    const broken = { "log-driver": "syslog", "log-opts": { "max-size": "10m" } };
    await expect(startEngine({ daemonJson: broken })).rejects.toThrow(/max-size/);
  });

  it("leaves to a person what dockerd has from a flag, and writes the rest", async () => {
    const flagged = await startEngine({ flags: ["--live-restore=false"] });
    try {
      const words = ["--apply", "--only", "engine-no-new-privileges,engine-live-restore"];
      const ran = await runCli(program, ["fix", "engine", "--no-config", ...words], {
        env: flagged.environment,
      });
      expect(ran.stdout).toContain("dockerd has live-restore from a flag and refuses to start with both");
      expect(ran.status).toBe(0);
      const text = readFileSync(join(flagged.folder, "daemon.json"), "utf8");
      expect(JSON.parse(text)).toHaveProperty("no-new-privileges", true);
      expect(JSON.parse(text)).not.toHaveProperty("live-restore");
    } finally {
      await flagged.stop();
    }
  });
});
