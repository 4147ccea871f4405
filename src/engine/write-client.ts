import { parsedJson } from "../base/json.ts";
import { ok, type Result } from "../base/result.ts";
import type { Answer } from "./client.ts";
import { chooseEndpoint } from "./connect/choose.ts";
import { openLine } from "./connect/dial.ts";
import type { ConnectOptions } from "./connect/endpoint.ts";
import { refusal } from "./streams.ts";

/** A connection to an Engine that changes things, beside the one that reads. Every path is of the negotiated version. */
export interface EngineWriter {
  /** Posts a JSON document, an archive, or nothing; gives the Engine's answer. Never rejects. */
  post(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Milliseconds. Stopping a container takes as long as its own grace period. */
const longest = 10 * 60_000;

/** Opens a connection to the Engine that `connectEngine` chose with the same options; `apiVersion` is what it settled. */
export function openWriter(options: ConnectOptions, apiVersion: string): Result<EngineWriter> {
  const endpoint = chooseEndpoint(options);
  if (!endpoint.ok) return endpoint;
  const line = openLine(endpoint.value, options.environment);

  async function send(method: "POST" | "DELETE", path: string, body?: unknown): Promise<Answer> {
    try {
      const answer = await line.pool.request({
        path: `${line.basePath}/v${apiVersion}${path}`,
        method,
        headers: {
          accept: "application/json",
          "content-type": body instanceof Uint8Array ? "application/x-tar" : "application/json",
        },
        body: body === undefined ? null : body instanceof Uint8Array ? body : JSON.stringify(body),
        headersTimeout: longest,
        signal: AbortSignal.timeout(longest),
      });
      const text = await answer.body.text();
      // 304: it is so already (a container that is stopped twice).
      if (answer.statusCode < 300 || answer.statusCode === 304) return { ok: true, value: parsedJson(text) };
      const kind = answer.statusCode === 404 ? "missing" : "refused";
      return { ok: false, reason: refusal(answer.statusCode, text), kind };
    } catch (error) {
      return { ok: false, reason: await line.why(error), kind: "lost" };
    }
  }

  return ok({
    post: (path, body) => send("POST", path, body),
    delete: (path) => send("DELETE", path),
    close: () => line.pool.destroy(),
  });
}
