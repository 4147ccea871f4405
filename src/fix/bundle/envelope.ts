import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { isRecord, itemsOf, parsedJson, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";

/**
 * A document in a DSSE envelope, as in-toto and cosign sign them.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const payloadType = "application/vnd.in-toto+json";

/** Puts a document into an envelope, signed where there is a key. */
export function seal(document: object, key: KeyObject | undefined): Envelope {
  const body = Buffer.from(JSON.stringify(document));
  const signatures = key
    ? [
        {
          keyid: keyIdOf(key),
          sig: sign("sha256", toSign(body), key).toString("base64"),
        },
      ]
    : [];
  return { payloadType, payload: body.toString("base64"), signatures };
}

/** The document in an envelope. With a key, one of its signatures must be that key's. */
export function unseal(text: string, key: KeyObject | undefined): Result<unknown> {
  const envelope = parsedJson(text);
  if (!isRecord(envelope) || envelope.payloadType !== payloadType || typeof envelope.payload !== "string") {
    return failed("it is not a bundle: learn --bundle writes one");
  }
  const body = Buffer.from(envelope.payload, "base64");
  const signatures = itemsOf(envelope.signatures).map((each) => textAt(each, "sig") ?? "");
  if (key && !signatures.some((sig) => isSigned(body, sig, key))) {
    return failed(signatures.length === 0 ? "it is not signed" : "it is not signed with this key");
  }
  const document = parsedJson(body.toString("utf8"));
  return document === undefined ? failed("what it holds is not JSON") : ok(document);
}

function isSigned(body: Buffer, sig: string, key: KeyObject): boolean {
  try {
    return verify("sha256", toSign(body), key, Buffer.from(sig, "base64"));
  } catch {
    return false;
  }
}

/** What is signed: the type and the body, each with its length (DSSE's pre-authentication encoding). */
function toSign(body: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Names a key, or the public half of a private one: SHA-256 of its SPKI form. */
export function keyIdOf(given: KeyObject): string {
  const key = given.type === "private" ? createPublicKey(given) : given;
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}
