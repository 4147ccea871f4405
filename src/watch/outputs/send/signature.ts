import { createHmac } from "node:crypto";

/**
 * The headers by which a receiver knows that a body is bulkhead's and new: `Bulkhead-Timestamp` is the time of this attempt in
 * seconds since 1970, and `Bulkhead-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of that time, a full stop and the
 * body's bytes. A receiver computes the same over the raw body, compares in constant time, and refuses what is older than some
 * minutes.
 */
export function signatureHeaders(
  secret: string,
  body: string,
  now: number = Date.now(),
): { readonly "bulkhead-timestamp": string; readonly "bulkhead-signature": string } {
  const timestamp = String(Math.floor(now / 1_000));
  const digest = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  return { "bulkhead-timestamp": timestamp, "bulkhead-signature": `v1=${digest}` };
}
