import { resolve } from "node:path";
import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { type Input, readInput } from "../audit/inputs/inputs.ts";
import { ok } from "../base/result.ts";
import type { ComposeOptions } from "../formats/format.ts";
import type { InputReading } from "../formats/formats.ts";
import type { Container } from "../model/container.ts";
import { type Patch, patched } from "../model/patch.ts";
import type { Reading } from "../model/reading.ts";
import { saysSame } from "../model/says-same.ts";
import { applyEdits, type Edit } from "../model/writing.ts";

/** Who reads whose files. */
export interface SharedFiles {
  /** The files that an input was read from: of a Compose project also those that it extends and includes. */
  readonly readBy: (input: Input) => readonly string[];
  /** How many of them are not its own. */
  readonly taken: (input: Input) => number;
  /** The other Compose projects that read a file of the input. */
  readonly takersOf: (input: Input) => readonly Input[];
}

export function sharedFiles(readings: ReadonlyMap<Input, InputReading>): SharedFiles {
  const foreign = new Map<Input, readonly string[]>();
  const takers = new Map<string, Input[]>();
  for (const [input, reading] of readings) {
    if (input.format !== "compose") continue;
    const own = new Set(input.files.map((file) => resolve(file)));
    const project = "project" in reading ? reading.project : undefined;
    const all = [...(project?.parsed.keys() ?? [])].map((file) => resolve(file));
    foreign.set(
      input,
      all.filter((file) => !own.has(file)),
    );
    for (const file of new Set([...own, ...all])) takers.set(file, [...(takers.get(file) ?? []), input]);
  }
  return {
    readBy: (input) => [...input.files, ...(foreign.get(input) ?? [])],
    taken: (input) => foreign.get(input)?.length ?? 0,
    takersOf(input) {
      if (input.format !== "compose") return [];
      const found = input.files.flatMap((file) => takers.get(resolve(file)) ?? []);
      return [...new Set(found)].filter((each) => each !== input);
    },
  };
}

/** A Compose project that takes something over from a file of another input. */
export interface Taker {
  readonly input: Input;
  readonly reading: Reading;
  /** What is to be made of each of its services, by the name. */
  readonly wanted: ReadonlyMap<string, readonly Patch[]>;
}

/** Why edits of files that other projects read must not be made: one clause, or undefined where nothing is against them. */
export async function harmOf(
  edits: readonly Edit[],
  takers: readonly Taker[],
  compose: ComposeOptions,
  io: DiskFiles,
): Promise<string | undefined> {
  if (edits.length === 0 || takers.length === 0) return undefined;
  const { newGap, viewOfReading } = await import("../formats/compose/write/project-view.ts");
  const edited = withEdits(io, edits);
  for (const { input, reading, wanted } of takers) {
    const name = input.files.join(", ");
    const before = viewOfReading(reading);
    const after = viewOfReading(await readInput(input, compose, edited));
    const gap = newGap(before, after);
    if (gap) return `${name} takes this over, and then ${gap.reason}`;
    for (const [service, view] of before.services) {
      const now = after.services.get(service);
      const fields = new Set((wanted.get(service) ?? []).map(({ field }) => field));
      if (now && saysSame(withFieldsOf(now, view, fields), view)) continue;
      return `${name}#${service} takes this over, and would change with it`;
    }
  }
  return undefined;
}

/** The view, in the fields as another has them. */
function withFieldsOf(view: Container, other: Container, fields: ReadonlySet<Patch["field"]>): Container {
  const same: Container = { ...view };
  for (const field of fields) Reflect.set(same, field, Reflect.get(other, field));
  return same;
}

function withEdits(io: DiskFiles, edits: readonly Edit[]): DiskFiles {
  const changed = new Map<string, string>();
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const text = io.read(file);
    const own = edits.filter((edit) => edit.file === file);
    if (text.ok) changed.set(resolve(file), applyEdits(text.value, own));
  }
  return {
    ...io,
    read(path) {
      const text = changed.get(resolve(path));
      return text === undefined ? io.read(path) : ok(text);
    },
  };
}

/** The patches that still change something of a container, in order. */
export function stillToMake(view: Container, patches: readonly Patch[]): readonly Patch[] {
  return patches.filter((patch) => {
    const fact: unknown = Reflect.get(view, patch.field);
    return JSON.stringify(patched(fact, [patch])) !== JSON.stringify(fact);
  });
}
