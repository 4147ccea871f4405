import type { EnvironmentVariable } from "../../../model/container-values.ts";
import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { type FileOrigin, isFileOrigin } from "../../../model/origin.ts";
import { parseEnvFile } from "../load/dotenv.ts";
import { fileIn } from "../load/file-path.ts";
import {
  at,
  entriesOf,
  get,
  isNull,
  itemsOf,
  type Node,
  originAt,
  originOf,
  type ScalarNode,
  sourceText,
  type TextRange,
} from "../yaml/node.ts";
import { missingReason, parseBoolean, type Scope, scalar } from "./facts.ts";
import { asMapping, valuePlace } from "./key-values.ts";

type VariableFact = SetFact<EnvironmentVariable> | UnresolvedFact;

/**
 * `environment:` over the files of `env_file:`. The value is what an author wrote: a variable that only passes on what
 * the environment or a `.env` file holds has none. Ranges of values in env files go to `secrets`.
 */
export function readEnvironment(
  service: Node,
  scope: Scope,
  secrets: FileOrigin[],
): FactList<EnvironmentVariable> {
  const found = new Map<string, VariableFact>();
  for (const file of envFiles(get(service, "env_file"))) {
    for (const variable of readFile(file, scope)) {
      for (const origin of variable.origins) if (isFileOrigin(origin)) secrets.push(origin);
      found.set(variable.value.name, variable);
    }
  }
  const node = get(service, "environment");
  const mapping = asMapping(node);
  if (node && !mapping && !isNull(node)) {
    return [unresolved("a mapping or a list of NAME=value is expected here", originOf(node))];
  }
  for (const { name, value } of entriesOf(mapping)) {
    const origin = originOf(value);
    if (value.kind !== "scalar") found.set(name, unresolved("a single value is expected here", origin));
    else found.set(name, set({ name, value: authoredValue(value) }, origin));
  }
  return [...found.values()];
}

/** Undefined where the author gave no value: `NAME`, `NAME:` or `NAME=${OTHER}`. */
function authoredValue(node: Pick<ScalarNode, "value" | "authored">): string | undefined {
  return node.value === null || /^\$\{\w+\}$/.test(node.authored) ? undefined : node.authored;
}

interface EnvFile {
  readonly path: ScalarNode;
  readonly required: boolean;
  readonly raw: boolean;
}

function envFiles(node: Node | undefined): readonly EnvFile[] {
  const items = node?.kind === "list" ? itemsOf(node) : node ? [node] : [];
  return items.flatMap((each) => {
    const path = scalar(each.kind === "map" ? get(each, "path") : each);
    if (!path) return [];
    const required = parseBoolean(scalar(get(each, "required"))?.text ?? "") ?? true;
    return [{ path, required, raw: scalar(get(each, "format"))?.text === "raw" }];
  });
}

function readFile({ path, required, raw }: EnvFile, scope: Scope): readonly SetFact<EnvironmentVariable>[] {
  const missing = missingReason(path);
  if (missing !== undefined) {
    scope.report({ reason: `which env file it reads is not known: ${missing}`, place: path.place });
    return [];
  }
  const file = fileIn(path.place.source.base, path.text, scope.io.home);
  const text = scope.io.read(file);
  if (!text.ok) {
    if (required)
      scope.report({ reason: `the env file ${path.text} cannot be read: ${text.reason}`, place: path.place });
    return [];
  }
  const lines = parseEnvFile(text.value, scope.lookup, raw);
  if (!lines.ok) {
    scope.report({
      reason: `the env file ${path.text} is not understood: ${lines.reason}`,
      place: path.place,
    });
    return [];
  }
  const source = sourceText(file, text.value, path.place.source.base);
  for (const { name, tooLong } of lines.value) {
    if (tooLong)
      scope.report({
        reason: `the variable ${name} of ${path.text} grows to more than 128 KiB`,
        place: path.place,
      });
  }
  return lines.value
    .filter(({ tooLong }) => !tooLong)
    .map((line) =>
      set(
        { name: line.name, value: authoredValue({ value: line.text, authored: line.authored }) },
        source.range(line.start, line.end),
      ),
    );
}

/**
 * Where values of environments and of build arguments stand in one file's tree, whether in the end a service has them
 * or not.
 */
export function secretPlaces(document: Node): readonly FileOrigin[] {
  const seen = new Set<Node>();
  const found = new Map<string, FileOrigin>();
  for (const { value: service } of entriesOf(get(document, "services"))) {
    const hooks = ["pre_start", "post_start", "pre_stop"].flatMap((key) => itemsOf(get(service, key)));
    const environments = [service, ...hooks].map((each) => get(each, "environment"));
    for (const node of [...environments, at(service, "build", "args")]) {
      if (!node || seen.has(node)) continue;
      seen.add(node);
      for (const place of valuePlaces(node)) {
        const key = `${place.start} ${place.end}`;
        if (place.end > place.start && !found.has(key)) found.set(key, originAt(place));
      }
    }
  }
  return [...found.values()];
}

function valuePlaces(node: Node): readonly TextRange[] {
  const ofMap = (map: Node) => entriesOf(map).map((entry) => entry.value.place);
  if (node.kind !== "list") return ofMap(node);
  return itemsOf(node).flatMap((each) => (each.kind === "scalar" ? [valuePlace(each.place)] : ofMap(each)));
}
