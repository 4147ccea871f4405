import { isRecord, itemsOf, textAt, textsOf } from "../../base/json.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { containerFromInspect } from "../documents/inspect.ts";
import { type DrivenVolume, drivenVolume, type Volumes } from "../documents/join.ts";
import type { Selection } from "./live-reading.ts";
import type { Questions } from "./questions.ts";

/** One inspect document, read. */
export interface Inspected {
  readonly id: string;
  readonly name: string;
  readonly container: Container;
  readonly running: boolean;
  readonly pid: number | undefined;
  readonly imageId: string | undefined;
  readonly execIds: readonly string[];
}

export interface ReadContainers {
  readonly selected: readonly Inspected[];
  /** Containers that a selected one refers to (`container:` modes, `--volumes-from`), also over several steps. */
  readonly referred: readonly Inspected[];
  /** How many were to be read. */
  readonly wanted: number;
}

/**
 * One list and one inspect for each container, in parallel. Containers that are named have to be there, unless they
 * `mayVanish`.
 */
export async function readContainers(
  selection: Selection["containers"],
  questions: Questions,
  mayVanish = false,
): Promise<ReadContainers> {
  const wanted =
    selection === "all"
      ? await listed(questions)
      : [...new Set(selection)].map((reference) => ({ ...named(reference), mayVanish }));
  const answers = await Promise.all(wanted.map((each) => inspect(each, questions)));
  const selected = unique(answers.filter((each) => each !== undefined));
  return { selected, referred: await readReferred(selected, questions), wanted: wanted.length };
}

interface WantedContainer {
  readonly reference: string;
  readonly name: string;
  /** Undefined for one that was named: it has to be there. */
  readonly mayVanish: boolean;
}

function named(reference: string): WantedContainer {
  return { reference, name: reference.replace(/^\//, ""), mayVanish: false };
}

async function listed(questions: Questions): Promise<readonly WantedContainer[]> {
  const list = await questions.ask("/containers/json?all=1", {
    otherwise: "the Engine did not list its containers",
  });
  if (list !== undefined && !Array.isArray(list))
    questions.complain("the Engine's list of containers cannot be read");
  return itemsOf(list).flatMap((each) => {
    const id = textAt(each, "Id");
    if (id === undefined) questions.complain("the Engine lists a container without an id");
    const [name = id ?? ""] = textsOf(isRecord(each) ? each.Names : undefined);
    return id === undefined ? [] : [{ reference: id, name: name.replace(/^\//, ""), mayVanish: true }];
  });
}

async function inspect(
  { reference, name, mayVanish }: WantedContainer,
  questions: Questions,
): Promise<Inspected | undefined> {
  const document = await questions.ask(`/containers/${encodeURIComponent(reference)}/json`, {
    otherwise: `the container ${name} cannot be inspected`,
    subject: `container:${name}`,
    mayVanish,
  });
  const id = textAt(document, "Id");
  if (document === undefined) return undefined;
  if (!isRecord(document) || id === undefined) {
    questions.complain(`what the Engine says of the container ${name} cannot be read`, `container:${name}`);
    return undefined;
  }
  const state = isRecord(document.State) ? document.State : {};
  const running = state.Running === true;
  return {
    id,
    name: (textAt(document, "Name") ?? name).replace(/^\//, ""),
    container: containerFromInspect(document),
    running,
    pid: running && typeof state.Pid === "number" && state.Pid > 0 ? state.Pid : undefined,
    imageId: textAt(document, "Image"),
    execIds: textsOf(document.ExecIDs),
  };
}

async function readReferred(
  selected: readonly Inspected[],
  questions: Questions,
): Promise<readonly Inspected[]> {
  const known = new Set(selected.flatMap(({ id, name }) => [id, name]));
  const found: Inspected[] = [];
  for (let next = selected; next.length > 0; ) {
    const open = [...new Set(next.flatMap(({ container }) => references(container)))].filter(
      (each) => !known.has(each),
    );
    const answers = await Promise.all(
      open.map((each) => inspect({ ...named(each), mayVanish: true }, questions)),
    );
    for (const reference of open) known.add(reference);
    next = answers
      .filter((each) => each !== undefined)
      .filter(({ id }) => !found.some((other) => other.id === id));
    for (const { id, name } of next) known.add(id).add(name);
    found.push(...next);
  }
  return found;
}

/** The containers that a container's settings name. */
export function references({ networkMode, pidMode, ipcMode, volumesFrom }: Container): readonly string[] {
  const joined = [networkMode, pidMode, ipcMode].flatMap((fact) =>
    fact.state === "set" && fact.value.mode === "container" ? [fact.value.target] : [],
  );
  return [...joined, ...setItems(volumesFrom).map(({ value }) => value)];
}

function unique(containers: readonly Inspected[]): readonly Inspected[] {
  return [...new Map(containers.map((each) => [each.id, each])).values()];
}

/** Milliseconds that the Engine may take for one volume: it waits for plugins that are gone. */
const patience = 2_000;

/** How many are asked for at once. */
const sideBySide = 16;

/**
 * Asks for each volume that these containers mount, by its name: the list of all makes the Engine ask every plugin, and wait
 * 15 s for one that is gone.
 */
export async function readVolumes(all: readonly Inspected[], asked: Questions): Promise<Volumes> {
  const names = new Set(
    all.flatMap(({ container }) =>
      setItems(container.mounts).flatMap(({ value }) =>
        value.type === "volume" && value.source !== undefined ? [value.source] : [],
      ),
    ),
  );
  const driven = new Map<string, DrivenVolume>();
  const untold = new Set<string>();
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { isTold, document } = await asked.askWithin(`/volumes/${encodeURIComponent(name)}`, {
        otherwise: "the Engine did not describe a volume",
        mayVanish: true,
        patience,
      });
      if (!isTold) untold.add(name);
      const volume = drivenVolume(document);
      if (volume) driven.set(name, volume);
    }
  };
  await Promise.all(Array.from({ length: Math.min(sideBySide, names.size) }, worker));
  return { driven, untold };
}
