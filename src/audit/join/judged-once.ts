import { dirname, join, relative, resolve } from "node:path";
import type { Container } from "../../model/container.ts";
import type { FactList } from "../../model/fact.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Files } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";
import type { Input } from "../inputs/inputs.ts";

/**
 * The ids of services that stand in a Compose file of a walk and are judged already as a part of another project of the
 * walk, which includes or extends them: all that they say is said there at the same places, and `failures` finds nothing
 * in them that it does not find there.
 */
export function judgedElsewhere<S extends Read>(
  subjects: readonly S[],
  isWalked: (input: Input) => boolean,
  failures: (subject: S) => ReadonlySet<string>,
): ReadonlySet<string> {
  const services = subjects.flatMap((each): readonly Service<S>[] => {
    const { subject, input } = each;
    const view = subject.kind === "container" ? subject.views[0] : undefined;
    if (!view || input?.format !== "compose" || !isWalked(input)) return [];
    return [{ each, view, own: new Set(input.files.map((file) => resolve(file))) }];
  });
  const takers = new Map<string, Service<S>[]>();
  for (const service of services) {
    for (const file of foreignFiles(service)) {
      const known = takers.get(file);
      if (known) known.push(service);
      else takers.set(file, [service]);
    }
  }
  if (takers.size === 0) return new Set();
  const found = services.filter((service) => {
    const { location } = service.each.subject;
    const file = location && resolve(location.file);
    if (file === undefined || !service.own.has(file)) return false;
    const candidates = takers.get(file) ?? [];
    if (candidates.length === 0) return false;
    const own = saidIn(service.view);
    const others = candidates.filter((other) => isSaidBy(other, service, own));
    if (others.length === 0) return false;
    const open = failures(service.each);
    return others.some(({ each }) => {
      const theirs = failures(each);
      return [...open].every((control) => theirs.has(control));
    });
  });
  return new Set(found.map(({ each }) => each.subject.id));
}

/** A subject, and where it was read. */
interface Read {
  readonly subject: Subject;
  readonly input: Input | undefined;
}

interface Service<S extends Read = Read> {
  readonly each: S;
  readonly view: Container;
  /** The files of its input, resolved. */
  readonly own: ReadonlySet<string>;
}

type Item = FactList<unknown>[number];

function itemsOf(view: Container): readonly (readonly [field: string, item: Item])[] {
  const found: (readonly [field: string, item: Item])[] = [];
  for (const [field, fact] of Object.entries(view) as readonly (readonly [string, unknown])[]) {
    const items: readonly unknown[] = Array.isArray(fact) ? fact : [fact];
    for (const item of items) if (isItem(item)) found.push([field, item]);
  }
  return found;
}

function isItem(fact: unknown): fact is Item {
  return typeof fact === "object" && fact !== null && "origins" in fact;
}

/** What a service says and where, in words to compare. */
function saidIn(view: Container): ReadonlySet<string> {
  return new Set(
    itemsOf(view).map(([field, item]) => {
      const value = item.state === "set" ? item.value : item.reason;
      const places = item.origins
        .filter(isFileOrigin)
        .map((origin) => ({ ...origin, file: resolve(origin.file) }));
      return JSON.stringify([field, item.state, value, places]);
    }),
  );
}

/** The files that it takes something from and that are not its project's own. */
function foreignFiles({ each, view, own }: Service): readonly string[] {
  const { location } = each.subject;
  const files = new Set(location ? [location.file] : []);
  for (const fact of Object.values(view) as readonly unknown[]) {
    for (const item of Array.isArray(fact) ? fact : [fact]) {
      if (isItem(item)) for (const origin of item.origins) if (isFileOrigin(origin)) files.add(origin.file);
    }
  }
  return [...new Set([...files].map((file) => resolve(file)))].filter((file) => !own.has(file));
}

function isSaidBy(other: Service, { each, own }: Service, said: ReadonlySet<string>): boolean {
  if (other.each === each || said.size === 0 || [...own].some((file) => other.own.has(file))) return false;
  const theirs = saidIn(other.view);
  return [...said].every((words) => theirs.has(words));
}

/** What marks the folder that a project's paths begin at. */
const marks = [".git", "bulkhead.yaml"];

/**
 * The same subjects with stable ids that do not depend on the folder the audit is run in: a file is named from the top
 * of its repository (or the folder of its bulkhead.yaml), or in full where there is none.
 */
export function anchored(
  subjects: readonly Subject[],
  files: ReadonlySet<string>,
  io: Files,
): readonly Subject[] {
  const names = new Map<string, string>();
  const tops: Tops = new Map();
  return subjects.map((subject) => {
    const at = subject.stableId.indexOf("#");
    const file = at < 0 ? subject.stableId : subject.stableId.slice(0, at);
    if (!files.has(file)) return subject;
    const name = names.get(file) ?? nameOf(file, tops, io);
    names.set(file, name);
    return { ...subject, stableId: name + subject.stableId.slice(file.length) };
  });
}

/** Each folder's top, so that the folders above many files are asked for once. */
type Tops = Map<string, string | undefined>;

function nameOf(file: string, tops: Tops, io: Files): string {
  const path = resolve(file);
  const top = topOf(dirname(path), tops, io);
  return top === undefined ? path : relative(top, path);
}

function topOf(folder: string, tops: Tops, io: Files): string | undefined {
  if (tops.has(folder)) return tops.get(folder);
  const above = dirname(folder);
  const isTop = marks.some((mark) => io.exists(join(folder, mark)));
  const top = isTop ? folder : above === folder ? undefined : topOf(above, tops, io);
  tops.set(folder, top);
  return top;
}
