import {
  type Container,
  type ContainerLists,
  type ContainerScalars,
  container,
} from "../../../model/container.ts";
import { type Fact, type FactList, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { listFacts } from "../../../model/facts/table.ts";
import type { Gap } from "../../../model/gap.ts";
import { gap } from "../../../model/gap.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { Files } from "../../../model/reading.ts";
import { sightOf, unseenIn } from "../../../model/sight.ts";
import type { Folder } from "../folder.ts";
import type { Range } from "../passage.ts";
import { placeOf, reasonOf, type Word } from "../word.ts";

/** What a line is read with. */
export interface Surroundings {
  readonly file: string;
  readonly locate: (range: Range) => FileOrigin;
  readonly io: Files;
  /** What relative paths stand on. */
  readonly folder: Folder;
}

type Scalars = { [K in keyof ContainerScalars]: Fact<ContainerScalars[K]> };
type Lists = { [K in keyof ContainerLists]: FactList<ContainerLists[K]>[number][] };

/** The facts of one line while its flags are read, in order. */
export interface LineFacts {
  readonly around: Surroundings;
  readonly scalars: Scalars;
  readonly lists: Lists;
  /** `--security-opt` in order, for what the last of each repeated one decides. */
  readonly securityOptions: SecurityOption[];
  readonly gaps: Gap[];
  readonly secrets: FileOrigin[];
  /** What the command shows of a container before a flag is read. */
  readonly silent: Partial<Container>;
}

export type SecurityOption = FactList<string>[number] & { readonly key?: string | undefined };

/** What no `docker run` line shows. */
export const unseenInRun = unseenIn(sightOf("run"));

export function newLineFacts(around: Surroundings, silent: Partial<Container> = unseenInRun): LineFacts {
  return {
    around,
    scalars: noScalars(silent),
    lists: noLists(),
    securityOptions: [],
    gaps: [],
    secrets: [],
    silent,
  };
}

function noScalars(silent: Partial<Container>): Scalars {
  const { kind: _kind, level: _level, processes: _processes, ...facts } = container("declared", silent);
  return facts;
}

function noLists(): Lists {
  return Object.fromEntries(listFacts.map((field) => [field, []])) as unknown as Lists;
}

export function setScalar<K extends keyof ContainerScalars>(
  lineFacts: LineFacts,
  field: K,
  fact: Scalars[K],
): void {
  lineFacts.scalars[field] = fact;
}

export function addItem<K extends keyof ContainerLists>(
  lineFacts: LineFacts,
  field: K,
  item: FactList<ContainerLists[K]>[number],
): void {
  lineFacts.lists[field].push(item);
}

/** Adds an item that stands where the word does. */
export function addValue<K extends keyof ContainerLists>(
  lineFacts: LineFacts,
  field: K,
  value: ContainerLists[K],
  word: Word,
): void {
  addItem(lineFacts, field, set(value, originOf(lineFacts, word)));
}

export function originOf(lineFacts: LineFacts, word: Word): FileOrigin {
  return lineFacts.around.locate(placeOf(word));
}

export function notKnown(lineFacts: LineFacts, word: Word): UnresolvedFact {
  return unresolved(reasonOf(word), originOf(lineFacts, word));
}

/** Docker refuses the line for this: a gap, and the fact is left open. */
export function refuse(lineFacts: LineFacts, reason: string, word: Word): UnresolvedFact {
  lineFacts.gaps.push(gap(reason, { location: originOf(lineFacts, word) }));
  return unresolved(reason, originOf(lineFacts, word));
}

/** The container that the lineFacts describes. */
export function finish(lineFacts: LineFacts, more: Partial<Container>): Container {
  return container("declared", lineFacts.scalars, withUnseen(lineFacts), more);
}

/** A list of which the command shows only a part, or nothing, says so beside its items. */
function withUnseen({ lists, silent }: LineFacts): Partial<Container> {
  const shown = Object.entries(lists).map(([field, items]) => {
    const before = silent[field as keyof ContainerLists] ?? [];
    return [field, [...before, ...items]];
  });
  return Object.fromEntries(shown);
}
