import { failed, ok, type Result } from "../../../base/result.ts";
import { many, type RequestHead, type ResponseHead, single } from "./head.ts";

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** An answer alone: it ends with the connection. */
  | { readonly kind: "untilClose" };

const none: Framing = { kind: "none" };
const chunked: Framing = { kind: "chunked" };

/**
 * How a request's body is framed. Where two readers could differ it is refused: both Content-Length and
 * Transfer-Encoding, either of them twice or as a list, another coding than `chunked`, a number with a sign.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6
 */
export function requestFraming({ headers, minor }: RequestHead): Result<Framing> {
  const coding = single(headers, "transfer-encoding");
  const length = single(headers, "content-length");
  if (coding === many || length === many)
    return failed("the length of the body is said twice (Content-Length, Transfer-Encoding)");
  if (coding !== undefined && length !== undefined)
    return failed("the request has both Content-Length and Transfer-Encoding");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") return failed("the Transfer-Encoding is another than chunked");
    return minor === 1 ? ok(chunked) : failed("HTTP/1.0 knows no Transfer-Encoding");
  }
  if (length === undefined) return ok(none);
  const bytes = parseLength(length);
  return bytes === undefined
    ? failed("the Content-Length is not a number of bytes")
    : ok(bytes === 0 ? none : { kind: "length", bytes });
}

/** How an Engine's answer is framed; 101 is no body but a tunnel and must be seen before. */
export function responseFraming(method: string, { status, headers }: ResponseHead): Result<Framing> {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return ok(none);
  const coding = single(headers, "transfer-encoding");
  const length = single(headers, "content-length");
  if (coding === many || length === many || (coding !== undefined && length !== undefined))
    return failed("the answer says the length of its body twice");
  if (coding !== undefined)
    return coding.toLowerCase() === "chunked" ? ok(chunked) : failed("the answer's coding is not chunked");
  if (length === undefined) return ok({ kind: "untilClose" });
  const bytes = parseLength(length);
  return bytes === undefined ? failed("the answer's length is not a number") : ok({ kind: "length", bytes });
}

function parseLength(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
