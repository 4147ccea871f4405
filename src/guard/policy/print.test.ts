import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { loadPolicies, type Policies } from "./policies.ts";
import { presetNames } from "./presets/preset-names.ts";
import { policiesYaml } from "./print.ts";

function load(yaml: string): Policies {
  const config = readConfig("b", memoryFiles({ b: yaml }));
  if (!config.ok) throw new Error(`${yaml}\n${JSON.stringify(config)}`);
  return loadPolicies({ config: config.value, environment: {} });
}

/** Without the names, and without who said a limit. */
function essence({ default: own, clients }: Policies) {
  const plain = ({ name, limits, rules, controls, ...rest }: Policies["default"]) => ({
    ...rest,
    controls: { deny: [...controls.deny].sort(), harden: [...controls.harden].sort() },
    limits: Object.entries(limits).map(([key, limit]) => [key, limit.value]),
  });
  return {
    default: plain(own),
    clients: clients.map(({ name, listen, certificates, policy }) => ({
      name,
      listen,
      certificates,
      policy: { ...plain(policy), routes: undefined },
    })),
  };
}

test.each([
  "",
  "guard: { controls: { privileged: harden, root-user: harden, pids-limit: off } }",
  "guard: { limits: { memory: 512m, cpus: 1.5 }, body: { maxBytes: 1234567b }, owner: true }",
  "guard: { limits: { memory: { default: 512m, max: 2g }, cpus: { max: 4 } } }",
  "guard: { allow: { mounts: [/a, { source: '/b/**', readOnly: true }], images: ['x*'] }, rules: { guard-swarm: allow } }",
  "guard: { routes: { build: deny }, clients: { ci: { preset: dozzle, listen: 'unix:///x.sock,mode=0600', certificates: [a] }, b: {} } }",
  ...presetNames.map((name) => `guard: { preset: ${name} }`),
])("what is printed means the same: %s", (yaml) => {
  const before = load(yaml);
  const after = load(policiesYaml(before));
  expect(essence(after)).toEqual(essence(before));
  expect(after.default.controls.hardenUnknown?.has("root-user") ?? false).toBe(
    before.default.controls.hardenUnknown?.has("root-user") ?? false,
  );
});

test("a route that is closed for all stays open for a client whose groups open it", () => {
  const yaml = "guard: { routes: { build: deny }, clients: { p: { preset: portainer } } }";
  expect(load(yaml).clients[0]?.policy.routes.build).toBeUndefined();
  expect(load(policiesYaml(load(yaml))).clients[0]?.policy.routes.build).toBe("allow");
});
