import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { type FactList, set, unresolved } from "../../model/fact.ts";
import { gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import { locator } from "../values/positions.ts";
import { type DaemonOption, optionOfFlag, optionOfKey, otherFlags } from "./options.ts";
import { type DaemonSetting, type DaemonSettings, mayBeSecret, noSettings } from "./settings.ts";

/** More keys that dockerd refuses than this are only counted. */
const mostGaps = 20;

type NodeOrigin = (node: Node) => FileOrigin;

/**
 * Reads a daemon.json. What dockerd refuses (comments, a trailing comma, an unknown key, a wrong type) is a gap at its
 * place, and the rest is read all the same. Of a repeated key the last counts, as in Go's encoding/json.
 */
export function settingsOfJson(
  text: string,
  file: string,
  where?: ReturnType<typeof locator>,
): DaemonSettings {
  // dockerd takes a byte order mark off; a space in its place keeps every offset.
  const clean = text.replace(/^\uFEFF/, " ");
  if (clean.trim() === "") return noSettings;
  const locate = where ?? locator(file, clean);
  const place: NodeOrigin = (node) => locate({ start: node.offset, end: node.offset + node.length });
  const { root, syntax } = parseJson(clean, file, locate);
  const gaps = syntax ? [syntax] : [];
  if (root?.type !== "object") {
    const refused = gap("dockerd refuses a daemon.json that is not a JSON object", {
      file,
      ...(root && { location: place(root) }),
    });
    return { ...noSettings, gaps: syntax || root?.type === "null" ? gaps : [refused] };
  }
  const given = new Map<string, DaemonSetting>();
  const secrets: FileOrigin[] = [];
  for (const property of root.children ?? []) {
    const [key, value] = property.children ?? [];
    if (!key || !value) continue;
    const name = String(key.value);
    const option = optionOfKey(name);
    for (const secret of secretsOf(name, value, place)) secrets.push(secret);
    if (!option) gaps.push(gap(unknownKey(name, value), { location: place(key) }));
    else if (value.type !== "null") {
      const items = itemsOf(option, value, place);
      const wrong = items.find((item) => item.state === "unresolved");
      if (wrong?.state === "unresolved") {
        gaps.push(gap(`dockerd refuses to start: ${wrong.reason}`, { location: place(value) }));
      }
      given.set(name, { key: name, origin: place(key), items });
    }
  }
  const more = gaps.length - mostGaps;
  const told = more > 0 ? [...gaps.slice(0, mostGaps), gap(`${more} more such keys`, { file })] : gaps;
  return { given, open: undefined, gaps: told, secrets };
}

/** The tree of a daemon.json, and what is wrong with its JSON, if anything is. */
export function parseJson(text: string, file: string, locate: ReturnType<typeof locator>) {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { disallowComments: true });
  } catch {
    return { root, syntax: gap("the file is nested too deeply to be read", { file }) };
  }
  const first = errors[0];
  if (!first)
    return { root, syntax: isStrict(text) ? undefined : gap(refusal("it is not valid JSON"), { file }) };
  const location = locate({ start: first.offset, end: first.offset + first.length });
  return { root, syntax: gap(refusal(inWords(first)), { location }) };
}

function refusal(what: string): string {
  return `dockerd refuses to start with this file: ${what}`;
}

function inWords({ error }: ParseError): string {
  const code = printParseErrorCode(error);
  if (code === "InvalidCommentToken") return "JSON has no comments";
  if (code === "PropertyNameExpected" || code === "ValueExpected") {
    return "a value or a key is missing here, perhaps behind a trailing comma";
  }
  return `it is not valid JSON (${code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()})`;
}

function isStrict(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function unknownKey(name: string, value: Node): string {
  const option = optionOfFlag(name);
  if (option && optionOfKey(option.key)) {
    return `“${name}” is a flag and no key: dockerd ignores it here, the key is “${option.key}”`;
  }
  if (otherFlags.has(name)) return `“${name}” is a flag and no key: dockerd ignores it here`;
  // dockerd looks for the keys of an object one level up, and then reads none of them.
  const inner = value.type === "object" ? entries(value) : [];
  if (inner.length > 0 && inner.every(([key]) => optionOfKey(key))) {
    return "this key is none of dockerd's options: it ignores what is in it";
  }
  return /^[\w.-]{1,40}$/.test(name)
    ? `dockerd refuses to start: “${name}” is none of its options`
    : "dockerd refuses to start: this key is none of its options";
}

function itemsOf(option: DaemonOption, value: Node, place: NodeOrigin): FactList<string> {
  const { key, kind } = option;
  const wrong = (node: Node, what: string) => [unresolved(`${key} must be ${what}`, place(node))];
  switch (kind) {
    case "bool":
      return value.type === "boolean"
        ? [set(String(value.value), place(value))]
        : wrong(value, "true or false");
    case "string":
      return value.type === "string" ? [set(String(value.value), place(value))] : wrong(value, "a string");
    case "number":
      return Number.isInteger(value.value)
        ? [set(String(value.value), place(value))]
        : wrong(value, "a whole number");
    case "list":
      if (value.type !== "array") return wrong(value, "a list of strings");
      return (value.children ?? []).flatMap(
        (item): FactList<string> =>
          item.type === "string" ? [set(String(item.value), place(item))] : wrong(item, "a list of strings"),
      );
    case "map":
      if (value.type !== "object") return wrong(value, "an object of strings");
      return entries(value).flatMap(
        ([name, item]): FactList<string> =>
          item.type === "string"
            ? [set(`${name}=${item.value}`, place(item))]
            : wrong(item, "an object of strings (numbers and true or false in quotes)"),
      );
    case "ulimits":
      if (value.type !== "object") return wrong(value, "an object of ulimits");
      return entries(value).flatMap(
        ([name, item]) => ulimitOf(name, item, place) ?? wrong(item, "an object of ulimits"),
      );
    case "other":
      return pairsIn(key, value, place);
  }
}

/** Each value below an object as a flag spells it: `runtimes` and `default-network-opts` by their names, others by their path. */
function pairsIn(key: string, value: Node, place: NodeOrigin): FactList<string> {
  if (value.type !== "object") return [];
  if (key === "runtimes") {
    return entries(value).flatMap(([name, runtime]) =>
      leavesIn(runtime)
        .filter(([path]) => path === "path")
        .map(([, node]) => set(`${name}=${node.value}`, place(node))),
    );
  }
  if (key === "default-network-opts") {
    return entries(value).flatMap(([driver, options]) =>
      entries(options).map(([option, node]) => set(`${driver}=${option}=${node.value}`, place(node))),
    );
  }
  return leavesIn(value).map(([path, node]) => set(`${path}=${node.value}`, place(node)));
}

/** Go takes names in any case. */
function leavesIn(value: Node, above = ""): readonly (readonly [path: string, node: Node])[] {
  if (value.type === "array") return (value.children ?? []).flatMap((item) => leavesIn(item, above));
  if (value.type !== "object") return [[above.toLowerCase(), value]];
  return entries(value).flatMap(([name, item]) => leavesIn(item, above === "" ? name : `${above}.${name}`));
}

/** `"nofile": { "Name": "nofile", "Soft": 64, "Hard": 64 }`; field names in any case, as encoding/json takes them. */
function ulimitOf(key: string, node: Node, place: NodeOrigin): FactList<string> | undefined {
  if (node.type !== "object") return undefined;
  const fields = new Map(entries(node).map(([name, value]) => [name.toLowerCase(), value]));
  const number = (name: string) => {
    const field = fields.get(name);
    if (!field) return 0;
    return Number.isInteger(field.value) ? Number(field.value) : undefined;
  };
  const [soft, hard] = [number("soft"), number("hard")];
  if (soft === undefined || hard === undefined) return undefined;
  return [set(`${key}=${soft}:${hard}`, place(node))];
}

function entries(node: Node): readonly (readonly [string, Node])[] {
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key && value ? [[String(key.value), value] as const] : [];
  });
}

function secretsOf(name: string, value: Node, place: NodeOrigin): readonly FileOrigin[] {
  if (value.type === "string") return mayBeSecret(name, String(value.value)) ? [place(value)] : [];
  if (value.type === "array") {
    return (value.children ?? []).filter((item) => mayBeSecret(name, String(item.value ?? ""))).map(place);
  }
  return entries(value).flatMap(([key, item]) =>
    mayBeSecret(key, String(item.value ?? "")) ? [place(item)] : [],
  );
}
