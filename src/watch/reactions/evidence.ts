import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { isRecord, itemsOf, recordAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { mask, redactFinding } from "../../report/secrets/redact.ts";
import type { Change } from "../change.ts";

export interface EvidenceRequest {
  readonly container: { readonly id: string; readonly name: string };
  readonly change: Change;
  /** Each container gets a folder below it that only root can read. */
  readonly folder: string;
  /** The host's procfs. */
  readonly proc: string;
}

/** Columns of the process list; none of them holds an argument. */
const columns = "pid,ppid,uid,gid,lstart,comm";

/**
 * Keeps what a container was when it was put in quarantine: the finding, its inspect document without secrets, its processes
 * without their arguments, its mounts as the kernel shows them, and what it changed in its file system. What cannot be
 * had is left out and said; gives the folder and what is missing there.
 */
export async function keepEvidence(
  client: EngineClient,
  { container, change, folder, proc }: EvidenceRequest,
): Promise<Result<{ readonly folder: string; readonly missing: readonly string[] }>> {
  const id = encodeURIComponent(container.id);
  const [inspect, processes, changes] = await Promise.all([
    client.get(`/containers/${id}/json`),
    client.get(`/containers/${id}/top?ps_args=${encodeURIComponent(`-eo ${columns}`)}`),
    client.get(`/containers/${id}/changes`),
  ]);
  const pid = inspect.ok ? recordAt(inspect.value, "State").Pid : undefined;
  const own = join(folder, `${change.time.replaceAll(":", "-")}-${container.name.replace(/[^\w.-]/g, "_")}`);
  const mounts = typeof pid === "number" && pid > 0 ? readMounts(`${proc}/${pid}/mountinfo`) : undefined;
  const files: Readonly<Record<string, string | undefined>> = {
    "finding.json": json({ ...change, finding: redactFinding(change.finding) }),
    "inspect.json": inspect.ok ? json(redactInspect(inspect.value)) : undefined,
    "processes.json": processes.ok ? json(processes.value) : undefined,
    "mounts.txt": mounts,
    "changes.json": changes.ok ? json(changes.value) : undefined,
  };
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) {
      if (text !== undefined) writeFileSync(join(own, name), text, { mode: 0o600 });
    }
  } catch (error) {
    return failed(`${own} cannot be written: ${whyUnread(error)}`);
  }
  const missing = Object.keys(files).filter((name) => files[name] === undefined);
  return ok({ folder: own, missing });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function readMounts(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * An inspect document as it may be kept: every environment value, argument, label and driver option is masked, for any of them
 * may hold a secret. What is judged (mounts, capabilities, namespaces, limits) stays.
 */
export function redactInspect(document: unknown): unknown {
  return redact(document, []);
}

/** Members that hold free text, by name: lists of arguments keep the program, maps keep their keys. */
const masked: Readonly<Record<string, (value: unknown) => unknown>> = {
  Env: (value) => itemsOf(value).map((item) => `${String(item).split("=", 1)[0]}=${mask}`),
  Args: (value) => itemsOf(value).map(() => mask),
  Cmd: afterFirst,
  Entrypoint: afterFirst,
  Test: afterFirst,
  Shell: afterFirst,
  OnBuild: (value) => (value === null ? null : itemsOf(value).map(() => mask)),
  Labels: values,
  Annotations: values,
  Options: values,
  DriverOpts: values,
  /** State.Health.Log: what a health check printed. */
  Output: () => mask,
  Error: (value) => (value === "" ? "" : mask),
};

function redact(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, path));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      // A token of a log service.
      if (key === "Config" && path.at(-1) === "LogConfig") return [key, values(member)];
      const change = masked[key];
      return [key, change ? change(member) : redact(member, [...path, key])];
    }),
  );
}

/** The first of a list of arguments is the program. */
function afterFirst(value: unknown): unknown {
  if (typeof value === "string") return mask;
  if (!Array.isArray(value)) return value;
  return value.map((item, index) => (index === 0 ? item : mask));
}

function values(value: unknown): unknown {
  if (!isRecord(value)) return value === null || value === undefined ? value : mask;
  return Object.fromEntries(Object.keys(value).map((key) => [key, mask]));
}
