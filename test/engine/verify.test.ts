import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

/** Serves until it is stopped, at once where that is asked for. */
const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';

interface Row {
  readonly control: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly evidence: readonly string[];
}

describeWithEngine("bulkhead fix --verify", () => {
  let engine: TestEngine;
  let program: string;
  let temporary: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    temporary = mkdtempSync(join(tmpdir(), "bulkhead-verify-"));
    environment = { ...engine.environment, TMPDIR: temporary };
    await importImage(engine, "app:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": `#!/bin/sh\n${forever}\n` },
    });
    await importImage(engine, "writer:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": `#!/bin/sh\ndate >>/srv/state || exit 3\n${forever}\n`, "/srv/keep": "" },
    });
    await importImage(engine, "silent:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": `#!/bin/sh\nmkdir -p /var/state 2>/dev/null || exit 3\n${forever}\n` },
    });
    await importImage(engine, "chowner:1", {
      changes: ['CMD ["/app"]'],
      files: {
        "/app": `#!/bin/sh\nchown 1000 /data || exit 1\ndate >/data/file\n${forever}\n`,
        "/data/keep": "",
      },
    });
    await importImage(engine, "backup:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": "#!/bin/sh\ncp /source/good /backup/archive 2>/dev/null || : >/backup/archive\n" },
    });
  });
  afterAll(async () => {
    await engine?.stop();
    rmSync(temporary, { recursive: true, force: true });
  });

  /** A folder with a Compose file in it. */
  function project(text: string): { readonly folder: string; readonly file: string } {
    const folder = testFolder();
    const file = join(folder, "compose.yaml");
    writeFileSync(file, text);
    return { folder, file };
  }

  const verify = (file: string, ...words: readonly string[]): Promise<Ran> =>
    runCli(program, ["fix", "--verify", "--no-config", "--settle", "1", ...words, file], {
      env: environment,
    });
  const rowsOf = ({ stdout, stderr }: Ran, subject: number = 0): readonly Row[] => {
    if (!stdout.startsWith("{")) throw new Error(`no document: ${stdout}${stderr}`);
    const document = JSON.parse(stdout);
    expectDocument("verify", document);
    return document.workloads[subject].steps;
  };
  const left = async () =>
    [
      await engine.docker(["ps", "-aq", "--filter", "label=bulkhead.try"]),
      await engine.docker(["volume", "ls", "-q", "--filter", "label=bulkhead.try"]),
      await engine.docker(["network", "ls", "-q", "--filter", "label=bulkhead.try"]),
    ].join("");
  const folders = () => readdirSync(temporary).filter((name) => name.startsWith("bulkhead-try-"));

  it("keeps what holds, names what breaks with the reason, and writes exactly that", async () => {
    const { file } = project("services:\n  web:\n    image: writer:1\n");
    const ran = await verify(file, "--format", "json", "--apply");
    const rows = rowsOf(ran);
    expect(ran.status).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      workloads: [
        { steady: true, check: { strength: "weak", kinds: ["output", "restart", "stop"] }, starts: 4 },
      ],
    });
    const outcomes = Object.fromEntries(rows.map(({ control, outcome }) => [control, outcome]));
    expect(outcomes).toMatchObject({
      "read-only-rootfs": "breaks",
      "capabilities-drop": "holds",
      "no-new-privileges": "holds",
      "memory-limit": "notTried",
    });
    const broken = rows.find(({ control }) => control === "read-only-rootfs");
    expect(broken?.reason).toMatch(/^openat\(\/srv\/state.*\) refused by the read-only root$/);
    expect(broken?.evidence.join("\n")).toContain("/srv/state: Read-only file system");
    const after = readFileSync(file, "utf8");
    expect(after).toContain("cap_drop");
    expect(after).not.toContain("read_only");
    expect(await left()).toBe("");
    expect(folders()).toEqual([]);
  });

  it("tries a file that only changes another one behind it, and one that cannot load costs itself alone", async () => {
    const { folder } = project("services:\n  web:\n    image: app:1\n");
    const loose = "services:\n  web:\n    pids_limit: -1\n";
    writeFileSync(join(folder, "compose.prod.yaml"), loose);
    writeFileSync(join(folder, "compose.far.yaml"), `${loose}    hostname: $\{NOT_HERE:?}\n`);
    const ran = await verify(folder, "--only", "pids-limit", "--format", "json");
    const { workloads } = JSON.parse(ran.stdout) as {
      readonly workloads: readonly { readonly subject: string; readonly steps: readonly Row[] }[];
    };
    const outcomes = workloads.map(({ subject, steps }) => [
      subject.replace(/^.*\/compose/, "compose"),
      steps.map(({ outcome }) => outcome),
    ]);
    expect(Object.fromEntries(outcomes), ran.stderr).toEqual({
      "compose.yaml#web": ["holds"],
      "compose.prod.yaml#web": ["holds"],
      "compose.far.yaml#web": ["notTried"],
    });
  });

  it("names a refused call that no log speaks of", async () => {
    const { file } = project("services:\n  app:\n    image: silent:1\n");
    const broken = rowsOf(await verify(file, "--format", "json")).filter(
      ({ outcome }) => outcome === "breaks",
    );
    expect(broken.map(({ control }) => control)).toEqual(["read-only-rootfs"]);
    expect(broken[0]?.reason).toMatch(/^mkdir.* refused by the read-only root$/);
  });

  it("names the capability that a refused call needs", async () => {
    const { file } = project(
      "services:\n  web:\n    image: chowner:1\n    volumes: [data:/data]\nvolumes: {data: {}}\n",
    );
    const rows = rowsOf(await verify(file, "--format", "json"));
    const broken = rows.filter(({ outcome }) => outcome === "breaks");
    expect(broken.map(({ control }) => control)).toEqual(["capabilities-drop"]);
    expect(broken[0]?.reason).toMatch(/^chown\(\/data.*\) refused: CHOWN is dropped$/);
  });

  it("writes nothing of production's, which runs meanwhile", async () => {
    const { folder, file } = project(
      [
        "name: shop",
        "services:",
        "  web:",
        "    image: chowner:1",
        "    container_name: shop-web",
        '    ports: ["127.0.0.1:8099:80"]',
        "    volumes: [./data:/data, named:/more]",
        "volumes: {named: {}}",
        "",
      ].join("\n"),
    );
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/file"), "precious\n");
    const production = ["run", "-d", "--name", "shop-web", "-v", "shop_named:/more", "app:1"];
    const id = await engine.docker(production);
    await engine.docker(["exec", "shop-web", "sh", "-c", "echo kept >/more/kept"]);
    const ran = await verify(file, "--format", "json");
    expect(ran.status).toBe(1);
    expect(readFileSync(join(folder, "data/file"), "utf8")).toBe("precious\n");
    expect(await engine.docker(["ps", "-q", "--no-trunc"])).toBe(id);
    expect(await engine.docker(["exec", "shop-web", "cat", "/more/kept"])).toBe("kept");
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("shop_named");
    await engine.docker(["rm", "-f", "shop-web"]);
  });

  it("sees a backup job that writes an empty archive without a word", async () => {
    const { folder, file } = project(
      [
        "services:",
        "  backup:",
        "    image: backup:1",
        "    volumes: [/etc/bulkhead-none:/none:ro, ./source:/source, ./backup:/backup]",
        "    cap_drop: [ALL]",
        "    cap_add: [DAC_OVERRIDE]",
        "",
      ]
        .join("\n")
        .replace("/etc/bulkhead-none:/none:ro, ", ""),
    );
    mkdirSync(join(folder, "source"));
    mkdirSync(join(folder, "backup"));
    writeFileSync(join(folder, "source/good"), "precious\n", { mode: 0o600 });
    spawnSync("chown", ["1000", join(folder, "source/good"), join(folder, "source")]);
    spawnSync("chmod", ["700", join(folder, "source")]);
    const ran = await verify(
      file,
      "--format",
      "json",
      "--only",
      "read-only-volume,capabilities-drop,read-only-rootfs",
      ...["--accept", "read-only-volume"],
    );
    const rows = rowsOf(ran);
    const broken = rows.filter(({ outcome }) => outcome === "breaks");
    // The backup folder is written: made read-only, the job ends with an error.
    expect(broken.map(({ control }) => control)).toContain("read-only-volume");
    expect(existsSync(join(folder, "backup/archive"))).toBe(false);
  });

  it.each([
    [
      "does not listen where it listened",
      "diff",
      "mkdir -p /var/cache 2>/dev/null && httpd -p 8080",
      "web does not listen on tcp/8080",
    ],
    [
      "logs an error that it did not log untouched",
      "html",
      "mkdir -p /var/cache 2>/dev/null || echo 'ERROR: out of luck' >&2",
      "it logs a new error: ERROR: out of luck",
    ],
  ])("sees without a check that a hardened service %s", async (_, format, start, reason) => {
    const { file } = project(
      `services:\n  web:\n    image: writer:1\n    command: [sh, -c, "${start}; ${forever.replaceAll('"', '\\"').replaceAll("$", "$$$$")}"]\n`,
    );
    const only = ["--only", "read-only-rootfs", "--accept", "read-only-rootfs"];
    const ran = await verify(file, ...only, "--format", format);
    expect(ran.status, ran.stderr).toBe(1);
    expect(ran.stdout).toContain(reason);
    expect(await left()).toBe("");
  });

  it("takes the user's checks, with the containers in their environment, before and after a restart", async () => {
    const { folder, file } = project("services:\n  web:\n    image: app:1\n");
    const trace = join(folder, "trace");
    const ran = await verify(
      file,
      ...["--format", "json", "--only", "no-new-privileges"],
      ...["--check", `echo $BULKHEAD_PHASE $BULKHEAD_CONTAINER_WEB $BULKHEAD_ADDRESS_WEB >>${trace}`],
      ...["--check-exec", "test -x /app", "--check-exec", "web=test -e /bin/sh"],
    );
    expect(JSON.parse(ran.stdout).workloads[0].check).toEqual({
      kinds: ["command", "exec", "output", "restart", "stop"],
      strength: "strong",
      unseen: ["no load: several clients at once, a bulk load, a large upload"],
    });
    const lines = readFileSync(trace, "utf8").trim().split("\n");
    expect(lines).toHaveLength(6);
    for (const line of lines)
      expect(line).toMatch(/^(?:first|again) bulkhead-try-\w+-web-1 \d+\.\d+\.\d+\.\d+$/);
    expect(ran.status).toBe(0);
  });

  it("asks a path over HTTP, of a service or a port where one is named", async () => {
    await importImage(engine, "httpd:1", {
      changes: ['CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'],
      files: { "/www/index.html": "served\n" },
    });
    const { file } = project("services:\n  web:\n    image: httpd:1\n  other:\n    image: app:1\n");
    // The containers have addresses in the Engine's own network.
    const asked = (path: string) => {
      const options = [
        "--settle",
        "1",
        "--start-timeout",
        "2",
        "--only",
        "no-new-privileges",
        "--format",
        "json",
      ];
      const words = ["fix", "--verify", "--no-config", ...options, "--check-http", path, file];
      const ran = spawnSync(
        "nsenter",
        [`--net=/proc/${engine.pid}/ns/net`, process.execPath, program, ...words],
        { env: { ...process.env, ...environment }, encoding: "utf8" },
      );
      const [{ steady, reason, check }] = JSON.parse(ran.stdout).workloads;
      return { status: ran.status, steady, reason, strength: check.strength };
    };
    expect(asked("web:8080/")).toEqual({ status: 0, steady: true, reason: null, strength: "strong" });
    expect(asked("/nowhere")).toMatchObject({
      ...{ status: 2, steady: false },
      reason: expect.stringContaining("web answers /nowhere on port 8080 with status 404"),
    });
    expect(asked("other/").reason).toContain("no container of other has an address and a port to ask");
  });

  it.each([
    [
      "does not get healthy",
      'app:1\n    healthcheck: {test: [CMD, "false"], retries: 1}',
      [],
      "web is unhealthy",
    ],
    [
      "ends with an error",
      "app:1\n    command: [sh, -c, 'echo oh no >&2; exit 4']",
      [],
      "web ended with status 4",
    ],
    [
      "has no image",
      "nowhere:1",
      [],
      "the image nowhere:1 of web is not on the Engine: docker pull nowhere:1 fetches it",
    ],
    [
      "has a check that hangs",
      "app:1",
      ["--check", "sleep 600", "--check-timeout", "1"],
      "it did not end within 1 s",
    ],
    [
      "fails at random",
      "app:1",
      ["--check", "mkdir $FLAG 2>/dev/null || [ $BULKHEAD_PHASE = again ]", "--start-timeout", "2"],
      "it is not steady: one of two untouched runs failed: the check failed: exit status 1",
    ],
  ])("says in one line that the untouched workload %s", async (_, image, words, reason) => {
    const { folder, file } = project(`services:\n  web:\n    image: ${image}\n`);
    const before = readFileSync(file, "utf8");
    const ran = await runCli(
      program,
      ["fix", "--verify", "--apply", "--no-config", "--settle", "1", ...words, file],
      { env: { ...environment, FLAG: join(folder, "flag") } },
    );
    expect(ran.status).toBe(2);
    expect(`${ran.stdout}${ran.stderr}`).toContain(reason);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/^\s+at /m);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(await left()).toBe("");
  });

  it("asks that a workload stays up from when it is up, however long its start takes", async () => {
    const { folder, file } = project(
      "services:\n  web:\n    image: app:1\n    command: [sh, -c, 'sleep 3; exit 4']\n",
    );
    const real = execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim();
    const slow = `#!/bin/sh\n${real} "$@" || exit\ncase "$*" in *" up "*) sleep 2 ;; esac\n`;
    writeFileSync(join(folder, "docker"), slow, { mode: 0o755 });
    const env = { ...environment, PATH: `${folder}:${process.env.PATH}` };
    const ran = await runCli(program, ["fix", "--verify", "--no-config", "--settle", "2", file], { env });
    expect(ran.stdout + ran.stderr).toContain("web ended with status 4");
    expect(ran.status).toBe(2);
  });

  it("does not start what it cannot isolate, unless that is allowed", async () => {
    const { file } = project("services:\n  web:\n    image: app:1\n    network_mode: host\n");
    const rows = rowsOf(await verify(file, "--format", "json"));
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(["notTried"]));
    expect(rows.map(({ reason }) => reason)).toContain(
      "it uses the host's network; --allow host-network starts it anyway",
    );
    const allowed = rowsOf(await verify(file, "--format", "json", "--allow", "host-network"));
    expect(allowed.map(({ outcome }) => outcome)).toContain("holds");
  });

  it("gives trials a copy of the data where that is asked for", async () => {
    const text =
      "name: withdata\nservices:\n  web:\n    image: app:1\n    volumes: [data:/data]\nvolumes: {data: {}}\n";
    const { file } = project(text);
    await engine.docker([
      "run",
      "--rm",
      "-v",
      "withdata_data:/data",
      "app:1",
      "sh",
      "-c",
      "echo real >/data/real",
    ]);
    const check = ["--check-exec", "grep -q real /data/real && echo trial >/data/real-trial"];
    const only = ["--format", "json", "--only", "no-new-privileges"];
    const fresh = await verify(file, ...only, ...check, "--start-timeout", "2");
    expect(fresh.status).toBe(2);
    const copied = await verify(file, ...only, ...check, "--with-data");
    expect(copied.status).toBe(0);
    const content = ["run", "--rm", "-v", "withdata_data:/data", "app:1", "ls", "/data"];
    expect(await engine.docker(content)).toBe("real");
    const small = await verify(file, ...only, ...check, "--with-data", "--data-limit", "1k");
    expect(small.stderr).toContain("more than the limit");
  });

  it("takes everything away when it is interrupted, and after it was killed at the next start", async () => {
    const { file } = project(
      "services:\n  web:\n    image: app:1\n    volumes: [data:/data, ./bind:/bind]\nvolumes: {data: {}}\n",
    );
    for (const [signal, after] of [
      ["SIGINT", 0],
      ["SIGTERM", 1_500],
      ["SIGKILL", 0],
      ["SIGKILL", 2_500],
    ] as const) {
      const child = spawn(
        process.execPath,
        [program, "fix", "--verify", "--no-config", "--settle", "1", file],
        {
          env: { ...process.env, ...environment },
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      let said = "";
      child.stderr.on("data", (text) => {
        said += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      while ((await left()) === "" && child.exitCode === null) await pause(20);
      await pause(after);
      child.kill(signal);
      const status = await ended;
      if (signal !== "SIGKILL") {
        expect(status).toBe(2);
        expect(said).toContain("interrupted");
        expect(await left()).toBe("");
        expect(folders()).toEqual([]);
        continue;
      }
      // docker compose, which it had started, may still come to its end.
      await pause(1_500);
      expect(await left()).not.toBe("");
      await verify(file, "--only", "no-new-privileges");
      expect(await left()).toBe("");
      expect(folders()).toEqual([]);
    }
  }, 240_000);
});
