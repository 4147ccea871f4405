import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Envelope, keyIdOf, seal, unseal } from "./envelope.ts";
import { privateKeyOf, publicKeyOf } from "./keys.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

describe("an envelope that is signed", () => {
  const envelope = seal({ says: "what it needs" }, privateKey);

  test("is opened with its key", () => {
    expect(unseal(JSON.stringify(envelope), publicKey)).toEqual({
      ok: true,
      value: { says: "what it needs" },
    });
    expect(envelope.signatures.map(({ keyid }) => keyid)).toEqual([keyIdOf(publicKey)]);
    expect(keyIdOf(privateKey)).toBe(keyIdOf(publicKey));
  });

  test("is not opened where a byte of it differs", () => {
    const bytes = Buffer.from(envelope.payload, "base64");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        const forged: Envelope = { ...envelope, payload: changed.toString("base64") };
        expect(unseal(JSON.stringify(forged), publicKey)).toMatchObject({ ok: false });
      }),
    );
  });

  test("is not opened with another key, nor without a signature", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    expect(unseal(JSON.stringify(envelope), other)).toEqual({
      ok: false,
      reason: "it is not signed with this key",
    });
    const bare = JSON.stringify({ ...envelope, signatures: [] });
    expect(unseal(bare, publicKey)).toEqual({ ok: false, reason: "it is not signed" });
    expect(unseal(bare, undefined).ok).toBe(true);
  });

  test("keys are read as PEM", () => {
    const own = privateKeyOf(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const theirs = publicKeyOf(publicKey.export({ type: "spki", format: "pem" }).toString());
    expect(own.ok && theirs.ok && unseal(JSON.stringify(seal({}, own.value)), theirs.value)).toEqual({
      ok: true,
      value: {},
    });
  });
});

test.each([
  ["RSA", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey],
  ["another curve", generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey],
  ["Ed25519", generateKeyPairSync("ed25519").publicKey],
])("a key of %s is refused", (_, key) => {
  expect(publicKeyOf(key.export({ type: "spki", format: "pem" }).toString())).toMatchObject({
    ok: false,
    reason: expect.stringContaining("not a public key of ECDSA on P-256"),
  });
});

test("what is no key is said, and a private key is no public one", () => {
  expect(privateKeyOf("hello")).toMatchObject({
    ok: false,
    reason: expect.stringContaining("not a private key"),
  });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  expect(publicKeyOf(pem)).toMatchObject({ ok: false });
});

test.each(["", "{}", "[]", '{"payloadType":"text/plain","payload":""}'])("%j is no envelope", (text) => {
  expect(unseal(text, undefined)).toMatchObject({ ok: false });
});
