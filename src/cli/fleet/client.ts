import { readFileSync } from "node:fs";
import { codeOf, whyServeUnreached, whyUnread } from "../../base/error-words.ts";
import { isRecord, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { isLoopbackUrl } from "../common/loopback.ts";
import type { FleetOptions } from "./options.ts";

/** Asks the API of a running `bulkhead serve`. */
export interface FleetClient {
  /** A reason says in one line why there is no answer. */
  get(path: string, query: Readonly<Record<string, string | undefined>>): Promise<Result<unknown>>;
  /** Asks for a change. What has no answer gives an empty object. */
  send(method: "POST" | "DELETE", path: string, body?: object): Promise<Result<unknown>>;
}

const patience = 30_000;

/** A client by the options and the environment. A reason says what is missing. */
export function fleetClient(
  { url: given, tokenFile }: Pick<FleetOptions, "url" | "tokenFile">,
  environment: NodeJS.ProcessEnv,
): Result<FleetClient> {
  const url = given ?? parse(environment.BULKHEAD_URL);
  if (!url) return failed("where is bulkhead serve? Give --url, or set BULKHEAD_URL to its address");
  if (url.protocol === "http:" && !isLoopbackUrl(url)) {
    return failed(`${url.origin} is not HTTPS, and the token would cross the network in the clear`);
  }
  const token = tokenFile === undefined ? ok(environment.BULKHEAD_TOKEN ?? "") : readToken(tokenFile);
  if (!token.ok) return token;
  if (!/^[\w-]+$/.test(token.value)) {
    return failed("an API token is needed: set BULKHEAD_TOKEN, or give --token-file; Settings makes one");
  }
  return ok({
    async get(path, query) {
      const target = new URL(`/api/v1${path}`, url);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) target.searchParams.set(name, value);
      }
      return await ask(target, token.value, {});
    },
    send: async (method, path, body) =>
      await ask(new URL(`/api/v1${path}`, url), token.value, {
        method,
        ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      }),
  });
}

async function ask(target: URL, token: string, request: RequestInit): Promise<Result<unknown>> {
  let answer: Response;
  try {
    answer = await fetch(target, {
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${token}` },
      // A token goes to the address that was named, and to no other.
      redirect: "error",
      signal: AbortSignal.timeout(patience),
    });
  } catch (error) {
    return failed(`${target.origin} ${whyNoAnswer(error)}`);
  }
  if (answer.status === 204) return ok({});
  const said: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok)
    return failed(`${target.origin} answers: ${textAt(said, "error") ?? `status ${answer.status}`}`);
  return isRecord(said)
    ? ok(said)
    : failed(`${target.origin} is not bulkhead serve: its answer is not a JSON object`);
}

/** fetch rejects with a cause that has the system's code, or by its time limit. */
function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return "cannot be talked to";
  if (error.name === "TimeoutError") return `gives no answer within ${patience / 1_000} s`;
  if (!(error.cause instanceof Error)) return whyServeUnreached(error);
  const code = codeOf(error.cause);
  return code === "" ? `cannot be talked to: ${error.cause.message}` : whyServeUnreached(error.cause);
}

function parse(text: string | undefined): URL | undefined {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  return url && ["http:", "https:"].includes(url.protocol) ? url : undefined;
}

function readToken(path: string): Result<string> {
  try {
    return ok(readFileSync(path, "utf8").trim());
  } catch (error) {
    return failed(`${path}: ${whyUnread(error)}`);
  }
}
