import { readFileSync, statSync } from "node:fs";
import * as z from "zod/mini";
import { isEqual } from "../../base/equal.ts";
import { isRecord, itemsOf, parsedJson, recordAt, textAt, textsOf } from "../../base/json.ts";
import { followFile } from "../../watch/reading/followed-file.ts";
import {
  type Decision,
  type DecisionCount,
  type GuardNow,
  type GuardsTold,
  guardLimits,
  guardModes,
  guardVerdicts,
} from "../protocol/guards.ts";

/** Gathers what the guards on this machine enforce and decide, until serve has it. */
export interface Guards {
  /** What to send now: the same again until `kept`. Undefined if there is nothing to send. */
  due(): GuardsTold | undefined;
  /** The server has what `due` gave, or refused it for good. */
  kept(): void;
  /** The watch ends: send everything now. */
  flush(): void;
  close(): void;
}

interface GuardsOptions {
  /** The guards' audit logs. */
  readonly logs: readonly string[];
  /** There is something to send. */
  readonly changed: () => void;
  readonly say: (text: string) => void;
  readonly clock?: () => number;
  readonly pauses?: Pauses;
}

/** Milliseconds. */
interface Pauses {
  /** Between two looks at the logs. */
  readonly look: number;
  /** Between two messages: a flood of denials goes out in batches. */
  readonly apart: number;
  /** How long plain passes are counted before the counts are sent. */
  readonly gather: number;
}

const usual: Pauses = { look: 2_000, apart: 10_000, gather: 300_000 };

/** Bytes of a log that are read at one look. */
const most = 8 * 1024 * 1024;
/** Kinds of decisions that are counted apart. If there are more, their images are left out. */
const mostKinds = 500;
/** A guard shows once a minute that it runs. The server hears of it once in this time. */
const seenWithin = 240_000;
const hour = 3_600_000;

export function openGuards({ logs, changed, say, ...options }: GuardsOptions): Guards {
  const { clock = Date.now, pauses = usual } = options;
  const followed = logs.slice(0, guardLimits.guards).map((path) => ({
    path,
    word: wordBeside(path),
    file: followFile(path, {
      most,
      // The watch itself follows the same file for the callers of events, and says it.
      unread() {},
      skipped: (bytes) => say(`the guard's log ${path} grew too fast: ${bytes} bytes were not counted`),
    }),
  }));
  let counts = new Map<string, DecisionCount>();
  let latest: Decision[] = [];
  /** When the first of the counts was made. */
  let since: number | undefined;
  let told: readonly GuardNow[] | undefined;
  let current: readonly GuardNow[] = [];
  /** Sent, and not confirmed yet. */
  let pending: GuardsTold | undefined;
  let keptAt = Number.NEGATIVE_INFINITY;
  let isFlushed = false;
  let isTooMany = false;

  function look(): void {
    for (const { file, path } of followed) for (const line of file.read()) take(line, path);
    current = followed.map(({ word }) => word());
    if (due()) changed();
  }

  function take(line: string, log: string): void {
    const decision = decisionOf(line, log);
    if (!decision) return;
    count(decision);
    if (decision.verdict === "allow" && decision.why.length === 0) return;
    latest.push(decision);
    // All of them are counted.
    if (latest.length > guardLimits.latest) latest = latest.slice(-guardLimits.latest);
  }

  function count(decision: Decision): void {
    const { log, client, route, verdict, mode, rules, times } = decision;
    const at = Math.floor(decision.time / hour) * hour;
    const kindOf = (object: Readonly<Record<string, string>>) => ({
      ...{ hour: at, log, client, route, verdict, mode, rules, object },
    });
    const whole = kindOf(countedObject(decision));
    const wholeKey = JSON.stringify(whole);
    const isRoom = counts.size < mostKinds || counts.has(wholeKey);
    const kind = isRoom ? whole : kindOf({});
    const key = isRoom ? wholeKey : JSON.stringify(kind);
    const before = counts.get(key);
    if (!before && counts.size >= guardLimits.counts) {
      if (!isTooMany)
        say("guards decide in more ways at once than one report holds: some decisions are not counted");
      isTooMany = true;
      return;
    }
    since ??= clock();
    counts.set(key, { ...kind, times: (before?.times ?? 0) + times });
  }

  function due(): GuardsTold | undefined {
    if (pending) return pending;
    if (!isFlushed && clock() - keptAt < pauses.apart) return undefined;
    const isNews = !isSame(told, current);
    const isRipe = since !== undefined && (isFlushed || clock() - since >= pauses.gather);
    if (!isNews && !isRipe && latest.length === 0) return undefined;
    pending = { guards: isNews ? current : undefined, counts: [...counts.values()], latest };
    counts = new Map();
    latest = [];
    since = undefined;
    return pending;
  }

  const timer = setInterval(look, pauses.look).unref();
  current = followed.map(({ word }) => word());
  return {
    due,
    kept() {
      told = pending?.guards ?? told;
      pending = undefined;
      keptAt = clock();
      isTooMany = false;
    },
    flush() {
      isFlushed = true;
      look();
    },
    close() {
      clearInterval(timer);
      for (const { file } of followed) file.close();
    },
  };
}

/** Whether nothing is to be told of them but that they still run. */
function isSame(before: readonly GuardNow[] | undefined, now: readonly GuardNow[]): boolean {
  if (!before) return now.length === 0;
  const unseen = (guards: readonly GuardNow[]) =>
    guards.map(({ log, enforces }) => ({ log, enforces: enforces && { ...enforces, seen: 0 } }));
  const isStale = now.some(({ enforces }, index) => {
    const then = before[index]?.enforces;
    return enforces && then && enforces.seen - then.seen > seenWithin;
  });
  return !isStale && isEqual(unseen(before), unseen(now));
}

const texts = z.array(z.string().check(z.maxLength(guardLimits.text))).check(z.maxLength(100));

/** What a guard writes beside its log: src/guard/log/in-force.ts. */
const inForce = z.object({
  kind: z.enum(["proxy", "authz"]),
  version: z.string().check(z.maxLength(64)),
  since: z.iso.datetime(),
  clients: z
    .array(
      z.object({
        name: z.string().check(z.maxLength(guardLimits.text)),
        policy: z.string().check(z.maxLength(guardLimits.text)),
        mode: z.enum(guardModes),
        listen: texts,
        certificates: texts,
        from: texts,
        yaml: z.string().check(z.maxLength(guardLimits.yaml)),
      }),
    )
    .check(z.maxLength(guardLimits.clients)),
});

/** The word of the guard that writes this log, read again when it changes. */
function wordBeside(log: string): () => GuardNow {
  const path = `${log}.policy.json`;
  let last: { readonly changed: number; readonly now: GuardNow } | undefined;
  return () => {
    try {
      const { mtimeMs: changed } = statSync(path);
      if (last?.changed === changed) return last.now;
      const parsed = inForce.safeParse(JSON.parse(readFileSync(path, "utf8")));
      const enforces = parsed.success
        ? { ...parsed.data, since: Date.parse(parsed.data.since), seen: Math.round(changed) }
        : null;
      last = { changed, now: { log, enforces } };
      return last.now;
    } catch {
      last = undefined;
      return { log, enforces: null };
    }
  };
}

/** A line of a guard's audit log; undefined for anything else. */
function decisionOf(line: string, log: string): Decision | undefined {
  const entry = parsedJson(line);
  if (!isRecord(entry)) return undefined;
  const time = Date.parse(textAt(entry, "time") ?? "");
  const verdict = guardVerdicts.find((each) => each === entry.verdict);
  const mode = guardModes.find((each) => each === entry.mode);
  const [client, listener, policy, method] = ["client", "listener", "policy", "method"].map((key) =>
    short(textAt(entry, key)),
  );
  const { route, repeated } = entry;
  if (Number.isNaN(time) || !verdict || !mode || (typeof route !== "string" && route !== null))
    return undefined;
  if (client === undefined || listener === undefined || policy === undefined || method === undefined)
    return undefined;
  const isMany = typeof repeated === "number" && Number.isSafeInteger(repeated) && repeated > 0;
  return {
    ...{ time, log, client, listener, policy, mode, method, verdict },
    route: short(route ?? undefined) ?? null,
    object: Object.fromEntries(
      Object.entries(recordAt(entry, "object"))
        .slice(0, 20)
        .flatMap(([name, value]) =>
          typeof value === "string" ? [[short(name) ?? "", short(value) ?? ""]] : [],
        ),
    ),
    rules: textsOf(entry.controls)
      .slice(0, guardLimits.rules)
      .map((rule) => short(rule) ?? ""),
    why: whyOf(entry).slice(0, guardLimits.why),
    times: isMany ? repeated : 1,
  };
}

function whyOf(entry: Readonly<Record<string, unknown>>): readonly string[] {
  const said = [...itemsOf(entry.reasons), ...itemsOf(entry.warnings)].flatMap(
    (reason) => short(textAt(reason, "message")) ?? [],
  );
  const put = itemsOf(entry.changes).flatMap((change) => {
    const flag = short(textAt(change, "flag"));
    if (flag === undefined) return [];
    return [isRecord(change) && change.replaced === true ? `${flag} in place of what it asked for` : flag];
  });
  return [...said, ...put];
}

function short(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= guardLimits.text) return text;
  return `${text.slice(0, guardLimits.text - 1)}…`;
}

/** What of an object tells whether a policy lets its image pass, by route. Other names would make a row of each container. */
const kept: Readonly<Record<string, readonly string[]>> = {
  "container-create": ["image"],
  "image-create": ["fromImage", "fromSrc", "tag"],
  "image-push": ["image", "tag"],
};

function countedObject({ route, object }: Pick<Decision, "route" | "object">) {
  const names = (route === null ? undefined : kept[route]) ?? [];
  return Object.fromEntries(
    names.flatMap((name) => (object[name] === undefined ? [] : [[name, object[name]]])),
  );
}
