import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { predicateType } from "../../fix/bundle/bundle.ts";
import { seal } from "../../fix/bundle/envelope.ts";
import { ownFilesOf } from "./own-files.ts";
import { policiesFor } from "./policies.ts";

const owner = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });

const statement = {
  predicateType,
  predicate: {
    ...{ tool: { name: "bulkhead", version: "1" }, made: "2026-12-02", architecture: "x64" },
    workloads: [
      {
        image: { reference: "a", id: `sha256:${"a".repeat(64)}`, repoDigests: [] },
        ...{ invocation: "sha256:1", mounts: [], learnt: {} },
      },
    ],
  },
};

/** A signed bulkhead.yaml that names a bundle, signed with this key. */
function files(signer: typeof owner.privateKey | undefined) {
  const folder = testFolder();
  const at = (name: string) => join(folder, name);
  writeFileSync(at("bulkhead.yaml"), "bundles: { files: [a.json] }\n");
  writeFileSync(at("a.json"), JSON.stringify(seal(statement, signer)));
  writeFileSync(at("key.pub"), owner.publicKey.export({ type: "spki", format: "pem" }));
  const signature = sign("sha256", readFileSync(at("bulkhead.yaml")), owner.privateKey);
  writeFileSync(at("bulkhead.yaml.sig"), signature.toString("base64"));
  return { at, options: { config: at("bulkhead.yaml"), policyKey: at("key.pub") } };
}

it("a signed policy takes bundles that its key has signed, and no container may have their files", async () => {
  const { at, options } = files(owner.privateKey);
  const policies = await policiesFor(options as never, diskFiles());
  if (!policies) throw new Error("it was refused");
  const own = ownFilesOf({ ...options, log: "-" } as never, [], policies, diskFiles());
  expect(own).toContainEqual({ path: at("a.json"), what: "policy" });
});

it.each([
  ["not signed", undefined],
  ["signed with another key", other.privateKey],
])("a signed policy takes no bundle that is %s", async (_, signer) => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const { options } = files(signer);
    expect(await policiesFor(options as never, diskFiles())).toBeUndefined();
    expect(said.join("")).toMatch(/^bulkhead: a\.json: it is not signed(?: with this key)?\n$/);
  } finally {
    write.mockRestore();
  }
});
