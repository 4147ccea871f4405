import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { presets } from "../../src/guard/policy/presets/presets.ts";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { importImage } from "../engine/images.ts";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { filledPolicy, readTools, type Tool } from "../support/guard/tools.ts";
import { replay } from "./replay.ts";

const tools = readTools();
const hasOwner = ({ preset }: Tool) => {
  const found = Object.entries(presets).find(([name]) => name === preset)?.[1];
  return found !== undefined && "owner" in found.words;
};

describeWithEngine("each preset, with its tools' own requests", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-presets-"));
  let engine: TestEngine;
  let guard: GuardProcess;
  let names: ReadonlyMap<string, string>;

  beforeAll(async () => {
    mkdirSync(join(folder, "projects/app"), { recursive: true });
    engine = await startEngine({ bridge: true });
    names = await furnish(engine, folder);
    const clients = Object.fromEntries(
      tools.map((tool) => [
        tool.name,
        {
          ...filledPolicy(tool, names),
          preset: tool.preset,
          listen: `unix://${socketOf(tool)}`,
          ...(hasOwner(tool) && { owner: { label: "bulkhead.owner", value: "client" } }),
        },
      ]),
    );
    const config = join(folder, "bulkhead.yaml");
    writeFileSync(config, JSON.stringify({ guard: { clients } }));
    guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const socketOf = ({ name }: Tool) => join(folder, `${name}.sock`);

  it.each(tools)("$tool gets the same answers as without the guard", async (tool) => {
    const requests = tool.requests.filter(({ offline }) => !offline);
    const straight = await replay(engine.socketPath, requests, names);
    expect(straight.filter(({ status }) => status >= 400)).toEqual([]);
    expect(await replay(socketOf(tool), requests, names)).toEqual(straight);
  });

  it.each(tools)("$tool is denied what it never sends", async (tool) => {
    const answers = await replay(socketOf(tool), tool.denied, names);
    expect(answers.filter(({ status }) => status !== 403 && status !== 404)).toEqual([]);
  });

  it("guard try runs a command, says what a preset would deny, and ends as the command does", async () => {
    const tried = (words: readonly string[]) =>
      spawnSync(
        process.execPath,
        [builtCommand(), "guard", "try", "--no-config", "-H", engine.host, ...words],
        {
          encoding: "utf8",
          env: { PATH: process.env.PATH ?? "", HOME: folder, DOCKER_CONFIG: folder },
        },
      );
    const fine = tried(["--preset", "dozzle", "--", "docker", "ps", "-q", "--no-trunc", "-f", "name=web"]);
    expect(fine).toMatchObject({ status: 0, stdout: `${names.get("container")}\n` });
    expect(fine.stderr).toMatch(/: (\d+) requests: \1 allowed, 0 would be denied\n$/);
    const stopped = tried(["--preset", "dozzle", "--", "docker", "exec", "web", "sh", "-c", "exit 7"]);
    expect(stopped.status).toBe(7);
    expect(stopped.stderr).toContain("    exec-create: allow\n");
    const denied = tried(["--preset", "dozzle", "--enforce", "--", "docker", "stop", "web"]);
    expect(denied.status).toBe(1);
    expect(denied.stderr).toContain("(guard-route)");
    expect(tried(["--", "no-such-program"]).status).toBe(127);
  });
});

/** What the tools find: a container that is theirs and one that is not, a network, a volume and a service. */
async function furnish(engine: TestEngine, folder: string): Promise<ReadonlyMap<string, string>> {
  await importImage(engine, "app:1", { changes: ["USER 1000"] });
  const { docker } = engine;
  const mark = ["--label", "bulkhead.owner=client"];
  const safe = ["--pids-limit", "100", "--security-opt", "no-new-privileges"];
  // Ends at once when it is told to, and takes a HUP as nginx does.
  const command = ["sh", "-c", "trap 'exit 0' TERM; trap : HUP; while :; do sleep 1 & wait $!; done"];
  await docker(["swarm", "init", "--advertise-addr", "127.0.0.1"]);
  const service = await docker([
    ...[
      "service",
      "create",
      "--quiet",
      "--detach",
      "--no-resolve-image",
      "--name",
      "shop",
      "app:1",
      ...command,
    ],
  ]);
  const network = await docker(["network", "create", ...mark, "mine"]);
  await docker(["volume", "create", ...mark, "cache"]);
  const run = ["run", "-d", ...safe, "--network", "mine", "-e", "PASSWORD=hunter2"];
  const container = await docker([...run, ...mark, "--name", "web", "app:1", ...command]);
  await docker([...run, "--name", "foreign", "app:1", ...command]);
  await docker(["exec", "-d", "web", "sleep", "1000"]);
  const execs = await docker(["inspect", "--format", "{{json .ExecIDs}}", "web"]);
  let task = "";
  while (task === "") task = await docker(["service", "ps", "-q", "--no-trunc", "shop"]);
  return new Map(
    Object.entries({
      container,
      network,
      service,
      task,
      execOld: (JSON.parse(execs) as string[])[0] ?? "",
      node: await docker(["node", "ls", "-q"]),
      image: await docker(["image", "inspect", "--format", "{{.Id}}", "app:1"]),
      projects: join(folder, "projects"),
    }),
  );
}
