import { type NamespaceMode, parseNamespaceMode } from "../../../model/container/namespace.ts";
import { type Fact, set, unset } from "../../../model/fact.ts";
import type { ScalarRow } from "../../../model/facts/row.ts";
import { type Keyed, type ScalarFact, withoutSilent } from "../../../model/facts/table.ts";
import { parseBytes } from "../../values/bytes.ts";
import { textOf, type Word } from "../word.ts";
import type { Flag } from "./flags.ts";
import { type LineFacts, notKnown, originOf, refuse } from "./line-facts.ts";
import { parseBoolean, parseInteger, parseNanoCpus } from "./numbers.ts";

/** A boolean flag: alone it is true, and its fact stands at the flag. */
export function readBoolean(
  lineFacts: LineFacts,
  flag: Flag,
  value: Word | undefined,
  spelled: Word,
): Fact<boolean> {
  if (!value) return set(true, originOf(lineFacts, spelled));
  const text = textOf(value);
  if (text === undefined) return notKnown(lineFacts, value);
  const read = parseBoolean(text);
  if (read === undefined) return refuse(lineFacts, `--${flag.name} takes true or false`, value);
  return set(read, originOf(lineFacts, value));
}

/** The value of a flag for one fact. */
export function setValue(lineFacts: LineFacts, { field, row }: Keyed, flag: Flag, value: Word): void {
  Reflect.set(lineFacts.scalars, field, readValue(lineFacts, field, row, flag, value));
}

function readValue(
  lineFacts: LineFacts,
  field: ScalarFact,
  row: ScalarRow,
  flag: Flag,
  value: Word,
): Fact<unknown> {
  const { kind } = row;
  if (kind === "namespace") return readNamespace(lineFacts, field, flag, value);
  if (kind === "bytes" || kind === "cpus") return readNumber(lineFacts, flag, kind, value);
  if (kind === "integer" || kind === "microseconds")
    return withoutSilent(readNumber(lineFacts, flag, "integer", value), row);
  const text = textOf(value);
  if (text === undefined) return notKnown(lineFacts, value);
  return text === "" ? unset : set(text, originOf(lineFacts, value));
}

type NumberKind = "integer" | "bytes" | "cpus";

const numbers: Readonly<
  Record<NumberKind, { readonly read: (text: string) => number | undefined; readonly what: string }>
> = {
  integer: { read: parseInteger, what: "a whole number" },
  bytes: { read: parseBytes, what: "a size such as 512m" },
  cpus: { read: parseNanoCpus, what: "a number of CPUs" },
};

function readNumber(lineFacts: LineFacts, flag: Flag, kind: NumberKind, value: Word): Fact<number> {
  const text = textOf(value);
  if (text === undefined) return notKnown(lineFacts, value);
  const { read, what } = numbers[kind];
  const number = read(text);
  // Docker takes 16 bits, and the Engine 0 or 10 to 1000.
  const noWeight =
    flag.name === "blkio-weight" && number !== undefined && number !== 0 && (number < 10 || number > 1000);
  const negative = kind !== "integer" && number !== undefined && number < 0 && flag.name !== "memory-swap";
  if (number === undefined || negative || noWeight) {
    return refuse(lineFacts, `--${flag.name} takes ${what}, not “${text}”`, value);
  }
  return set(number, originOf(lineFacts, value));
}

/** What Docker takes beside the empty string, where it is picky (moby: api/types/container/hostconfig.go). */
const modes: Readonly<Partial<Record<ScalarFact, RegExp>>> = {
  pidMode: /^(?:host|container:.+)$/s,
  utsMode: /^host$/,
  usernsMode: /^host$/,
  cgroupnsMode: /^(?:host|private)$/,
  ipcMode: /^(?:host|private|shareable|none|container:.+)$/s,
};

function readNamespace(
  lineFacts: LineFacts,
  field: ScalarFact,
  flag: Flag,
  value: Word,
): Fact<NamespaceMode> {
  const text = textOf(value);
  if (text === undefined) return notKnown(lineFacts, value);
  if (text !== "" && modes[field] && !modes[field].test(text))
    return refuse(lineFacts, `--${flag.name} does not take “${text}”`, value);
  const mode = parseNamespaceMode(text, "other");
  return mode ? set(mode, originOf(lineFacts, value)) : unset;
}
