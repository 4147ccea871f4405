import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { readConfig } from "../../config/config.ts";
import { loadPolicies } from "../policy/policies.ts";
import { inForcePath, openInForce } from "./in-force.ts";

const text = `
guard:
  clients:
    ci: { listen: "unix:///run/ci.sock", groups: { judged: deny } }
    traefik: { preset: traefik, certificates: [traefik], from: [10.1.0.0/16], mode: warn }
`;

function policies() {
  const config = readConfig("b", memoryFiles({ b: text }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  return loadPolicies({ config: config.value, environment: {} });
}

it("says beside the log what each client may do, in words that bulkhead.yaml takes, until the guard ends", () => {
  const log = join(testFolder(), "guard.log");
  const said: string[] = [];
  const inForce = openInForce({ log, kind: "proxy", version: "1.2", tell: (text) => said.push(text) });
  expect(existsSync(inForcePath(log))).toBe(false);
  inForce.tell(policies(), ["unix:///run/docker-guard.sock,mode=0660", "unix:///run/t.sock,client=traefik"]);
  expect(statSync(inForcePath(log)).mode & 0o777).toBe(0o640);
  const told = JSON.parse(readFileSync(inForcePath(log), "utf8")) as {
    clients: { name: string; yaml: string }[];
  };
  expect(told).toMatchObject({
    kind: "proxy",
    version: "1.2",
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    clients: [
      { name: "default", mode: "enforce", listen: ["unix:///run/docker-guard.sock"] },
      { name: "ci", policy: "bulkhead.yaml client ci", listen: ["unix:///run/ci.sock"], certificates: [] },
      {
        name: "traefik",
        mode: "warn",
        listen: ["unix:///run/t.sock"],
        certificates: ["traefik"],
        from: ["10.1.0.0/16"],
      },
    ],
  });
  const ci = readConfig("ci", memoryFiles({ ci: told.clients[1]?.yaml ?? "" }));
  expect(ci.ok && ci.value.guard?.groups?.judged).toBe("deny");
  inForce.close();
  expect(existsSync(inForcePath(log))).toBe(false);
  expect(said).toEqual([]);
});

it("tells where it cannot be written, and a guard that logs to standard output writes none", () => {
  const said: string[] = [];
  const folder = testFolder();
  const inForce = openInForce({
    ...{ log: join(folder, "missing", "guard.log"), kind: "authz", version: "1" },
    tell: (text) => said.push(text),
  });
  inForce.tell(policies(), []);
  inForce.close();
  expect(said).toEqual([
    `what this guard enforces cannot be written to ${folder}/missing/guard.log.policy.json: its folder does not exist`,
  ]);
  mkdirSync(join(folder, "missing"));
  const silent = openInForce({ log: "-", kind: "proxy", version: "1", tell: (text) => said.push(text) });
  silent.tell(policies(), []);
  silent.close();
  expect(said).toHaveLength(1);
});
