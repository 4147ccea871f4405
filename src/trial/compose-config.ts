import { resolve } from "node:path";
import { isRecord, itemsOf, type JsonObject, recordAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { type ComposeFiles, composeWords, type Docker, whyFailed } from "./docker.ts";

/** A Compose project as `docker compose config` resolves it: every path absolute, every variable replaced. */
export interface ComposeDocument {
  readonly name: string;
  /** The project's folder: `seccomp=` paths are relative to it. */
  readonly folder: string;
  readonly services: Readonly<Record<string, JsonObject>>;
  readonly rest: JsonObject;
}

export interface ConfigRequest extends ComposeFiles {
  readonly folder: string;
  /** Files to read in the place of others: absolute path by absolute path. */
  readonly instead: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

const limit = 60_000;

/** Has docker compose read the project. Nothing is started. */
export async function resolveCompose(
  docker: Docker,
  { files, profiles, envFiles, folder, instead, signal }: ConfigRequest,
): Promise<Result<ComposeDocument>> {
  const named = files.map((file) => resolve(file));
  const hidden = [...instead].filter(([file]) => !named.includes(file));
  const seen = { files: named.map((file) => instead.get(file) ?? file), profiles, envFiles };
  const words = [...composeWords(seen, folder), "config", "--format", "json"];
  const ended =
    hidden.length === 0
      ? await docker.run(words, { limit, signal })
      : await docker.runSeeing(hidden, words, { limit, signal });
  if (ended.status !== 0) return failed(`docker compose cannot read it: ${whyFailed(ended, limit)}`);
  return documentOf(ended.stdout, folder);
}

function documentOf(text: string, folder: string): Result<ComposeDocument> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed("docker compose config printed no JSON");
  }
  if (!isRecord(value)) return failed("docker compose config printed no project");
  const { name, services, ...rest } = value;
  const own = Object.entries(recordAt({ services }, "services")).filter(
    (entry): entry is [string, JsonObject] => isRecord(entry[1]),
  );
  const readable = own.map(([service, keys]) => [service, withDiskKeys(keys)] as const);
  return ok({ name: String(name ?? ""), folder, services: Object.fromEntries(readable), rest });
}

/** Compose 2.26 prints `Path`, `Rate` and `Weight` here, and does not read what it has printed. */
function withDiskKeys(service: JsonObject): JsonObject {
  if (!isRecord(service.blkio_config)) return service;
  const lists = Object.entries(service.blkio_config).map(([key, list]) => {
    const items = itemsOf(list).map((item) =>
      isRecord(item)
        ? Object.fromEntries(Object.entries(item).map(([name, value]) => [name.toLowerCase(), value]))
        : item,
    );
    return [key, Array.isArray(list) ? items : list];
  });
  return { ...service, blkio_config: Object.fromEntries(lists) };
}

/** The services and all that they depend on, as `docker compose up` would start them. */
export function withDependencies(document: ComposeDocument, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    const service = document.services[name];
    if (!service || found.has(name)) return;
    found.add(name);
    for (const other of neededBy(service)) visit(other);
  };
  for (const name of names) visit(name);
  return [...found];
}

function neededBy(service: JsonObject): readonly string[] {
  const joined = ["network_mode", "ipc", "pid"].flatMap((key) => {
    const value = service[key];
    return typeof value === "string" && value.startsWith("service:") ? [value.slice("service:".length)] : [];
  });
  return [...Object.keys(recordAt(service, "depends_on")), ...joined];
}
