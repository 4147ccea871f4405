import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { failed, ok, type Result } from "../../base/result.ts";

/** A public key in PEM: ECDSA on P-256, as cosign generate-key-pair writes cosign.pub. */
export function publicKeyOf(pem: string): Result<KeyObject> {
  const what = "a public key of ECDSA on P-256, in PEM, as cosign generate-key-pair writes cosign.pub";
  // A private key has a public half, and is not to lie where a public one does.
  return pem.includes("BEGIN PUBLIC KEY")
    ? keyOf(() => createPublicKey(pem), what)
    : failed(`is not ${what}`);
}

/** A private key in PEM, without a password. */
export function privateKeyOf(pem: string): Result<KeyObject> {
  const what = "a private key of ECDSA on P-256, in PEM, without a password, as openssl genpkey writes it";
  return keyOf(() => createPrivateKey(pem), what);
}

function keyOf(read: () => KeyObject, what: string): Result<KeyObject> {
  try {
    const key = read();
    const isKnown = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isKnown ? ok(key) : failed(`is not ${what}`);
  } catch {
    return failed(`is not ${what}`);
  }
}
