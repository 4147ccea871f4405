import { parseNamespaceMode } from "../../../model/container/namespace.ts";
import { set, unset } from "../../../model/fact.ts";
import { textOf, type Word } from "../word.ts";
import { parseCsvRecord } from "./csv.ts";
import { addItem, type LineFacts, notKnown, originOf, setScalar } from "./line-facts.ts";

/**
 * `--network NAME` or `--network name=NAME,alias=…`. The first one is the network mode, all of them are networks
 * (docker/cli: opts/network.go). The modes that are no networks of their own stay out of the list.
 */
export function readNetwork(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value);
  const first =
    lineFacts.scalars.networkMode.state !== "set" && lineFacts.scalars.networkMode.state !== "unresolved";
  if (text === undefined) {
    if (first) setScalar(lineFacts, "networkMode", notKnown(lineFacts, value));
    addItem(lineFacts, "networks", notKnown(lineFacts, value));
    return;
  }
  const { name, options } = networkFields(text);
  const origin = originOf(lineFacts, value);
  const mode = parseNamespaceMode(name, "network");
  if (first) setScalar(lineFacts, "networkMode", mode ? set(mode, origin) : unset);
  if (mode?.mode === "network") addItem(lineFacts, "networks", set(mode.name, origin));
  for (const { option, value: given } of options)
    addItem(lineFacts, "endpointOptions", set({ network: name, option, value: given }, origin));
}

interface NetworkFields {
  readonly name: string;
  readonly options: readonly { readonly option: string; readonly value: string }[];
}

/** The docker CLI writes every field in small letters, `driver-opt=` too (docker/cli: opts/network.go). */
function networkFields(text: string): NetworkFields {
  if (!/\w+=\w+(?:,\w+=\w+)*/.test(text)) return { name: text, options: [] };
  const record = parseCsvRecord(text);
  const fields = record.ok ? record.value : text.split(",");
  const pairs = fields.map((field) => pairIn(field.toLowerCase()));
  const valuesOf = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const options = valuesOf("driver-opt").map((given) => {
    const [option, value] = pairIn(given);
    return { option, value };
  });
  return { name: valuesOf("name").at(-1) ?? text, options };
}

function pairIn(text: string): readonly [name: string, value: string] {
  const [name = "", ...value] = text.split("=");
  return [name.trim(), value.join("=").trim()];
}
