import { expect, test } from "vitest";
import { memoryFiles } from "../../../../test/support/memory-files.ts";
import { readConfig } from "../../../config/config.ts";
import { offline } from "../../check/offline.ts";
import { type Judged, judge } from "../../judge/judge.ts";
import type { ReceivedRequest } from "../../request/request.ts";
import { routes } from "../../routes/table.ts";
import { loadPolicies } from "../policies.ts";
import type { Policy } from "../policy.ts";
import { spellRoute } from "../routes.ts";
import { presetNames } from "./preset-names.ts";
import { presets } from "./presets.ts";

type Tool = keyof typeof presets;

const id = "a1".repeat(32);
const execId = "b2".repeat(32);

/** A container that the client made itself, and that the default policy would have made. */
const web = {
  Id: id,
  Name: "/web",
  Image: `sha256:${"c3".repeat(32)}`,
  Config: { Image: "app:1", User: "1000", Env: ["PASSWORD=hunter2"], Labels: { "bulkhead.owner": "client" } },
  HostConfig: {
    NetworkMode: "bridge",
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    PidsLimit: 100,
  },
  State: { Status: "running", Running: true },
  Mounts: [],
};

const own = { Labels: { "bulkhead.owner": "client" } };

const world = offline({
  known: {
    container: { web, [id]: web },
    exec: { [execId]: { ID: execId, ContainerID: id, Running: false, ProcessConfig: { privileged: false } } },
    volume: { cache: { Name: "cache", Driver: "local", Options: null, ...own } },
    network: { mine: { Id: "d4".repeat(32), Name: "mine", Driver: "bridge", Scope: "local", ...own } },
    node: { n1: { ID: "n1", Spec: {} } },
    service: { shop: { ID: "s1", Spec: { Name: "shop" } } },
    image: { "docker.io/library/mine:2": null, "docker.io/library/mine:3": null },
    task: { t1: { ID: "t1", ServiceID: "s1" } },
  },
  engine: undefined,
});

const running = encodeURIComponent('{"status":{"running":true}}');
const ofContainers = encodeURIComponent('{"type":{"container":true}}');
const taskFilter = encodeURIComponent('{"desired-state":["running"],"service":["web"]}');
const swarmScope = encodeURIComponent('{"scope":{"swarm":true}}');
const plain = { Image: "app:1", HostConfig: { NetworkMode: "bridge" } };

/** What each tool sends, in the order in which it does; see the preset's sources. */
const traffic: Readonly<Record<Tool, readonly (readonly [call: string, body?: unknown])[]>> = {
  traefik: [
    ["GET /_ping"],
    ["HEAD /_ping"],
    ["GET /v1.44/version"],
    ["GET /v1.44/containers/json?all=1"],
    [`GET /v1.44/containers/${id}/json`],
    [`GET /v1.44/events?filters=${ofContainers}`],
    ["GET /v1.44/services"],
    [`GET /v1.44/networks?filters=${swarmScope}`],
    [`GET /v1.44/tasks?filters=${taskFilter}`],
    ["GET /v1.44/nodes/n1"],
  ],
  watchtower: [
    ["HEAD /_ping"],
    ["GET /_ping"],
    ["GET /v1.44/info"],
    [`POST /v1.44/containers/${id}/stop?t=10`],
    [`POST /v1.44/containers/${id}/update`, { RestartPolicy: { Name: "no" } }],
    [`GET /v1.44/containers/json?filters=${running}`],
    [`GET /v1.44/containers/${id}/json`],
    ["GET /v1.44/images/app:1/json"],
    ["POST /v1.44/images/create?fromImage=app&tag=1"],
    [`POST /v1.44/containers/${id}/kill?signal=SIGTERM`],
    [`DELETE /v1.44/containers/${id}?force=1`],
    ["POST /v1.44/containers/create?name=web", plain],
    ["POST /v1.44/networks/mine/disconnect", { Container: "web", Force: true }],
    ["POST /v1.44/networks/mine/connect", { Container: "web", EndpointConfig: {} }],
    ["POST /v1.44/containers/web/start"],
    ["POST /v1.44/containers/web/rename?name=old"],
    ["DELETE /v1.44/images/app:0?force=1"],
    ["POST /v1.44/containers/web/exec", { Tty: true, Cmd: ["sh", "-c", "true"] }],
    [`POST /v1.44/exec/${execId}/start`, { Detach: false, Tty: true }],
    [`GET /v1.44/exec/${execId}/json`],
  ],
  portainer: [
    ["GET /_ping"],
    ["GET /v1.44/info"],
    ["GET /v1.44/containers/json?all=1"],
    ["GET /v1.44/containers/web/json"],
    ["GET /v1.44/containers/web/logs?stdout=1&stderr=1&tail=100"],
    ["GET /v1.44/images/json?all=0"],
    ["GET /v1.44/volumes"],
    ["GET /v1.44/networks"],
    ["GET /v1.44/services"],
    ["POST /v1.44/containers/create?name=b", plain],
    ["POST /v1.44/containers/web/stop"],
    ["POST /v1.44/containers/web/exec", { Tty: true, Cmd: ["sh"] }],
    ["DELETE /v1.44/volumes/cache"],
    ["POST /v1.44/networks/create", { Name: "n", Driver: "bridge" }],
  ],
  dozzle: [
    ["HEAD /_ping"],
    ["GET /_ping"],
    ["GET /v1.44/version"],
    ["GET /v1.44/info"],
    ["GET /v1.44/containers/json?all=1"],
    [`GET /v1.44/containers/${id}/json`],
    ["GET /v1.44/events"],
    [`GET /v1.44/containers/${id}/stats?stream=1`],
    [
      `GET /v1.44/containers/${id}/logs?follow=1&since=2026-01-01T00%3A00%3A00Z&stderr=1&stdout=1&tail=100&timestamps=1`,
    ],
  ],
  homepage: [
    ["GET /containers/json?all=true"],
    ["GET /containers/web/json"],
    ["GET /containers/web/stats?stream=false"],
    ["GET /services"],
    ["GET /services/shop"],
    [`GET /tasks?filters=${encodeURIComponent('{"service":["shop"],"desired-state":["running"]}')}`],
  ],
  prometheus: [
    ["HEAD /_ping"],
    ["GET /_ping"],
    ["GET /v1.44/system/df"],
    ["GET /v1.44/info"],
    ["GET /v1.44/version"],
    ["GET /v1.44/images/json"],
    [`GET /v1.44/containers/${id}/json`],
    ["GET /v1.44/containers/json"],
    ["GET /v1.44/networks"],
    [`GET /v1.44/containers/${id}/stats?stream=0`],
    ["GET /v1.44/services"],
    ["GET /v1.44/tasks"],
    ["GET /v1.44/nodes"],
  ],
  // gitlab-runner and act, and behind the blank what docker and docker compose in a job ask beside.
  "ci-runner": [
    ["HEAD /_ping"],
    ["GET /_ping"],
    ["GET /v1.44/version"],
    ["GET /v1.44/info"],
    ["GET /v1.44/images/app:1/json"],
    ["POST /v1.44/images/create?fromImage=app&tag=1"],
    ["POST /v1.44/volumes/create", { Name: "cache2" }],
    ["GET /v1.44/volumes/cache"],
    ["POST /v1.44/networks/create", { Name: "job", Driver: "bridge" }],
    ["POST /v1.44/containers/create?name=job", plain],
    ["POST /v1.44/containers/web/attach?stream=1&stdin=1&stdout=1&stderr=1"],
    ["POST /v1.44/containers/web/start"],
    ["POST /v1.44/containers/web/wait?condition=not-running"],
    ["PUT /v1.44/containers/web/archive?path=%2Ftmp"],
    ["POST /v1.44/containers/web/exec", { AttachStdout: true, Cmd: ["sh"] }],
    [`POST /v1.44/exec/${execId}/start`, { Detach: false, Tty: false }],
    [`GET /v1.44/exec/${execId}/json`],
    ["GET /v1.44/containers/web/logs?stdout=1&follow=1"],
    ["POST /v1.44/containers/web/kill?signal=SIGKILL"],
    ["DELETE /v1.44/containers/web?force=1&v=1"],
    ["DELETE /v1.44/networks/mine"],
    ["DELETE /v1.44/volumes/cache"],
    ["GET /v1.44/containers/json?all=1"],
    ["GET /v1.44/containers/web/json"],
    ["POST /v1.44/containers/web/stop?t=1"],
    ["GET /v1.44/containers/web/archive?path=%2Ftmp"],
    ["HEAD /v1.44/containers/web/archive?path=%2Ftmp"],
    ["POST /v1.44/images/app:1/tag?repo=mine&tag=2"],
    ["GET /v1.44/networks"],
    ["GET /v1.44/networks/mine"],
    ["POST /v1.44/networks/mine/disconnect", { Container: "web", Force: true }],
    ["GET /v1.44/volumes"],
    ["POST /v1.44/build?t=mine:3"],

    [`GET /v1.44/events?filters=${ofContainers}`],
    ["GET /v1.44/images/json"],
    ["GET /v1.44/containers/web/stats?stream=0"],
    ["POST /v1.44/session"],
    ["POST /v1.44/grpc"],
    ["GET /v1.44/containers/web/top"],
    ["POST /v1.44/containers/web/restart?t=1"],
    ["POST /v1.44/containers/web/resize?h=24&w=80"],
    [`POST /v1.44/exec/${execId}/resize?h=24&w=80`],
    ["POST /v1.44/networks/mine/connect", { Container: "web", EndpointConfig: {} }],
  ],
  "read-only": [
    ["HEAD /_ping"],
    ["GET /_ping"],
    ["GET /v1.44/version"],
    ["GET /v1.44/info"],
    ["GET /v1.44/events"],
    ["GET /v1.44/containers/json"],
    ["GET /v1.44/containers/web/json"],
    ["GET /v1.44/containers/web/logs?stdout=1"],
    ["GET /v1.44/containers/web/stats?stream=0"],
    ["GET /v1.44/containers/web/top"],
    ["GET /v1.44/containers/web/changes"],
    [`GET /v1.44/exec/${execId}/json`],
    ["GET /v1.44/images/json"],
    ["GET /v1.44/images/app:1/json"],
    ["GET /v1.44/images/app:1/history"],
    ["GET /v1.44/networks"],
    ["GET /v1.44/networks/mine"],
    ["GET /v1.44/volumes"],
    ["GET /v1.44/volumes/cache"],
    ["GET /v1.44/services"],
    ["GET /v1.44/services/shop"],
    ["GET /v1.44/tasks"],
    ["GET /v1.44/tasks/t1"],
    ["GET /v1.44/nodes"],
    ["GET /v1.44/nodes/n1"],
    ["GET /v1.44/system/df"],
  ],
};

const tools = Object.keys(presets) as Tool[];

function policyOf(tool: string): Policy {
  const config = readConfig("b", memoryFiles({ b: `guard: { clients: { client: { preset: ${tool} } } }` }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  const policy = loadPolicies({ config: config.value, environment: {} }).clients[0]?.policy;
  if (!policy) throw new Error(`no policy of ${tool}`);
  return policy;
}

function requestOf(call: string, body: unknown): ReceivedRequest {
  const [method = "", target = ""] = call.split(" ");
  if (target.endsWith("/session") || target.endsWith("/grpc")) {
    const headers = [["Connection", "Upgrade"] as const, ["Upgrade", "h2c"] as const];
    return { method, target, headers, body: { kind: "none" } };
  }
  if (method === "PUT" || target.includes("/build?")) {
    return { method, target, headers: [["Content-Type", "application/x-tar"]], body: { kind: "stream" } };
  }
  if (body === undefined) return { method, target, headers: [], body: { kind: "none" } };
  return {
    method,
    target,
    headers: [["Content-Type", "application/json"]],
    body: { kind: "bytes", bytes: Buffer.from(JSON.stringify(body)) },
  };
}

async function judged(policy: Policy, call: string, body?: unknown): Promise<Judged> {
  return await judge(requestOf(call, body), policy, world.ask);
}

test.each(tools.flatMap((tool) => traffic[tool].map(([call, body]) => [tool, call, body] as const)))(
  "%s may %s",
  async (tool, call, body) => {
    const outcome = await judged(policyOf(tool), call, body);
    expect(outcome.verdict === "deny" ? outcome.reasons : []).toEqual([]);
  },
);

const exact = tools.filter((tool) => presets[tool].calls !== "everything");

test.each(exact)("%s is open for these calls and for nothing else", async (tool) => {
  const policy = policyOf(tool);
  const outcomes = await Promise.all(traffic[tool].map(([call, body]) => judged(policy, call, body)));
  const called = new Set(outcomes.map(({ route }) => route?.id));
  const open = routes.filter(({ id, group }) => (policy.routes[id] ?? policy.groups[group]) === "allow");
  expect(open.map(({ id }) => id).sort()).toEqual([...called].sort());
  const { calls } = presets[tool];
  expect(open.map(spellRoute).sort()).toEqual([...calls].sort());
});

test("portainer is open for all but what gives the host away", () => {
  const policy = policyOf("portainer");
  const shut = routes.filter(({ id, group }) => (policy.routes[id] ?? policy.groups[group]) === "deny");
  expect(new Set(shut.map(({ group }) => group))).toEqual(new Set(["rootEquivalent"]));
});

const looking: readonly Tool[] = ["traefik", "dozzle", "homepage", "prometheus", "read-only"];

test.each(looking)("%s changes nothing and sees no value of a variable", async (tool) => {
  const policy = policyOf(tool);
  const changing = routes.filter(({ method }) => method !== "GET" && method !== "HEAD");
  for (const route of changing) expect(policy.routes[route.id] ?? policy.groups[route.group]).toBe("deny");
  const outcome = await judged(policy, "GET /v1.44/containers/web/json");
  expect(outcome.verdict !== "deny" && outcome.response?.redact).toBe(true);
  for (const call of ["GET /v1.44/containers/web/archive?path=%2Fetc", "GET /v1.44/containers/web/export"]) {
    expect((await judged(policy, call)).verdict).toBe("deny");
  }
});

test.each(tools)("%s never gets what gives the host away", async (tool) => {
  const policy = policyOf(tool);
  for (const route of routes.filter(({ group }) => group === "rootEquivalent")) {
    expect([route.id, policy.routes[route.id] ?? policy.groups[route.group]]).toEqual([route.id, "deny"]);
  }
  const privileged = { ...plain, HostConfig: { Privileged: true } };
  expect((await judged(policy, "POST /v1.44/containers/create", privileged)).verdict).toBe("deny");
  const socket = { ...plain, HostConfig: { Binds: ["/var/run/docker.sock:/s"] } };
  expect((await judged(policy, "POST /v1.44/containers/create", socket)).verdict).toBe("deny");
});

test("watchtower makes anew what was there, as it was", async () => {
  const outcome = await judged(policyOf("watchtower"), "POST /v1.44/containers/create?name=web", plain);
  expect(outcome.verdict).toBe("allow");
});

test("a CI runner sees nothing of anybody else's", async () => {
  const policy = policyOf("ci-runner");
  const others = offline({
    known: { container: { web: { ...web, Config: { ...web.Config, Labels: {} } } } },
    engine: undefined,
  });
  const outcome = await judge(requestOf("GET /v1.44/containers/web/json", undefined), policy, others.ask);
  expect(outcome).toMatchObject({ verdict: "deny", status: 404 });
});

test("every name but docker-socket-proxy's is a preset", () => {
  expect([...tools, "docker-socket-proxy"].sort()).toEqual([...presetNames].sort());
});
