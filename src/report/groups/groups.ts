import type { Finding, ReportedSubject } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import { visible } from "../../base/visible.ts";
import type { Nouns } from "../../formats/format.ts";
import { nounsOf, wordsOf } from "../../formats/formats.ts";
import { isAtLeast, type Severity, severities } from "../../model/severity.ts";
import type { SubjectKind } from "../../model/subject.ts";
import { headOf, labelOf, nameOf } from "../words.ts";
import type { SubjectFindings } from "./tally.ts";

/** Subjects that people harden alike: the services, the containers, the Dockerfiles of one report. */
export interface SubjectClass {
  /** `service`, and `services`. */
  readonly noun: readonly [one: string, several: string];
  readonly subjects: readonly SubjectFindings[];
  /** Their open findings by control, worst first, then what fails in most. */
  readonly groups: readonly ControlGroup[];
}

/** One control in the subjects of a class that it fails in with one severity. */
export interface ControlGroup {
  readonly control: string;
  readonly severity: Severity;
  /** In the order of the class's subjects. */
  readonly findings: readonly Finding[];
  /** Whether every subject of the class has it. */
  readonly everywhere: boolean;
}

/** Of more files than this the subjects are told together. */
const filesApart = 4;

/** The subjects by what they are and, where the files are few, by file; in the order of the worst of each class. */
export function classesOf(subjects: readonly SubjectFindings[]): readonly SubjectClass[] {
  const kinds = groupBy(subjects, ({ subject }) => nounOf(subject)[1]);
  return [...kinds.values()].flatMap((members) => {
    const files = [...groupBy(members, ({ subject }) => subject.location?.file).values()];
    return (files.length > filesApart ? [members] : files).flatMap(classOf);
  });
}

function classOf(members: readonly SubjectFindings[]): readonly SubjectClass[] {
  const first = members[0];
  if (!first) return [];
  return [{ noun: nounOf(first.subject), subjects: members, groups: groupsOf(members) }];
}

function groupsOf(members: readonly SubjectFindings[]): readonly ControlGroup[] {
  const open = members.flatMap((member) => member.open);
  const groups = [...groupBy(open, ({ control, severity }) => `${severity} ${control}`).values()];
  return groups
    .flatMap((findings): readonly ControlGroup[] => {
      const first = findings[0];
      if (!first) return [];
      const failing = new Set(findings.map(({ subject }) => subject));
      return [
        {
          control: first.control,
          severity: first.severity,
          findings,
          everywhere: failing.size === members.length,
        },
      ];
    })
    .toSorted((a, b) => weight(b) - weight(a) || b.findings.length - a.findings.length);
}

function weight({ severity }: ControlGroup): number {
  return severities.indexOf(severity);
}

/** Groups that fail in the same subjects; those of most subjects first. */
export function sameSubjects(groups: readonly ControlGroup[]): readonly (readonly ControlGroup[])[] {
  const sets = groupBy(groups, ({ findings }) => JSON.stringify(findings.map(({ subject }) => subject)));
  return [...sets.values()].toSorted((a, b) => (b[0]?.findings.length ?? 0) - (a[0]?.findings.length ?? 0));
}

/** What is told in full, wherever it is. */
export function isSerious({ severity }: Pick<Finding, "severity">): boolean {
  return isAtLeast(severity, "high");
}

/** What most of the findings say before its consequence, and the others with those who say it: of several, without the process. */
export function headsOf(
  findings: readonly Finding[],
): readonly { readonly head: string; readonly findings: readonly Finding[] }[] {
  const heads = [...groupBy(findings, ({ message }) => withoutProcess(headOf(message)))];
  return heads
    .map(([head, same]) => ({
      head: same.length > 1 ? head : headOf(same[0]?.message ?? head),
      findings: same,
    }))
    .toSorted((a, b) => b.findings.length - a.findings.length);
}

/** `sleep may gain privileges` of `sleep (4711) may gain privileges`. */
function withoutProcess(head: string): string {
  return head.replace(/ \(\d+\)/, "");
}

/** A subject's name, or its id where another of the class is called the same. */
export function nameIn({ subjects }: SubjectClass, id: string): string {
  const found = subjects.find(({ subject }) => subject.id === id)?.subject;
  if (!found) return visible(id);
  const isAmbiguous = subjects.some(({ subject }) => subject !== found && subject.name === found.name);
  const isPath = found.name === found.location?.file;
  return visible(isAmbiguous || isPath ? withoutFolders(labelOf(found), subjects) : nameOf(found));
}

/** An id without the folders that all of the class share. */
function withoutFolders(id: string, subjects: readonly SubjectFindings[]): string {
  const folders = subjects.map(({ subject }) => {
    const label = labelOf(subject);
    return label.slice(0, label.lastIndexOf("/") + 1);
  });
  let shared = folders[0] ?? "";
  while (shared !== "" && !folders.every((folder) => folder.startsWith(shared))) {
    shared = shared.slice(0, shared.lastIndexOf("/", shared.length - 2) + 1);
  }
  return id.slice(shared.length);
}

const kindNouns: Readonly<Record<SubjectKind, Nouns>> = {
  container: ["container", "containers"],
  engine: ["Engine", "Engines"],
  image: ["image", "images"],
  exec: ["exec process", "exec processes"],
};

/** One of them and several, as a reader calls them. */
export function nounOf({ kind, source, location }: ReportedSubject): Nouns {
  return kind === "container" || source === "dockerfile"
    ? nounsOf(source, location?.file ?? "")
    : kindNouns[kind];
}

/** What sort of thing a subject is, in words: `Compose service`, `container`. Empty where its name says so. */
export function kindName({ kind, source, name }: Pick<ReportedSubject, "kind" | "source" | "name">): string {
  const title = wordsOf(source).title || (kind === "engine" ? "engine" : kindNouns[kind][0]);
  return title === name ? "" : title;
}
