import { type Gap, gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Files, Reading } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";
import { secretPlaces } from "./environment.ts";
import { folder, folderOf } from "./file-path.ts";
import { entriesOf, get, mapOf, type Node, originAt } from "./node.ts";
import { type Issue, parseCompose } from "./parse.ts";
import { isEnabled } from "./profiles.ts";
import { readService } from "./service.ts";

export interface ComposeRequest {
  /** The files of one project in order, later ones over earlier ones, as `docker compose -f a -f b`. */
  readonly files: readonly string[];
  readonly io: Files;
  /** Without any, all services are read. */
  readonly profiles?: readonly string[];
  /** In place of the project folder's `.env`. */
  readonly envFiles?: readonly string[];
  readonly projectDirectory?: string;
}

/** Reads the services of a Compose project, as docker compose understands its files. */
export function readCompose(request: ComposeRequest): Reading {
  const { files, io } = request;
  const gaps: Gap[] = [];
  const secrets: FileOrigin[] = [];
  const subjects: Subject[] = [];
  const [first] = files;
  if (first === undefined) return { subjects, gaps, secrets };
  const base = request.projectDirectory === undefined ? folderOf(first) : folder(request.projectDirectory);
  const lookup = (name: string) => io.environment[name];
  const report = ({ reason, place }: Issue, subject?: string) => {
    gaps.push(gap(reason, { subject, location: originAt(place) }));
  };
  const text = io.read(first);
  if (!text.ok) return { subjects, gaps: [gap(text.reason, { file: first })], secrets };
  const parsed = parseCompose(first, text.value, base, lookup);
  for (const issue of parsed.issues) report(issue);
  const project: Node = parsed.documents[0] ?? mapOf(new Map(), { source: parsed.source, start: 0, end: 0 });
  for (const document of parsed.documents) secrets.push(...secretPlaces(document));
  for (const { name, value, whole } of entriesOf(get(project, "services"))) {
    if (!isEnabled(value, request.profiles ?? [])) continue;
    const id = `${first}#${name}`;
    const scope = { project, io, lookup, swarm: false, report: (issue: Issue) => report(issue, id) };
    const view = readService(value, scope, secrets);
    subjects.push({
      kind: "container",
      id,
      stableId: id,
      name,
      source: "compose",
      location: originAt(whole),
      views: [view],
    });
  }
  return { subjects, gaps, secrets };
}
