import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { busybox, importImage } from "../engine/images.ts";
import { builtCommand } from "../support/cli.ts";
import { type Leashes, openLeashes, user } from "../support/guard/leash-process.ts";
import { layOutProjects, projectKinds } from "./devcontainer-projects.ts";

const compose = (page: string) => `
name: shop
services:
  web:
    build: .
    environment: { PAGE: ${page} }
    command: httpd -f -p 8080 -h /www
    depends_on: { db: { condition: service_healthy } }
    volumes: [.:/src]
    stop_grace_period: 100ms
  db:
    image: ${busybox}
    container_name: shop-database
    command: sh -c "echo up; exec sleep 1000"
    volumes: [data:/data]
    stop_grace_period: 100ms
    healthcheck: { test: "true", interval: 1s, retries: 5 }
volumes:
  data:
`;

/** Libraries ask for the user's name, which a number need not have. */
const named = "data:text/javascript,import os from 'node:os'; os.userInfo = () => ({ username: 'user' })";

/** A usual project, used by real clients, who do not know that they are on a leash. */
describeWithEngine("real clients on a leash", () => {
  let engine: TestEngine;
  let leashes: Leashes;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importImage(engine, busybox, { changes: ["LABEL maker=operator"] });
    leashes = openLeashes(builtCommand(), engine.host);
    write(
      leashes.folder,
      "Dockerfile",
      `FROM ${busybox}\nRUN mkdir -p /www && echo page > /www/index.html\n`,
    );
  });
  afterAll(async () => {
    leashes?.remove();
    await engine?.stop();
  });

  function write(folder: string, name: string, text: string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o644 });
  }

  const containers = () => engine.docker(["ps", "--format", "{{.Names}}"]);

  /** Brought up, changed, brought up again, asked, and taken down: what it came to. */
  const life = (wait: string) => `
    set -e
    up() { docker compose up -d --build --quiet-pull >up.log 2>&1 || { cat up.log; exit 9; }; }
    up; echo first $(docker compose ps -q | wc -l); docker ps --format 'is {{.Names}}' | sort
    docker compose exec -T web sh -c 'wget -qO- http://shop-database:1 2>&1 | grep -o refused; echo > /src/roots; cat /www/index.html'
    docker compose exec -T db sh -c 'echo kept > /data/it'
    sed -i 's/PAGE: .*/PAGE: other }/' compose.yaml
    up; docker compose exec -T web sh -c 'echo PAGE=$PAGE'; docker compose exec -T db cat /data/it
    docker volume ls -q --filter name=shop_; docker network ls --filter name=^shop_default$ --format 'net {{.Name}}'
    docker inspect -f '{{.Name}} {{index .Config.Labels "com.docker.compose.project"}} {{index .Config.Labels "maker"}}' shop-web-1
    ${wait}
    docker compose down -v >down.log 2>&1 || { cat down.log; exit 9; }
    echo left $(docker ps -aq | wc -l) $(docker volume ls -q | grep -c shop_)`;

  it("brings the same project up in two leashes, and beside them by the operator: none sees another's", async () => {
    const folders = ["one", "two"].map((name) => join(dirname(leashes.folder), name));
    for (const folder of folders) {
      write(folder, "compose.yaml", compose("first"));
      write(folder, "Dockerfile", `FROM ${busybox}\nRUN mkdir -p /www && echo page > /www/index.html\n`);
      await promisify(execFile)("chown", ["-R", `${user}:${user}`, folder]);
    }
    write(leashes.folder, "compose.yaml", compose("operators"));
    const asOperator = (args: readonly string[]) =>
      promisify(execFile)("docker", ["compose", ...args], {
        cwd: leashes.folder,
        env: { ...process.env, ...engine.environment },
      });
    await asOperator(["up", "-d", "--build"]);
    const before = await containers();
    const runs = folders.map((cwd) =>
      leashes.start(
        ["--", "sh", "-c", life("echo both are up; while [ ! -e ../both ]; do sleep 0.1; done")],
        {
          cwd,
        },
      ),
    );
    await Promise.all(runs.map((run) => run.until("both are up")));
    expect((await containers()).split("\n")).toHaveLength(6);
    // The operator's compose finds its own containers alone, and leaves those of the leashes.
    expect((await asOperator(["ps", "-q"])).stdout.trim().split("\n")).toHaveLength(2);
    await asOperator(["up", "-d", "--remove-orphans"]);
    writeFileSync(join(dirname(leashes.folder), "both"), "");
    for (const run of runs) {
      const status = await run.ended;
      expect(status, run.said()).toBe(0);
      for (const line of [
        "first 2",
        "is shop-database",
        "is shop-web-1",
        "refused",
        "page",
        "PAGE=other",
        "kept",
        "shop_data",
        "net shop_default",
        "/shop-web-1 shop operator",
        "left 0 0",
      ])
        expect(run.said(), line).toMatch(new RegExp(`^${line}$`, "m"));
      expect(run.said()).toContain("refused: nothing");
    }
    for (const folder of folders) expect(statSync(join(folder, "roots")).uid).toBe(user);
    expect(await containers()).toBe(before);
    await asOperator(["down", "-v"]);
    expect(await engine.docker(["volume", "ls", "-q"])).toBe("");
  });

  it("builds by buildx with a cache mount that lasts, as du and prune show its own", async () => {
    write(
      leashes.folder,
      "Dockerfile",
      `FROM ${busybox}\nARG N\nRUN --mount=type=cache,target=/cache echo $N >> /cache/seen && cp /cache/seen /seen\n`,
    );
    const { said, status } = await leashes.shell(
      `set -e; for n in 1 2 3; do docker buildx build -q --load --build-arg N=$n -t app:$n . >/dev/null; done
       docker run --rm app:3 cat /seen | tr '\\n' ' '; echo
       docker buildx du --verbose | grep -c 'exec.cachemount'; docker system df --format '{{.Type}} {{.TotalCount}}'
       docker buildx prune -af >/dev/null; docker buildx du --verbose | grep -c 'exec.cachemount' || true
       docker images --format '{{.Repository}}:{{.Tag}}' | sort`,
    );
    expect(status, said).toBe(0);
    expect(said).toMatch(/^1 2 3 $/m);
    expect(said).toMatch(/^1\nImages [45]\nContainers 0\nLocal Volumes 0\nBuild Cache 1\n0$/m);
    expect(said).toContain("app:3");
  });

  it("runs Testcontainers, and a container as the caller and as root over the folder", async () => {
    const program = fileURLToPath(new URL("testcontainers.mjs", import.meta.url));
    const context = join(leashes.folder, "context");
    write(
      context,
      "Dockerfile",
      `FROM ${busybox}\nARG A\nRUN echo built with $A > /built\nCMD ["sh", "-c", "while true; do cat /built; sleep 1; done"]\n`,
    );
    const { said, status } = await leashes.shell(
      `docker run --rm -v "$PWD:/src" -w /src -u "$(id -u)" ${busybox} sh -c 'mkdir -p out && echo mine > out/mine'
       docker run --rm -v "$PWD:/src" -w /src ${busybox} sh -c 'echo roots > out/roots; chmod 600 out/roots'; cat out/roots
       cd ${process.cwd()} && TESTCONTAINERS_RYUK_DISABLED=true IMAGE=${busybox} CONTEXT=${context} ${process.execPath} --import "${named}" ${program}`,
    );
    expect(status, said).toBe(0);
    expect(said).toMatch(/^roots$/m);
    expect(said).toContain('"page":"hello\\n"');
    for (const name of ["mine", "roots"]) expect(statSync(join(leashes.folder, "out", name)).uid).toBe(user);
  });

  it.each(projectKinds)("opens a devcontainer of the kind %s, again, and afresh", async (kind) => {
    layOutProjects(leashes.folder);
    await promisify(execFile)("chown", ["-R", `${user}:${user}`, leashes.folder]);
    const cli = createRequire(import.meta.url).resolve("@devcontainers/cli/devcontainer.js");
    const run = leashes.start(
      [
        ...["--", "sh", "-ec"],
        `export TMPDIR=$PWD; tool() { sub=$1; shift; ${process.execPath} --import "${named}" ${cli} $sub --workspace-folder "$PWD" "$@" 2>tool.log || { cat tool.log; exit 9; }; }
         up() { tool up "$@" | grep -o '"outcome":"[a-z]*"'; }
         up; up; up --remove-existing-container; tool exec cat /tmp/seen`,
      ],
      { cwd: join(leashes.folder, kind) },
    );
    const status = await run.ended;
    expect(status, run.said()).toBe(0);
    expect(run.said().match(/"outcome":"success"/g)).toHaveLength(3);
    expect(run.said()).toMatch(/^made$/m);
    expect(run.said()).toContain("refused: nothing");
  });

  it("runs a job as act does: the checkout at its path, a service, scripts copied in, commands, a cache", async () => {
    const { said, status } = await leashes.shell(
      `set -e; job=act-ci-build; docker network create $job-network >/dev/null; docker volume create act-toolcache >/dev/null
       docker run -d --name $job-db --network $job-network --network-alias db ${busybox} sleep 1000 >/dev/null
       docker create --name $job --network $job-network -v "$PWD:$PWD" -v act-toolcache:/opt/hostedtoolcache -v $job-env:/var/run/act -w "$PWD" \
         -e CI=true --label act.job=build --entrypoint tail ${busybox} -f /dev/null >/dev/null
       mkdir -p flow; echo 'ping -c 1 db >/dev/null && echo script ran in $PWD; echo built > built' > flow/0.sh
       docker cp flow/. $job:/var/run/act; docker start $job >/dev/null
       docker exec -e INPUT_A=b $job sh -e /var/run/act/0.sh; docker exec $job sh -c 'echo mine > mine-$CI'
       docker cp $job:/var/run/act/0.sh - | tar -t
       docker rm -fv $job $job-db >/dev/null; docker volume rm $job-env >/dev/null; docker network rm $job-network >/dev/null; cat built mine-true`,
    );
    expect(status, said).toBe(0);
    for (const line of [`script ran in ${leashes.folder}`, "0.sh", "built", "mine"])
      expect(said, line).toMatch(new RegExp(`^${line}$`, "m"));
    expect(said).toContain("refused: nothing");
    for (const name of ["built", "mine-true"]) expect(statSync(join(leashes.folder, name)).uid).toBe(user);
  });

  it("installs by npm as a container's root over the folder, and what it writes is the caller's", async () => {
    await importNode();
    write(join(leashes.folder, "app"), "package.json", '{"name":"app","dependencies":{"dep":"file:./dep"}}');
    write(
      join(leashes.folder, "app/dep"),
      "package.json",
      '{"name":"dep","version":"1.0.0","main":"i.js","bin":"./i.js","scripts":{"install":"id -u > /src/app/who"}}',
    );
    write(join(leashes.folder, "app/dep"), "i.js", "#!/bin/node\nconsole.log('dep works')\n");
    await promisify(execFile)("chown", ["-R", `${user}:${user}`, leashes.folder]);
    const { said, status } = await leashes.shell(
      `docker run --rm -v "$PWD:/src" -w /src/app --network none -e HOME=/tmp node:1 sh -c 'npm install --install-links --no-audit --no-fund && node node_modules/dep/i.js && cat who'
       cd app && rm -r node_modules`,
    );
    expect(status, said).toBe(0);
    expect(said).toMatch(/^dep works$/m);
    expect(said).toMatch(/^0$/m);
    expect(statSync(join(leashes.folder, "app/package-lock.json")).uid).toBe(user);
    expect(said).toContain("refused: nothing");
  });

  /** This machine's node and npm, with what they are linked to. */
  async function importNode(): Promise<void> {
    const root = mkdtempSync(join(tmpdir(), "bulkhead-node-"));
    const npm = dirname(dirname(realpathSync(join(dirname(process.execPath), "npm"))));
    const script = `mkdir -p $0/bin $0/npm $0/tmp; cp $(command -v busybox) $0/bin/; for a in $(busybox --list | grep -vx busybox); do ln -sf busybox $0/bin/$a; done
      cp -L ${process.execPath} $0/bin/node; cp -r ${npm}/. $0/npm/; printf '#!/bin/sh\nexec node /npm/bin/npm-cli.js "$@"\n' > $0/bin/npm; chmod 755 $0/bin/npm
      for each in $(ldd ${process.execPath} | grep -o '/[^ )]*'); do mkdir -p $0$(dirname $each); cp -L $each $0$each; done; tar -C $0 -cf $0.tar .`;
    await promisify(execFile)("sh", ["-ec", script, root]);
    await engine.docker(["import", "--change", "ENV PATH=/bin", `${root}.tar`, "node:1"]);
    for (const each of [root, `${root}.tar`]) rmSync(each, { recursive: true });
  }
});
