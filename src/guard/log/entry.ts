import type { Judged } from "../judge/judge.ts";
import type { Change, Reason } from "../judge/result.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { Denial } from "./sink.ts";

/** Who asked, as far as it is known. */
export interface Asker {
  /** The client's name in the policy. */
  readonly client: string;
  /** Where it came in: `unix:///run/bulkhead.sock`; `authz` in the authorization plugin. */
  readonly listener: string;
  readonly policy: Policy;
}

/**
 * One decision as the audit log has it, keys in this order. A public interface: what is added later is added at the end.
 * Holds no value of a variable, no secret and no command: names, ids of rules, flags and sentences made of them.
 */
export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly client: string;
  readonly listener: string;
  readonly policy: string;
  readonly mode: Policy["mode"];
  readonly method: string;
  /** A route's id; null where the request is for none that is known. */
  readonly route: string | null;
  /** What the request names: `{ "container": "web" }`. */
  readonly object: Readonly<Record<string, string>>;
  readonly verdict: "allow" | "harden" | "deny";
  /** The ids of the controls and rules that had a part in it. */
  readonly controls: readonly string[];
  readonly reasons: readonly { readonly rule: string; readonly message: string }[];
  readonly changes: readonly {
    readonly control: string;
    readonly field: string;
    readonly flag: string | null;
    readonly replaced: boolean;
  }[];
  /** What would be denied or changed under `enforce`. */
  readonly warnings: readonly { readonly rule: string; readonly message: string }[];
  /** What the client sent and no Engine reads, where there was any: it was left out. */
  readonly dropped?: readonly string[];
  /** What the line leaves out because it would be too long: `reasons: 12 more`. */
  readonly leftOut?: readonly string[];
  /** Of a line that stands for denials like those before it: how many there were. */
  readonly repeated?: number;
}

/** Items of each list, and characters of each text, that a line holds. */
const most = { items: 24, message: 600, name: 300 };

/** What makes a denial like another one, for those that repeat; undefined where something is let through. */
export function denialOf(judged: Judged, method: string, asker: Asker): Denial | undefined {
  if (judged.verdict !== "deny") return undefined;
  const rules = rulesOf(judged.reasons, [], []);
  const route = judged.route?.id ?? null;
  return {
    client: asker.client,
    key: [asker.client, asker.listener, route, ...rules].join(" "),
    counted(times) {
      const message = `${times} more ${times === 1 ? "denial" : "denials"} for the same reasons: counted, not written one by one`;
      const reasons = rules.map((rule) => ({ rule, message }));
      const alike: Judged = {
        verdict: "deny",
        route: judged.route,
        request: undefined,
        reasons,
        status: 403,
      };
      return JSON.stringify({ ...logEntry(alike, method, asker, new Date()), repeated: times });
    },
  };
}

/** A decision as a line of JSON, without its end. */
export function logLine(judged: Judged, method: string, asker: Asker, now: Date): string {
  const { verdict, route, request } = judged;
  if (verdict !== "allow" || judged.warnings.length > 0 || request.dropped)
    return JSON.stringify(logEntry(judged, method, asker, now));
  // What every other line is: the same, printed without going through all that is not there.
  let end = ends.get(request);
  if (end === undefined) {
    const object = JSON.stringify(objectOf(request));
    end = `"method":${JSON.stringify(method)},"route":${JSON.stringify(route.id)},"object":${object},"verdict":"allow","controls":[],"reasons":[],"changes":[],"warnings":[]}`;
    ends.set(request, end);
  }
  return `{"time":"${timeOf(now)}",${partOf(asker)},${end}`;
}

/** A request that is asked again is printed once. */
const ends = new WeakMap<UnderstoodRequest, string>();

let lastTime = { at: 0, text: "" };

/** Many lines are of the same millisecond. */
function timeOf(now: Date): string {
  const at = now.getTime();
  if (lastTime.at !== at) lastTime = { at, text: now.toISOString() };
  return lastTime.text;
}

const parts = new WeakMap<Policy, Map<string, string>>();

/** What is said of who asks, which is the same from one request to the next. */
function partOf({ client, listener, policy }: Asker): string {
  const key = `${client}\0${listener}`;
  const known = parts.get(policy);
  const printed = known?.get(key);
  if (printed !== undefined) return printed;
  const made = JSON.stringify({ client, listener, policy: policy.name, mode: policy.mode }).slice(1, -1);
  if (known) known.set(key, made);
  else parts.set(policy, new Map([[key, made]]));
  return made;
}

export function logEntry(judged: Judged, method: string, asker: Asker, now: Date): LogEntry {
  const isDenied = judged.verdict === "deny";
  const reasons = isDenied ? judged.reasons : [];
  const changes = isDenied ? [] : judged.changes;
  const warnings = isDenied ? [] : judged.warnings;
  const leftOut: string[] = [];
  const some = <T>(name: string, items: readonly T[]): readonly T[] => {
    if (items.length > most.items) leftOut.push(`${name}: ${items.length - most.items} more`);
    return items.slice(0, most.items);
  };
  const entry: LogEntry = {
    time: now.toISOString(),
    client: asker.client,
    listener: asker.listener,
    policy: asker.policy.name,
    mode: asker.policy.mode,
    method,
    route: judged.route?.id ?? null,
    object: judged.request ? objectOf(judged.request) : {},
    verdict: judged.verdict,
    controls: some("controls", rulesOf(reasons, changes, warnings)),
    reasons: some("reasons", reasons).map(plain),
    changes: some("changes", changes).map(({ control, patch, flag, replaced }) => ({
      control,
      field: String(patch.field),
      flag: maySay(patch) ? short(flag, most.message) : null,
      replaced,
    })),
    warnings: some("warnings", warnings).map(plain),
    ...(judged.request?.dropped && {
      dropped: some("dropped", judged.request.dropped).map((name) => short(name, most.name)),
    }),
  };
  return leftOut.length > 0 ? { ...entry, leftOut } : entry;
}

/** No longer than so many characters; says what is missing. */
function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} more characters)`;
}

/** Every id that had a part in a decision, once. */
export function rulesOf(
  reasons: readonly Reason[],
  changes: readonly Change[],
  warnings: readonly Reason[],
): readonly string[] {
  if (reasons.length + changes.length + warnings.length === 0) return [];
  return [
    ...new Set([
      ...reasons.map(({ rule }) => rule),
      ...changes.map(({ control }) => control),
      ...warnings.map(({ rule }) => rule),
    ]),
  ];
}

/** Fields whose values are, or may hold, secrets: log options carry tokens and passwords in addresses. */
const secretFields: ReadonlySet<string> = new Set(["environment", "labels", "logOptions", "healthcheck"]);

/** Options of a log that are sizes and counts: what the guard itself puts in. */
const plainOptions: ReadonlySet<string> = new Set(["max-size", "max-file"]);

function maySay(patch: Change["patch"]): boolean {
  if (patch.field === "logOptions" && "value" in patch) return plainOptions.has(patch.value.name);
  return !secretFields.has(patch.field);
}

/** Parameters that name what a request makes or fetches. (Addresses, which may carry passwords, are not among them.) */
const naming = ["name", "fromImage", "tag", "repo", "t", "names"] as const;

function objectOf({ params, query, body }: UnderstoodRequest): Readonly<Record<string, string>> {
  const object: Record<string, string> = { ...params };
  for (const name of naming) {
    const values = query.get(name);
    if (values !== undefined && values.length > 0) object[name] = values.join(" ");
  }
  // The address itself may carry a password.
  const source = query.get("fromSrc")?.[0] ?? "";
  if (source !== "") object.fromSrc = source === "-" ? "-" : "an address";
  if (typeof body === "object" && body !== null) {
    if ("Image" in body && typeof body.Image === "string") object.image = body.Image;
    if (object.name === undefined && "Name" in body && typeof body.Name === "string") object.name = body.Name;
  }
  for (const [name, value] of Object.entries(object)) {
    if (value.length > most.name) object[name] = short(value, most.name);
  }
  return object;
}

function plain({ rule, message }: Reason) {
  return { rule, message: short(message, most.message) };
}
