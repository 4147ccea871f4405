import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { type GuardedClients, guardClients } from "./policy/clients.ts";

describeWithEngine("classic builds where the policy lists images", () => {
  let engine: TestEngine;
  let clients: GuardedClients;
  let folder = "";

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    await engine.docker(["tag", busybox, "other:1"]);
    clients = await guardClients(engine, {
      ci: `allow: { images: ["${busybox}", mine] }, rules: { guard-image-tag: allow }`,
    });
    folder = mkdtempSync(join(tmpdir(), "bulkhead-build-"));
    mkdirSync(join(folder, "docker"));
    writeFileSync(join(folder, "large"), Buffer.alloc(20 * 1024 ** 2, "0123456789"));
  }, 120_000);
  afterAll(async () => {
    await clients?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({ DOCKER_HOST: `unix://${clients.socketOf("ci")}`, DOCKER_BUILDKIT: "0" });
  const build = (dockerfile: string, ...args: readonly string[]) => {
    writeFileSync(join(folder, "docker/file"), dockerfile);
    return clients.guard.docker(["build", "-q", "-f", join(folder, "docker/file"), ...args, folder], {
      env: env(),
    });
  };

  /** The Engine gives those of one second in any order. */
  const images = async () => (await engine.docker(["images", "-aq"])).split("\n").toSorted();

  it("builds from what is listed, with the whole context", async () => {
    const text = `ARG BASE=other:1\nFROM $BASE AS first\nCOPY large /large\nFROM ${busybox}\nCOPY --from=first /large /l\nRUN md5sum /l\n`;
    const made = await build(text, "--build-arg", `BASE=${busybox}`, "-t", "mine:1");
    expect(made).toMatchObject({ status: 0 });
    const sum = execFileSync("md5sum", { input: Buffer.alloc(20 * 1024 ** 2, "0123456789") }).toString();
    const said = await engine.docker(["run", "--rm", "--network=none", "mine:1", "md5sum", "/l"]);
    expect(said.split(" ")[0]).toBe(sum.split(" ")[0]);
  });

  it("builds what comes compressed on standard input", async () => {
    writeFileSync(join(folder, "Dockerfile"), `FROM ${busybox}\nCOPY docker/file /f\n`);
    const archive = execFileSync("tar", ["-C", folder, "-cz", "Dockerfile", "docker/file"]);
    const ran = await clients.guard.docker(["build", "-q", "-"], { env: env(), input: archive });
    expect(ran).toMatchObject({ status: 0 });
  });

  it.each([
    ["another image", "FROM other:1\n", "guard-image"],
    [
      "a stage of another image",
      `FROM other:1 AS a\nFROM ${busybox}\nCOPY --from=a /bin/sh /sh\n`,
      "guard-image",
    ],
    ["files of another image", `FROM ${busybox}\nCOPY --from=other:1 /bin/sh /sh\n`, "guard-image"],
    ["an argument that nobody sets", "ARG BASE\nFROM $BASE\n", "guard-build-archive"],
  ])("denies %s, and builds nothing", async (_, text, rule) => {
    const before = await images();
    const ran = await build(text);
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain(`(${rule})`);
    expect(await images()).toEqual(before);
    expect(clients.guard.entries().at(-1)).toMatchObject({
      route: "build",
      verdict: "deny",
      controls: [rule],
    });
  });

  it("denies what it cannot read, and addresses", async () => {
    const xz = execFileSync("tar", ["-C", folder, "-cJ", "Dockerfile"]);
    const ran = await clients.guard.docker(["build", "-q", "-"], { env: env(), input: xz });
    expect(ran.stderr).toContain("compressed by xz");
    const remote = await clients.call("ci", {
      ask: ["POST", "/build?remote=http%3A%2F%2F127.0.0.1%3A1%2FDockerfile"],
    });
    expect(remote.rules).toContain("guard-build-archive");
  });
});
