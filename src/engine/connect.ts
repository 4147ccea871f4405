import { firstLine } from "../base/error-words.ts";
import { isRecord } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { Answer, EngineClient } from "./client.ts";
import { chooseEndpoint } from "./connect/choose.ts";
import { type EngineLine, openLine } from "./connect/dial.ts";
import type { ConnectOptions, Endpoint, TlsMaterial } from "./connect/endpoint.ts";
import { oldestApi } from "./documents/since.ts";
import { documentsOf, type EngineEvent, readEvent } from "./event.ts";

/**
 * Connects to the Engine that the docker CLI would speak to (see chooseEndpoint). Fails with one sentence that names the
 * address and says what to do. The caller closes the client.
 *
 * @see https://docs.docker.com/reference/cli/docker/#environment-variables
 */
export async function connectEngine(options: ConnectOptions): Promise<Result<EngineClient>> {
  const endpoint = chooseEndpoint(options);
  if (!endpoint.ok) return endpoint;
  const line = openLine(endpoint.value, options.environment);
  return await openClient(endpoint.value, options.headers ? { ...line, headers: options.headers } : line);
}

/** Docker 20.10. Before it, inspect lacks facts that the controls need (the cgroup namespace, for one). */
const oldest = [1, oldestApi] as const;

/** The newest version whose documents are known here (Docker 27); newer Engines still speak it. */
const newest = [1, 47] as const;

/** Milliseconds that one document may take altogether. */
const longest = 60_000;

type Version = readonly [number, number];

/**
 * Speaks to an Engine: pings it, settles the API version and gives the client. Fails where nothing answers,
 * where what answers is no Engine, and where the Engine is older than Docker 20.10.
 *
 * @see https://docs.docker.com/reference/api/engine/#api-version-negotiation
 */
export async function openClient(endpoint: Endpoint, line: EngineLine): Promise<Result<EngineClient>> {
  const pinged = await ask(line, "/_ping", line.patience);
  if (!pinged.ok) {
    await line.pool.destroy();
    return failed(`cannot reach the Engine at ${endpoint.address}: ${pinged.reason}`);
  }
  const version = negotiate(pinged.apiVersion);
  if (!version.ok) {
    await line.pool.destroy();
    return failed(`${endpoint.address}: ${version.reason}`);
  }
  return ok(clientOf(endpoint, line, version.value));
}

function clientOf(endpoint: Endpoint, line: EngineLine, apiVersion: string): EngineClient {
  /** Why the Engine is gone, once it is: nothing more is asked then. */
  let lost: string | undefined;
  let checking: Promise<void> | undefined;
  /** Once only: the pool never settles a second call. */
  let closing: Promise<void> | undefined;
  const close = async () => {
    closing ??= line.pool.destroy();
    await closing;
  };

  /** A question that broke says little of the Engine; whether it still answers a ping does. Asks once for all. */
  async function check(reason: string): Promise<void> {
    checking ??= ask(line, "/_ping", line.patience).then(async (answer) => {
      checking = undefined;
      if (answer.ok) return;
      lost = reason;
      await close();
    });
    await checking;
  }

  return {
    address: endpoint.address,
    socketPath: endpoint.kind === "unix" ? endpoint.path : undefined,
    tls: endpoint.kind === "tcp" ? tlsOf(endpoint.tls) : undefined,
    apiVersion,
    async get(path): Promise<Answer> {
      if (lost !== undefined) return { ok: false, reason: lost, kind: "lost" };
      const answer = await ask(line, `/v${apiVersion}${path}`, longest);
      if (answer.ok) return parse(answer.text);
      if (!answer.broken) return answer;
      if (lost === undefined) await check(answer.reason);
      return lost === undefined ? answer : { ok: false, reason: lost, kind: "lost" };
    },
    async eventsSince(since, filters) {
      const seconds = (time: number) => (time / 1_000).toFixed(3);
      // Up to a moment that has passed: the Engine then answers at once.
      const span = `since=${seconds(since)}&until=${seconds(Math.max(since, Date.now() - 1))}`;
      const query = `${span}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
      const answer = await ask(line, `/v${apiVersion}/events?${query}`, longest);
      if (!answer.ok) return failed(answer.reason);
      const events: EngineEvent[] = [];
      const push = documentsOf(
        (text) => events.push(...[readEvent(text) ?? []].flat()),
        () => {},
      );
      push(Buffer.from(answer.text));
      return ok(events);
    },
    close,
  };
}

type Heard =
  | { readonly ok: true; readonly text: string; readonly apiVersion: string | undefined }
  /** `broken`: no answer came, or none that is HTTP. */
  | {
      readonly ok: false;
      readonly reason: string;
      readonly kind: "missing" | "refused";
      readonly broken: boolean;
    };

async function ask(line: EngineLine, path: string, timeout: number): Promise<Heard> {
  try {
    const { statusCode, headers, body } = await line.pool.request({
      path: line.basePath + path,
      method: "GET",
      headers: { ...line.headers, accept: "application/json" },
      signal: AbortSignal.timeout(timeout),
    });
    const text = await body.text();
    const apiVersion = headers["api-version"];
    if (statusCode === 200)
      return { ok: true, text, apiVersion: typeof apiVersion === "string" ? apiVersion : undefined };
    return {
      ok: false,
      reason: refusal(statusCode, text, path),
      kind: statusCode === 404 ? "missing" : "refused",
      broken: false,
    };
  } catch (error) {
    return { ok: false, reason: await line.why(error), kind: "refused", broken: true };
  }
}

function parse(text: string): Answer {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, reason: "its answer is not JSON", kind: "refused" };
  }
}

/** The Engine says what is wrong as `{"message": "…"}`; a proxy in front may say anything. */
function refusal(status: number, text: string, path: string): string {
  if (text.includes("HTTP request to an HTTPS server")) {
    return "it speaks TLS only: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH";
  }
  const answer = parse(text);
  const document = answer.ok && isRecord(answer.value) ? answer.value : {};
  const said = typeof document.message === "string" ? firstLine(document.message) : "";
  if (status === 404) return whyMissing(path, said);
  return said === "" ? `it answers with status ${status}` : `it answers with status ${status}: ${said}`;
}

/** The newest version that both sides know, or why there is none. */
function negotiate(header: string | undefined): Result<string> {
  const match = /^(\d+)\.(\d+)$/.exec(header ?? "");
  if (!match) return failed("what answers there is not a Docker Engine: it names no API version");
  const theirs: Version = [Number(match[1]), Number(match[2])];
  if (compare(theirs, oldest) < 0) {
    return failed(`its API is ${header}; ${oldest.join(".")} (Docker 20.10) or newer is needed`);
  }
  return ok((compare(theirs, newest) < 0 ? theirs : newest).join("."));
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1];
}

function tlsOf(tls: TlsMaterial | undefined): EngineClient["tls"] {
  if (!tls) return "none";
  return tls.cert === undefined ? "server" : "mutual";
}

/** What stands behind a path of the API, by its first part. */
const kinds: Readonly<Record<string, string>> = {
  containers: "container",
  images: "image",
  exec: "exec process",
  networks: "network",
  volumes: "volume",
};

/**
 * What the Engine does not have, out of the path that was asked for: `there is no container web`. `said` is the Engine's own
 * word, which stands where the path names nothing of a kind.
 */
export function whyMissing(path: string, said: string): string {
  // The name of an image may hold slashes.
  const [kind = "", name] =
    /^(?:\/v[\d.]+)?\/([a-z]+)\/(.+?)(?:\/json|\/stats|\/top)?(?:\?|$)/.exec(path)?.slice(1) ?? [];
  const noun = kinds[kind];
  if (noun !== undefined && name !== undefined && name !== "json") {
    return `there is no ${noun} ${firstLine(decodeURIComponent(name))}`;
  }
  return said === "" ? `it does not know ${path.replace(/^\/v[\d.]+(?=\/)|\?.*$/g, "")}` : said;
}
