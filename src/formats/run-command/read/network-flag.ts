import { parseNamespaceMode } from "../../../model/container/namespace.ts";
import { set, unset } from "../../../model/fact.ts";
import { textOf, type Word } from "../word.ts";
import { parseCsvRecord } from "./csv.ts";
import { addItem, type Draft, notKnown, originOf, setScalar } from "./draft.ts";

/**
 * `--network NAME` or `--network name=NAME,alias=…`. The first one is the network mode, all of them are networks
 * (docker/cli: opts/network.go). The modes that are no networks of their own stay out of the list.
 */
export function readNetwork(draft: Draft, value: Word): void {
  const text = textOf(value);
  const first = draft.scalars.networkMode.state !== "set" && draft.scalars.networkMode.state !== "unresolved";
  if (text === undefined) {
    if (first) setScalar(draft, "networkMode", notKnown(draft, value));
    addItem(draft, "networks", notKnown(draft, value));
    return;
  }
  const { name, options } = networkFields(text);
  const origin = originOf(draft, value);
  const mode = parseNamespaceMode(name, "network");
  if (first) setScalar(draft, "networkMode", mode ? set(mode, origin) : unset);
  if (mode?.mode === "network") addItem(draft, "networks", set(mode.name, origin));
  for (const { option, value: given } of options)
    addItem(draft, "endpointOptions", set({ network: name, option, value: given }, origin));
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
