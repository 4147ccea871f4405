import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";
import { answers, restart } from "./restart.ts";

const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';

/** What was said, as lines. */
const lines = ({ stderr }: Ran) => stderr.trim().split("\n");

describeWithEngine("trials, where the Engine, the disk or the workload fails", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importApp(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  async function importApp(on: TestEngine): Promise<void> {
    const files = { "/app": `#!/bin/sh\nchown 1000 /data || exit 3\n${forever}\n`, "/data/keep": "" };
    await importImage(on, "app:1", { changes: ['CMD ["/app"]'], files });
  }

  /** A folder that every user can write into, with a Compose file in it. */
  function project(more = ""): { readonly folder: string; readonly file: string; readonly text: string } {
    const folder = testFolder();
    const file = join(folder, "compose.yaml");
    const image = more.includes("image:") ? "" : "    image: app:1\n";
    const text = `services:\n  web:\n${image}    volumes: [data:/data, ./bind:/bind]\n${more}volumes: {data: {}}\n`;
    writeFileSync(file, text);
    mkdirSync(join(folder, "bind"));
    chmodSync(folder, 0o777);
    return { folder, file, text };
  }

  const commands = [
    ["fix --verify", ["fix", "--verify"]],
    ["learn", ["learn"]],
  ] as const;

  const run = (
    words: readonly string[],
    file: string,
    env: Readonly<Record<string, string>> = {},
    on: TestEngine = engine,
  ): Promise<Ran> =>
    runCli(program, [...words, "--apply", "--no-config", "--settle", "1", file], {
      env: { ...on.environment, ...env },
    });

  const left = async (on: TestEngine = engine) => {
    const filter = ["--filter", "label=bulkhead.try"];
    const lists = [
      ["ps", "-aq"],
      ["volume", "ls", "-q"],
      ["network", "ls", "-q"],
    ];
    return (await Promise.all(lists.map((words) => on.docker([...words, ...filter])))).join("");
  };

  describe.each(commands)("%s", (_, words) => {
    it("without an Engine: one line", async () => {
      const { file, text } = project();
      const ran = await run(words, file, { DOCKER_HOST: "unix:///nonexistent/docker.sock" });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(lines(ran)).toEqual([
        expect.stringMatching(/^bulkhead: cannot reach the Engine at .*: the socket does not exist/),
      ]);
      expect(readFileSync(file, "utf8")).toBe(text);
    });

    it("a file that is not valid YAML: its place, once", async () => {
      const { file } = project();
      writeFileSync(file, "services:\n  web:\n    image: app:1\n    ports: [80:\n");
      const ran = await run(words, file);
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(ran.stderr.match(/compose\.yaml/g)).toHaveLength(1);
      expect(lines(ran)[0]).toContain("compose.yaml:4:16: it is not valid YAML");
    });

    it("without Docker Compose: one line", async () => {
      const { folder, file, text } = project();
      const plain = "#!/bin/sh\necho \"docker: 'compose' is not a docker command\" >&2\nexit 1\n";
      writeFileSync(join(folder, "docker"), plain, { mode: 0o755 });
      const ran = await run(words, file, { PATH: `${folder}:${process.env.PATH}` });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(lines(ran)).toEqual([expect.stringContaining("trials need Docker Compose v2")]);
      expect(readFileSync(file, "utf8")).toBe(text);
    });

    it("a full disk under its temporary folder: one line, and nothing is left in it", async () => {
      const { file, text } = project();
      const full = fullFolder(engine, "temporary");
      try {
        const ran = await run(words, file, { TMPDIR: full.path });
        expect(ran).toMatchObject({ status: 2, stdout: "" });
        expect(lines(ran)).toEqual(["bulkhead: the disk is full: nothing was changed"]);
        expect(readdirSync(full.path)).toEqual(["filler"]);
        expect(readFileSync(file, "utf8")).toBe(text);
        expect(await left()).toBe("");
      } finally {
        full.remove();
      }
    });

    it("--with-data where the copy would not fit: one line, and nothing is copied", async () => {
      const { file, text } = project();
      const named = `name: space\n${text}`;
      writeFileSync(file, named);
      const fill = "dd if=/dev/zero of=/data/big bs=1M count=3 2>/dev/null";
      await engine.docker(["run", "--rm", "-v", "space_data:/data", "app:1", "sh", "-c", fill]);
      const small = smallDisk(engine, "small", "2m");
      try {
        const ran = await run([...words, "--with-data"], file, { TMPDIR: small.path });
        expect(ran).toMatchObject({ status: 2, stdout: "" });
        expect(lines(ran)).toEqual([
          expect.stringMatching(
            /^bulkhead: \S+: --with-data: \S+\/space_data\/_data holds 4 MiB, but \S+\/disk-small has only 2 MiB free: set TMPDIR to a folder on a larger disk$/,
          ),
        ]);
        expect(readdirSync(small.path)).toEqual([]);
        expect(readFileSync(file, "utf8")).toBe(named);
        expect(await left()).toBe("");
      } finally {
        small.remove();
        await engine.docker(["volume", "rm", "space_data"]);
      }
    });

    it("without the right to speak to the Engine: one line", async () => {
      const { file, text } = project();
      const ran = await runCli(program, [...words, "--apply", "--no-config", file], {
        env: { DOCKER_HOST: engine.host },
        uid: 65_534,
      });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(lines(ran)).toEqual([expect.stringMatching(/^bulkhead: .*permission denied/i)]);
      expect(readFileSync(file, "utf8")).toBe(text);
    });

    it("an Engine that restarts in the middle: one line, and the next start leaves nothing", {
      timeout: 300_000,
    }, async () => {
      const own = await startEngine({ bridge: true });
      try {
        await importApp(own);
        const { file, text } = project();
        const running = run(words, file, {}, own);
        while ((await own.docker(["ps", "-q"])) === "") await pause(50);
        await restart(own);
        const ran = await running;
        expect(ran.status).toBe(2);
        expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/^\s+at /m);
        expect(readFileSync(file, "utf8")).toBe(text);
        for (let tries = 0; tries < 200 && !(await answers(own)); tries += 1) await pause(100);
        await run(words, file, {}, own);
        expect(await left(own)).toBe("");
      } finally {
        await own.stop();
      }
    });
  });

  it.each([
    ["never gets healthy", "    healthcheck: {test: [CMD, 'false'], retries: 1}\n", [], "web is unhealthy"],
    [
      "has a check that hangs",
      "",
      ["--check", "sleep 600", "--check-timeout", "1"],
      "did not end within 1 s",
    ],
    ["ends with an error", "    command: [sh, -c, 'exit 4']\n", [], "web ended with status 4"],
    [
      "has no image",
      "    image: nowhere:1\n",
      [],
      "the image nowhere:1 of web is not on the Engine: docker pull nowhere:1 fetches it",
    ],
    [
      "fails at random",
      "",
      ["--check", "mkdir $FLAG 2>/dev/null || [ $BULKHEAD_PHASE = again ]", "--start-timeout", "2"],
      "it is not steady: one of two untouched runs failed: the check failed: exit status 1; --start-timeout gives it more time",
    ],
  ])("learn of a workload that %s: one line, nothing written", async (_, more, words, reason) => {
    const { folder, file, text } = project(more);
    const ran = await run(["learn", ...words], file, { FLAG: join(folder, "flag") });
    expect(ran.status).toBe(2);
    expect(ran.stdout.split("\n").filter((line) => line.includes(reason))).toHaveLength(1);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(await left()).toBe("");
  });

  it("a full disk under the state folder: --merge says so, and nothing is written", async () => {
    const { file, text } = project();
    const full = fullFolder(engine, "state");
    try {
      const ran = await run(["learn", "--merge"], file, { XDG_STATE_HOME: full.path });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      // A run is a line of progress.
      expect(lines(ran)).toEqual([
        "bulkhead: untouched, twice",
        expect.stringMatching(/was not written: the disk is full$/),
      ]);
      expect(readFileSync(file, "utf8")).toBe(text);
    } finally {
      full.remove();
    }
  });

  it("without root: copies replace overlays, fix --verify tries its steps, and learn finds capabilities by trial alone", async () => {
    const { folder, file } = project();
    chmodSync(engine.folder, 0o711);
    chmodSync(engine.socketPath, 0o666);
    const temporary = join(folder, "tmp");
    mkdirSync(temporary, { mode: 0o777 });
    chmodSync(temporary, 0o777);
    try {
      const words = ["learn", "--no-config", "--settle", "1", "--format", "json", file];
      const env = { ...engine.environment, TMPDIR: temporary };
      const ran = await runCli(program, words, { env, uid: 1000 });
      expect(JSON.parse(ran.stdout).workloads).toMatchObject([
        {
          verified: true,
          capabilities: {
            ...{ traced: false, untraced: "only root can trace the kernel" },
            needed: [{ name: "CHOWN" }],
          },
        },
      ]);
      expect(readdirSync(temporary)).toEqual([]);
      const one = ["fix", "--verify", "--only", "no-new-privileges"];
      const tried = await runCli(program, [...one, ...words.slice(1)], { env, uid: 1000 });
      expect(JSON.parse(tried.stdout).workloads).toMatchObject([
        { steady: true, steps: [{ outcome: "holds" }] },
      ]);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      chmodSync(engine.socketPath, 0o660);
    }
  });

  it("where tracefs cannot be mounted learn says so, and finds capabilities all the same", async () => {
    const { file } = project();
    // In a separate mount namespace: this machine may have tracefs mounted.
    const script = 'umount -q /sys/kernel/tracing; exec setpriv --bounding-set -sys_admin "$@"';
    const words = [program, "learn", "--no-config", "--settle", "1", "--format", "json", file];
    let out = "";
    try {
      out = execFileSync("unshare", ["--mount", "sh", "-c", script, "sh", process.execPath, ...words], {
        env: { ...process.env, ...engine.environment },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    } catch (error) {
      // Status 1: there is something to write.
      if (error instanceof Error && "stdout" in error) out = String(error.stdout);
    }
    expect(JSON.parse(out).workloads[0].capabilities).toMatchObject({
      ...{ traced: false, untraced: "tracefs is not mounted and cannot be mounted here" },
      needed: [{ name: "CHOWN" }],
    });
  });
});

/** A folder on a separate disk of that size. */
function smallDisk({ folder }: TestEngine, name: string, size: string) {
  const path = join(folder, `disk-${name}`);
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  return { path, remove: () => execFileSync("umount", [path]) };
}

/** A folder on a separate disk that is full. */
function fullFolder(engine: TestEngine, name: string) {
  const disk = smallDisk(engine, name, "64k");
  execFileSync("sh", ["-c", `cat /dev/zero > ${disk.path}/filler 2>/dev/null || true`]);
  return disk;
}
