import { createCipheriv } from "node:crypto";
import { createReadStream } from "node:fs";
import { request } from "node:http";
import { Readable } from "node:stream";
import { failed, ok, type Result } from "../base/result.ts";
import { parseBytes, spellBytes } from "../formats/values/bytes.ts";
import { type Given, givenOf } from "./compare/likeness.ts";
import { connectTo } from "./connection.ts";
import { type ContainerState, hasConnection, isHere, listensOf } from "./state.ts";

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
  /** Of a recorded session. Any answer counts: the untouched runs say which one is right. */
  readonly recorded?: { readonly headers: Readonly<Record<string, string>>; readonly status: number };
}

type HttpBody =
  | { readonly kind: "file"; readonly path: string }
  /** So many bytes. */
  | { readonly kind: "size"; readonly bytes: number }
  | { readonly kind: "bytes"; readonly bytes: Buffer };

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
  readonly jar: CookieJar;
}

/** What a proxy or a server that is not ready yet answers. */
const notYet = [502, 503, 504];

function isAnswer({ recorded }: HttpCheck, status: number): boolean {
  return recorded ? !notYet.includes(status) : status < 400;
}

/** Asks the first port that answers it with a status below 400, or any for a recorded request. Fails where none does, or the answer is not as expected. */
export async function ask(
  check: HttpCheck,
  { states, targets, signal, limit, jar }: Asking,
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
        const session = check.recorded && { ...check.recorded.headers, ...cookiesFor(jar, name) };
        const answer = await within(limit, signal, (either) =>
          send(check, state, each, session ?? {}, either),
        );
        if (!answer) {
          reason = `${state.address}:${each} is not ${name} from here: run bulkhead on the Engine's host, or use --check-exec`;
          continue;
        }
        if (check.recorded) keepCookies(jar, name, answer.cookies);
        const body = givenOf(answer.body);
        const isOne = isAnswer(check, answer.status);
        const wrong = isOne ? unexpected(check, body) : undefined;
        if (isOne && wrong === undefined) return ok({ service: name, status: answer.status, body });
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

/**
 * Does `work` with a signal that aborts after `limit` milliseconds, or with `signal`. The timer is held until the end:
 * Node.js 20 collects the sources of AbortSignal.any, which then never aborts.
 *
 * @see https://github.com/nodejs/node/issues/57736
 */
async function within<T>(
  limit: number,
  signal: AbortSignal,
  work: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const both = new AbortController();
  const abort = () => both.abort();
  const timer = setTimeout(abort, limit);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await work(both.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
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

interface Received {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/**
 * Undefined where something else answered: an address says little about who has it. Rejects where nothing does, or it
 * breaks off.
 */
async function send(
  { method, path, body }: HttpCheck,
  state: ContainerState,
  port: string,
  session: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Received | undefined> {
  const { stream, localPort } = await connectTo(state, Number(port), signal);
  try {
    return await new Promise((resolve, reject) => {
      const headers = { ...headersOf(body), ...session };
      const options = { host: state.address, port, method, path, headers, signal };
      const asked = request({ ...options, createConnection: () => stream }, (answer) => {
        if (!(isHere(state) && hasConnection(state, localPort, Number(port)))) {
          asked.destroy();
          resolve(undefined);
          return;
        }
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            cookies: answer.headers["set-cookie"] ?? [],
            body: Buffer.concat(parts),
          }),
        );
      });
      asked.on("error", reject);
      // Whatever ends a connection ends the question.
      asked.on("close", () => reject(new Error("the connection ended without an answer")));
      if (body?.kind === "file" || body?.kind === "size") {
        const source =
          body.kind === "file" ? createReadStream(body.path) : Readable.from(bytesOf(body.bytes));
        source.on("error", (error: Error) => asked.destroy(error));
        source.pipe(asked);
      } else asked.end(body?.bytes);
    });
  } finally {
    stream.destroy();
  }
}

function headersOf(body: HttpBody | undefined): Readonly<Record<string, string>> {
  if (!body) return {};
  if (body.kind === "bytes") return { "content-length": String(body.bytes.length) };
  const size: Record<string, string> = body.kind === "size" ? { "content-length": String(body.bytes) } : {};
  return { "content-type": "application/octet-stream", ...size };
}

/** The same bytes each time, which no compression makes small: zeros under a key that everybody knows. */
function* bytesOf(count: number): Generator<Buffer> {
  const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(64 * 1024);
  for (let left = count; left > 0; left -= zeros.length) {
    yield stream.update(zeros.subarray(0, Math.min(left, zeros.length)));
  }
}

function portsOf(state: ContainerState): readonly string[] {
  const listened = listensOf(state).filter((each) => each.startsWith("tcp/"));
  if (listened.length > 0) return listened.map((each) => each.slice("tcp/".length));
  return state.exposed.filter((each) => each.endsWith("/tcp")).map((each) => each.slice(0, -"/tcp".length));
}

/** Cookies of one run, by service: each run makes sessions of its own. */
export type CookieJar = Map<string, Map<string, string>>;

function cookiesFor(jar: CookieJar, service: string): Readonly<Record<string, string>> {
  const own = [...(jar.get(service) ?? [])].map(([name, value]) => `${name}=${value}`);
  return own.length > 0 ? { cookie: own.join("; ") } : {};
}

function keepCookies(jar: CookieJar, service: string, set: readonly string[]): void {
  const own = jar.get(service) ?? new Map<string, string>();
  jar.set(service, own);
  for (const line of set) {
    const [, name = "", value = ""] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name === "") continue;
    if (value === "" || /;\s*max-age\s*=\s*-?0\b/i.test(line)) own.delete(name);
    else own.set(name, value);
  }
}
