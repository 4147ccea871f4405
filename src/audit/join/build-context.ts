import { basename, dirname, join, resolve } from "node:path";
import ignoreFiles from "ignore";
import { copyOf, isInBuilder } from "../../controls/images/by-layer.ts";
import { isSecretFile } from "../../controls/images/image-copied-secret.ts";
import { set, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { FolderFiles } from "../../model/reading.ts";
import type { ImageSubject, Subject } from "../../model/subject.ts";

/**
 * Tells each Dockerfile that copies a whole folder which secret files of its build context come along: those in that folder,
 * three levels deep, that no .dockerignore leaves out. The context is the one that a Compose service names, else the Dockerfile's folder.
 */
export function joinContexts(subjects: readonly Subject[], io: FolderFiles): readonly Subject[] {
  const named = contextsByDockerfile(subjects);
  return subjects.map((subject) => {
    if (subject.kind !== "image" || subject.source !== "dockerfile" || !subject.location) return subject;
    const file = resolve(subject.location.file);
    return joinContext(subject, { file, context: named.get(file) ?? dirname(file) }, io);
  });
}

/** The build contexts that Compose services name, by the Dockerfile. */
export function contextsByDockerfile(subjects: readonly Subject[]): ReadonlyMap<string, string> {
  const builds = subjects.flatMap((subject) =>
    subject.kind === "container"
      ? subject.views.flatMap(({ build }) => (build.state === "set" ? [build.value] : []))
      : [],
  );
  return new Map(
    builds.flatMap(({ dockerfile, context }) =>
      dockerfile === undefined ? [] : [[resolve(dockerfile), resolve(context)] as const],
    ),
  );
}

interface Place {
  readonly file: string;
  readonly context: string;
}

function joinContext(subject: ImageSubject, place: Place, io: FolderFiles): ImageSubject {
  const views = subject.views.map((view): Image => {
    const folders = foldersOf(view);
    return folders.length === 0 ? view : { ...view, contextSecrets: secretsIn(view, folders, place, io) };
  });
  return { ...subject, views };
}

/** The folders of the context that a COPY or ADD takes whole: `.`, `./`, `app/`. */
function foldersOf({ history }: Image): readonly string[] {
  return setItems(history).flatMap(({ value }) => {
    const copy = copyOf(value);
    if (!copy || /--(?:from|exclude)=/i.test(copy.flags)) return [];
    return copy.sources.flatMap((source) => {
      const folder = source.replace(/^\/+/, "").replace(/\/?(?:\*\*?)?$/, "");
      return /[*?[$]|^https?:|\.\./.test(folder)
        ? []
        : [folder === "." || folder === "" ? "." : folder.replace(/^\.\//, "")];
    });
  });
}

function secretsIn(
  view: Image,
  folders: readonly string[],
  { file, context }: Place,
  io: FolderFiles,
): Image["contextSecrets"] {
  const own = io.read(join(dirname(file), `${basename(file)}.dockerignore`));
  const usual = own.ok ? own : io.read(join(context, ".dockerignore"));
  const rules = ignoreFiles({ allowRelativePaths: true }).add(usual.ok ? anchored(usual.value) : "");
  const found = new Set<string>();
  for (const folder of new Set(folders)) {
    for (const path of [...(/.\.\w+$/.test(folder) ? [folder] : []), ...pathsIn(io, context, folder)]) {
      const name = basename(path);
      const isHistory = name === ".git" && dirname(path) === folder;
      if (!isHistory && !isSecretFile(path) && !holdsKey(io, join(context, path))) continue;
      if (!rules.ignores(path) && !rules.ignores(`${path}/`)) found.add(path);
    }
  }
  const takesFolder = (item: { readonly value: string }) =>
    foldersOf({ ...view, history: [set(item.value)] }).length > 0;
  const isBuilder = isInBuilder(view);
  const copies = setItems(view.history).filter(takesFolder);
  const at = copies.find(({ origins }) => !isBuilder(origins)) ?? copies[0];
  return [...found].map((path) => set(path, ...(at?.origins ?? [])));
}

/** A certificate and a key may have the same name: what the file says decides. */
function holdsKey(io: FolderFiles, path: string): boolean {
  if (!/\.(?:pem|crt|cer|cert|asc|gpg)$/i.test(path)) return false;
  const text = io.read(path);
  return text.ok && /^-----BEGIN [A-Z ]{0,40}PRIVATE KEY/m.test(text.value);
}

/** A large context is not walked to its end. */
const mostFolders = 300;
const deepest = 3;

/** Keys of tests open nothing, and what a package manager fetched is the packages' own. */
const passedOver =
  /^(?:\.git|node_modules|vendor|tests?|__tests__|testdata|fixtures|examples?|docs?|\.venv)$/;

/** The names below a folder of the context, nearest first. */
function pathsIn(io: FolderFiles, context: string, folder: string): readonly string[] {
  const found: string[] = [];
  let level: readonly string[] = [folder];
  let left = mostFolders;
  for (let depth = 0; depth <= deepest && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const each of level.slice(0, left)) {
      left -= 1;
      for (const name of io.list(join(context, each))) {
        const path = each === "." ? name : `${each}/${name}`;
        found.push(path);
        if (!passedOver.test(name) && !/.\.\w+$/.test(name)) next.push(path);
      }
    }
    level = next;
  }
  return found;
}

/** Patterns of .dockerignore begin at the context (https://docs.docker.com/build/concepts/context/#dockerignore-files). */
function anchored(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/^(!?)(?:\.?\/)*(?=[^*#!/])/, "$1/"))
    .join("\n");
}
