import { failed, type Result } from "../../base/result.ts";
import { putInPlace, statOf } from "../../fix/apply.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import type { Asker } from "../log/entry.ts";
import { routeGroups } from "../routes/route.ts";
import { routes } from "../routes/table.ts";
import { isWide, keyOf, type Opening, policyLines, scalar } from "./lines.ts";
import type { Client } from "./policies.ts";

/**
 * Gathers, under mode `learn`, the smallest policy that lets through what was let through. A control is never turned off
 * because one request failed it: what only that would let through is not learnt, and the policy says so.
 */
export interface Learner {
  /** Takes in a decision; of a client that does not learn, nothing. */
  note(asker: Pick<Asker, "client" | "policy">, judged: Judged): void;
  /** What was learnt, as a bulkhead.yaml; `clients` say where each comes in. */
  yaml(clients: readonly Client[], now: Date): string;
  /** Whether something new was learnt since it was last written. */
  readonly hasNews: boolean;
  /** Writes it, whole or not at all. */
  write(path: string, clients: readonly Client[], now: Date): Result<void>;
}

interface Entry extends Opening {
  /** What else would let it pass: of a container that exists, what would let it be made. Undefined where nothing would. */
  readonly instead: string | undefined;
}

/** What one client took. */
interface Taken {
  readonly routes: Set<string>;
  readonly entries: Map<string, Entry>;
  requests: number;
}

export function learner(since: Date): Learner {
  const byClient = new Map<string, Taken>();
  let news = false;

  function yaml(clients: readonly Client[], now: Date): string {
    const requests = [...byClient.values()].reduce((sum, each) => sum + each.requests, 0);
    const own = byClient.get("default");
    const others = [...byClient].filter(([name]) => name !== "default");
    return [
      `# What ${requests} requests took from ${since.toISOString()} to ${now.toISOString()}, gathered by bulkhead guard.`,
      "# Read it before it is enforced: whatever was asked for meanwhile is let through by it. What would be hardened is not",
      "# in it; controls: { NAME: off } leaves something as it is.",
      "guard:",
      "  mode: enforce",
      ...wordsOf(own, "  "),
      ...(others.length > 0 ? ["  clients:"] : []),
      ...others.flatMap(([name, taken]) => [
        `    ${scalar(name)}:`,
        ...entranceOf(clients.find((client) => client.name === name)),
        ...wordsOf(taken, "      "),
      ]),
      "",
    ].join("\n");
  }

  return {
    get hasNews() {
      return news;
    },
    note({ client, policy }, judged) {
      if (policy.mode !== "learn" || judged.verdict === "deny") return;
      const taken = byClient.get(client) ?? { routes: new Set(), entries: new Map(), requests: 0 };
      byClient.set(client, taken);
      taken.requests += 1;
      if (!taken.routes.has(judged.route.id)) news = true;
      taken.routes.add(judged.route.id);
      for (const { allow, message, because } of judged.warnings as readonly Reason[]) {
        if (!allow || allow.list === "routes") continue;
        const instead = because?.allow && keyOf(because.allow);
        const key = `${keyOf(allow)} ${instead ?? ""}`;
        if (taken.entries.has(key)) continue;
        taken.entries.set(key, { allow, message, instead });
        news = true;
      }
    },
    yaml,
    write(path, clients, now) {
      const unwritten = (reason: string) => failed(`what was learnt cannot be written to ${path}: ${reason}`);
      if (statOf(path)?.isFile() === false) return unwritten("it is not a file");
      const written = putInPlace(path, yaml(clients, now), { mode: 0o640, anyOwner: true });
      if (!written.ok) return unwritten(written.reason);
      news = false;
      return written;
    },
  };
}

/** Each allowance once, and none that another one makes needless. */
function needed({ entries }: Taken): readonly Entry[] {
  const said = new Set(
    [...entries.values()].filter(({ instead }) => !instead).map(({ allow }) => keyOf(allow)),
  );
  const found = new Map<string, Entry>();
  for (const entry of entries.values()) {
    const key = keyOf(entry.allow);
    if (found.has(key) || (entry.instead !== undefined && said.has(entry.instead))) continue;
    found.set(key, entry);
  }
  return [...found.values()];
}

function entranceOf(client: Client | undefined): readonly string[] {
  const lines = [];
  if (client && client.listen.length > 0) lines.push(`      listen: ${flow(client.listen)}`);
  if (client && client.certificates.length > 0)
    lines.push(`      certificates: ${flow(client.certificates)}`);
  return lines;
}

function wordsOf(taken: Taken | undefined, indent: string): readonly string[] {
  const open = routes.filter(({ id }) => taken?.routes.has(id));
  const entries = taken ? needed(taken) : [];
  const refused = entries.filter(({ allow }) => isWide(allow));
  const learnt = entries.filter(({ allow }) => !isWide(allow));
  const unjudged = new Set(learnt.flatMap(({ allow }) => (allow.list === "unjudged" ? [allow.value] : [])));
  return [
    `${indent}groups: { ${routeGroups.map((group) => `${group}: deny`).join(", ")} }`,
    ...(open.length > 0 ? [`${indent}routes:`] : []),
    ...open.map(({ id }) => `${indent}  ${id}: ${unjudged.has(id) ? "unjudged" : "allow"}`),
    ...policyLines(
      learnt.filter(({ allow }) => allow.list !== "unjudged"),
      indent,
    ),
    ...(refused.length > 0
      ? [
          `${indent}# Not learnt: these lines would let through everything alike, not only what was asked for. If you need one,`,
          `${indent}# make a separate client for that tool, and write the line there.`,
        ]
      : []),
    ...policyLines(refused, "").map((line) => `${indent}#   ${line}`),
  ];
}

function flow(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}
