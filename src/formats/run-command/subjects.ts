import { type Gap, gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import type { CommandSource } from "./dialect.ts";
import type { ReadContainer } from "./read/container.ts";
import { hole } from "./word.ts";

/** A container that a file runs, before it has a name that is unique in the file. */
export interface Found {
  readonly read: ReadContainer;
  /** The whole command. */
  readonly location: FileOrigin;
  /** `docker run`, if nothing else. */
  readonly source?: CommandSource;
}

/**
 * Gives each container its name and ids: `--name`, else its image's name, else `run@LINE`. The id of a second one of the
 * same name gets its line behind it (and its column, where even that is taken). `stableId` counts instead.
 */
export function readingOf(found: readonly Found[], file: string, gaps: readonly Gap[] = []): Reading {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  const subjects: ContainerSubject[] = [];
  const allGaps: Gap[] = [...gaps];
  for (const { read, location, source = "run-command" } of found) {
    const known = read.name ?? imageName(read.image);
    const name = known ?? `run@${location.startLine}`;
    const unique = uniqueName(name, known !== undefined, location, taken);
    // A command that makes the image's name may hold any character, even the one that stands for a hole.
    const kind = read.name ?? `run:${(read.image ?? "").replaceAll(hole, "…")}`;
    const ordinal = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, ordinal);
    const id = `${file}#${unique}`;
    const stable = read.name !== undefined && ordinal === 1 ? kind : `${kind}:${ordinal}`;
    subjects.push({
      kind: "container",
      id,
      // Two of one name, or on one line, differ in their ids; each is still called what the command calls it.
      name,
      stableId: `${file}#${stable}`,
      source,
      location,
      views: [read.container],
    });
    for (const each of read.gaps) allGaps.push({ ...gap(each.reason, each), subject: id });
  }
  return { subjects, gaps: allGaps, secrets: found.flatMap(({ read }) => read.secrets) };
}

/** `nginx` of `docker.io/library/nginx:1.27`; undefined where only running the script tells. */
function imageName(image: string | undefined): string | undefined {
  const name = image?.split("@", 1)[0]?.split("/").at(-1)?.split(":", 1)[0] ?? "";
  return /^[a-z0-9][\w.-]*$/i.test(name) ? name : undefined;
}

function uniqueName(name: string, given: boolean, location: FileOrigin, taken: Set<string>): string {
  const candidates = [
    name,
    ...(given ? [`${name}@${location.startLine}`] : []),
    `${given ? name : "run"}@${location.startLine}:${location.startColumn}`,
  ];
  let chosen = candidates.find((candidate) => !taken.has(candidate));
  for (let count = 2; chosen === undefined; count += 1) {
    const candidate = `${candidates.at(-1)}-${count}`;
    if (!taken.has(candidate)) chosen = candidate;
  }
  taken.add(chosen);
  return chosen;
}
