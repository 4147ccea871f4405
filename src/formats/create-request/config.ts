import type { Container } from "../../model/container.ts";
import type { EnvironmentVariable, Healthcheck } from "../../model/container-values.ts";
import { type Fact, type FactList, set, unset } from "../../model/fact.ts";
import { type KeyedFact, keyedIn } from "../../model/facts/table.ts";
import {
  booleanFact,
  broken,
  field,
  isNothing,
  type JsonNode,
  listFact,
  stringFact,
  stringList,
} from "./json.ts";
import { readAnonymousVolumes } from "./mounts.ts";
import { nameValues } from "./name-values.ts";
import { scalarFact } from "./scalar.ts";

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
