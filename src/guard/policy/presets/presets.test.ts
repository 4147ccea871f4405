import { expect, test } from "vitest";
import {
  filled,
  filledPolicy,
  readTools,
  received,
  type ToolRequest,
} from "../../../../test/support/guard/tools.ts";
import { memoryFiles } from "../../../../test/support/memory-files.ts";
import { recordAt, textsOf } from "../../../base/json.ts";
import { readConfig } from "../../../config/config.ts";
import { offline } from "../../check/offline.ts";
import { type Judged, judge } from "../../judge/judge.ts";
import type { ReceivedRequest } from "../../request/request.ts";
import { routes } from "../../routes/table.ts";
import { loadPolicies } from "../policies.ts";
import type { Policy } from "../policy.ts";
import { spellRoute } from "../routes.ts";
import type { PolicyWords } from "../schema.ts";
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

const own = { Labels: { "bulkhead.owner": "client", "bulkhead.owner.image": "client" } };
const networkId = "d4".repeat(32);
const ownImage = `sha256:${"e5".repeat(32)}`;
const recorded = readTools();

/** What the tools make before they name it. */
const made = (route: string): readonly string[] =>
  recorded
    .flatMap((tool) => tool.requests)
    .flatMap(({ target, body }) =>
      target.endsWith(route) ? textsOf([recordAt({ body }, "body").Name]) : [],
    );

const network = { Id: networkId, Driver: "bridge", Scope: "local", ...own };
const volume = (name: string) => [name, { Name: name, Driver: "local", Options: null, ...own }] as const;
const image = { Id: ownImage, RepoTags: [], RepoDigests: [], Config: own };

const world = offline({
  known: {
    container: {
      web,
      [id]: web,
      "runner-service-0": web,
      foreign: { ...web, Config: { ...web.Config, Labels: {} } },
    },
    exec: { [execId]: { ID: execId, ContainerID: id, Running: false, ProcessConfig: { privileged: false } } },
    volume: Object.fromEntries(
      ["cache", "act-job-env", "act-toolcache", ...made("/volumes/create")].map(volume),
    ),
    network: Object.fromEntries(
      ["mine", networkId, ...made("/networks/create")].map((name) => [name, { ...network, Name: name }]),
    ),
    node: { n1: { ID: "n1", Spec: {} } },
    service: { shop: { ID: "s1", Spec: { Name: "shop" } } },
    image: {
      [ownImage]: image,
      "registry.example.com/ci/app:1": image,
      ...Object.fromEntries(
        [
          ...["mine:2", "mine:3", "act-built:1", "github-built:1", "jenkins-built:1", "vsc-app-built:latest"],
          ...["tc-built:1", "gitlab/helper:1", "jenkins:2", "vsc-app:latest", "tc:1"],
        ].map((name) => [`docker.io/${name.includes("/") ? "" : "library/"}${name}`, null]),
      ),
    },
    task: { t1: { ID: "t1", ServiceID: "s1" } },
  },
  engine: undefined,
});

const plain = { Image: "app:1", HostConfig: { NetworkMode: "bridge" } };

/** What each `$name` of the recorded requests is in this world. */
const names = new Map(
  Object.entries({
    container: id,
    containerJob: id,
    containerService: id,
    containerEdited: id,
    containerUpdated: id,
    exec: execId,
    execOld: execId,
    network: networkId,
    networkJob: networkId,
    networkMade: networkId,
    service: "shop",
    node: "n1",
    task: "t1",
    image: `sha256:${"c3".repeat(32)}`,
    imageOwn: ownImage,
    projects: "/srv/projects",
  }),
);

const tools = Object.keys(presets) as Tool[];

function policyOf(tool: string, words: PolicyWords = {}): Policy {
  const guard = { clients: { client: { ...words, preset: tool } } };
  const config = readConfig("b", memoryFiles({ b: JSON.stringify({ guard }) }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  const policy = loadPolicies({ config: config.value, environment: {} }).clients[0]?.policy;
  if (!policy) throw new Error(`no policy of ${tool}`);
  return policy;
}

function requestOf(call: string, body?: unknown): ReceivedRequest {
  const [method = "", target = ""] = call.split(" ");
  return received({
    method,
    target,
    headers: {},
    body,
    keep: undefined,
    answer: "document",
    offline: false,
  });
}

async function judged(policy: Policy, call: string, body?: unknown): Promise<Judged> {
  return await judge(requestOf(call, body), policy, world.ask);
}

test.each(recorded)(
  "$tool passes with the preset $preset, and what it never sends does not",
  async (tool) => {
    const policy = policyOf(tool.preset, filledPolicy(tool, names));
    const ofRequests = async (requests: readonly ToolRequest[]) =>
      await Promise.all(
        requests.map(async (request) => {
          const outcome = await judge(received(filled(request, names)), policy, world.ask);
          const said = outcome.verdict === "deny" ? outcome.reasons.map(({ message }) => message) : [];
          return [`${request.method} ${request.target}`, said] as const;
        }),
      );
    const passed = await ofRequests(tool.requests);
    expect(passed.filter(([, reasons]) => reasons.length > 0)).toEqual([]);
    const denied = await ofRequests(tool.denied);
    expect(denied.filter(([, reasons]) => reasons.length === 0)).toEqual([]);
    expect(denied.length).toBeGreaterThan(2);
  },
);

const exact = tools.filter((tool) => presets[tool].calls !== "everything");

test.each(exact)("%s is open for what its tools send, and for nothing else", async (preset) => {
  const policy = policyOf(preset);
  const requests = recorded.filter((tool) => tool.preset === preset).flatMap((tool) => tool.requests);
  const outcomes = await Promise.all(
    requests.map((request) => judge(received(filled(request, names)), policy, world.ask)),
  );
  const called = new Set(outcomes.map(({ route }) => route?.id));
  const open = routes.filter(({ id, group }) => (policy.routes[id] ?? policy.groups[group]) === "allow");
  expect(open.map(({ id }) => id).sort()).toEqual([...called].sort());
  const { calls } = presets[preset];
  expect(open.map(spellRoute).sort()).toEqual([...new Set(calls)].sort());
});

test("portainer is open for all but what gives the host away", () => {
  const policy = policyOf("portainer");
  const shut = routes.filter(({ id, group }) => (policy.routes[id] ?? policy.groups[group]) === "deny");
  expect(new Set(shut.map(({ group }) => group))).toEqual(new Set(["rootEquivalent"]));
});

const looking: readonly Tool[] = [
  "traefik",
  "dozzle",
  "homepage",
  "diun",
  "prometheus",
  "cadvisor",
  "netdata",
  "crowdsec",
  "read-only",
];

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
  const outcome = await judge(requestOf("GET /v1.44/containers/web/json"), policy, others.ask);
  expect(outcome).toMatchObject({ verdict: "deny", status: 404 });
});

test("every name but docker-socket-proxy's is a preset", () => {
  expect([...tools, "docker-socket-proxy"].sort()).toEqual([...presetNames].sort());
});
