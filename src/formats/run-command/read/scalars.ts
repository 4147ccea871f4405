import { type NamespaceMode, parseNamespaceMode } from "../../../model/container/namespace.ts";
import { type Fact, set, unset } from "../../../model/fact.ts";
import type { ScalarRow } from "../../../model/facts/row.ts";
import { type Keyed, type ScalarFact, withoutSilent } from "../../../model/facts/table.ts";
import { parseBytes } from "../../values/bytes.ts";
import { textOf, type Word } from "../word.ts";
import type { Flag } from "./flags.ts";
import { type LineFacts, notKnown, originOf, refuse } from "./line-facts.ts";

/** Go's strconv.ParseBool, which every boolean flag of the docker CLI goes through. */
export function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  return undefined;
}

/** Go's strconv.ParseInt with base 0: decimal, `0x…`, `0o…`, `0b…`, a leading `0` for octal, `_` between digits. */
export function parseInteger(text: string): number | undefined {
  const match = /^([+-]?)(0x[0-9a-f_]+|0b[01_]+|0o?[0-7_]*|[1-9][\d_]*)$/i.exec(text);
  if (!match) return undefined;
  const digits = (match[2] ?? "").replaceAll("_", "").replace(/^0(?=[0-7])/, "0o");
  const value = Number(digits === "0" ? 0 : digits);
  if (!Number.isFinite(value)) return undefined;
  return match[1] === "-" && value !== 0 ? -value : value;
}

/**
 * `--cpus` in 1e-9 CPUs: a decimal (`1.5`) or a fraction (`3/2`), exact to the nano
 * (docker/cli: opts.ParseCPUs, over math/big's Rat).
 */
function parseNanoCpus(text: string): number | undefined {
  const match = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d{1,2}))?(?:\/(\d+))?$/i.exec(text);
  if (!match) return undefined;
  if (match[3] !== undefined && (match[1]?.includes(".") || match[2] !== undefined)) return undefined;
  const value = (Number(match[1]) * 10 ** Number(match[2] ?? 0)) / Number(match[3] ?? 1);
  const nano = value * 1e9;
  const rounded = Math.round(nano);
  return Number.isFinite(nano) && Math.abs(nano - rounded) < 1e-3 ? rounded : undefined;
}

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
