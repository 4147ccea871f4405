import { parseNamespaceMode } from "../../../model/container/namespace.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import { type Fact, set, unset } from "../../../model/fact.ts";
import { parseBytes } from "../../values/bytes.ts";
import { textOf, type Word } from "../word.ts";
import { type Draft, notKnown, originOf, refuse, setScalar } from "./draft.ts";
import type { Flag } from "./flags.ts";
import { parseBoolean, parseInteger, parseNanoCpus } from "./numbers.ts";

type FieldsOf<T> = {
  [K in keyof ContainerScalars]: ContainerScalars[K] extends T
    ? T extends ContainerScalars[K]
      ? K
      : never
    : never;
}[keyof ContainerScalars];

/** A boolean flag: alone it is true, and its fact stands at the flag. */
export function readBoolean(draft: Draft, flag: Flag, value: Word | undefined, spelled: Word): Fact<boolean> {
  if (!value) return set(true, originOf(draft, spelled));
  const text = textOf(value);
  if (text === undefined) return notKnown(draft, value);
  const read = parseBoolean(text);
  if (read === undefined) return refuse(draft, `--${flag.name} takes true or false`, value);
  return set(read, originOf(draft, value));
}

export function setText(draft: Draft, field: FieldsOf<string>, value: Word): void {
  const text = textOf(value);
  if (text === undefined) setScalar(draft, field, notKnown(draft, value));
  else setScalar(draft, field, text === "" ? unset : set(text, originOf(draft, value)));
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
  draft: Draft,
  field: FieldsOf<number>,
  flag: Flag,
  kind: NumberKind,
  value: Word,
): void {
  setScalar(draft, field, readNumber(draft, flag, kind, value));
}

function readNumber(draft: Draft, flag: Flag, kind: NumberKind, value: Word): Fact<number> {
  const text = textOf(value);
  if (text === undefined) return notKnown(draft, value);
  const { read, what } = numbers[kind];
  const number = read(text);
  // Docker takes 16 bits, and the Engine 0 or 10 to 1000.
  const noWeight =
    flag.name === "blkio-weight" && number !== undefined && number !== 0 && (number < 10 || number > 1000);
  const negative = kind !== "integer" && number !== undefined && number < 0 && flag.name !== "memory-swap";
  if (number === undefined || negative || noWeight) {
    return refuse(draft, `--${flag.name} takes ${what}, not “${text}”`, value);
  }
  return set(number, originOf(draft, value));
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

export function setNamespace(draft: Draft, field: NamespaceField, flag: Flag, value: Word): void {
  const text = textOf(value);
  if (text === undefined) {
    setScalar(draft, field, notKnown(draft, value));
    return;
  }
  if (text !== "" && modes[field] && !modes[field].test(text)) {
    setScalar(draft, field, refuse(draft, `--${flag.name} does not take “${text}”`, value));
    return;
  }
  const mode = parseNamespaceMode(text, field === "networkMode" ? "network" : "other");
  setScalar(draft, field, mode ? set(mode, originOf(draft, value)) : unset);
}
