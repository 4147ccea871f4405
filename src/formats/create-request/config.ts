import { type NamespaceMode, parseNamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import type { EnvironmentVariable, Healthcheck } from "../../model/container-values.ts";
import { type Fact, type FactList, set, unset } from "../../model/fact.ts";
import type { ScalarRow } from "../../model/facts/row.ts";
import { type KeyedFact, keyedIn, withoutSilent } from "../../model/facts/table.ts";
import {
  booleanFact,
  broken,
  field,
  integerFact,
  isNothing,
  type JsonNode,
  listFact,
  nameValues,
  stringFact,
  stringList,
} from "./json.ts";
import { readAnonymousVolumes } from "./mounts.ts";

type KeyedHere = Exclude<KeyedFact<"api">, KeyedFact<"api", `HostConfig.${string}`>>;
type CodedHere =
  | "environment"
  | "labels"
  | "healthcheck"
  | "mounts"
  | "networkMode"
  | "entrypoint"
  | "command";

export type ConfigFacts = Pick<Container, KeyedHere | CodedHere>;

const keyed = keyedIn("api").filter(({ key }) => !key.includes("."));

/** The portable half of a container: the create request's top level, or an inspect document's `Config`. */
export function configFacts(config: JsonNode): ConfigFacts {
  const coded: Pick<Container, CodedHere> = {
    environment: readEnvironment(config),
    labels: nameValues(field(config, "Labels")),
    healthcheck: readHealthcheck(config),
    mounts: readAnonymousVolumes(config),
    networkMode: readNetworkDisabled(config),
    entrypoint: readWords(config, "Entrypoint"),
    command: readWords(config, "Cmd"),
  };
  const facts = keyed.map(({ field: name, key, row }) => [name, scalarFact(field(config, key), row)]);
  return { ...coded, ...(Object.fromEntries(facts) as Pick<Container, KeyedHere>) };
}

/** `Env`: `NAME=value`; a name alone takes the image's variable away. */
export function readEnvironment(config: JsonNode): FactList<EnvironmentVariable> {
  return listFact(field(config, "Env"), readVariable);
}

function readVariable(item: JsonNode): FactList<EnvironmentVariable>[number] | undefined {
  const text = stringFact(item);
  if (text.state !== "set") return text.state === "unset" ? undefined : text;
  const equals = text.value.indexOf("=");
  const variable =
    equals < 0
      ? { name: text.value, value: undefined }
      : { name: text.value.slice(0, equals), value: text.value.slice(equals + 1) };
  return { ...text, value: variable };
}

/** `Healthcheck.Test`: empty is the image's own, `["NONE"]` is none. */
export function readHealthcheck(config: JsonNode): Fact<Healthcheck> {
  const test = field(field(config, "Healthcheck"), "Test");
  if (test.problem !== undefined) return broken(test, test.problem);
  if (isNothing(test.value)) return unset;
  if (!Array.isArray(test.value)) return broken(test, "Test is not an array");
  const [kind] = test.value as readonly unknown[];
  if (kind === undefined || kind === "") return unset;
  return set(kind === "NONE" ? "none" : "command", { pointer: test.pointer });
}

function readNetworkDisabled(config: JsonNode): Container["networkMode"] {
  const disabled = booleanFact(field(config, "NetworkDisabled"));
  if (disabled.state !== "set") return disabled;
  return disabled.value ? { ...disabled, value: { mode: "none" } } : unset;
}

/** A list of words, or one text, which the Engine takes for a single word (moby: api/types/strslice). */
export function readWords(config: JsonNode, name: string): FactList<string> {
  const node = field(config, name);
  if (typeof node.value !== "string") return stringList(node);
  const text = stringFact(node);
  return text.state === "unset" ? [] : [text];
}

/** The value under a key. Most zeros say nothing in the Engine's API. */
export function scalarFact(node: JsonNode, row: ScalarRow): Fact<unknown> {
  switch (row.kind) {
    case "text":
      return stringFact(node);
    case "switch":
      return booleanFact(node);
    case "namespace":
      return namespaceMode(node, "other");
    case "bytes":
    case "cpus":
    case "microseconds":
    case "integer":
      return withoutSilent(integerFact(node, { keepZero: row.zero !== "unset" }), row);
    default:
      return broken(node, `${node.name} has no key of its own`);
  }
}

export function namespaceMode(node: JsonNode, kind: "network" | "other"): Fact<NamespaceMode> {
  const text = stringFact(node);
  if (text.state !== "set") return text;
  const mode = parseNamespaceMode(text.value, kind);
  return mode ? { ...text, value: mode } : unset;
}
