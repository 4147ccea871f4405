// Every key that Docker reads, with the controls that judge it or the reason why none does: docs/keys.md.
import { readFileSync } from "node:fs";
import { optionOfKey } from "../../src/formats/daemon-json/options.ts";
import { flags } from "../../src/formats/run-command/read/flags.ts";
import { keyedIn } from "../../src/model/facts/table.ts";
import { factsOf, fieldAt, hostConfigLeaves } from "../../test/support/guard/host-config-samples.ts";
import { engine29 } from "./engine-29.ts";
import { type Observed, observe } from "./observe.ts";
import { reasons } from "./reasons.ts";
import { samples } from "./samples.ts";

export interface KeyList {
  readonly name: string;
  readonly source: string;
  readonly version: string;
  readonly rows: readonly KeyRow[];
}

export interface KeyRow {
  readonly key: string;
  readonly controls: readonly string[];
  /** Why no control judges it. */
  readonly why: string | undefined;
}

interface Vendored {
  readonly list: string;
  readonly source: string;
  readonly version: string;
  readonly keys: readonly string[];
}

export function keyLists(): readonly KeyList[] {
  const observed = observe(samples);
  const of = (syntax: "compose" | "run" | "dockerfile" | "daemon.json" | "dockerd"): Observed =>
    observed.get(syntax) ?? { keys: new Map(), facts: new Map() };
  const vendored: readonly Vendored[] = JSON.parse(readFileSync("scripts/key-lists/keys.json", "utf8"));
  const byFact = (fact: string) => [
    ...(of("compose").facts.get(fact) ?? []),
    ...(of("run").facts.get(fact) ?? []),
  ];
  const list = (
    { list: name, source, version, keys }: Vendored,
    controlsOf: (key: string) => Iterable<string>,
    whyOf = (key: string) => reasonFor(name, key),
  ): KeyList => ({
    ...{ name, source, version },
    rows: keys.map((key) => {
      const controls = [...new Set(controlsOf(key))].toSorted();
      return { key, controls, why: controls.length > 0 ? undefined : whyOf(key) };
    }),
  });
  const named = (name: string) => vendored.find((each) => each.list === name) as Vendored;

  const composeFacts = new Map<string, string>(
    keyedIn("compose").flatMap(({ key, field, row }) => [
      [`services.*.${key}`, field] as const,
      ...(row.deploy ? [[`services.*.deploy.resources.${row.deploy}`, field] as const] : []),
    ]),
  );
  const runFacts = new Map(flags.flatMap(({ name, field }) => (field ? [[name, field] as const] : [])));
  const aliases = new Map(flags.flatMap(({ name, aliasOf }) => (aliasOf ? [[name, aliasOf] as const] : [])));
  return [
    list(composeKeys(), (key) => [
      ...(of("compose").keys.get(key) ?? []),
      ...byFact(composeFacts.get(key) ?? ""),
    ]),
    list(named("daemon.json"), (key) => [
      ...(of("daemon.json").keys.get(key) ?? []),
      ...(of("dockerd").keys.get(key) ?? []),
    ]),
    list(named("Dockerfile"), (key) => of("dockerfile").keys.get(key) ?? []),
    list(named("docker run"), (key) => {
      const flag = aliases.get(key) ?? key;
      return [...(of("run").keys.get(flag) ?? []), ...byFact(runFacts.get(flag) ?? "")];
    }),
    list(
      hostConfigKeys(),
      (key) => {
        if (fieldAt(wayOf(key))?.by === "nobody") return [];
        // Its items are read as the flag's values are.
        if (key === "SecurityOpt") return of("run").keys.get("security-opt") ?? [];
        return factsUnder(key).flatMap(byFact);
      },
      (key) => {
        const field = fieldAt(wayOf(key));
        return field?.by === "nobody" ? field.why : reasonFor("HostConfig", key);
      },
    ),
  ];
}

/** The reason for the key itself, or for all below a key above it (`healthcheck.*`). */
function reasonFor(list: string, key: string): string | undefined {
  const known = reasons[list] ?? {};
  return known[reasonKeysFor(key).find((each) => Object.hasOwn(known, each)) ?? ""];
}

function reasonKeysFor(key: string): readonly string[] {
  const parts = key.split(".");
  return [key, ...parts.map((_, index) => `${parts.slice(0, parts.length - index - 1).join(".")}.*`)];
}

/** Reasons for keys that a control judges, or that no list has. */
export function idleReasons(lists: readonly KeyList[]): readonly string[] {
  return lists.flatMap(({ name, rows }) => {
    const known = Object.keys(reasons[name] ?? {});
    const unjudged = rows.filter(({ controls }) => controls.length === 0);
    const used = new Set(
      unjudged.map(({ key }) => reasonKeysFor(key).find((each) => known.includes(each)) ?? ""),
    );
    return known.filter((key) => !used.has(key)).map((key) => `${name}: ${key}`);
  });
}

interface SchemaNode {
  readonly $ref?: string;
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

/** The paths of the Compose Specification's schema: `*` for a name that the author chose, `[]` for an item of a list. */
function composeKeys(): Vendored {
  const schema = JSON.parse(readFileSync("scripts/compose-spec/compose-spec.json", "utf8"));
  const keys = new Set<string>();
  const walk = (node: SchemaNode, way: readonly string[], seen: readonly string[]): void => {
    const name = node.$ref?.replace("#/$defs/", "");
    if (name !== undefined) {
      if (!seen.includes(name)) walk(schema.$defs[name], way, [...seen, name]);
      return;
    }
    for (const each of node.oneOf ?? []) walk(each, way, seen);
    for (const [key, each] of Object.entries(node.properties ?? {})) {
      keys.add([...way, key].join("."));
      walk(each, [...way, key], seen);
    }
    for (const [pattern, each] of Object.entries(node.patternProperties ?? {}))
      if (pattern !== "^x-") walk(each, [...way, "*"], seen);
    if (node.items) walk(node.items, [...way, "[]"], seen);
  };
  walk(schema, [], []);
  return {
    list: "Compose",
    source: "https://github.com/compose-spec/compose-go/blob/v2.13.0/schema/compose-spec.json",
    version: "compose-go 2.13.0, which has every key of Docker Compose 2.40 and more",
    keys: [...keys].toSorted(),
  };
}

/** Members of moby's types up to Engine 29, as the guard's shapes are compared with. */
function hostConfigKeys(): Vendored {
  const { types, engines } = JSON.parse(readFileSync("src/guard/shapes/fixtures/moby-types.json", "utf8"));
  const paths = (types as readonly (readonly [string])[])
    .map(([path]) => path)
    .filter((path) => path.startsWith("createBody.HostConfig."))
    .map((path) => path.replace("createBody.HostConfig.", "").replaceAll(/\[\]|\{\}/g, ""));
  return {
    list: "HostConfig",
    source: "https://github.com/moby/moby/tree/docker-v29.3.0/api/types/container",
    version: `Engines ${engines[0]} to ${engines.at(-1)}`,
    keys: [...new Set(paths)].toSorted(),
  };
}

const wayOf = (key: string) => key.split(".");

function factsUnder(key: string): readonly string[] {
  const way = wayOf(key);
  const below = hostConfigLeaves.filter((leaf) => {
    const names = leaf.filter((part) => part !== "0");
    let next = 0;
    for (const each of names) if (each === way[next]) next += 1;
    return next === way.length && names[0] === way[0];
  });
  return [...new Set(below.flatMap(factsOf))];
}

/** A key of daemon.json that bulkhead does not know. */
export function unknownToReader(lists: readonly KeyList[]): readonly string[] {
  const rows = lists.find(({ name }) => name === "daemon.json")?.rows ?? [];
  return rows.map(({ key }) => key.split(".")[0] ?? "").filter((key) => !optionOfKey(key));
}

/** docs/keys.md. */
export function keysPage(lists: readonly KeyList[]): string {
  const sections = lists.flatMap(({ name, source, version, rows }) => [
    `## ${name}`,
    "",
    `${rows.length} keys. Source: ${source} (${version}).`,
    "",
    "| key | judged by | why not |",
    "| --- | --- | --- |",
    ...rows.map(
      ({ key, controls, why }) =>
        `| \`${key}\` | ${controls.map((id) => `[${id}](controls/${id}.md)`).join(", ")} | ${why ?? ""} |`,
    ),
    "",
  ]);
  return [
    "# Keys",
    "",
    "Generated by `npm run docs`. Every key that Docker reads, up to Engine 29 and Docker Compose 2.40, and the controls that",
    "judge it. A control stands beside a key if its verdict on an example changes without the key. `*` is a name that the",
    "author chose, `[]` an item of a list. What Engine 29 changed without a key is [at the end](#engine-29).",
    "",
    ...sections,
    "## Engine 29",
    "",
    "What changed without a key, and what that means here.",
    "",
    "| since | change | here |",
    "| --- | --- | --- |",
    ...engine29.map(({ since, change, here, source }) => `| ${since} | [${change}](${source}) | ${here} |`),
    "",
  ].join("\n");
}
