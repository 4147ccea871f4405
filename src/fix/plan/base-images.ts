import { basename, dirname, resolve } from "node:path";
import type { Survey } from "../../audit/survey.ts";
import { originsOf, valueOr } from "../../model/fact.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Subject } from "../../model/subject.ts";

/** For each Dockerfile (absolute) that another one builds on, that one's path as it was given. */
export type Children = ReadonlyMap<string, string>;

/**
 * Finds the Dockerfiles that others build on: by the name that a Compose service gives the image, else by what such files
 * are usually named after (the folder `base/`, `Dockerfile.base`, `base.Dockerfile`). ONBUILD says it by itself.
 */
export function childrenOf(
  { inputs, subjects }: Pick<Survey, "inputs" | "subjects">,
  read: (file: string) => string | undefined,
): Children {
  const files = inputs.flatMap((input) => (input.format === "dockerfile" ? input.files : []));
  const texts = files.map((file) => read(file) ?? "");
  const users = placesByName(texts.map(basesIn));
  const named = imageNames(subjects.map(({ subject }) => subject));
  const children = new Map<string, string>();
  for (const [own, file] of files.entries()) {
    const names = [...(named.get(resolve(file)) ?? []), ...usualNames(file)];
    const places = names.flatMap((name) => users.get(name) ?? []).filter((place) => place !== own);
    const child = files[Math.min(...places)];
    if (child !== undefined) children.set(resolve(file), child);
    else if (/^\s*ONBUILD\s/im.test(texts[own] ?? "")) children.set(resolve(file), "");
  }
  return children;
}

/** Which lists hold a name. */
function placesByName(lists: readonly (readonly string[])[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, names] of lists.entries()) {
    for (const name of new Set(names)) {
      const known = places.get(name);
      if (known) known.push(place);
      else places.set(name, [place]);
    }
  }
  return places;
}

/** What builds on the subject's Dockerfile: "" where nobody knows which file does; undefined where none is known to. */
export function childOf(subject: Subject, children: Children | undefined): string | undefined {
  const view = subject.kind === "image" ? subject.views[0] : undefined;
  const origin = view && originsOf(view.base).find(isFileOrigin);
  return origin && children?.get(resolve(origin.file));
}

function imageNames(subjects: readonly Subject[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const subject of subjects) {
    const view = subject.kind === "container" ? subject.views[0] : undefined;
    const file = view && valueOr(view.build, undefined)?.dockerfile;
    const image = view && valueOr(view.image, "");
    if (file === undefined || !image) continue;
    names.set(resolve(file), [...(names.get(resolve(file)) ?? []), repositoryOf(image)]);
  }
  return names;
}

function usualNames(file: string): readonly string[] {
  const name = basename(file);
  const own = /^Dockerfile[.-](.+)$|^(.+)\.Dockerfile$/i.exec(name);
  return own ? [own[1] ?? own[2] ?? ""] : [basename(dirname(resolve(file)))];
}

/** What the stages build on: each image's last part without a tag, stages of the same file left out. */
function basesIn(text: string): readonly string[] {
  const from = [...text.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim)];
  const stages = new Set(from.map(([, , stage]) => stage?.toLowerCase()));
  return from
    .map(([, base = ""]) => base)
    .filter((base) => !stages.has(base.toLowerCase()))
    .flatMap((base) => [repositoryOf(base), repositoryOf(base).split("/").at(-1) ?? ""]);
}

function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}
