import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { importImage } from "../engine/images.ts";
import { builtCommand, folderOf } from "../support/cli.ts";
import { everyDecision } from "../support/decisions.ts";
import { answers, bulkhead, type FixedSubject, failing, mended, runAgainst } from "../support/proof.ts";

const limits = ["--memory", "64m", "--cpus", "0.5", "--pids-limit", "100"];

/** The container of each subject of the examples. */
const containers: Readonly<Record<string, string>> = {
  "compose.yaml#proxy": "insecure-proxy-1",
  "compose.yaml#app": "insecure-app-1",
  "compose.yaml#db": "insecure-db-1",
  "compose.yaml#backup": "insecure-backup-1",
  "run.sh#watchdog": "watchdog",
};

/** No registry is reachable: busybox stands in for the images that the examples name, and does what theirs is known for. */
async function importStandIns(engine: TestEngine): Promise<void> {
  const proxy = "httpd -p 80 -h /www; exec httpd -f -p 8080 -h /www";
  await importImage(engine, "traefik:latest", {
    changes: [`CMD ["sh", "-c", "${proxy}"]`],
    files: { "www/index.html": "proxy\n" },
  });
  const db =
    "rm -f /var/lib/postgresql/data/x && touch /var/lib/postgresql/data/x /var/run/postgresql/x /tmp/x && exec httpd -f -p 5432 -h /www";
  await importImage(engine, "postgres:16.4", {
    changes: [`CMD ["sh", "-c", "${db}"]`, "VOLUME /var/lib/postgresql/data"],
    files: {
      "etc/passwd": "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/:/bin/sh\n",
      "www/index.html": "ready\n",
    },
    owned: { "var/lib/postgresql/data": 999, "var/run/postgresql": 999 },
  });
  await importImage(engine, "alpine:latest", { files: { "var/spool/cron/crontabs/.keep": "" } });
  await importImage(engine, "python:latest", {
    files: {
      "bin/apt-get": "#!/bin/sh\n",
      "bin/sudo": '#!/bin/sh\nexec "$@"\n',
      "usr/local/bin/python3": '#!/bin/sh\ntest -f "$1" && exec /bin/httpd -f -p 8000 -h /www\n',
      "www/index.html": "hello\n",
      "srv/uploads/.keep": "",
    },
    changes: ["ENV PATH=/usr/local/bin:/bin"],
  });
  await importImage(engine, "watchdog:latest", { changes: ['CMD ["sleep", "3600"]'] });
}

describeWithEngine("the examples, hardened, still serve, and the kernel confirms it", () => {
  let engine: TestEngine;
  let program: string;
  let folder: ReturnType<typeof folderOf>;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importStandIns(engine);
    folder = folderOf({});
    cpSync("examples/insecure", join(folder.path, "insecure"), { recursive: true });
    // The machine's own socket, which Docker would make a folder for where there is none, is not the Engine's here.
    for (const name of ["compose.yaml", "run.sh"]) {
      const path = join(folder.path, "insecure", name);
      const text = readFileSync(path, "utf8");
      writeFileSync(
        path,
        text
          .replaceAll("- /var/run/docker.sock:", `- ${engine.socketPath}:`)
          .replaceAll("-v /var/run/docker.sock:", `-v ${engine.socketPath}:`),
      );
    }
  }, 300_000);

  afterAll(async () => {
    await engine?.stop();
    folder?.remove();
  });

  function start(cwd: string): void {
    mkdirSync(join(cwd, "uploads"), { recursive: true });
    const env = ["DOCKER_BUILDKIT=0", "DATABASE_URL=postgres://db", "POSTGRES_PASSWORD=secret"];
    runAgainst(engine, cwd, "env", [...env, "docker-compose", "up", "-d", "--build"]);
    runAgainst(engine, cwd, "sh", ["run.sh"]);
  }

  async function allServe(): Promise<void> {
    expect(await answers(engine, /proxy/, { port: 80 })).toBe("proxy\n");
    expect(await answers(engine, /proxy/, { port: 8080 })).toBe("proxy\n");
    // From the proxy, as users come to them.
    const ask = async (...words: readonly string[]) =>
      await engine.docker(["exec", "insecure-proxy-1", ...words]);
    expect(await ask("wget", "-qO-", "-T", "5", "http://db:5432")).toBe("ready");
    for (const name of Object.values(containers)) {
      expect(await engine.docker(["inspect", "-f", "{{.State.Running}} {{.RestartCount}}", name]), name).toBe(
        "true 0",
      );
    }
  }

  it("from compose.yaml, a Dockerfile and run.sh", async () => {
    const cwd = join(folder.path, "insecure");
    start(cwd);
    await allServe();
    expect(await answers(engine, /hello/, { port: 8000 })).toBe("hello\n");
    const live = () =>
      failing(
        program,
        engine,
        Object.values(containers).map((name) => `container:${name}`),
      );
    const before = await live();
    runAgainst(engine, cwd, "docker-compose", ["down"]);
    await engine.docker(["rm", "-f", "watchdog"]);

    const args = ["--no-config", ...limits];
    const accepted = await everyDecision((flags) =>
      bulkhead(program, engine, ["fix", ...args, ...flags], cwd),
    );
    const ran = await bulkhead(
      program,
      engine,
      ["fix", "--apply", "--format", "json", ...args, ...accepted],
      cwd,
    );
    expect(ran.status, ran.stderr).toBe(0);
    const { subjects } = JSON.parse(ran.stdout) as { readonly subjects: readonly FixedSubject[] };
    const fixed = new Map(subjects.map((each) => [each.subject, mended(each)]));
    const inFiles = await failing(program, engine, ["."], cwd);
    expect(inFiles.filter(({ subject, control }) => fixed.get(subject)?.includes(control))).toEqual([]);

    start(cwd);
    await allServe();
    expect(await engine.docker(["exec", "insecure-app-1", "wget", "-qO-", "http://localhost:8000"])).toBe(
      "hello",
    );
    const fixedLive = new Set(
      Object.entries(containers).flatMap(([subject, name]) =>
        (fixed.get(subject) ?? []).map((control) => `container:${name} ${control}`),
      ),
    );
    // An I/O weight is what this kernel may drop (test/e2e/proof.test.ts asks). A secret that was moved to .env is still in the
    // environment of the running container.
    const named = (findings: typeof before) =>
      findings
        .map(({ subject, control }) => `${subject} ${control}`)
        .filter((each) => fixedLive.has(each) && !/ (?:io-limit|image-secret)$/.test(each));
    expect(named(await live())).toEqual([]);
    expect(named(before.filter(({ level }) => level === "effective"))).toEqual(
      expect.arrayContaining([
        ...["app privileged", "app host-network", "db host-pid", "proxy seccomp-profile"].map(
          (each) => `container:insecure-${each.replace(" ", "-1 ")}`,
        ),
        ...["privileged", "host-network", "host-pid", "docker-socket-mount"].map(
          (each) => `container:watchdog ${each}`,
        ),
      ]),
    );
  });

  it("daemon.json: dockerd takes what was written", () => {
    const path = join(folder.path, "insecure/daemon.json");
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ icc: false, "no-new-privileges": true });
    expect(() =>
      runAgainst(engine, folder.path, "dockerd", ["--validate", "--config-file", path]),
    ).not.toThrow();
  });
});
