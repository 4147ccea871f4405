import type { Finding } from "../../audit/finding.ts";
import type { Watch } from "../watch.ts";
import { type ComposeOrigin, composeOriginOf, stampOf } from "./declared-files.ts";
import type { Declared, DeclaredServices } from "./read-declared.ts";

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
