import { isRecord, parsedJson } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";

/**
 * What dockerd tells of a request before it handles it. Headers come as one value each, the last where several were sent,
 * without Host and Transfer-Encoding and, where the body is chunked, without Content-Length; those with credentials are
 * left out.
 *
 * @see https://github.com/moby/moby/blob/v26.1.5/pkg/authorization/api.go
 */
export interface AuthzMessage {
  /** The common name of the client's TLS certificate, where there is one. */
  readonly user: string | undefined;
  /** `TLS`. */
  readonly authenticatedBy: string | undefined;
  readonly method: string;
  /** The request-target, as it came. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Only a body of type application/json below 1 MiB. */
  readonly body: Uint8Array | undefined;
}

/** Reads what dockerd posts to /AuthZPlugin.AuthZReq. Fails where it is not what dockerd would say. */
export function readMessage(text: string): Result<AuthzMessage> {
  const document = parsedJson(text);
  if (!isRecord(document)) return failed("dockerd's question is no JSON object");
  const { RequestMethod, RequestUri, RequestHeaders = {}, RequestBody, User, UserAuthNMethod } = document;
  if (typeof RequestMethod !== "string" || typeof RequestUri !== "string") {
    return failed("dockerd's question names no method or no path");
  }
  if (!isRecord(RequestHeaders)) return failed("dockerd's question holds headers that are none");
  const headers: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(RequestHeaders)) {
    if (typeof value !== "string")
      return failed(`dockerd's question holds a header ${name} that is not text`);
    headers.push([name, value]);
  }
  if (RequestBody !== undefined && RequestBody !== null && typeof RequestBody !== "string") {
    return failed("dockerd's question holds a body that is not text");
  }
  return ok({
    user: textOr(User),
    authenticatedBy: textOr(UserAuthNMethod),
    method: RequestMethod,
    target: RequestUri,
    headers,
    body: RequestBody ? new Uint8Array(Buffer.from(RequestBody, "base64")) : undefined,
  });
}

/** Go leaves an empty text out. */
function textOr(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
