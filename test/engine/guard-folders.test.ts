import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { unmountViewsOf } from "../support/guard/leash-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { restart, untilAnswers } from "./restart.ts";

/** What a container's root tries in a folder of the host. */
const attempts = [
  "cp /bin/busybox /x/program && chmod 4755 /x/program",
  "chmod 2755 /x/group",
  "mknod /x/disk b 254 0",
  "mknod /x/null c 1 3",
].join("; ");

/** Files that give a user of the host more rights than he has, if root owns them. */
function rights(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => {
    const { mode, uid } = statSync(join(folder, name));
    const isDevice = (mode & 0o170000) === 0o060000 || (mode & 0o170000) === 0o020000;
    return isDevice || ((mode & 0o6000) !== 0 && uid === 0);
  });
}

describeWithEngine("folders of the host behind the guard", () => {
  let folder = "";
  let engine: TestEngine;
  let guard: GuardProcess;
  const at = (path: string) => join(folder, path);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-folders-"));
    chmodSync(folder, 0o755);
    for (const path of ["srv/teams/a", "srv/teams/b", "home/project", "treasury"])
      mkdirSync(at(path), { recursive: true });
    for (const path of ["srv/teams/a/own", "srv/teams/a/group", "treasury/secret"])
      writeFileSync(at(path), `${path}\n`);
    symlinkSync(at("srv/teams/a"), at("srv/absolute"));
    symlinkSync(at("treasury"), at("srv/out"));
    for (const path of ["home", "home/project"]) chownSync(at(path), 1000, 1000);
    engine = await startEngine();
    await importBusybox(engine);
    const mounts = [at("srv/**"), { source: at("home/project/**"), as: 1000 }];
    const config = at("bulkhead.yaml");
    writeFileSync(config, JSON.stringify({ guard: { allow: { mounts }, controls: { "root-user": "off" } } }));
    guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    unmountViewsOf(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (volume: string, command: string, ...args: readonly string[]) =>
    guard.docker(["run", "--rm", "--network=none", ...args, "-v", volume, busybox, "sh", "-c", command]);
  const inspect = async (name: string, how: (args: readonly string[]) => Promise<string>) =>
    JSON.parse(await how(["inspect", "--format", "{{json .}}", name]));
  const through = async (args: readonly string[]) => (await guard.docker(args)).stdout;

  it("are mounted at any depth, as files, read-only, and by a link that stays inside", async () => {
    expect(await run(`${at("srv/teams/a")}:/x`, "cat /x/own")).toMatchObject({ stdout: "srv/teams/a/own\n" });
    expect(await run(`${at("srv/teams/a/own")}:/x`, "cat /x")).toMatchObject({ stdout: "srv/teams/a/own\n" });
    expect(await run(`${at("srv/absolute")}:/x`, "cat /x/own")).toMatchObject({
      stdout: "srv/teams/a/own\n",
    });
    const readOnly = await run(`${at("srv/teams")}:/x:ro`, "touch /x/new");
    expect(readOnly.stderr).toContain("Read-only file system");
    expect(await run(`${at("srv")}:/x`, "ls /x")).toMatchObject({
      status: 0,
      stdout: "absolute\nout\nteams\n",
    });
  });

  it("are not left, by a link or a path that is not there", async () => {
    expect((await run(`${at("srv/out")}:/x`, "cat /x/secret")).stderr).toContain("guard-bind-mount");
    const missing = ["--mount", `type=bind,src=${at("srv/none")},dst=/x`];
    const denied = await guard.docker(["create", ...missing, busybox]);
    expect(denied.stderr).toContain("srv/none does not exist on the host");
  });

  it("are made where they are missing, for the owner of the folder that they are made in", async () => {
    expect(await run(`${at("home/project/new/deep")}:/x`, "touch /x/file")).toMatchObject({ status: 0 });
    for (const path of ["new", "new/deep", "new/deep/file"])
      expect(statSync(at(`home/project/${path}`)), path).toMatchObject({ uid: 1000, gid: 1000 });
  });

  it("are read back as they were asked for, and start again after dockerd did", async () => {
    const mounts = [
      "-v",
      `${at("srv/teams/a")}:/x:ro`,
      "--mount",
      `type=bind,src=${at("srv/teams/b")},dst=/y`,
    ];
    const made = await guard.docker([
      "run",
      "-d",
      "--name",
      "web",
      "--restart=always",
      ...mounts,
      busybox,
      "sleep",
      "1000",
    ]);
    expect(made.stderr).toBe("");
    const shown = await inspect("web", through);
    expect(shown.HostConfig).toMatchObject({
      Binds: [`${at("srv/teams/a")}:/x:ro`],
      Mounts: [{ Type: "bind", Source: at("srv/teams/b"), Target: "/y" }],
      RestartPolicy: { Name: "always" },
    });
    expect(shown.Config.Labels).toEqual({});
    expect(shown.Mounts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Type: "bind", Source: at("srv/teams/a"), Destination: "/x", RW: false }),
        expect.objectContaining({ Type: "bind", Source: at("srv/teams/b"), Destination: "/y", RW: true }),
      ]),
    );
    const real = await inspect("web", engine.docker);
    expect(real.HostConfig.Mounts).toHaveLength(2);
    expect(await through(["ps", "--no-trunc", "--format", "{{.Mounts}}"])).toContain(at("srv/teams/a"));
    expect(await through(["volume", "ls", "-q"])).toBe("");
    expect(
      await through(["run", "--rm", "--network=none", "--volumes-from", "web", busybox, "ls", "/x"]),
    ).toContain("own");
    await restart(engine);
    await untilAnswers(engine);
    await expect
      .poll(() => through(["exec", "web", "cat", "/x/own"]), { timeout: 15_000 })
      .toBe("srv/teams/a/own\n");
    // Its volume is the guard's.
    const { Source } = real.HostConfig.Mounts[0];
    expect((await run(`${Source}:/x`, "true")).stderr).toContain("guard-own-files");
    expect((await guard.docker(["volume", "create", Source])).stderr).toContain("guard-own-files");
    await guard.docker(["rm", "-f", "-v", "web"]);
    await guard.docker(["volume", "prune", "-af"]);
    expect(await run(`${at("srv/teams/a")}:/x`, "cat /x/own")).toMatchObject({ stdout: "srv/teams/a/own\n" });
  });

  it("keep no file that gives a user of the host more rights, no matter who leaves it", async () => {
    const bare = [
      "run",
      "--rm",
      "--network=none",
      "-v",
      `${at("srv/teams/b")}:/x`,
      busybox,
      "sh",
      "-c",
      attempts,
    ];
    await engine.docker(bare).catch(() => undefined);
    expect(rights(at("srv/teams/b"))).toEqual(["disk", "null", "program"]);
    const said = await run(`${at("srv/teams/a")}:/x`, attempts);
    expect(said.stderr.match(/Operation not permitted/g)).toHaveLength(4);
    const name = "entered";
    const made = ["-d", "--name", name, "-u", "1000", "-v", `${at("srv/teams/a")}:/x`];
    await guard.docker(["run", "--network=none", ...made, busybox, "sleep", "1000"]);
    await guard.docker(["exec", "-u", "0", name, "sh", "-c", attempts]);
    const copied = await guard.docker(["cp", at("srv/teams/b/program"), `${name}:/x/copied`]);
    expect(copied.stderr).toContain("guard-host-file");
    expect(rights(at("srv/teams/a"))).toEqual([]);
    // What gives no rights is copied.
    expect(await guard.docker(["cp", at("srv/teams/a/own"), `${name}:/x/plain`])).toMatchObject({
      status: 0,
    });
    expect(await guard.docker(["restart", "-t0", name])).toMatchObject({ status: 0 });
  });

  it("show a container's root as the user of the rule, and the user as himself", async () => {
    const byRoot = await run(
      `${at("home/project")}:/x`,
      `touch /x/group; touch /x/other; chown 33:33 /x/other; ${attempts}`,
    );
    expect(byRoot.stderr.match(/Operation not permitted/g)).toHaveLength(2);
    const byHimself = await run(
      `${at("home/project")}:/x`,
      "touch /x/himself; stat -c %u /x/group",
      "-u",
      "1000:1000",
    );
    expect(byHimself).toMatchObject({ status: 0, stdout: "1000\n" });
    const owners = readdirSync(at("home/project")).map((name) => [
      name,
      statSync(at(`home/project/${name}`)).uid,
    ]);
    expect(Object.fromEntries(owners)).toMatchObject({ program: 1000, himself: 1000, other: 3_000_000_033 });
    expect(rights(at("home/project"))).toEqual([]);
  });
});
