import { request } from "node:http";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type FakeEngine, fakeEngine } from "../../../test/engine/fake-engine.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { readConfig } from "../../config/config.ts";
import { openPlugin } from "../authz/plugin.ts";
import { streamSink } from "../log/sink.ts";
import { guardMetrics } from "../metrics.ts";
import { loadPolicies, type Policies } from "../policy/policies.ts";
import { serve } from "../proxy/serve.ts";
import { blindEyes } from "./host-path.ts";
import { limitsTeller } from "./limits-in-vain.ts";

function policiesOf(yaml: string): Policies {
  const config = readConfig("b", memoryFiles({ b: yaml }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {} });
}

const rootlessV1 = {
  CgroupDriver: "none",
  CgroupVersion: "1",
  SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless"],
};
const bounded = policiesOf("guard: { limits: { memory: { default: 512m, max: 2g }, cpus: 2 } }");
const all =
  "limits.memory, limits.cpus and limits.pids of the policy have no effect: the Engine sets no such limit, since it is rootless on cgroup v1, where users get no cgroups (engine-limits)";

it("names the limits of the policies that the Engine cannot set, with the reason, once", () => {
  const said: string[] = [];
  let policies = bounded;
  const hear = limitsTeller(
    () => policies,
    (text) => said.push(text),
  );
  hear({ info: { CgroupDriver: "systemd", CgroupVersion: "2" }, version: {} });
  expect(said).toEqual([]);
  hear({ info: rootlessV1, version: {} });
  hear({ info: rootlessV1, version: {} });
  expect(said).toEqual([all]);
  // One client's limits count like everyone's, and what nobody set is not named.
  policies = policiesOf("guard: { clients: { ci: { listen: 'unix:///run/ci.sock', limits: { cpus: 1 } } } }");
  const delegated = { ...rootlessV1, CgroupDriver: "systemd", CgroupVersion: "2", CpuCfsQuota: false };
  hear({ info: { ...delegated, MemoryLimit: false }, version: {} });
  expect(said.slice(1)).toEqual([
    "limits.cpus of the policy has no effect: the Engine sets no such limit, since it is rootless, and these controllers are not delegated to its user (engine-limits)",
  ]);
});

const engines: FakeEngine[] = [];
afterAll(() => {
  for (const each of engines) each.stop();
});

async function rootlessEngine(): Promise<FakeEngine> {
  const documents = {
    "/info": rootlessV1,
    "/version": { ApiVersion: "1.45", Version: "26.1.5" },
    "/networks": [],
    "/images/app/json": { Id: `sha256:${"a".repeat(64)}`, Config: {} },
  };
  const engine = await fakeEngine({ documents });
  engines.push(engine);
  return engine;
}

it("the plugin says it with the first container that it judges", async () => {
  const engine = await rootlessEngine();
  const path = join(testFolder(), "plugin.sock");
  const said: string[] = [];
  const plugin = await openPlugin({
    path,
    connect: { host: engine.host, context: undefined, environment: {}, home: "/nonexistent" },
    eyes: blindEyes("it is dark"),
    policies: bounded,
    log: { ...streamSink(1), write: () => ({ ok: true, value: undefined }) },
    metrics: guardMetrics(),
    learner: { note: () => undefined } as never,
    tell: (text) => said.push(text),
  });
  if (!plugin.ok) throw new Error(plugin.reason);
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const call = request(
        { socketPath: path, path: "/AuthZPlugin.AuthZReq", method: "POST" },
        (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(text));
        },
      );
      call.on("error", reject);
      const body = JSON.stringify({ Image: "app", HostConfig: { NetworkMode: "bridge" } });
      call.end(
        JSON.stringify({
          RequestMethod: "POST",
          RequestUri: "/v1.45/containers/create",
          RequestHeaders: { "Content-Type": "application/json", "Content-Length": String(body.length) },
          RequestBody: Buffer.from(body).toString("base64"),
        }),
      );
    });
  try {
    for (const answer of [await ask(), await ask()]) {
      expect(answer).toContain("--security-opt no-new-privileges");
      // What this Engine would forget is not asked for.
      expect(answer).not.toMatch(/--pids-limit|--memory|--cpus|guard-limit/);
    }
    expect(said).toEqual([all]);
  } finally {
    await plugin.value.stop();
  }
});

it("the proxy says it when it starts, and again where a reload changes what has no effect", async () => {
  const engine = await rootlessEngine();
  const said: string[] = [];
  const serving = await serve({
    connect: { host: engine.host, context: undefined, environment: {}, home: "/nonexistent" },
    listen: [`unix://${join(testFolder(), "guard.sock")}`],
    policies: bounded,
    log: streamSink(1),
    learner: undefined,
    hostRoot: undefined,
    ownFiles: () => [],
    metrics: undefined,
    maxConnections: 10,
    tell: (text) => said.push(text),
  });
  if (!serving.ok) throw new Error(serving.reason);
  try {
    await expect.poll(() => said).toEqual([all]);
    await serving.value.reload(policiesOf(""));
    await expect
      .poll(() => said.slice(1))
      .toEqual([expect.stringMatching(/^limits\.pids of the policy has no effect: /)]);
  } finally {
    await serving.value.stop(0);
  }
});
