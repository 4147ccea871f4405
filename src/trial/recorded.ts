import { isRecord, parsedJson } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { HttpCheck } from "./http.ts";

/** One request that a person made through `learn --record`: a line of JSON. */
export interface RecordedRequest {
  readonly service: string;
  /** The container's port. */
  readonly port: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Those that say what is asked for and by whom; a cookie is what the replayed answers set. */
  readonly headers: Readonly<Record<string, string>>;
  /** In base64; undefined for none. */
  readonly body?: string;
  /** What was answered. */
  readonly status: number;
}

/** Headers that a replay sends again. */
export const keptHeaders = ["accept", "authorization", "content-type", "host", "origin", "x-requested-with"];

/** The checks of a session's text, in its order. Fails with the line that is none. Pure. */
export function checksOfSession(text: string): Result<readonly HttpCheck[]> {
  const checks: HttpCheck[] = [];
  const times = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const request = requestOf(parsedJson(line));
    if (!request) return failed(`line ${index + 1} is not a request that learn --record wrote`);
    const { service, port, method, path, headers, body, status } = request;
    const name = `${method} ${service}:${port}${path}`;
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    checks.push({
      ...{ method, service, path, expected: undefined, port: String(port) },
      text: time === 1 ? name : `${name} (${time})`,
      body: body === undefined ? undefined : { kind: "bytes", bytes: Buffer.from(body, "base64") },
      recorded: { headers, status },
    });
  }
  return checks.length > 0 ? ok(checks) : failed("it holds no request");
}

function requestOf(value: unknown): RecordedRequest | undefined {
  if (!isRecord(value) || !isRecord(value.headers)) return undefined;
  const { service, port, method, path, headers, body, status } = value;
  const areTexts = [service, method, path, ...Object.values(headers)].every(
    (each) => typeof each === "string",
  );
  const isWhole =
    areTexts && Number.isInteger(port) && Number.isInteger(status) && /^[A-Z]+$/.test(String(method));
  if (!isWhole || !String(path).startsWith("/") || (body !== undefined && typeof body !== "string"))
    return undefined;
  return value as unknown as RecordedRequest;
}
