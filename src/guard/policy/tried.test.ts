import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { offline } from "../check/offline.ts";
import { judge } from "../judge/judge.ts";
import type { ReceivedRequest } from "../request/request.ts";
import { loadPolicies } from "./policies.ts";
import type { Policy } from "./policy.ts";
import { startTrial } from "./tried.ts";

const made = { Id: "a".repeat(64), Name: "/web", Config: {}, HostConfig: { Privileged: true }, State: {} };
const world = offline({ known: { container: { web: made } }, engine: undefined });

function policyOf(text: string): Policy {
  const config = readConfig("b", memoryFiles({ b: text }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {} }).default;
}

function request(method: string, target: string, body?: unknown): ReceivedRequest {
  return {
    method,
    target,
    headers: body === undefined ? [] : [["Content-Type", "application/json"]],
    body: body === undefined ? { kind: "none" } : { kind: "bytes", bytes: Buffer.from(JSON.stringify(body)) },
  };
}

async function tried(policy: Policy, requests: readonly ReceivedRequest[], preset?: string): Promise<string> {
  const trial = startTrial();
  for (const each of requests) trial.note(await judge(each, policy, world.ask));
  return trial.report(preset);
}

const create = (host: unknown) =>
  request("POST", "/v1.45/containers/create", { Image: "busybox", HostConfig: host });

test("the lines that it prints let the same requests pass", async () => {
  const requests = [
    request("GET", "/v1.45/images/json"),
    create({ CapAdd: ["NET_ADMIN"], Binds: ["/srv:/x"], Privileged: true }),
  ];
  const policy = policyOf("guard: { mode: warn, groups: { read: deny } }");
  const report = await tried(policy, requests);
  expect(report).toContain("2 requests: 0 allowed, 2 would be denied");
  const lines = report.slice(report.indexOf("guard:\n"));
  expect(lines).toMatch(/# Careful: [^\n]*\n {2}controls:\n {4}# [^\n]*\n {4}privileged: off\n/);
  const learnt = policyOf(lines);
  for (const each of requests) expect((await judge(each, learnt, world.ask)).verdict).not.toBe("deny");
});

test("steps of a container that would not have been made are not told again", async () => {
  const start = request("POST", "/v1.45/containers/web/start");
  const policy = policyOf("guard: { mode: warn }");
  expect(await tried(policy, [create({ Privileged: true }), start])).not.toContain("guard-unsafe-container");
  expect(await tried(policy, [start, start])).toContain("container-start, 2 times: web is a container");
});

test("what passes is counted, and enforced denials are told as such", async () => {
  const ping = request("GET", "/_ping");
  expect(await tried(policyOf("guard: { mode: warn }"), [ping])).toBe(
    "1 request: 1 allowed, 0 would be denied\n",
  );
  const report = await tried(policyOf("guard: { preset: dozzle }"), [ping, create({})], "dozzle");
  expect(report).toContain("2 requests: 1 allowed, 1 denied\n");
  expect(report).toContain("guard:\n  preset: dozzle\n  routes:\n");
});
