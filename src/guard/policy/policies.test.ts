import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { clientOfCertificate, loadPolicies, type PolicySources } from "./policies.ts";

function load(yaml: string, more: Partial<PolicySources> = {}) {
  const config = readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": yaml }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {}, ...more });
}

function client(yaml: string, name = "ci") {
  return load(yaml).clients.find((each) => each.name === name)?.policy;
}

test("without a word: what gives the host away is closed, what is grave denies, the rest is hardened", () => {
  const { default: policy, clients } = load("");
  expect(clients).toEqual([]);
  expect(policy).toMatchObject({
    name: "default",
    mode: "enforce",
    groups: { safe: "allow", read: "allow", secretRead: "allow", judged: "allow", rootEquivalent: "deny" },
    override: "replace",
    redact: false,
    limits: { pids: { value: 8192 } },
  });
  expect([...policy.controls.deny]).toEqual(
    expect.arrayContaining(["privileged", "docker-socket-mount", "host-network", "capabilities-dangerous"]),
  );
  expect([...policy.controls.harden]).toEqual(
    expect.arrayContaining(["no-new-privileges", "capabilities-drop", "pids-limit", "read-only-rootfs"]),
  );
  // A create request shows neither.
  expect(policy.controls.deny).not.toContain("engine-network-socket");
  expect(policy.controls.deny).not.toContain("image-secret");
});

test("a control is in one list at most, and harden said by hand means every image", () => {
  const { default: policy } = load(
    "guard: { controls: { privileged: harden, pids-limit: deny, read-only-rootfs: off } }",
  );
  expect(policy.controls.deny.has("privileged")).toBe(false);
  expect(policy.controls.harden.has("privileged")).toBe(true);
  expect(policy.controls.hardenUnknown).toEqual(new Set(["privileged"]));
  expect(policy.controls.deny.has("pids-limit")).toBe(true);
  expect(policy.controls.harden.has("pids-limit")).toBe(false);
  expect(policy.controls.harden.has("read-only-rootfs")).toBe(false);
});

test("limits of fix count where guard says none", () => {
  const { default: policy } = load(
    "fix: { limits: { memory: 512m, pids: 100 } }\nguard: { limits: { pids: 50 } }",
  );
  expect(policy.limits).toMatchObject({ memory: { value: 512 * 1024 ** 2 }, pids: { value: 50 } });
});

test("a client's word is the last, and a list takes the place of the one below", () => {
  const policy = client(
    `guard:
  mode: warn
  allow: { images: ["a*"], networks: [web] }
  routes: { container-logs: deny }
  clients:
    ci: { mode: enforce, allow: { images: [b] }, routes: { build: deny } }`,
  );
  expect(policy).toMatchObject({
    name: "bulkhead.yaml client ci",
    mode: "enforce",
    allow: { images: ["b"], networks: ["web"] },
    routes: { "container-logs": "deny", build: "deny" },
  });
});

test("what is open for all does not widen a preset", () => {
  const policy = client(
    `guard:
  mode: warn
  routes: { container-create: allow, session: allow }
  groups: { rootEquivalent: allow }
  clients:
    ci: { preset: traefik, routes: { container-logs: allow } }`,
  );
  expect(policy?.groups.rootEquivalent).toBe("deny");
  expect(policy?.routes["container-create"]).toBeUndefined();
  expect(policy?.routes.session).toBeUndefined();
  expect(policy?.routes["container-logs"]).toBe("allow");
  expect(policy?.mode).toBe("warn");
  expect(policy?.redact).toBe(true);
});

test("--preset comes before the file's, and what the file says for all before the preset", () => {
  const { default: policy } = load("guard: { preset: portainer, redact: false }", { preset: "dozzle" });
  expect(policy.name).toBe("preset dozzle");
  expect(policy.routes["container-logs"]).toBe("allow");
  expect(policy.groups.judged).toBe("deny");
  expect(policy.redact).toBe(false);
});

test("--mode comes before all", () => {
  const policies = load("guard: { mode: enforce, clients: { ci: { mode: warn } } }", { mode: "learn" });
  expect(policies.default.mode).toBe("learn");
  expect(policies.clients[0]?.policy.mode).toBe("learn");
});

test("an owner is the client, unless somebody says another", () => {
  expect(client("guard: { clients: { ci: { owner: true } } }")?.owner).toEqual({
    label: "bulkhead.owner",
    value: "ci",
  });
  expect(client("guard: { owner: true, clients: { ci: {} } }")?.owner?.value).toBe("ci");
  expect(client("guard: { owner: true, clients: { ci: { owner: false } } }")?.owner).toBeUndefined();
  expect(client("guard: { owner: { label: team, value: a }, clients: { ci: {} } }")?.owner).toEqual({
    label: "team",
    value: "a",
  });
  expect(client("guard: { clients: { ci: { preset: ci-runner } } }")?.owner?.value).toBe("ci");
});

test("mounts are read in both forms, bodies with their limits", () => {
  const { default: policy } = load(
    "guard: { allow: { mounts: [/srv/**, { source: /data, readOnly: true }] }, body: { maxBytes: 1m, maxDepth: 8 } }",
  );
  expect(policy.allow.mounts).toEqual([
    { source: "/srv/**", readOnly: false },
    { source: "/data", readOnly: true },
  ]);
  expect(policy.body).toEqual({ maxBytes: 1024 ** 2, maxDepth: 8, maxItems: 256 });
});

test("users are numbers", () => {
  const { default: policy } = load("guard: { allow: { users: [1000, '2000:50'] } }");
  expect(policy.allow.users).toEqual(["1000", "2000:50"]);
  expect(() => load("guard: { allow: { users: [nobody] } }")).toThrow();
});

test("a client's own folder is by its name, and what one client's policy trusts no other may rename", () => {
  const { default: own, clients } = load(
    "guard: { allow: { mounts: ['/srv/{client}/*'] }, clients: { ci: { owner: true }, web: { allow: { images: [app] } } } }",
  );
  const folders = [own, ...clients.map(({ policy }) => policy)].map(({ allow }) => allow.mounts[0]?.source);
  expect(folders).toEqual(["/srv/default/*", "/srv/ci/*", "/srv/web/*"]);
  expect(clients[0]?.policy).toMatchObject({
    trustedImages: ["app"],
    reservedLabels: ["bulkhead.asked", "bulkhead.owner"],
    space: "bulkhead.invalid/ci/",
  });
});

test("clients are told apart by address and by certificate", () => {
  const policies = load(
    "guard: { clients: { ci: { listen: unix:///run/ci.sock, certificates: [runner] }, b: { listen: [tcp://127.0.0.1:1, unix:///b] } } }",
  );
  expect(policies.clients.map(({ listen }) => listen)).toEqual([
    ["unix:///run/ci.sock"],
    ["tcp://127.0.0.1:1", "unix:///b"],
  ]);
  expect(clientOfCertificate(policies, "runner")?.name).toBe("ci");
  expect(clientOfCertificate(policies, "b")).toBeUndefined();
});
