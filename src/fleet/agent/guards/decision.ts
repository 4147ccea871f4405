import { isRecord, itemsOf, parsedJson, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { type Decision, guardLimits, guardModes, guardVerdicts } from "../../protocol/guards.ts";

/** A line of a guard's audit log; undefined for anything else. */
export function decisionOf(line: string, log: string): Decision | undefined {
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

export function countedObject({ route, object }: Pick<Decision, "route" | "object">) {
  const names = (route === null ? undefined : kept[route]) ?? [];
  return Object.fromEntries(
    names.flatMap((name) => (object[name] === undefined ? [] : [[name, object[name]]])),
  );
}
