import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { offline } from "../check/offline.ts";
import { judge } from "../judge/judge.ts";
import type { ReceivedRequest } from "../request/request.ts";
import { learner } from "./learn.ts";
import { policyLines } from "./lines.ts";
import { loadPolicies, type Policies } from "./policies.ts";

const since = new Date("2026-01-01T00:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "bulkhead-learn-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function policiesOf(yaml: string): Policies {
  const config = readConfig("b", memoryFiles({ b: yaml }));
  if (!config.ok) throw new Error(`${yaml}\n${JSON.stringify(config)}`);
  return loadPolicies({ config: config.value, environment: {} });
}

function request(method: string, target: string, body?: unknown): ReceivedRequest {
  if (body === undefined) return { method, target, headers: [], body: { kind: "none" } };
  return {
    method,
    target,
    headers: [["Content-Type", "application/json"]],
    body: { kind: "bytes", bytes: Buffer.from(JSON.stringify(body)) },
  };
}

const world = offline({ known: {}, engine: undefined });

const traffic = [
  request("GET", "/v1.45/containers/json"),
  request("POST", "/v1.45/containers/create", {
    Image: "busybox",
    HostConfig: {
      Binds: ["/etc:/data"],
      CapAdd: ["NET_ADMIN"],
      Sysctls: { "kernel.msgmax": "1" },
    },
  }),
];

test("what was learnt lets through, enforced, what it was learnt from, and nothing else", async () => {
  const policies = policiesOf("guard: { mode: learn }");
  const gathered = learner(since);
  for (const each of traffic) {
    gathered.note(
      { client: "default", policy: policies.default },
      await judge(each, policies.default, world.ask),
    );
  }
  const yaml = gathered.yaml([], new Date("2026-01-02T00:00:00Z"));
  const learnt = policiesOf(yaml).default;
  expect(learnt.mode).toBe("enforce");
  for (const each of traffic) {
    const judged = await judge(each, learnt, world.ask);
    expect([judged.verdict, judged.verdict === "deny" && judged.reasons]).not.toContain("deny");
  }
  const others = [
    request("GET", "/v1.45/images/json"),
    request("POST", "/v1.45/containers/create", { Image: "busybox", HostConfig: { Privileged: true } }),
    request("POST", "/v1.45/containers/create", { Image: "busybox", HostConfig: { Binds: ["/root:/r"] } }),
  ];
  for (const each of others) expect((await judge(each, learnt, world.ask)).verdict).toBe("deny");
});

test("one privileged request turns no control off: it is not learnt, and the policy says so", async () => {
  const policies = policiesOf("guard: { mode: learn }");
  const gathered = learner(since);
  const privileged = request("POST", "/v1.45/containers/create", {
    Image: "busybox",
    HostConfig: { Privileged: true, PidMode: "host", CapAdd: ["NET_ADMIN"] },
  });
  gathered.note(
    { client: "default", policy: policies.default },
    await judge(privileged, policies.default, world.ask),
  );
  const yaml = gathered.yaml([], since);
  const learnt = policiesOf(yaml).default;
  expect(learnt.controls.deny).toContain("privileged");
  expect(learnt.controls.deny).toContain("host-pid");
  expect(learnt.routes["container-create"]).toBe("allow");
  expect((await judge(privileged, learnt, world.ask)).verdict).toBe("deny");
  expect(yaml).toMatch(/# Not learnt: [\s\S]*\n {2}# {3}controls:\n[\s\S]*\n {2}# {5}privileged: off\n/);
});

test("who made a container may go into it, and one that was made elsewhere is not learnt", async () => {
  const policies = policiesOf("guard: { mode: learn }");
  const made = {
    Id: "a".repeat(64),
    Name: "/web",
    Config: {},
    HostConfig: { Sysctls: { "kernel.msgmax": "1" } },
    State: {},
  };
  const there = offline({ known: { container: { web: made } }, engine: undefined });
  const start = request("POST", "/v1.45/containers/web/start");
  const create = request("POST", "/v1.45/containers/create", {
    Image: "b",
    HostConfig: { Sysctls: { "kernel.msgmax": "1" } },
  });
  for (const [steps, verdict] of [
    [[start], "deny"],
    [[start, create], "allow"],
  ] as const) {
    const gathered = learner(since);
    for (const each of steps) {
      gathered.note(
        { client: "default", policy: policies.default },
        await judge(each, policies.default, there.ask),
      );
    }
    const yaml = gathered.yaml([], since);
    const learnt = policiesOf(yaml).default;
    expect(learnt.rules["guard-unsafe-container"]).toBeUndefined();
    expect(yaml.includes("#     guard-unsafe-container: allow")).toBe(verdict === "deny");
    expect((await judge(start, learnt, there.ask)).verdict).toBe(verdict);
  }
});

test("each client learns for itself, and keeps where it comes in", async () => {
  const policies = policiesOf(
    "guard: { mode: learn, clients: { ci: { listen: 'unix:///run/ci.sock', certificates: [runner] }, calm: { mode: enforce } } }",
  );
  const gathered = learner(since);
  for (const { name, policy } of policies.clients) {
    const judged = await judge(request("GET", "/v1.45/info"), policy, world.ask);
    gathered.note({ client: name, policy }, judged);
  }
  const learnt = policiesOf(gathered.yaml(policies.clients, since));
  expect(learnt.clients).toMatchObject([
    {
      name: "ci",
      listen: ["unix:///run/ci.sock"],
      certificates: ["runner"],
      policy: { routes: { info: "allow" } },
    },
  ]);
});

test("nothing is lost or half there on the disk, and only news is news", async () => {
  const policies = policiesOf("guard: { mode: learn }");
  const gathered = learner(since);
  const judged = await judge(request("GET", "/v1.45/info"), policies.default, world.ask);
  expect(gathered.hasNews).toBe(false);
  gathered.note({ client: "default", policy: policies.default }, judged);
  expect(gathered.hasNews).toBe(true);
  expect(gathered.write(join(folder, "a.yaml"), [], since)).toMatchObject({ ok: true });
  expect(gathered.hasNews).toBe(false);
  gathered.note({ client: "default", policy: policies.default }, judged);
  expect(gathered.hasNews).toBe(false);
  expect(readFileSync(join(folder, "a.yaml"), "utf8")).toContain("info: allow");
  expect(gathered.write(join(folder, "none/a.yaml"), [], since)).toMatchObject({ ok: false });
  expect(gathered.write(folder, [], since)).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/not a file$/),
  });
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
});

test("whatever a client asked for is one scalar of the policy, never a line of it", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          "\n",
          "\r",
          "\u0085",
          "\u2028",
          "  rules:",
          "a: b",
          "- ",
          "#",
          "'",
          '"',
          "\\",
          "\t",
          "|-",
          "x".repeat(50),
        ),
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(hostile, hostile, (value, message) => {
      const lines = policyLines([{ allow: { list: "runtimes", value }, message }], "  ");
      expect(parse(["guard:", ...lines].join("\n"))).toEqual({ guard: { allow: { runtimes: [value] } } });
    }),
  );
});
