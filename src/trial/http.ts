import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { failed, ok, type Result } from "../base/result.ts";
import { parseBytes, spellBytes } from "../formats/values/bytes.ts";
import { type Given, givenOf } from "./likeness.ts";
import { type ContainerState, listensOf } from "./state.ts";

/** A request to a workload and what its answer must be: `POST web:8080/upload +100m => stored`. */
export interface HttpCheck {
  /** As it was given. */
  readonly text: string;
  readonly method: string;
  readonly service: string | undefined;
  readonly port: string | undefined;
  readonly path: string;
  readonly body: HttpBody | undefined;
  /** A text that the answer must contain, or `sha256:` and the digest of its body. */
  readonly expected: string | undefined;
}

export type HttpBody =
  | { readonly kind: "file"; readonly path: string }
  /** So many bytes. */
  | { readonly kind: "size"; readonly bytes: number }
  | { readonly kind: "text"; readonly text: string; readonly type?: string };

const form =
  /^(?:(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s+)?([\w.-]*)(?::(\d{1,5}))?(\/\S*)?(?:\s+([@+])(\S+))?(?:\s*=>\s*(.+))?$/s;

/** `[METHOD] [SERVICE][:PORT]/path [@FILE | +SIZE] [=> TEXT | => sha256:DIGEST]`. */
export function parseHttpCheck(text: string): Result<HttpCheck> {
  const [matched, method, service, port, path, sign, body, expected] = form.exec(text.trim()) ?? [];
  if (!matched) {
    return failed("such as /, web/health, :8080/, '/ => Welcome' or 'POST web/upload +100m => stored'");
  }
  const bytes = sign === "+" ? parseBytes(body ?? "") : undefined;
  if (sign === "+" && (bytes === undefined || bytes < 0))
    return failed(`+${body} is not a size such as +100m`);
  const given: HttpBody | undefined =
    bytes !== undefined
      ? { kind: "size", bytes }
      : body === undefined
        ? undefined
        : { kind: "file", path: body };
  return ok({
    text: text.trim(),
    method: method ?? (given ? "POST" : "GET"),
    service: service || undefined,
    port,
    path: path ?? "/",
    body: given,
    expected: expected?.trim(),
  });
}

/** Whether asking once more changes nothing. */
export function isHarmless({ method }: HttpCheck): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** What one service answered. */
export interface Answer {
  readonly service: string;
  readonly status: number;
  readonly body: Given;
}

interface Asking {
  readonly states: ReadonlyMap<string, ContainerState>;
  readonly targets: readonly string[];
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limit: number;
}

/** Asks the first port that answers it with a status below 400. Fails where none does, or the answer is not as expected. */
export async function ask(
  check: HttpCheck,
  { states, targets, signal, limit }: Asking,
): Promise<Result<Answer>> {
  const { path, service, port, method } = check;
  const names = service ? [service] : targets;
  const what = `${method === "GET" ? "" : `${method} `}${path}`;
  let reason = `${check.text}: no container of ${names.join(", ")} has an address and a port to ask`;
  for (const name of names) {
    const state = states.get(name);
    if (state?.address === undefined) continue;
    for (const each of port ? [port] : portsOf(state)) {
      try {
        const until = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
        const answer = await fetch(`http://${state.address}:${each}${path}`, {
          ...{ method, redirect: "manual", signal: until },
          ...sending(check.body),
        });
        const body = givenOf(Buffer.from(await answer.arrayBuffer()));
        const wrong = answer.status < 400 ? unexpected(check, body) : undefined;
        if (answer.status < 400 && wrong === undefined)
          return ok({ service: name, status: answer.status, body });
        reason =
          wrong === undefined
            ? `${name} answers ${what} on port ${each} with status ${answer.status}`
            : `${name} answers ${what} on port ${each}, but ${wrong}`;
      } catch {
        reason = `${name} does not answer ${what} on port ${each}`;
      }
    }
  }
  return failed(reason);
}

function unexpected({ expected }: HttpCheck, { digest, text, size }: Given): string | undefined {
  if (expected === undefined) return undefined;
  const wanted = /^sha256:([0-9a-f]{64})$/i.exec(expected)?.[1];
  if (wanted !== undefined) {
    return wanted.toLowerCase() === digest ? undefined : `the body's digest is sha256:${digest}`;
  }
  if (text?.includes(expected)) return undefined;
  return `without “${expected}” in its ${spellBytes(size)}`;
}

function sending(body: HttpBody | undefined): RequestInit {
  if (!body) return {};
  if (body.kind === "text") {
    return { body: body.text, ...(body.type !== undefined && { headers: { "content-type": body.type } }) };
  }
  const source = body.kind === "file" ? createReadStream(body.path) : Readable.from(bytesOf(body.bytes));
  const headers = { "content-type": "application/octet-stream" };
  const size: Record<string, string> = body.kind === "size" ? { "content-length": String(body.bytes) } : {};
  return { body: Readable.toWeb(source) as ReadableStream, headers: { ...headers, ...size }, duplex: "half" };
}

/** The same bytes each time, which no compression makes small. */
function* bytesOf(count: number): Generator<Buffer> {
  let block = Buffer.alloc(0);
  for (let left = count; left > 0; left -= block.length) {
    const parts = Array.from({ length: 2048 }, (_, at) =>
      createHash("sha256").update(`${count} ${left} ${at}`).digest(),
    );
    block = Buffer.concat(parts).subarray(0, left);
    yield block;
  }
}

export function portsOf(state: ContainerState): readonly string[] {
  const listened = listensOf(state).filter((each) => each.startsWith("tcp/"));
  if (listened.length > 0) return listened.map((each) => each.slice("tcp/".length));
  return state.exposed.filter((each) => each.endsWith("/tcp")).map((each) => each.slice(0, -"/tcp".length));
}
