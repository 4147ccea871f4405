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
  const name = networkName(text);
  const origin = originOf(draft, value);
  const mode = parseNamespaceMode(name, "network");
  if (first) setScalar(draft, "networkMode", mode ? set(mode, origin) : unset);
  if (mode?.mode === "network") addItem(draft, "networks", set(mode.name, origin));
}

function networkName(text: string): string {
  if (!/\w+=\w+(?:,\w+=\w+)*/.test(text)) return text;
  const record = parseCsvRecord(text);
  const fields = record.ok ? record.value : text.split(",");
  const named = fields
    .map((field) => /^name=(.*)$/is.exec(field)?.[1])
    .findLast((name) => name !== undefined);
  return named?.trim().toLowerCase() ?? text;
}
