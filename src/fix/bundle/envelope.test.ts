import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Envelope, keyIdOf, privateKeyOf, publicKeyOf, seal, unseal } from "./envelope.ts";

const pairs = {
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  Ed25519: generateKeyPairSync("ed25519"),
};

describe.each(Object.entries(pairs))("an envelope signed with %s", (_, { privateKey, publicKey }) => {
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

test("what is no key, or a key of another type, is said", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
  expect(publicKeyOf(pem)).toMatchObject({ ok: false, reason: expect.stringContaining("type rsa") });
  expect(privateKeyOf("hello")).toMatchObject({
    ok: false,
    reason: expect.stringContaining("not a private key"),
  });
});

test.each(["", "{}", "[]", '{"payloadType":"text/plain","payload":""}'])("%j is no envelope", (text) => {
  expect(unseal(text, undefined)).toMatchObject({ ok: false });
});
