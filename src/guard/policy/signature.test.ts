import { createSign, generateKeyPairSync } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSigned } from "./signature.ts";

const pem = { type: "spki", format: "pem" } as const;
const text = "guard: { mode: enforce }\n";
let folder = "";
let signature = "";
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-signed-"));
  const own = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  signature = createSign("sha256").update(text).sign(own.privateKey, "base64");
  writeFileSync(at("policy.yaml"), text);
  writeFileSync(at("policy.yaml.sig"), signature);
  writeFileSync(at("cosign.pub"), own.publicKey.export(pem));
  const other = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  writeFileSync(at("other.pub"), other.publicKey.export(pem));
  writeFileSync(
    at("large.pub"),
    generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey.export(pem),
  );
  writeFileSync(at("rsa.pub"), generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export(pem));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (key = "cosign.pub", sig = "policy.yaml.sig", path = "policy.yaml") =>
  readSigned(at(path), at(key), at(sig));

test("a policy that is signed, by the signature alone or in a bundle of cosign", () => {
  expect(read()).toEqual({ ok: true, value: text });
  writeFileSync(at("old.json"), JSON.stringify({ base64Signature: signature, cert: "" }));
  writeFileSync(at("new.json"), JSON.stringify({ messageSignature: { signature } }));
  for (const bundle of ["old.json", "new.json"]) expect(read("cosign.pub", bundle).ok).toBe(true);
});

test("no other text, key or signature", () => {
  expect(read("other.pub")).toMatchObject({ ok: false, reason: expect.stringContaining("is not one of") });
  for (const key of ["large.pub", "rsa.pub", "policy.yaml"])
    expect(read(key)).toMatchObject({ ok: false, reason: expect.stringContaining("no public key of ECDSA") });
  expect(read("nowhere.pub")).toMatchObject({ ok: false, reason: expect.stringContaining("cannot be read") });
  writeFileSync(at("text.sig"), "no signature");
  writeFileSync(at("empty.json"), "{}");
  for (const sig of ["text.sig", "empty.json"])
    expect(read("cosign.pub", sig)).toMatchObject({ reason: expect.stringContaining("is no signature") });
  writeFileSync(at("changed.yaml"), text);
  appendFileSync(at("changed.yaml"), "\n");
  expect(read("cosign.pub", "policy.yaml.sig", "changed.yaml")).toMatchObject({ ok: false });
});
