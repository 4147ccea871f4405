import { isRecord, itemsOf, parsedJson, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type Advisory, type Event, mitigations, type Package } from "../../model/advisories/advisory.ts";

/** How databases of OSV's format call the packages. */
const names: Readonly<Record<Package, readonly string[]>> = {
  "docker-engine": ["docker-engine", "github.com/docker/docker", "github.com/moby/moby"],
  buildkit: ["buildkit", "github.com/moby/buildkit"],
  containerd: ["containerd", "github.com/containerd/containerd"],
  runc: ["runc", "github.com/opencontainers/runc"],
  linux: ["linux", "Kernel", "Linux"],
};

/** As OSV has it; what it has no member for is in `database_specific`, where GitHub keeps the severity, too. */
export function osvOf(advisory: Advisory): unknown {
  const { id, aliases, published, summary, severity, affected, references } = advisory;
  const { by, mitigatedBy, interfaces } = advisory;
  return {
    schema_version: "1.7.0",
    ...{ id, aliases, published: `${published}T00:00:00Z`, modified: `${published}T00:00:00Z`, summary },
    affected: affected.map(({ package: name, events }) => ({
      package: { ecosystem: name === "linux" ? "Linux" : "Go", name: names[name][1] ?? name },
      ranges: events.length === 0 ? [] : [{ type: "SEMVER", events }],
    })),
    references: references.map((url) => ({ type: "WEB", url })),
    database_specific: {
      severity: severity === "high" ? "HIGH" : "MODERATE",
      ...{ by, mitigated_by: mitigatedBy, interfaces },
    },
  };
}

/** The advisories of a file in OSV's format, one or a JSON array: as `bulkhead advisories --format json`, GitHub and osv.dev write them. Pure. */
export function readAdvisories(text: string): Result<readonly Advisory[]> {
  const value = parsedJson(text);
  if (value === undefined || (!Array.isArray(value) && !isRecord(value)))
    return failed("it is neither an advisory in OSV's format nor a JSON array of them");
  const found: Advisory[] = [];
  for (const [index, each] of (Array.isArray(value) ? value : [value]).entries()) {
    const advisory = advisoryOf(each);
    if (!advisory.ok)
      return failed(`advisory ${index + 1} (${textAt(each, "id") ?? "without an id"}): ${advisory.reason}`);
    found.push(advisory.value);
  }
  return ok(found);
}

function advisoryOf(value: unknown): Result<Advisory> {
  const id = textAt(value, "id");
  const published = textAt(value, "published");
  const summary = textAt(value, "summary") ?? textAt(value, "details")?.split("\n", 1)[0];
  if (!isRecord(value) || id === undefined || summary === undefined || published === undefined)
    return failed("it needs id, published and summary");
  const own = value.database_specific;
  const severity = textAt(own, "severity")?.toUpperCase() ?? "";
  if (!["CRITICAL", "HIGH", "MODERATE", "MEDIUM", "LOW"].includes(severity))
    return failed("database_specific.severity must be LOW, MODERATE, HIGH or CRITICAL");
  const affected = itemsOf(value.affected).flatMap(affectedOf);
  if (affected.length === 0)
    return failed(
      `affected names none of ${Object.values(names)
        .map(([name, other]) => `${name} (${other})`)
        .join(", ")}`,
    );
  const bad = affected.find(({ events }) => events === undefined);
  if (bad)
    return failed(
      `the ranges of ${bad.package} need events, each introduced, fixed or last_affected with a version such as 1.2.3`,
    );
  const by = textAt(own, "by");
  return ok({
    ...{ id, published: published.slice(0, 10), summary },
    severity: severity === "CRITICAL" || severity === "HIGH" ? "high" : "medium",
    aliases: textsOf(value.aliases),
    affected: affected.map(({ package: name, events = [] }) => ({ package: name, events })),
    references: itemsOf(value.references).flatMap((each) => textAt(each, "url") ?? []),
    by: by === "client" || by === "build" ? by : "container",
    mitigatedBy: mitigations.filter((each) =>
      textsOf(isRecord(own) ? own.mitigated_by : undefined).includes(each),
    ),
    interfaces: textsOf(isRecord(own) ? own.interfaces : undefined),
  });
}

interface Affected {
  readonly package: Package;
  /** Undefined where one of them cannot be read. */
  readonly events: readonly Event[] | undefined;
}

function affectedOf(value: unknown): readonly Affected[] {
  const called = textAt(value, "package", "name")?.replace(/\/v\d+$/, "") ?? "";
  const name = (Object.keys(names) as Package[]).find((each) => names[each].includes(called));
  if (name === undefined) return [];
  const ranges = itemsOf(isRecord(value) ? value.ranges : undefined).filter(
    (range) => textAt(range, "type") !== "GIT",
  );
  const events = ranges.flatMap((range) => itemsOf(isRecord(range) ? range.events : undefined).map(eventOf));
  const known = events.flatMap((event) => event ?? []);
  return [{ package: name, events: known.length === events.length ? known : undefined }];
}

function eventOf(value: unknown): Event | undefined {
  const at = (name: string) => /^(?:0|v?\d+\.\d+(?:\.\d+)?)(?=$|-)/.exec(textAt(value, name) ?? "")?.[0];
  const [introduced, fixed, last] = [at("introduced"), at("fixed"), at("last_affected")];
  if (introduced !== undefined) return { introduced };
  if (fixed !== undefined) return { fixed };
  if (last === undefined) return undefined;
  const [major, minor, patch] = last.replace(/^v/, "").split(".").map(Number);
  return { fixed: `${major}.${minor}.${(patch ?? 0) + 1}` };
}
