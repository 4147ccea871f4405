import { type KeyObject, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";
import { recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { publicKeyOf } from "../../fix/bundle/keys.ts";

/** Bytes of a key or a signature; no such file is larger. */
const largest = 64 * 1024;

/**
 * Reads a policy whose signature is right: the text that was checked is the text that is used. The signature is what
 * `cosign sign-blob --key` writes: ECDSA on P-256 over SHA-256, as base64 or in a bundle. Nothing is asked of a network.
 *
 * @see https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export function readSigned(path: string, keyPath: string, signaturePath: string): Result<string> {
  const key = readKey(keyPath);
  if (!key.ok) return key;
  const signature = readSignature(signaturePath);
  if (!signature.ok) return signature;
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  return verify("sha256", bytes.value, key.value, signature.value)
    ? ok(bytes.value.toString("utf8"))
    : failed(
        `the signature ${signaturePath} is not one of ${path} by the key ${keyPath}: the policy is not used`,
      );
}

export function readKey(path: string): Result<KeyObject> {
  const bytes = readBytes(path, largest);
  if (!bytes.ok) return bytes;
  const key = publicKeyOf(bytes.value.toString("utf8"));
  return key.ok ? key : failed(`${path} ${key.reason}`);
}

function readSignature(path: string): Result<Buffer> {
  const bytes = readBytes(path, largest);
  if (!bytes.ok) return bytes;
  // `openssl base64` breaks its lines.
  const text = signatureIn(bytes.value.toString("utf8").trim())?.replace(/\r?\n/g, "");
  if (text === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    return failed(`${path} is not a signature in base64, as cosign sign-blob writes it`);
  return ok(Buffer.from(text, "base64"));
}

/**
 * Alone, or in a bundle of cosign 2 (`base64Signature`) or 3.
 *
 * @see https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
 */
function signatureIn(text: string): string | undefined {
  if (!text.startsWith("{")) return text;
  try {
    const bundle: unknown = JSON.parse(text);
    return textAt(bundle, "base64Signature") ?? textAt(recordAt(bundle, "messageSignature"), "signature");
  } catch {
    return undefined;
  }
}

function readBytes(path: string, most = Number.POSITIVE_INFINITY): Result<Buffer> {
  try {
    const bytes = readFileSync(path);
    return bytes.length <= most ? ok(bytes) : failed(`${path} is too large`);
  } catch (error) {
    return failed(`${path} cannot be read: ${whyUnread(error)}`);
  }
}
