/** What came of one call of a client: its answer, or the Engine's error. */
export type Outcome = { readonly gave: unknown } | { readonly failed: unknown };

/** Does one step after the other; a step that fails is an outcome, too. */
export async function outcomes(
  steps: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Readonly<Record<string, Outcome>>> {
  const all: Record<string, Outcome> = {};
  for (const [name, step] of Object.entries(steps)) {
    all[name] = await step().then(
      (value): Outcome => ({ gave: alike(value) }),
      (error: unknown): Outcome => ({ failed: alike(wordsOf(error)) }),
    );
  }
  return all;
}

function wordsOf(error: unknown): unknown {
  const { statusCode, message } = error as { readonly statusCode?: number; readonly message?: string };
  return statusCode === undefined ? String(error) : [String(statusCode), message];
}

/** Without what differs from one container to the next: identities, times, addresses, counts. */
export function alike(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "string") return plain(value);
  if (Buffer.isBuffer(value)) return plain(value.toString());
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value.constructor?.name;
  const entries = Object.entries(value).map(([name, each]) => [plain(name), alike(each)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function plain(text: string): string {
  return text
    .replace(/\bbulkhead: (.*) \(guard-missing\)/, "$1")
    .replace(/^(No such image: [\w.-]+):latest$/, "$1")
    .replace(/\b[0-9a-f]{64}\b/g, "ID")
    .replace(/\b[0-9a-f]{12}\b/g, "ID")
    .replace(/\b[0-9a-z]{25}\b/g, "ID")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)/g, "TIME")
    .replace(/(?:\d{1,3}\.){3}\d{1,3}/g, "ADDRESS")
    .replace(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, "ADDRESS")
    .replace(/SWMTKN-[0-9a-z-]+/g, "TOKEN")
    .replace(/\bM[FH][kw][A-Za-z0-9+/]{80,}={0,2}/g, "KEY")
    .replace(/-----BEGIN [\s\S]*-----END [A-Z ]+-----/g, "PEM");
}

/** The steps whose outcomes differ, with both. */
export function differing(
  straight: Readonly<Record<string, unknown>>,
  guarded: Readonly<Record<string, unknown>>,
): Readonly<Record<string, { readonly straight: unknown; readonly guarded: unknown }>> {
  const names = Object.keys(straight).filter(
    (name) => JSON.stringify(straight[name]) !== JSON.stringify(guarded[name]),
  );
  return Object.fromEntries(
    names.map((name) => [name, { straight: straight[name], guarded: guarded[name] }]),
  );
}
