import { readdirSync, readFileSync } from "node:fs";
import type { PolicyWords } from "../../../src/guard/policy/schema.ts";
import type { ReceivedRequest } from "../../../src/guard/request/request.ts";

/** One request of a tool, as it stands in the tool's own sources. `$name` is an id: see `filled`. */
export interface ToolRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The name that the `Id` of the answer gets. */
  readonly keep: string | undefined;
  /**
   * What is on the wire beside a document: an answer without an end, an upgrade that ends by itself or stays open, HTTP/2
   * after an upgrade, or a tar archive as the body.
   */
  readonly answer: "document" | "stream" | "hijack" | "hijack-open" | "h2c" | "tar";
  /** Not asked of a real Engine: it would need a registry, or what the others need would be gone. */
  readonly offline: boolean;
}

export interface Tool {
  /** The file's name without its end. */
  readonly name: string;
  readonly preset: string;
  /** Its name and version. */
  readonly tool: string;
  readonly sources: readonly string[];
  /** What a user adds to the preset. */
  readonly policy: PolicyWords;
  readonly requests: readonly ToolRequest[];
  /** What it never sends. */
  readonly denied: readonly ToolRequest[];
}

type Written =
  | string
  | {
      readonly call: string;
      readonly filters?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly base?: keyof typeof bases;
      readonly body?: Readonly<Record<string, unknown>>;
      readonly keep?: string;
      readonly answer?: ToolRequest["answer"];
      readonly offline?: boolean;
    };

const folder = new URL("fixtures/tools/", import.meta.url);

/** What a client library writes of a create request of which nothing is set. */
const bases = { go: read("bodies/go.json"), java: read("bodies/java.json") } as const;

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}

export function readTools(): readonly Tool[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((file) => {
      const {
        policy = {},
        requests,
        denied,
        ...rest
      } = read(file) as Omit<Tool, "name" | "requests" | "denied"> & {
        readonly requests: readonly Written[];
        readonly denied: readonly Written[];
      };
      return {
        ...rest,
        name: file.replace(/\.json$/, ""),
        policy,
        requests: requests.map(toRequest),
        denied: denied.map(toRequest),
      };
    });
}

function toRequest(written: Written): ToolRequest {
  const said = typeof written === "string" ? { call: written } : written;
  const [method = "", path = ""] = said.call.split(/ (.*)/);
  const filters =
    said.filters === undefined ? "" : `filters=${encodeURIComponent(JSON.stringify(said.filters))}`;
  const joint = filters === "" ? "" : !path.includes("?") ? "?" : path.endsWith("?") ? "" : "&";
  const body =
    said.base === undefined ? said.body : merged(bases[said.base], said.body as Record<string, unknown>);
  return {
    method,
    target: `${path}${joint}${filters}`,
    headers: said.headers ?? {},
    body,
    keep: said.keep,
    answer: said.answer ?? "document",
    offline: said.offline ?? false,
  };
}

function merged(base: unknown, over: Readonly<Record<string, unknown>>): unknown {
  const below = base as Readonly<Record<string, unknown>>;
  const host = (value: unknown) => (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...below, ...over, HostConfig: { ...host(below.HostConfig), ...host(over.HostConfig) } };
}

/** The request with what each `$name` means now. */
export function filled(request: ToolRequest, names: ReadonlyMap<string, string>): ToolRequest {
  return {
    ...request,
    target: fill(decodeMark(request.target), names),
    body: request.body === undefined ? undefined : JSON.parse(fill(JSON.stringify(request.body), names)),
  };
}

export function filledPolicy({ policy }: Tool, names: ReadonlyMap<string, string>): PolicyWords {
  return JSON.parse(fill(JSON.stringify(policy), names));
}

/** encodeURIComponent spells the `$` of a name. */
function decodeMark(target: string): string {
  return target.replaceAll("%24", "$");
}

function fill(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/\$([a-z]\w*)/gi, (_, name: string) => {
    const value = names.get(name);
    if (value === undefined) throw new Error(`nothing is called $${name}`);
    return value;
  });
}

/** The request as the guard receives it. */
export function received({ method, target, headers, body, answer }: ToolRequest): ReceivedRequest {
  const own = Object.entries(headers);
  const upgrade = answer === "h2c" ? "h2c" : answer.startsWith("hijack") ? "tcp" : undefined;
  const all = [
    ...own,
    ...(upgrade === undefined ? [] : [["Connection", "Upgrade"] as const, ["Upgrade", upgrade] as const]),
  ];
  if (answer === "tar")
    return {
      method,
      target,
      headers: [...all, ["Content-Type", "application/x-tar"]],
      body: { kind: "stream" },
    };
  if (body === undefined) return { method, target, headers: all, body: { kind: "none" } };
  return {
    method,
    target,
    headers: [...all, ["Content-Type", "application/json"]],
    body: { kind: "bytes", bytes: Buffer.from(JSON.stringify(body)) },
  };
}
