import { execFileSync } from "node:child_process";
import { type ClientRequest, type IncomingMessage, request as openRequest } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { filled, received, type ToolRequest } from "../support/guard/tools.ts";

export interface Answered {
  readonly call: string;
  readonly status: number;
  readonly type: string | undefined;
  /** A document's members, without what differs from one run to the next; what came of a command. */
  readonly body: unknown;
}

/** Sends a tool's requests one after the other; what stays open is closed at the end. */
export async function replay(
  socketPath: string,
  requests: readonly ToolRequest[],
  known: ReadonlyMap<string, string>,
): Promise<readonly Answered[]> {
  const names = new Map(known);
  const open: Socket[] = [];
  const answers: Answered[] = [];
  try {
    for (const written of requests) {
      const { answered, kept } = await send(socketPath, filled(written, names), open);
      answers.push({ ...answered, call: `${written.method} ${written.target}` });
      if (written.keep !== undefined && kept !== undefined) names.set(written.keep, kept);
    }
  } finally {
    for (const socket of open) socket.destroy();
  }
  return answers;
}

interface Sent {
  readonly answered: Omit<Answered, "call">;
  readonly kept?: string | undefined;
}

async function send(socketPath: string, request: ToolRequest, open: Socket[]): Promise<Sent> {
  const { method, target: path, headers, body } = received(request);
  const asked = openRequest({ socketPath, method, path, headers: Object.fromEntries(headers) });
  const answer = answerTo(asked);
  asked.end(body.kind === "bytes" ? body.bytes : body.kind === "stream" ? archive : undefined);
  const { response, socket } = await answer;
  const status = response.statusCode ?? 0;
  const type = response.headers["content-type"];
  if (socket) {
    open.push(socket);
    const said = request.answer === "hijack" ? await text(socket) : undefined;
    return { answered: { status, type, body: said } };
  }
  if (request.answer === "stream" && status < 400) {
    open.push(response.socket);
    return { answered: { status, type, body: undefined } };
  }
  const whole = await text(response);
  if (status >= 400 || whole === "" || !type?.startsWith("application/json")) {
    const isText = status >= 400 || type?.startsWith("text/plain");
    return { answered: { status, type, body: isText ? whole : undefined } };
  }
  const document: unknown = JSON.parse(whole);
  return { answered: { status, type, body: outline(document) }, kept: idIn(document) };
}

function answerTo(asked: ClientRequest): Promise<{ response: IncomingMessage; socket?: Socket }> {
  return new Promise((resolve, reject) => {
    asked.once("response", (response) => resolve({ response }));
    asked.once("upgrade", (response, socket, head) => {
      socket.unshift(head);
      resolve({ response, socket: socket as Socket });
    });
    asked.once("error", reject);
  });
}

function idIn(document: unknown): string | undefined {
  const { Id } = (document ?? {}) as { readonly Id?: unknown };
  return typeof Id === "string" ? Id : undefined;
}

/** Maps whose keys are names that people and the Engine choose, and what hardening and an owner's label add to. */
const maps =
  /^(?:Labels|Networks|Containers|Ports|Volumes|PortBindings|ExposedPorts|Options|Sysctls|LogConfig|pids_stats|blkio_stats|Tmpfs|Data|Platform)$/;
const telling = /^(?:ExitCode|ApiVersion|Driver|Running)$/;

/** The members of a document, and of each list what its items have. */
function outline(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.filter((item) => !isBuiltIn(item)).map((item) => JSON.stringify(outline(item)));
    return [...new Set(items)].sort();
  }
  if (typeof value !== "object" || value === null) return telling.test(name) ? value : "";
  if (maps.test(name)) return "";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "VolumeOptions")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, isPlainList(item) ? "" : outline(item, key)]),
  );
}

/** The Engine's own networks are nobody's, so a client with an owner does not see them. */
function isBuiltIn(item: unknown): boolean {
  const { Name, Driver } = (item ?? {}) as { readonly Name?: unknown; readonly Driver?: unknown };
  return Driver !== undefined && /^(?:bridge|host|none|ingress|docker_gwbridge)$/.test(String(Name));
}

/** A list of texts, which hardening may make of nothing. */
function isPlainList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== "object");
}

/** An archive with an empty folder in it. */
const archive = execFileSync("tar", ["-c", "--no-recursion", "-C", "/", "./tmp"]);
