import { execFileSync } from "node:child_process";
import { createPrivateKey, createSign, generateKeyPairSync, sign } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** The steps of docs/guard.md, and cosign's: ASN.1 of ECDSA over SHA-256, in base64. */
test("a policy that openssl signs, as cosign does", () => {
  const openssl = (args: readonly string[], input?: Buffer) =>
    execFileSync("openssl", args, { cwd: folder, ...(input && { input }) });
  openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "own.key"]);
  openssl(["pkey", "-in", "own.key", "-pubout", "-out", "own.pub"]);
  const made = openssl(["dgst", "-sha256", "-sign", "own.key", "policy.yaml"]);
  const inBase64 = openssl(["base64", "-A"], made).toString();
  writeFileSync(at("one-line.sig"), inBase64);
  writeFileSync(at("lines.sig"), openssl(["base64"], made));
  writeFileSync(
    at("cosign2.json"),
    JSON.stringify({ base64Signature: inBase64, cert: Buffer.from("PEM").toString("base64") }),
  );
  const digest = openssl(["dgst", "-sha256", "-binary", "policy.yaml"]).toString("base64");
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "aGludA==" }, tlogEntries: [] },
    messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature: inBase64 },
  };
  writeFileSync(at("cosign3.json"), JSON.stringify(bundle));
  for (const sig of ["one-line.sig", "lines.sig", "cosign2.json", "cosign3.json"])
    expect(read("own.pub", sig), sig).toEqual({ ok: true, value: text });
  // The raw two numbers of IEEE P1363, and a signature of the digest's text, are none of cosign's.
  const key = createPrivateKey(readFileSync(at("own.key")));
  const raw = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  writeFileSync(at("raw.sig"), raw.toString("base64"));
  expect(read("own.pub", "raw.sig")).toMatchObject({ ok: false });
});

test("no other text, key or signature", () => {
  expect(read("other.pub")).toMatchObject({ ok: false, reason: expect.stringContaining("is not one of") });
  for (const key of ["large.pub", "rsa.pub", "policy.yaml"])
    expect(read(key)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("not a public key of ECDSA"),
    });
  expect(read("nowhere.pub")).toMatchObject({ ok: false, reason: expect.stringContaining("cannot be read") });
  writeFileSync(at("text.sig"), "no signature");
  writeFileSync(at("empty.json"), "{}");
  for (const sig of ["text.sig", "empty.json"])
    expect(read("cosign.pub", sig)).toMatchObject({ reason: expect.stringContaining("is not a signature") });
  writeFileSync(at("changed.yaml"), text);
  appendFileSync(at("changed.yaml"), "\n");
  expect(read("cosign.pub", "policy.yaml.sig", "changed.yaml")).toMatchObject({ ok: false });
});
