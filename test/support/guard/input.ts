import type { ReceivedBody, ReceivedRequest } from "../../../src/guard/request/request.ts";

/** A request as a line of a corpus. */
export interface FuzzInput {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Base64; null is none, and `stream` one that was not read. */
  readonly body: string | null;
}

export function toRaw(input: FuzzInput): ReceivedRequest {
  return { method: input.method, target: input.target, headers: input.headers, body: toBody(input.body) };
}

function toBody(body: string | null): ReceivedBody {
  if (body === null) return { kind: "none" };
  return body === "stream" ? { kind: "stream" } : { kind: "bytes", bytes: Buffer.from(body, "base64") };
}
