import type { Finding, ReportedSubject } from "../audit/finding.ts";
import { displayWidth, wrap } from "../base/width.ts";
import { isFileOrigin, isKernelOrigin, type Origin } from "../model/origin.ts";
import type { SubjectKind } from "../model/subject.ts";
import type { ControlInfo } from "./context.ts";
import { listCounts, type SeverityCounts } from "./groups/tally.ts";

/** `1 subject`, `3 subjects`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** `1 critical, 2 high`. */
export function countSeverities(counts: SeverityCounts): string {
  return listCounts(counts)
    .map(([severity, number]) => `${number} ${severity}`)
    .join(", ");
}

/** A clause as a sentence: capital letter and full stop. A first word that is code stays as it is. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = /^[a-z]+(?=[\s,:;.!?]|$)/.test(trimmed)
    ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
    : trimmed;
  return /[.!?…:][”"')]*$/.test(capital) ? capital : `${capital}.`;
}

/** The first sentence of a paragraph; a full stop inside `1.2` or `e.g. x` ends none. */
export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s+[A-Z“"`]|$)/s.exec(text.trim())?.[0] ?? text.trim();
}

/** Why a control matters for a subject of this kind. */
export function whyOf(control: ControlInfo | undefined, kind: SubjectKind): string | undefined {
  return control?.whyFor?.[kind] ?? control?.why;
}

/** What the message says before its consequence: `mounts /run/docker.sock`. */
export function headOf(message: string): string {
  // A colon in parentheses is part of what stands before them: `(the Engine says: 64 MiB)`.
  return /^(?:\([^()]*\)|(?!: \S).)*/s.exec(message)?.[0] ?? message;
}

/** What else the same control found, which the message says behind its consequence: `; also /dev/b`. */
export function alsoOf(message: string): string {
  return /; also .*$/s.exec(message.slice(headOf(message).length))?.[0] ?? "";
}

/** A place in words: `compose.yaml:9:7`, `/HostConfig/Binds/0`, `/proc/42/status CapEff`. */
export function place(origin: Origin): string {
  if (isFileOrigin(origin)) return `${origin.file}:${origin.startLine}:${origin.startColumn}`;
  if (isKernelOrigin(origin)) return origin.field ? `${origin.kernel} ${origin.field}` : origin.kernel;
  return origin.pointer === "" ? "/" : origin.pointer;
}

/** A subject among others: its id, without a name that only repeats the file. */
export function labelOf(subject: ReportedSubject): string {
  const file = subject.location?.file;
  return file !== undefined && subject.name === file ? file : subject.id;
}

/** Names with commas; beyond `most` they are counted. */
export function listNames(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more > 1 ? `${names.slice(0, most).join(", ")} and ${more} more` : names.join(", ");
}

/** The views as one line where they disagree or simply are several: `configured: x (pass), effective: y (fail)`. */
export function viewsLine(finding: Finding): string | undefined {
  if (finding.views.length < 2) return undefined;
  return finding.views
    .map(({ level, verdict, observed }) => `${level} ${observed ?? verdictNames[verdict]}`)
    .join(", ");
}

export const verdictNames = {
  pass: "passed",
  fail: "failed",
  unknown: "unknown",
  notApplicable: "not applicable",
} as const;

/** A subject as the first word of a sentence: the service, the file, and dockerd for an engine. */
export function nameOf({ kind, name, engine }: Pick<ReportedSubject, "kind" | "name" | "engine">): string {
  if (kind !== "engine" || name !== "engine") return name;
  return engine?.isPodman ? "podman" : "dockerd";
}

/** The message as a sentence about the name: `web mounts /proc.`, and `web: No limit is set.` where it has a subject. */
export function sentenceAbout(name: string, message: string): string {
  const verb = /^(?:[a-z]+s|can|may|must|cannot)(?=\s)/.test(message.trim());
  const text = sentence(message);
  return verb ? `${name} ${text.charAt(0).toLowerCase()}${text.slice(1)}` : `${name}: ${text}`;
}

/** The text in at most `width` columns, cut between two words. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const [first = ""] = wrap(text, width - 2);
  return `${first.replace(/[\s,:;(]+$/, "")} …`;
}
