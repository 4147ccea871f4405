import { createServer, type IncomingMessage } from "node:http";
import { isRecord, parsedJson } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type Explained, explain } from "../check/explain.ts";
import { offline } from "../check/offline.ts";
import { readRequestFile } from "../check/request-file.ts";
import { faultLine } from "../fault.ts";
import { type Ask, judge } from "../judge/judge.ts";
import type { Policies } from "../policy/policies.ts";
import { readListenAddress } from "./client/listen-address.ts";
import { type Health as Closable, listenForHttp } from "./health.ts";

export interface AdminOptions {
  /** `unix:///PATH` or `tcp://127.0.0.1:PORT`. */
  readonly address: string;
  /** The policies in use now. */
  readonly policies: () => Policies;
  /** Reads the text of a bulkhead.yaml that is not in use; a reason says what is wrong with it. */
  readonly candidate: (text: string) => Result<Policies>;
  /** What the real Engine says of the objects that a request names. */
  readonly ask: Ask;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
}

const mostBytes = 1024 * 1024;

/**
 * Answers what the guard would do with a request, under its own policy or a candidate, and does nothing: `POST /check` with
 * `{"request": …, "policy": "…", "client": "…"}`, where the request is what `bulkhead guard check` takes. A decision shows what
 * a policy says, so only the guard's own user can open the socket, and over TCP only loopback is taken.
 */
export async function openAdmin(options: AdminOptions): Promise<Result<Closable>> {
  const { address } = options;
  const at = readListenAddress(address.startsWith("tcp://") ? `${address},plain` : address);
  if (!at.ok) return failed(`--admin takes unix:///PATH or tcp://127.0.0.1:PORT: ${at.reason}`);
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    const answer = (status: number, document: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(`${JSON.stringify(document)}\n`);
    };
    if (request.url !== "/check") return answer(404, { error: "POST /check is all there is" });
    if (request.method !== "POST") return answer(405, { error: "POST /check is all there is" });
    // A browser says which page asks, also if the page's own name leads here. No page may ask.
    if (request.headers.origin !== undefined) return answer(403, { error: "a web page may not ask" });
    // Without this type a page of another origin can send a request unasked.
    if (request.headers["content-type"] !== "application/json")
      return answer(415, { error: "the content type application/json is expected" });
    check(request, options).then(
      (checked) => (checked.ok ? answer(200, checked.value) : answer(400, { error: checked.reason })),
      (error: unknown) => {
        if (!request.complete) return;
        options.tell(faultLine(error));
        answer(500, { error: "the guard failed on this request" });
      },
    );
  });
  server.maxConnections = 16;
  return await listenForHttp(server, at.value.kind === "unix" ? { ...at.value, mode: 0o600 } : at.value);
}

async function check(message: IncomingMessage, options: AdminOptions): Promise<Result<Explained>> {
  const text = await bodyOf(message);
  if (text === undefined) return failed("the request is larger than 1 MiB");
  const asked = parsedJson(text);
  if (!isRecord(asked)) return failed('JSON is expected: {"request": …, "policy": "…", "client": "…"}');
  const { request, policy: yaml, client, ...others } = asked;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return failed(`there is no member ${unknown}: request, policy and client are known`);
  if (yaml !== undefined && typeof yaml !== "string") return failed("policy is the text of a bulkhead.yaml");
  if (client !== undefined && typeof client !== "string") return failed("client is a client's name");
  if (request === undefined) return failed("request is missing");
  const read = readRequestFile(JSON.stringify(request), "request");
  if (!read.ok) return failed(`request: ${read.reason}`);
  const policies = yaml === undefined ? ok(options.policies()) : options.candidate(yaml);
  if (!policies.ok) return failed(`policy: ${policies.reason}`);
  const policy =
    client === undefined || client === "default"
      ? policies.value.default
      : policies.value.clients.find(({ name }) => name === client)?.policy;
  if (!policy) return failed(`there is no client ${client}`);
  const isDescribed = isRecord(request) && ("known" in request || "engine" in request);
  if (!isDescribed) return ok(explain(await judge(read.value.raw, policy, options.ask), policy, []));
  const world = offline(read.value);
  const judged = await judge(read.value.raw, policy, world.ask);
  return ok(explain(judged, policy, world.assumptions()));
}

async function bodyOf(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
