import { describe, expect, it } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { judge } from "../judge/judge.ts";
import { logEntry } from "../log/entry.ts";
import { loadPolicies } from "../policy/policies.ts";
import type { Policy } from "../policy/policy.ts";
import { policiesYaml } from "../policy/print.ts";
import type { ReceivedRequest } from "../request/request.ts";
import { routes } from "../routes/table.ts";
import { decideAgain, type PastDecision } from "./again.ts";
import { offline } from "./offline.ts";

function policyOf(text: string): Policy {
  const config = readConfig("b", memoryFiles({ b: text }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {} }).default;
}

const all =
  "groups: { safe: allow, read: allow, secretRead: allow, lifecycle: allow, judged: allow, rootEquivalent: allow }";

function past(route: string | null, more: Partial<PastDecision> = {}): PastDecision {
  return { route, verdict: "allow", rules: [], object: {}, ...more };
}

const denied = (...rules: readonly string[]) => ({ verdict: "deny", rules }) as const;

describe("another policy's word on a past decision", () => {
  it.each<[string, string, PastDecision, string, string | undefined]>([
    [
      "a route that it closes",
      "guard: { routes: { container-list: deny } }",
      past("container-list"),
      "deny",
      "guard-route",
    ],
    [
      "a group that it closes",
      "guard: { groups: { lifecycle: deny } }",
      past("container-stop"),
      "deny",
      "guard-route",
    ],
    [
      "the same where it only warns",
      "guard: { mode: warn, groups: { read: deny } }",
      past("info"),
      "deny",
      "guard-route",
    ],
    ["no route at all", `guard: { ${all} }`, past(null), "deny", "guard-route"],
    ["a route of another version", `guard: { ${all} }`, past("moon-land"), "unknown", undefined],
    ["a read that stays open", "guard: {}", past("container-list"), "allow", undefined],
    [
      "a route that it opens",
      `guard: { ${all} }`,
      past("container-stop", denied("guard-route")),
      "allow",
      undefined,
    ],
    [
      "what was there not",
      `guard: { ${all} }`,
      past("container-stop", denied("guard-missing")),
      "unknown",
      undefined,
    ],
    ["whose it is", `guard: { ${all}, owner: true }`, past("container-stop"), "unknown", undefined],
    ["a list that it narrows", "guard: { owner: true }", past("container-list"), "allow", undefined],
    [
      "a version that it asks for",
      "guard: { versions: { min: '1.44' } }",
      past("info"),
      "unknown",
      undefined,
    ],
    [
      "a body",
      `guard: { ${all} }`,
      past("container-create", { object: { image: "nginx" } }),
      "unknown",
      undefined,
    ],
    [
      "an image off its list",
      "guard: { allow: { images: [redis] } }",
      past("container-create", { object: { image: "nginx:1" } }),
      "deny",
      "guard-image",
    ],
    [
      "an image on its list",
      "guard: { allow: { images: [nginx] } }",
      past("container-create", { object: { image: "nginx:1" } }),
      "unknown",
      undefined,
    ],
    [
      "an image by its id",
      "guard: { allow: { images: [nginx] } }",
      past("container-create", { object: { image: "sha256:0123456789ab" } }),
      "unknown",
      undefined,
    ],
    [
      "a list with a digest",
      `guard: { allow: { images: ["nginx@sha256:${"0".repeat(64)}"] } }`,
      past("container-create", { object: { image: "redis" } }),
      "unknown",
      undefined,
    ],
    [
      "a pull from a registry off its list",
      "guard: { allow: { registries: [docker.io] } }",
      past("image-create", { object: { fromImage: "ghcr.io/a/b", tag: "1" } }),
      "deny",
      "guard-registry",
    ],
    [
      "a pull that passes",
      "guard: { allow: { registries: [ghcr.io] } }",
      past("image-create", { object: { fromImage: "ghcr.io/a/b", tag: "1" } }),
      "allow",
      undefined,
    ],
    [
      "an import",
      "guard: {}",
      past("image-create", { object: { fromSrc: "-", repo: "a" } }),
      "deny",
      "guard-image-import",
    ],
    [
      "a name that was cut",
      "guard: { allow: { registries: [ghcr.io] } }",
      past("image-create", { object: { fromImage: "ghcr.io/a… (9 more characters)" } }),
      "unknown",
      undefined,
    ],
    ["a plugin", `guard: { ${all} }`, past("plugin-pull"), "deny", "guard-plugin"],
    [
      "a plugin that it allows",
      `guard: { ${all}, rules: { guard-plugin: allow } }`,
      past("plugin-pull", denied("guard-plugin")),
      "allow",
      undefined,
    ],
    [
      "a control that denied and does again",
      "guard: { controls: { privileged: deny } }",
      past("container-create", denied("privileged")),
      "deny",
      "privileged",
    ],
    [
      "a control that denied and is off",
      "guard: { controls: { privileged: off } }",
      past("container-create", denied("privileged")),
      "unknown",
      undefined,
    ],
    [
      "a control that has exceptions",
      "guard: { controls: { capabilities-dangerous: deny }, allow: { capabilities: [NET_ADMIN] } }",
      past("container-create", denied("capabilities-dangerous")),
      "unknown",
      undefined,
    ],
    [
      "what was only hardened",
      "guard: { controls: { memory-limit: deny } }",
      past("container-create", { verdict: "harden", rules: ["memory-limit"] }),
      "unknown",
      undefined,
    ],
  ])("%s", (_, text, decision, verdict, rule) => {
    const again = decideAgain(decision, policyOf(text));
    expect([again.verdict, again.rule], again.why).toEqual([verdict, rule]);
    expect(again.why).toMatch(/\w.{10}/);
  });
});

function request(method: string, target: string, body?: unknown): ReceivedRequest {
  return {
    ...{ method, target },
    headers: body === undefined ? [] : [["Content-Type", "application/json"]],
    body: body === undefined ? { kind: "none" } : { kind: "bytes", bytes: Buffer.from(JSON.stringify(body)) },
  };
}

const made = { Id: "a".repeat(64), Name: "/web", Config: { Image: "nginx" }, HostConfig: {}, State: {} };
const world = offline({ known: { container: { web: made, ["a".repeat(64)]: made } }, engine: undefined });

const requests = [
  request("GET", "/_ping"),
  request("GET", "/v1.45/containers/json?all=1"),
  request("GET", "/v1.45/containers/web/json"),
  request("POST", "/v1.45/containers/web/stop?t=3"),
  request("DELETE", "/v1.45/containers/web?force=1"),
  request("GET", "/v1.45/images/search?term=a"),
  request("POST", "/v1.45/images/create?fromImage=ghcr.io/a/b&tag=1"),
  request("POST", "/v1.45/images/create?fromSrc=-&repo=a"),
  request("POST", "/v1.45/images/create?fromImage=nginx&tag=1&fromSrc=http://u:p@h/"),
  request("POST", "/v1.45/containers/create?name=x", { Image: "nginx", HostConfig: {} }),
  request("POST", "/v1.45/containers/create", { Image: "redis:7", HostConfig: { Privileged: true } }),
  request("POST", "/v1.45/containers/create", { Image: "nginx", HostConfig: { PidMode: "host" } }),
  request("POST", "/v1.45/plugins/pull?remote=a", []),
  request("POST", "/v1.45/swarm/leave"),
  request("GET", "/v1.45/nowhere"),
];

const policies = [
  "guard: {}",
  `guard: { ${all} }`,
  `guard: { ${all}, mode: warn }`,
  `guard: { ${all}, rules: { guard-plugin: allow, guard-swarm: allow, guard-outgoing: allow, guard-image-import: allow } }`,
  "guard: { groups: { read: deny, lifecycle: allow } }",
  "guard: { groups: { lifecycle: allow }, allow: { images: [nginx], registries: [docker.io] } }",
  `guard: { ${all}, controls: { memory-limit: deny, privileged: off } }`,
  "guard: { owner: true, groups: { lifecycle: allow } }",
  "guard: { preset: traefik }",
];

it("is never another one than the guard's own, whatever the policy was that decided", async () => {
  const counts = { allow: 0, deny: 0, unknown: 0 };
  const read = policies.map((text) => [text, policyOf(text)] as const);
  for (const [from, then] of read) {
    for (const [to, now] of read) {
      for (const each of requests) {
        const entry = logEntry(
          await judge(each, then, world.ask),
          each.method,
          { client: "c", listener: "l", policy: then },
          new Date(),
        );
        const again = decideAgain({ ...entry, rules: entry.controls }, now);
        counts[again.verdict] += 1;
        if (again.verdict === "unknown") continue;
        const really = await judge(each, { ...now, mode: "enforce" }, world.ask);
        const verdict = really.verdict === "deny" ? "deny" : "allow";
        expect(verdict, `${each.method} ${each.target}: ${from} -> ${to}: ${again.why}`).toBe(again.verdict);
      }
    }
  }
  // What is judged by its body alone stays unknown.
  expect(counts.allow).toBeGreaterThan(200);
  expect(counts.deny).toBeGreaterThan(300);
  expect(counts.unknown).toBeGreaterThan(50);
});

it("the words that a guard prints of its policy decide as it did on every route that is judged by names", () => {
  const policy = policyOf("guard: {}");
  const printed = policyOf(policiesYaml({ default: policy, clients: [] }));
  for (const { id } of routes) {
    expect(decideAgain(past(id), printed), id).toEqual(decideAgain(past(id), policy));
  }
});
