import { parseNamespaceMode } from "../../../model/container/namespace.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import { type Fact, set, unset } from "../../../model/fact.ts";
import { parseBytes } from "../../values/bytes.ts";
import { textOf, type Word } from "../word.ts";
import type { Flag } from "./flags.ts";
import { type LineFacts, notKnown, originOf, refuse, setScalar } from "./line-facts.ts";
import { parseBoolean, parseInteger, parseNanoCpus } from "./numbers.ts";

type FieldsOf<T> = {
  [K in keyof ContainerScalars]: ContainerScalars[K] extends T
    ? T extends ContainerScalars[K]
      ? K
      : never
    : never;
}[keyof ContainerScalars];

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

export function setText(lineFacts: LineFacts, field: FieldsOf<string>, value: Word): void {
  const text = textOf(value);
  if (text === undefined) setScalar(lineFacts, field, notKnown(lineFacts, value));
  else setScalar(lineFacts, field, text === "" ? unset : set(text, originOf(lineFacts, value)));
}

type NumberKind = "integer" | "bytes" | "decimal";

const numbers: Readonly<
  Record<NumberKind, { readonly read: (text: string) => number | undefined; readonly what: string }>
> = {
  integer: { read: parseInteger, what: "a whole number" },
  bytes: { read: parseBytes, what: "a size such as 512m" },
  decimal: { read: parseNanoCpus, what: "a number of CPUs" },
};

export function setNumber(
  lineFacts: LineFacts,
  field: FieldsOf<number>,
  flag: Flag,
  kind: NumberKind,
  value: Word,
): void {
  setScalar(lineFacts, field, readNumber(lineFacts, flag, kind, value));
}

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

type NamespaceField = Extract<keyof ContainerScalars, `${string}Mode`>;

/** What Docker takes beside the empty string, where it is picky (moby: api/types/container/hostconfig.go). */
const modes: Readonly<Partial<Record<NamespaceField, RegExp>>> = {
  pidMode: /^(?:host|container:.+)$/s,
  utsMode: /^host$/,
  usernsMode: /^host$/,
  cgroupnsMode: /^(?:host|private)$/,
  ipcMode: /^(?:host|private|shareable|none|container:.+)$/s,
};

export function setNamespace(lineFacts: LineFacts, field: NamespaceField, flag: Flag, value: Word): void {
  const text = textOf(value);
  if (text === undefined) {
    setScalar(lineFacts, field, notKnown(lineFacts, value));
    return;
  }
  if (text !== "" && modes[field] && !modes[field].test(text)) {
    setScalar(lineFacts, field, refuse(lineFacts, `--${flag.name} does not take “${text}”`, value));
    return;
  }
  const mode = parseNamespaceMode(text, field === "networkMode" ? "network" : "other");
  setScalar(lineFacts, field, mode ? set(mode, originOf(lineFacts, value)) : unset);
}
