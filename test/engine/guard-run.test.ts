import { execFileSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type Leashes, openLeashes, user } from "../support/guard/leash-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importImage } from "./images.ts";

/** A leash's command is a line of a shell; what it prints is in `said`, with what the leash says. */
describeWithEngine("bulkhead guard run", () => {
  let engine: TestEngine;
  let leashes: Leashes;
  /** What is on the Engine. */
  const all = async () =>
    await Promise.all([
      engine.docker(["ps", "-a", "--format", "{{.Names}}"]),
      engine.docker(["volume", "ls", "-q"]),
      engine.docker(["network", "ls", "--format", "{{.Name}}"]),
      // What the guard itself needs to show a folder is made once.
      engine
        .docker(["images", "--format", "{{.Repository}}"])
        .then((names) => names.split("\n").filter((name) => name !== "bulkhead.invalid/host")),
    ]);
  let operators: Awaited<ReturnType<typeof all>>;

  beforeAll(async () => {
    const program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importImage(engine, busybox, { changes: ["VOLUME /kept", "EXPOSE 80"] });
    leashes = openLeashes(program, engine.host);
    writeFileSync(join(leashes.folder, ".env"), "PASSWORD=1\n");
    // The operator's own, beside the leashes: nothing may happen to it.
    await engine.docker(["run", "-d", "--name", "operators", "--network=none", busybox, "sleep", "1d"]);
    await engine.docker(["volume", "create", "operators"]);
    operators = await all();
  });
  afterAll(async () => {
    leashes?.remove();
    await engine?.stop();
  });

  /** The image `inside:1`, which has the docker CLI of this machine with what it is linked to. */
  async function importDocker(): Promise<void> {
    const path = execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim();
    const id = await engine.docker(["create", "--network=none", busybox]);
    const linked = execFileSync("sh", ["-c", `ldd ${path} 2>/dev/null || true`], { encoding: "utf8" });
    for (const each of [path, ...(linked.match(/\/[^\s)]+/g) ?? [])]) {
      const target = each === path ? "/bin/docker" : each;
      const folders = mkdtempSync(join(tmpdir(), "bulkhead-inside-"));
      mkdirSync(join(folders, dirname(target)), { recursive: true });
      cpSync(realpathSync(each), join(folders, target));
      await engine.docker(["cp", `${folders}/.`, `${id}:/`]);
      rmSync(folders, { recursive: true });
    }
    await engine.docker(["commit", id, "inside:1"]);
    await engine.docker(["rm", "-v", id]);
  }

  it("gives the command a Docker of its own, its exit status, and takes away what leads past it", async () => {
    const { status, said } = await leashes.run(["--", "sh", "-c", "env; docker ps; exit 7"]);
    expect(status).toBe(7);
    expect(said).toMatch(/^bulkhead: leash project-\w{6}: .*this user can still open .*docker\.sock/);
    expect(said).toContain("the folder has .env");
    expect(said).toMatch(/DOCKER_HOST=unix:\/\/.*bulkhead-leash-\w+\/docker\.sock/);
    expect(said).not.toContain("operators");
    const leading = [
      "DOCKER_CONTEXT",
      "DOCKER_TLS_VERIFY",
      "DOCKER_CERT_PATH",
      "BUILDX_BUILDER",
      "DOCKER_AUTH_CONFIG",
    ];
    const env = Object.fromEntries(leading.map((name) => [name, name === "DOCKER_CONTEXT" ? "" : "x"]));
    const { DOCKER_TLS_VERIFY: _, DOCKER_CERT_PATH: __, ...given } = env;
    const again = leashes.start(["--", "env"], { env: given });
    expect(await again.ended).toBe(0);
    for (const name of leading) expect(again.said()).not.toContain(`${name}=`);
    expect((await leashes.run(["--", "no-such-program"])).status).toBe(127);
    expect((await leashes.run(["--", "sh", "-c", "kill -9 $$"])).status).toBe(137);
  });

  it("mounts its folder and no other, and removes what it made", async () => {
    const made = await leashes.shell(
      `docker run --rm -v "$PWD:/src" -w /src -u "$(id -u)" ${busybox} touch made && ls -l made
       mkdir -p sub; docker run --rm -v "$PWD/sub:/sub" ${busybox} sh -c 'touch /sub/roots && chmod 4755 /sub/roots'
       docker run --rm -v /etc:/x ${busybox} true; docker run --rm -v "$HOME:/x" ${busybox} true
       for each in rshared slave; do docker run --rm -v "$PWD:/x:$each" ${busybox} echo "mounted $each"; done
       docker run -d --name web ${busybox} sleep 1d; docker network create net; docker volume create data`,
    );
    expect(existsSync(join(leashes.folder, "made"))).toBe(true);
    // What a container's root leaves is the user's own.
    expect(existsSync(join(leashes.folder, "sub/roots")), made.said).toBe(true);
    expect(statSync(join(leashes.folder, "sub/roots")).uid).toBe(user);
    // Nothing of how it was shown stays.
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${leashes.folder} /run/bulkhead`);
    expect(made.said).toContain("mounts /etc");
    expect(made.said).toMatch(/guard-bind-mount|guard-own-files/);
    expect(made.said).not.toMatch(/^mounted /m);
    expect(made.said).toMatch(/with slave propagation/);
    expect(made.said).toMatch(/refused: 4 calls.*to allow it: --config FILE/s);
    expect(made.said).toContain("removed: 1 container, 1 network, 1 volume");
    expect(await all()).toEqual(operators);
    const [name = ""] = readdirSync(leashes.state);
    const lines = readFileSync(join(leashes.state, name, "transcript.jsonl"), "utf8")
      .trim()
      .split("\n");
    const calls = lines.map((line) => JSON.parse(line));
    expect(calls.filter(({ verdict }) => verdict === "deny").length).toBeGreaterThanOrEqual(2);
    expect(
      calls.find(({ route, verdict }) => route === "container-create" && verdict === "harden"),
    ).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ flag: "--security-opt no-new-privileges" }),
      ]),
    });
  });

  it("takes a signal to the command, and cleans up after it", async () => {
    const running = leashes.start([
      "--",
      "sh",
      "-c",
      `docker run -d ${busybox} sleep 1d; trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.1; done`,
    ]);
    await running.until("ready");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(3);
    expect(running.said()).toContain("told");
    expect(running.said()).toContain("removed: 1 container");
  });

  it("has one budget for all containers together, and says what is left", async () => {
    const { said } = await leashes.shell(
      `docker run -d --name one --memory 100m ${busybox} sleep 1d
       docker run -d --name two --memory 200m ${busybox} sleep 1d
       docker inspect -f 'one {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}' one
       docker rm -f one; docker run -d --name three --memory 150m -p 18099:80 -P ${busybox} sleep 1d
       docker port three; docker run -d --name four -p 0.0.0.0:18098:80 ${busybox} true
       docker run -d --pids-limit 99999 ${busybox} true; docker update --memory 300m --memory-swap 300m three
       docker run -d --restart always --name again ${busybox} sleep 1d; docker inspect -f 'policy {{.HostConfig.RestartPolicy.Name}}' again
       for v in v1 v2 v3 v4; do docker volume create $v; done`,
      ["--budget", "memory=256m,volumes=6,containers=4"],
    );
    expect(said).toContain("asks for memory 200 MiB and the leash has 156 MiB of 256 MiB left");
    expect(said).toContain("--budget memory=300m");
    expect(said).toMatch(/one 104857600 104857600 \d{2,3}/);
    expect(said).toContain("80/tcp -> 127.0.0.1:18099");
    expect(said).toContain("publishes 80/tcp on 0.0.0.0: a leash publishes on 127.0.0.1 alone");
    expect(said).toContain("asks for 99999 pids");
    expect(said).toContain("asks for memory 150 MiB and the leash has");
    expect(said).toContain("policy no");
    expect(said).toMatch(/asks for 1 volumes and the leash has 0 of 6 left/);
  });

  it("holds in the kernel what no account of requests sees: builds, and what a removed container leaves in memory", async () => {
    const step = "cat /proc/self/cgroup; head -c 300000000 /dev/zero | tail > /dev/null && echo done";
    writeFileSync(join(leashes.folder, "Dockerfile"), `FROM ${busybox}\nRUN ${step}\n`);
    const { said } = await leashes.shell(
      `docker build . 2>&1 | grep -E 'memory:|exit code'; DOCKER_BUILDKIT=0 docker build . 2>&1 | grep -E 'code:'
       docker volume create --opt type=tmpfs --opt device=tmpfs tmp; docker run -d --memory 32m -v tmp:/t ${busybox} sleep 1d
       for i in 1 2 3; do docker run --rm --memory 60m -v tmp:/t ${busybox} dd if=/dev/zero of=/t/$i bs=1M count=50 2>/dev/null; echo wrote $i $?; done`,
      ["--budget", "memory=128m,pids=300"],
    );
    expect(said).toMatch(/memory:\/bulkhead[0-9a-f]{24}\/buildkit/);
    expect(said).toContain("exit code: 137");
    expect(said).toContain("non-zero code: 137");
    expect(said).toContain("wrote 1 0");
    expect(said).toMatch(/wrote 3 (?!0)/);
    const own = /memory:\/(bulkhead[0-9a-f]{24})/.exec(said)?.[1] ?? "";
    expect(own).not.toBe("");
    const left = readdirSync("/sys/fs/cgroup").filter((each) => existsSync(`/sys/fs/cgroup/${each}/${own}`));
    expect(left).toEqual([]);
  });

  it("stores no more than its disk, build cache included", async () => {
    const { said } = await leashes.shell(
      `docker run --name big ${busybox} dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null
       refused() { made=$(docker create ${busybox} 2>&1) && docker rm -v "$made" >/dev/null; echo "$made" | grep -o 'the leash stores.*'; }
       for i in $(seq 300); do refused && break; sleep 0.1; done; docker rm -v big >/dev/null
       for i in $(seq 300); do docker create --name again ${busybox} >/dev/null 2>&1 && echo room again && break; sleep 0.1; done
       printf 'FROM ${busybox}\nRUN --mount=type=cache,target=/c dd if=/dev/zero of=/c/big bs=1M count=3\n' | docker build - >/dev/null 2>&1
       for i in $(seq 300); do refused && break; sleep 0.1; done`,
      ["--budget", "disk=2m"],
    );
    // containerd's store keeps layers packed as well.
    expect(said.match(/^the leash stores [34](?:\.\d)? MiB of 2 MiB that it may/gm), said).toHaveLength(2);
    expect(said).toContain("room again");
  });

  it("starts containers again as they ask for it, as long as it lives", async () => {
    const { said } = await leashes.shell(
      `docker run -d --name fails --restart on-failure:2 ${busybox} sh -c 'echo >> /tries; exit 3'
       docker run -d --name stopped --restart always ${busybox} sleep 1d; docker stop -t 0 stopped
       for i in $(seq 60); do sleep 0.2; docker cp fails:/tries - | tar -xOf - | wc -l | grep -q 3 && break; done
       sleep 1; docker cp fails:/tries - | tar -xOf - | wc -l | sed 's/^/tries /'
       docker inspect -f 'stopped {{.State.Running}}' stopped`,
    );
    expect(said).toMatch(/tries +3/);
    expect(said).toContain("stopped false");
  });

  it("runs the command in a container that has its folder and no other socket, and cannot change git's hooks", async () => {
    execFileSync("git", ["init", "-q", leashes.folder]);
    execFileSync("chown", ["-R", `${user}:${user}`, leashes.folder]);
    await importDocker();
    const { status, said } = await leashes.shell(
      `id -u; ls /var/run/docker.sock; touch made-inside .git/index.lock; touch .git/hooks/evil; echo >> .git/config; mv .git other
       docker run --rm -v "$PWD:/w" ${busybox} sh -c 'touch /w/by-container /w/.git/hooks/evil; mv /w/.git /w/other; echo >> /w/.git/config'
       docker run --rm -v "$PWD/.git/hooks:/h" ${busybox} touch /h/evil; docker run --rm -v "$PWD/sub:/h:ro" ${busybox} ls /h
       docker volume create --opt type=none --opt o=bind --opt device=$PWD/.git/hooks evil; exit 4`,
      ["--in", "inside:1"],
    );
    expect(status, said).toBe(4);
    expect(said).toMatch(
      /^bulkhead: leash .* The command is in a container of inside:1, which has no other socket/,
    );
    expect(said).toMatch(/^1000$/m);
    expect(said).toMatch(/^roots$/m);
    for (const made of ["made-inside", "by-container", ".git/index.lock"])
      expect(existsSync(join(leashes.folder, made)), said).toBe(true);
    expect(existsSync(join(leashes.folder, "other"))).toBe(false);
    expect(existsSync(join(leashes.folder, ".git/hooks/evil"))).toBe(false);
    expect(readFileSync(join(leashes.folder, ".git/config"), "utf8")).not.toMatch(/\n\n/);
    await engine.docker(["rmi", "inside:1"]);
    expect(await engine.docker(["ps", "-a", "--format", "{{.Names}}"])).toBe("operators");
  });

  it("ends the command when its time is over", async () => {
    const { status, said } = await leashes.run(["--budget", "time=1s", "--", "sleep", "60"]);
    expect(status).toBe(124);
    expect(said).toContain("removed: nothing");
  });

  it("lets two leashes live side by side, and cleans up after one that was killed", async () => {
    const hold = (name: string) =>
      leashes.start([
        "--name",
        name,
        "--",
        "sh",
        "-c",
        `docker run -d --name ${name} ${busybox} sleep 1d; docker network create ${name}; docker volume create ${name}; docker ps --format '{{.Names}} is seen'; echo ready; exec sleep 60`,
      ]);
    const [one, two] = [hold("first"), hold("second")];
    await Promise.all([one.until("ready"), two.until("ready")]);
    expect(one.said()).not.toContain("second is seen");
    expect((await leashes.run(["--name", "first", "--", "true"])).said).toContain("runs already");
    // An image of the operator's that says it were the leash's, and a container that he made of a leash's container.
    const [firsts = "", label = ""] = await engine
      .docker(["ps", "--format", '{{.Names}} {{.Label "bulkhead.owner"}}', "--filter", "name=first$"])
      .then((line) => line.split(" "));
    expect(firsts).toBe(`bulkhead.${label}.first`);
    // Labels that an image brings are nobody's word: neither the leash's, nor that of a guard's helper that was killed.
    const labels = `LABEL bulkhead.owner=${label} bulkhead.helper=4194303`;
    await engine.docker(["commit", "--change", labels, firsts, "operators:1"]);
    const heir = await engine.docker(["run", "-d", "--network=none", "operators:1", "sleep", "1d"]);
    one.child.kill("SIGKILL");
    await one.ended;
    const cleaned = await leashes.run(["--clean"]);
    expect(cleaned).toMatchObject({
      status: 0,
      said: expect.stringContaining("leash first: removed 1 container, 1 network, 1 volume"),
    });
    const names = await engine.docker(["ps", "-a", "--format", "{{.Names}}"]);
    expect(names.split("\n")).toEqual(
      expect.arrayContaining(["operators", expect.stringMatching(/\.second$/)]),
    );
    expect(names).not.toContain("first");
    expect(await engine.docker(["ps", "-q", "--no-trunc"])).toContain(heir);
    await engine.docker(["rm", "-fv", heir]);
    await engine.docker(["rmi", "operators:1"]);
    two.child.kill("SIGTERM");
    await two.ended;
    expect((await leashes.run(["--clean"])).said).toContain("no leash has left anything");
  });

  it("leaves a port to the leash that publishes it already, and says so", async () => {
    const one = leashes.start([
      ...["--name", "port", "--", "sh", "-c"],
      `docker run -d --name web -p 18077:80 ${busybox} sleep 1d; echo ready; exec sleep 60`,
    ]);
    await one.until("ready");
    const { said } = await leashes.shell(`docker run -d --name web -p 18077:80 ${busybox} true`);
    expect(said).toMatch(/127\.0\.0\.1:18077.*(?:already allocated|already in use)/);
    expect(await engine.docker(["ps", "--format", "{{.Names}}"])).toMatch(/^bulkhead\.port-\w+\.web$/m);
    one.child.kill("SIGTERM");
    await one.ended;
  });

  it("cleans up wherever it was killed, and at the next start of the same name", async () => {
    for (const wait of [0, 150, 500]) {
      const running = leashes.start([
        "--name",
        "cut",
        "--",
        "sh",
        "-c",
        `for i in 1 2 3 4 5 6; do docker run -d -v "$PWD:/x" ${busybox} sleep 1d; done; exec sleep 9`,
      ]);
      await running.until("leash cut");
      await pause(wait);
      running.child.kill("SIGKILL");
      await running.ended;
    }
    await leashes.run(["--name", "cut", "--", "true"]);
    // What dockerd still worked on when the guard died.
    await pause(300);
    await leashes.run(["--name", "cut", "--clean"]);
    expect(await all()).toEqual(operators);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${leashes.folder} /run/bulkhead`);
  });

  it("keeps volumes and images for the next run where it is told to", async () => {
    const first = await leashes.shell(
      `docker volume create data; docker run --rm -v data:/d ${busybox} sh -c 'echo kept > /d/it'; docker tag ${busybox} own:1`,
      ["--keep", "volumes,images"],
    );
    expect(first.said).toContain("kept: volumes, images");
    const second = await leashes.shell(`docker run --rm -v data:/d ${busybox} cat /d/it; docker images own`);
    expect(second.said).toMatch(/^kept$/m);
    expect(second.said).toContain("own");
    expect(await all()).toEqual(operators);
  });

  it("takes from a bulkhead.yaml in the folder only what closes more, unless it is named", async () => {
    const path = join(leashes.folder, "bulkhead.yaml");
    const yaml =
      "guard: { rules: { guard-bind-mount: allow }, allow: { mounts: [/etc], images: ['nothing/*'] }, routes: { image-list: deny } }\n";
    writeFileSync(path, yaml);
    const narrowed = await leashes.shell(`docker images; docker run --rm -v /etc:/x ${busybox} true`);
    expect(narrowed.said).toContain("guard.rules.guard-bind-mount would open what a leash closes");
    expect(narrowed.said).toContain("guard.allow.mounts would open");
    expect(narrowed.said).toContain("image-list");
    expect(narrowed.said).toContain("guard-image");
    writeFileSync(path, "guard: { allow: { mounts: [/srv] } }\n");
    const opened = await leashes.shell(`docker run --rm -v /srv:/x ${busybox} echo mounted`, [
      "--config",
      path,
    ]);
    expect(opened.said).toContain("mounted");
    execFileSync("rm", [path]);
  });

  it("runs nothing where there is no Engine", async () => {
    const host = "unix:///run/no-such.sock";
    const { status, said } = await leashes.run(["--host", host, "--", "sh", "-c", "echo it ran"]);
    expect([status, said.trim().split("\n").length], said).toEqual([2, 1]);
    expect(said).toContain("/run/no-such.sock");
    expect(said).not.toContain("it ran");
  });

  it("says wrong use in one line", async () => {
    mkdirSync(join(leashes.folder, "sub"), { recursive: true });
    chownSync(join(leashes.folder, "sub"), user, user);
    for (const args of [
      ["--budget", "lunch=1", "--", "true"],
      ["--keep", "all", "--", "true"],
      ["--folder", "/nowhere", "--", "true"],
      ["--name", "A b", "--", "true"],
      [],
    ]) {
      const { status, said } = await leashes.run(args);
      expect([status, said.trim().split("\n").length], said).toEqual([2, 1]);
    }
    expect((await leashes.run(["--", "true"], { cwd: "/" })).said).toContain("the whole host");
  });
});
