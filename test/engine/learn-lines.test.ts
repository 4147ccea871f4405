import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

/** Serves until it is stopped, at once where that is asked for. */
const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';

describeWithEngine("bulkhead learn on docker run lines and images", () => {
  let engine: TestEngine;
  let program: string;
  let temporary = "";

  beforeAll(async () => {
    program = builtCommand();
    temporary = mkdtempSync(join(tmpdir(), "bulkhead-lines-"));
    engine = await startEngine({ bridge: true });
    await importImage(engine, "worker:1", {
      changes: ['CMD ["/app"]'],
      // What it was given shows in its exit status.
      files: {
        "/app": `#!/bin/sh\n[ "$MODE" != 'a$b' ] || chown 1000 /data || exit 3\nmkdir -p /tmp/cache && date >/tmp/cache/now || exit 4\n${forever}\n`,
      },
    });
  });
  afterAll(async () => {
    await engine?.stop();
    rmSync(temporary, { recursive: true, force: true });
  });

  const run = (words: readonly string[], cwd: string): Promise<Ran> =>
    runCli(program, [...words, "--no-config", "--settle", "1"], {
      cwd,
      env: { ...engine.environment, TMPDIR: temporary },
    });

  it("hardens a quoted line, asks for nothing that is the user's, and the line runs", async () => {
    const cwd = testFolder({});
    const line = "docker run --cidfile id.txt -d --name worker -e 'MODE=a$b' -v data:/data worker:1";
    const ran = await run(["learn", line, "--format", "json", "--apply"], cwd);
    const document = JSON.parse(ran.stdout || "{}");
    expectDocument("learn", document);
    const { workloads, hardened } = document;
    expect(workloads, ran.stderr).toMatchObject([
      {
        ...{ subject: "docker run#worker", verified: true },
        capabilities: { needed: [{ name: "CHOWN" }] },
        files: { scratch: [{ path: "/tmp" }] },
      },
    ]);
    // Nothing put load on it: how much comes to /tmp no run showed.
    expect(hardened).toContain("--cap-drop ALL --cap-add CHOWN --read-only -v /tmp ");
    expect(hardened).toContain(`--security-opt seccomp=${join(cwd, "seccomp/worker.json")} `);
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("");
    expect(await engine.docker(["ps", "-aq"])).toBe("");
    expect(existsSync(join(cwd, "id.txt"))).toBe(false);
    const profile = readFileSync(join(cwd, "apparmor/worker"), "utf8");
    expect(profile).toMatch(/^ {2}capability chown,\n\n {2}network unix,\n\n {2}\/ r,/m);
    expect(profile).toMatch(/^ {2}\/data\/\*\* rwkl,\n {2}\/tmp\/ rw,/m);
    expect(workloads[0].apparmor).toMatchObject({ name: "bulkhead-worker", parsed: true, tried: false });
    writeFileSync(join(cwd, "run.sh"), hardened);
    execFileSync("sh", ["run.sh"], { cwd, env: { PATH: process.env.PATH ?? "", ...engine.environment } });
    expect(await engine.docker(["inspect", "-f", "{{.State.Running}}", "worker"])).toBe("true");
    await engine.docker(["rm", "-f", "-v", "worker"]);
    await engine.docker(["volume", "rm", "data"]);
  });

  it("hardens the named container of a script in place, with the values that the script sets", async () => {
    const script =
      "#!/bin/sh\nexport MODE='a$b'\ndocker run -d --name plain worker:1\ndocker run -d --name owner -e MODE -v own:/data worker:1   # ours\n";
    const cwd = testFolder({ "run.sh": script });
    chmodSync(join(cwd, "run.sh"), 0o755);
    const ran = await run(["learn", "run.sh#owner", "--apply"], cwd);
    expect(ran.stdout, ran.stderr).toContain("CHOWN: 1 of 14, each one is needed");
    const after = readFileSync(join(cwd, "run.sh"), "utf8");
    expect(after).toMatch(/^docker run -d --name plain worker:1$/m);
    expect(after).toMatch(
      /^docker run -d --name owner -e MODE -v own:\/data .*--cap-add CHOWN .*worker:1 {3}# ours$/m,
    );
    expect(readFileSync(join(cwd, "seccomp/owner.json"), "utf8")).toContain("SCMP_ACT_ERRNO");
    expect((await run(["fix", "--undo"], cwd)).status).not.toBe(2);
  });

  it("fix leaves the defaults of a script's variables, and the port is published on the loopback address", async () => {
    const line =
      'docker run -d --name defaults -p "${PORT:-8080}:80" -e POSTGRES_PASSWORD="${PG_PW:-x}" worker:1\n';
    const cwd = testFolder({ "run.sh": line });
    const accepted = ["--accept", "published-port", "--accept", "image-secret"];
    const ran = await runCli(program, ["fix", "--no-config", "--apply", ...accepted, "run.sh"], { cwd });
    expect(readFileSync(join(cwd, "run.sh"), "utf8"), ran.stderr).toContain(
      '-p "127.0.0.1:${PORT:-8080}:80" -e POSTGRES_PASSWORD="${PG_PW:-x}" ',
    );
    for (const [env, port, password] of [
      [{}, 8080, "x"],
      [{ PORT: "8081", PG_PW: "theirs" }, 8081, "theirs"],
    ] as const) {
      execFileSync("sh", ["run.sh"], {
        cwd,
        env: { PATH: process.env.PATH ?? "", ...engine.environment, ...env },
      });
      expect(await engine.docker(["port", "defaults"])).toBe(`80/tcp -> 127.0.0.1:${port}`);
      expect(await engine.docker(["inspect", "-f", "{{.Config.Env}}", "defaults"])).toContain(
        `POSTGRES_PASSWORD=${password}`,
      );
      await engine.docker(["rm", "-f", "defaults"]);
    }
  });

  it("writes an image as a Compose service that docker compose starts", async () => {
    const cwd = testFolder({});
    const ran = await run(["learn", "image:worker:1", "--as", "compose", "-o", "compose.yaml"], cwd);
    expect(ran, ran.stdout).toMatchObject({ status: 0 });
    const text = readFileSync(join(cwd, "compose.yaml"), "utf8");
    expect(text).toContain('    image: "worker:1"\n');
    expect(text).toContain("      - seccomp=seccomp/worker.json\n");
    const compose = (...words: readonly string[]) =>
      engine.docker(["compose", "-p", "from-image", "-f", join(cwd, "compose.yaml"), ...words]);
    await compose("up", "-d", "--wait");
    await compose("down", "--timeout", "2");
  });

  it("tries a line for fix --verify, and leaves one with a value that only a run tells", async () => {
    const script = `docker run -d --name a worker:1\ndocker run -d --name b -e "$(date)" worker:1\n`;
    const cwd = testFolder({ "run.sh": script });
    const ran = await run(["fix", "--verify", "run.sh"], cwd);
    expect(ran.stdout, ran.stderr).toMatch(/run\.sh#a {2}\d+ runs/);
    expect(ran.stdout).toMatch(/runs +no-new-privileges/);
    expect(ran.stdout).toContain("it says $(date), and the output of a command is not known here");
  });

  it.each([
    [["docker run -v $(id):/x worker:1"], "it says $(id):/x, and the output of a command is not known here"],
    [
      ["image:nowhere:1"],
      "the image nowhere:1 of nowhere is not on the Engine: docker pull nowhere:1 fetches it",
    ],
    [["image:--x"], "image:--x names no image: write it as docker run takes it, image:nginx:1.27"],
    [["docker run --memory lots worker:1"], "--memory takes a size such as 512m, not “lots”"],
    [["run.sh#nobody"], "run.sh has no container nobody; it has web"],
    [["run.sh", "--as", "compose"], "--as is for a docker run line and image:NAME"],
    [[], "name a Compose file, a service of it as compose.yaml#web, a docker run line or image:NAME"],
  ] as const)("says in a line why it cannot learn from %j", async (words, reason) => {
    const cwd = testFolder({ "run.sh": "docker run -d --name web worker:1\n" });
    const ran = await run(["learn", ...words], cwd);
    expect(ran).toMatchObject({ status: 2 });
    expect(`${ran.stdout}${ran.stderr}`).toContain(reason);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/^ +at /m);
  });
});
