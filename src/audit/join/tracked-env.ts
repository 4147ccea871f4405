import { dirname, join, relative, resolve } from "node:path";
import { isSecretFile } from "../../controls/images/image-copied-secret.ts";
import { parseEnvFile } from "../../formats/compose/load/dotenv.ts";
import { locator } from "../../formats/values/positions.ts";
import { credentialsInValue, type WrittenCredential } from "../../model/credentials/find.ts";
import { type SetFact, set, setItems } from "../../model/fact.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Subject } from "../../model/subject.ts";
import type { DiskFiles } from "../inputs/disk-files.ts";
import { contextsByDockerfile } from "./build-context.ts";

type Found = readonly SetFact<WrittenCredential>[];

/**
 * Adds the credentials of each env file that git tracks to one subject: a container that reads the file, else the first
 * service beside it, else the image whose build context it is in. Everyone who can clone the repository has them.
 */
export function joinTrackedEnv(subjects: readonly Subject[], io: DiskFiles): readonly Subject[] {
  const contexts = contextsByDockerfile(subjects);
  const beside = remembered((folder: string) =>
    io
      .list(folder)
      .flatMap((name) => (/^\.env\b/.test(name) && isSecretFile(name) ? [join(folder, name)] : [])),
  );
  const contextOf = (subject: Subject) => {
    const context = contexts.get(resolve(subject.location?.file ?? ""));
    return context === undefined ? folderOf(subject) : [relative(".", context) || "."];
  };
  const found = remembered((file: string) => credentialsIn(file, io));
  const rounds: readonly ((subject: Subject) => readonly string[])[] = [
    envFilesOf,
    (subject) => (subject.source === "compose" ? folderOf(subject).flatMap(beside) : []),
    (subject) => (subject.source === "dockerfile" ? contextOf(subject).flatMap(beside) : []),
  ];
  const taken = new Set<string>();
  const more = new Map<Subject, Found>();
  for (const filesOf of rounds) {
    for (const subject of subjects) {
      for (const file of filesOf(subject)) {
        if (taken.has(resolve(file))) continue;
        taken.add(resolve(file));
        const own = found(file);
        if (own.length > 0) more.set(subject, [...(more.get(subject) ?? []), ...own]);
      }
    }
  }
  return more.size === 0 ? subjects : subjects.map((each) => withCredentials(each, more.get(each) ?? []));
}

function remembered<T>(work: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return (path) => {
    const value = known.get(path) ?? work(path);
    known.set(path, value);
    return value;
  };
}

function folderOf({ location }: Subject): readonly string[] {
  return location ? [dirname(location.file)] : [];
}

/** The files that its variables come from: `env_file:`, `--env-file`. */
function envFilesOf(subject: Subject): readonly string[] {
  if (subject.kind !== "container") return [];
  const origins = subject.views.flatMap(({ environment }) =>
    setItems(environment).flatMap((item) => item.origins),
  );
  const files = new Set(origins.flatMap((origin) => (isFileOrigin(origin) ? [origin.file] : [])));
  // An overlay or what is extended is a file of another kind.
  return [...files].filter((file) => file !== subject.location?.file && !/\.ya?ml$/i.test(file));
}

function credentialsIn(file: string, io: DiskFiles): Found {
  const text = io.read(file);
  if (!text.ok) return [];
  const lines = parseEnvFile(text.value, () => undefined);
  if (!lines.ok) return [];
  const locate = locator(file, text.value);
  const found = lines.value.flatMap((line) =>
    credentialsInValue(line.name, line.authored)
      .slice(0, 1)
      .map((each) => ({ each, line })),
  );
  const isTracked = found.length > 0 && (io.isTracked(file) ?? "unknown");
  if (isTracked === false) return [];
  return found.map(({ each, line }) =>
    set({ ...each, name: line.name, where: file, isTracked }, locate(line)),
  );
}

function withCredentials(subject: Subject, more: Found): Subject {
  if (more.length === 0) return subject;
  const add = <V extends { readonly credentials: readonly unknown[] }>(view: V) => ({
    ...view,
    credentials: [...view.credentials, ...more],
  });
  if (subject.kind === "container") return { ...subject, views: subject.views.map(add) };
  return subject.kind === "image" ? { ...subject, views: subject.views.map(add) } : subject;
}
