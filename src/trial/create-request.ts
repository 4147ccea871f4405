import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { isRecord } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { runProgram, whyFailed } from "./docker.ts";
import type { Scratch } from "./scratch.ts";

export interface AskDocker {
  /** The arguments of `docker run`. */
  readonly words: readonly string[];
  /** Where relative paths begin. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const limit = 30_000;

/**
 * The body of the create request that the docker CLI makes of a line. The CLI speaks to a socket of bulkhead's that only
 * records, so no Engine gets the request and nothing is made.
 */
export async function createRequestOf(
  { words, folder, environment, signal }: AskDocker,
  scratch: Scratch,
): Promise<Result<Readonly<Record<string, unknown>>>> {
  const socket = join(scratch.make("ask"), "s");
  let body: unknown;
  const server = recordingEngine((recorded) => {
    body = recorded;
  });
  await new Promise<void>((done) => server.listen(socket, done));
  try {
    const { DOCKER_TLS_VERIFY: _, DOCKER_TLS: __, DOCKER_CONTEXT: ___, ...rest } = process.env;
    const ended = await runProgram("docker", ["--host", `unix://${socket}`, "run", ...words], {
      environment: { ...rest, ...environment },
      ...{ folder, limit, signal },
    });
    if (isRecord(body)) return ok(body);
    if (ended.missing) return failed("trials need the docker CLI, which is not installed here");
    return failed(`docker refuses it: ${whyFailed(ended, limit)}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/**
 * An Engine that makes nothing: it hands on the body of each create request, and answers just enough for the CLI to go on to
 * the next request (the Engine API, version 1.45).
 */
export function recordingEngine(record: (body: unknown) => void): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      response.setHeader("Api-Version", "1.45");
      response.setHeader("Ostype", "linux");
      response.setHeader("Content-Type", "application/json");
      if (path.endsWith("/_ping")) response.end("OK");
      else if (/\/containers\/create(?:\?|$)/.test(path)) {
        record(JSON.parse(Buffer.concat(chunks).toString("utf8")));
        response.statusCode = 201;
        response.end(JSON.stringify({ Id: "0".repeat(64), Warnings: [] }));
      } else if (/\/start(?:\?|$)/.test(path)) {
        response.statusCode = 204;
        response.end();
      } else {
        response.statusCode = 404;
        response.end(JSON.stringify({ message: "not here" }));
      }
    });
  });
}
