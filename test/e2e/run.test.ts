import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { busybox, importBusybox, importImage } from "../engine/images.ts";
import { startRegistry, type TestRegistry } from "../engine/registry.ts";
import { builtCommand, folderOf, type Ran, type RunOptions, runCli } from "../support/cli.ts";

let program: string;
let folder: ReturnType<typeof folderOf>;

beforeAll(() => {
  program = builtCommand();
  folder = folderOf({
    "bulkhead.yaml":
      "run:\n  harden: [pids-limit, read-only-rootfs]\n  limits: { pids: 50 }\n  exempt: ['legacy/*']\n",
    "broken/bulkhead.yaml": "run:\n  harden: [no-such-control]\n",
  });
});
afterAll(() => folder.remove());

describe("bulkhead run, without an Engine", () => {
  const dryRun = (...words: readonly string[]) =>
    runCli(program, ["run", "--dry-run", "--no-config", ...words], {
      env: { DOCKER_HOST: "unix:///nonexistent" },
    });

  it("prints the command as a shell takes it", async () => {
    const { stdout, stderr, status } = await dryRun(
      "-h",
      "box",
      "-e",
      "A=b c",
      "--",
      "example/app",
      "echo",
      "it's",
    );
    expect(stdout).toBe(
      "docker run -h box -e 'A=b c' --security-opt no-new-privileges -- example/app echo 'it'\\''s'\n",
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/^bulkhead: nobody looked into the image \(no Engine .* answers\): .*sudo.*\n$/);
  });

  it("leaves what stands behind its first foreign word to docker", async () => {
    expect((await dryRun("-d", "nginx", "--dry-run", "--help", "--no-config")).stdout).toMatch(
      / nginx --dry-run --help --no-config\n$/,
    );
    expect((await dryRun("-d", "--help")).stdout).toBe("docker run -d --help\n");
    expect((await runCli(program, ["run", "--help"])).stdout).toContain("Usage: bulkhead run");
  });

  it("follows bulkhead.yaml, and stops at a wrong one", async () => {
    const run = (cwd: string, image: string) =>
      runCli(program, ["run", "--dry-run", image], { cwd: join(folder.path, cwd) });
    expect((await run(".", "nginx")).stdout).toContain("--pids-limit 50");
    expect((await run(".", "nginx")).stdout).toContain("--read-only");
    expect((await run(".", "legacy/app:1")).stdout).toBe("docker run legacy/app:1\n");
    expect(await run("broken", "nginx")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining("bulkhead.yaml:2:12"),
    });
  });

  it("says so where there is no docker", async () => {
    const ran = await runCli(program, ["run", "--no-config", "nginx"], { env: { PATH: "/nonexistent" } });
    expect(ran).toMatchObject({ status: 127, stderr: expect.stringContaining("cannot be started") });
  });
});

describeWithEngine("bulkhead run, on an Engine", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  function run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const env = { ...engine.environment, ...options.env };
    return runCli(program, ["run", "--no-config", ...words], { ...options, env });
  }

  it("runs it hardened, with docker's output, input and exit status", async () => {
    const script =
      "cat; echo oops >&2; grep NoNewPrivs /proc/self/status; cat /sys/fs/cgroup/pids.max; exit 3";
    const ran = await run(["--rm", "-i", busybox, "sh", "-c", script], { input: "hello\n" });
    expect(ran.status).toBe(3);
    expect(ran.stdout).toMatch(/^hello\nNoNewPrivs:\t1\n/);
    expect(ran.stderr).toContain("oops\n");
    expect(ran.stderr).toContain("bulkhead: added --security-opt no-new-privileges\n");
  });

  it("is silent with docker's --quiet, and shows docker's own errors", async () => {
    expect((await run(["--rm", "-q", busybox, "true"])).stderr).toBe("");
    expect(await run(["--rm", "--pull=never", "no/such:image"])).toMatchObject({ status: 125 });
    expect((await run(["--new-flag", busybox])).stderr).toMatch(/nothing was added[\s\S]*unknown flag/);
    expect(await run(["--rm", busybox, "/nonexistent"])).toMatchObject({ status: 127 });
  });

  it("hands signals on, and answers with the container's status", async () => {
    const script = "trap 'exit 42' TERM; trap 'exit 43' INT; echo ready; while :; do sleep 0.1; done";
    for (const [signal, status] of [
      ["SIGTERM", 42],
      ["SIGINT", 43],
    ] as const) {
      const child = spawn(
        process.execPath,
        [program, "run", "--no-config", "--rm", "--init", busybox, "sh", "-c", script],
        {
          env: { ...process.env, ...engine.environment },
          stdio: ["ignore", "pipe", "ignore"],
          detached: true,
        },
      );
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill(signal);
      expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(status);
    }
  });

  it("leaves the terminal to docker", async () => {
    const run = `${process.execPath} ${program} run --no-config --rm -it ${busybox}`;
    const command = `stty rows 33 cols 99; ${run} sh -c 'test -t 0 && stty size && exit 5'`;
    const ran = await new Promise<{ status: number | null; stdout: string }>((resolve, reject) => {
      const child = spawn("script", ["-qec", command, "/dev/null"], {
        env: { ...process.env, ...engine.environment },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let stdout = "";
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, stdout }));
    });
    expect(ran.stdout).toContain("33 99");
    expect(ran.status).toBe(5);
  });

  it("works as docker bulkhead, once the plugin is there", async () => {
    const config = join(folder.path, "docker-config");
    mkdirSync(config);
    const env = { ...engine.environment, DOCKER_CONFIG: config };
    const installed = await runCli(program, ["install-plugin"], { env });
    const path = join(config, "cli-plugins/docker-bulkhead");
    expect(installed).toMatchObject({ status: 0, stdout: expect.stringContaining(path) });
    expect(statSync(path).mode & 0o777).toBe(0o755);
    const docker = (...words: readonly string[]) =>
      execFileSync("docker", words, { env: { ...process.env, ...env }, encoding: "utf8" });
    expect(docker("bulkhead", "controls")).toContain("docker-socket-mount");
    expect(
      docker("--log-level", "error", "bulkhead", "run", "--dry-run", "--no-config", "example/app"),
    ).toContain("docker run --security-opt no-new-privileges");
    expect(docker("--help")).toMatch(/bulkhead\*? +Audit and harden/);
    expect(docker("-H", engine.host, "bulkhead", "audit", "engine", "--fail-on", "none")).toContain("engine");
    expect((await runCli(program, ["install-plugin"], { env })).status).toBe(0);
    writeFileSync(path, "#!/bin/sh\n");
    expect(await runCli(program, ["install-plugin"], { env })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("not bulkhead's own"),
    });
  });
});

describeWithEngine("bulkhead run, with an image that docker pulls", () => {
  let engine: TestEngine;
  let registry: TestRegistry;
  const name = "localhost:5000/app:1";
  const nothingGained = "bulkhead: added --security-opt no-new-privileges\n";
  const pulling = `bulkhead: pulling ${name} first`;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    registry = await startRegistry(engine, "0104755");
  });
  afterAll(async () => {
    registry?.stop();
    await engine?.stop();
  });

  /** What is in the image of that name is no program: docker makes the container and cannot start it. */
  async function run(words: readonly string[], ownFlags: readonly string[] = []): Promise<Ran> {
    return await runCli(program, ["run", "--no-config", ...ownFlags, ...words], { env: engine.environment });
  }
  const isHere = async () => (await engine.docker(["images", "-q", name])) !== "";

  it("looks at the one that comes, where there is none yet", async () => {
    const dry = await run(["--rm", name, "/hello"], ["--dry-run"]);
    expect(dry.stderr).toContain("(it is not pulled yet)");
    expect(await isHere()).toBe(false);

    const ran = await run(["--rm", name, "/hello"]);
    expect(ran.stderr).toContain(pulling);
    expect(ran.stderr).toContain("no-new-privileges was not added: /hello in the image");
    expect(ran.stdout).toBe("");
    expect(await isHere()).toBe(true);
    expect((await run(["--rm", name, "/hello"])).stderr).not.toContain(pulling);
  });

  it("looks at the one that replaces the one that is here", async () => {
    await importImage(engine, name);
    expect((await run(["--rm", name, "true"])).stderr).toBe(nothingGained);

    const ran = await run(["--rm", "--pull", "always", "--name", "pulled", name, "/hello"]);
    expect(ran.stderr).toContain(pulling);
    expect(ran.stderr).toContain("no-new-privileges was not added: /hello in the image");

    await importImage(engine, name);
    expect((await run(["--rm", "--pull", "always", "-q", "-d", name, "/hello"])).stderr).not.toContain(
      "bulkhead",
    );
  });

  it("pulls nothing where docker does not", async () => {
    await engine.docker(["rmi", "-f", name]);
    for (const words of [
      ["--pull", "never", name],
      ["--no-such", name],
      ["--help", name],
    ]) {
      expect((await run(words)).stderr).not.toContain(pulling);
      expect(await isHere()).toBe(false);
    }
  });

  it("ends as docker does where it cannot be pulled", async () => {
    const ran = await run(["--rm", "localhost:5000/none:1"]);
    expect(ran).toMatchObject({ status: 125, stdout: "" });
    expect(ran.stderr).toMatch(/^Error response from daemon: /m);
  });

  it("takes the one of another platform for none of what it knows", async () => {
    await importImage(engine, name);
    const ran = await run(["--rm", "--platform", "linux/s390x", "--pull", "never", name], ["--dry-run"]);
    expect(ran.stderr).toMatch(/\(it is here for linux\/\w+\)/);
  });
});
