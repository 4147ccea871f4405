import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { Finding } from "../../audit/finding.ts";
import { isRecord, itemsOf, parsedJson, recordAt, textAt } from "../../base/json.ts";
import { type Container, labelOf } from "../../model/container.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { VerdictName } from "../../model/verdict.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import type { Watch } from "../watch.ts";

/** What the Compose files of running containers say, beside what the Engine and the kernel say. */
export interface DeclaredFiles {
  /** The same watch, whose open findings say what is declared, too, once the files were audited. */
  beside(watch: Watch): Watch;
  close(): Promise<void>;
}

export interface DeclaredOptions {
  /** Audits the files as docker compose merges them; undefined where that gives no report. */
  readonly audit: (origin: ComposeOrigin, signal: AbortSignal) => Promise<DeclaredServices | undefined>;
  /** Findings say more than before. */
  readonly changed: () => void;
  readonly now?: () => number;
}

/** Milliseconds between two looks at whether files changed. */
const lookEvery = 30_000;

interface Project {
  readonly stamp: string;
  readonly services: DeclaredServices;
}

/**
 * Reads the Compose files that containers were made from, where their labels name files of this machine, and again where they
 * change. The verdicts of findings stay what the Engine and the kernel say: what runs counts.
 */
export function openDeclared({ audit, changed, now = Date.now }: DeclaredOptions): DeclaredFiles {
  let projects: ReadonlyMap<string, Project> = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const ending = new AbortController();
  const said = new WeakMap<Finding, { readonly declared: Declared; readonly finding: Finding }>();

  async function look(origins: readonly ComposeOrigin[]): Promise<void> {
    const next = new Map<string, Project>();
    let isNew = false;
    for (const origin of origins) {
      const key = keyOf(origin);
      const stamp = next.has(key) ? undefined : await stampOf(origin);
      if (stamp === undefined || ending.signal.aborted) continue;
      const known = projects.get(key);
      if (known?.stamp === stamp) {
        next.set(key, known);
        continue;
      }
      next.set(key, { stamp, services: (await audit(origin, ending.signal)) ?? new Map() });
      isNew = true;
    }
    isNew ||= next.size !== projects.size;
    projects = next;
    if (isNew && !ending.signal.aborted) changed();
  }

  function lookAgain(origins: Iterable<ComposeOrigin>): void {
    if (looking || ending.signal.aborted || now() - lookedAt < lookEvery) return;
    lookedAt = now();
    looking = look([...origins]).finally(() => {
      looking = undefined;
    });
  }

  function saying(finding: Finding, declared: Declared, origin: ComposeOrigin): Finding {
    const known = said.get(finding);
    if (known?.declared === declared) return known.finding;
    const more = withDeclared(finding, declared, origin);
    said.set(finding, { declared, finding: more });
    return more;
  }

  return {
    beside: (watch) => ({
      ...watch,
      open() {
        // The files of an Engine elsewhere are elsewhere, too.
        if (!watch.status().seesKernel) return watch.open();
        const origins = new Map<string, ComposeOrigin>(
          watch.containers().flatMap(({ name, subject }) => {
            const origin = subject.views[0] && composeOriginOf(subject.views[0]);
            return origin ? [[`container:${name}`, origin] as const] : [];
          }),
        );
        lookAgain(origins.values());
        return watch.open().map((finding) => {
          const origin = origins.get(finding.subject);
          const service = origin && projects.get(keyOf(origin))?.services.get(origin.service);
          const declared = service?.get(finding.control);
          return origin && declared ? saying(finding, declared, origin) : finding;
        });
      },
    }),
    async close() {
      ending.abort();
      await looking;
    },
  };
}

function keyOf({ files, environment }: ComposeOrigin): string {
  return [...files, environment ?? ""].join("\n");
}

function withDeclared(
  finding: Finding,
  { verdict, message, location }: Declared,
  { files }: ComposeOrigin,
): Finding {
  const { level, views, locations } = finding;
  const rest = views.length > 0 ? views : [{ level, verdict: finding.verdict, observed: null }];
  const place = location ? ` (${location.file}:${location.startLine})` : "";
  const wrong = message === undefined ? null : `${message}${place}`;
  // What runs was made before the file was mended, or was changed since.
  const observed = verdict === "pass" ? `nothing wrong in ${files.join(", ")}` : wrong;
  return {
    ...finding,
    locations: location ? [...locations, location] : locations,
    views: [{ level: "declared", verdict, observed }, ...rest.filter((each) => each.level !== "declared")],
  };
}

/** The service of a container in the Compose files that it was made from. */
export interface ComposeOrigin {
  readonly service: string;
  readonly files: readonly string[];
  /** Of variables; the `.env` beside the first file where it is undefined. */
  readonly environment: string | undefined;
}

/** By the labels that docker compose puts on what it makes; undefined where it made none of it. */
export function composeOriginOf(container: Pick<Container, "labels">): ComposeOrigin | undefined {
  const service = labelOf(container, "com.docker.compose.service");
  const files = labelOf(container, "com.docker.compose.project.config_files")?.split(",") ?? [];
  const environment = labelOf(container, "com.docker.compose.project.environment_file") || undefined;
  const all = [...files, ...(environment === undefined ? [] : [environment])];
  if (service === undefined || files.length === 0 || files.length > mostFiles || !all.every(isAbsolute))
    return undefined;
  return { service, files, environment };
}

const mostFiles = 20;
const mostBytes = 1024 * 1024;

/** Changes when a file does; undefined where one is not there, cannot be read here, or is not a file of a usual size. */
export async function stampOf({
  files,
  environment,
}: Pick<ComposeOrigin, "files" | "environment">): Promise<string | undefined> {
  const beside = environment ?? join(dirname(files[0] ?? ""), ".env");
  const stamps = await Promise.all([...files, beside].map(oneStamp));
  const needed = environment === undefined ? stamps.slice(0, -1) : stamps;
  return needed.includes(undefined) ? undefined : stamps.join(" ");
}

async function oneStamp(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    const { mtimeMs, ctimeMs, size, ino } = found;
    return found.isFile() && size <= mostBytes ? [mtimeMs, ctimeMs, size, ino].join("-") : undefined;
  } catch {
    return undefined;
  }
}

/** What a file says of one control. */
export interface Declared {
  readonly verdict: VerdictName;
  /** What is wrong there; undefined where nothing is. */
  readonly message: string | undefined;
  readonly location: FileOrigin | undefined;
}

/** By the name of a service, and the control. */
export type DeclaredServices = ReadonlyMap<string, ReadonlyMap<string, Declared>>;

const verdicts: readonly VerdictName[] = ["pass", "fail", "unknown", "notApplicable"];

/** The services in what `bulkhead audit --format json` prints; undefined for anything else. */
export function readDeclared(text: string): DeclaredServices | undefined {
  const document = parsedJson(text);
  if (!isRecord(document) || document.schemaVersion !== 1) return undefined;
  const found = new Map(
    itemsOf(document.findings).map((finding) => [
      `${textAt(finding, "subject")} ${textAt(finding, "control")}`,
      finding,
    ]),
  );
  const services = new Map<string, ReadonlyMap<string, Declared>>();
  for (const subject of itemsOf(document.subjects)) {
    const [id, name] = ["id", "name"].map((key) => textAt(subject, key));
    if (textAt(subject, "source") !== "compose" || id === undefined || name === undefined) continue;
    const judged = Object.entries(recordAt(subject, "verdicts")).flatMap(
      ([control, said]): readonly [string, Declared][] => {
        const verdict = verdicts.find((each) => each === said);
        return verdict ? [[control, declaredOf(verdict, found.get(`${id} ${control}`))]] : [];
      },
    );
    services.set(name, new Map(judged));
  }
  return services;
}

function declaredOf(verdict: VerdictName, finding: unknown): Declared {
  const message = textAt(finding, "message");
  return {
    verdict,
    message: message === undefined ? undefined : redactSource(message),
    location: itemsOf(recordAt(finding).locations).flatMap((each) => placeOf(each) ?? [])[0],
  };
}

function placeOf(location: unknown): FileOrigin | undefined {
  const file = textAt(location, "file");
  if (file === undefined || !isRecord(location)) return undefined;
  const { startLine, startColumn, endLine, endColumn } = location;
  const isPlace = [startLine, startColumn, endLine, endColumn].every((each) => Number.isSafeInteger(each));
  return isPlace ? ({ file, startLine, startColumn, endLine, endColumn } as FileOrigin) : undefined;
}
