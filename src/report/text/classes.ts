import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, padStart, wrap } from "../../base/width.ts";
import {
  type ControlGroup,
  headsOf,
  isSerious,
  nameIn,
  type SubjectClass,
  sameSubjects,
} from "../groups/groups.ts";
import { alsoOf, listNames, nameOf, sentence, shorten } from "../words.ts";
import { adviceOf, snippetOf, withoutAside } from "./advice.ts";
import { differsLines } from "./differs.ts";
import { body, labelled, type TextPrinter, textColumn } from "./finding.ts";
import { headPlaces, ownPlaces, quoteLines } from "./places.ts";

const namesShown = 4;

/** What a class of subjects fails below high: what fails in all of them once, what differs as a table, low in a line. */
export function classLines(printer: TextPrinter, subjects: SubjectClass): readonly string[] {
  const lesser = subjects.groups.filter((group) => !isSerious(group));
  const medium = lesser.filter(({ severity }) => severity === "medium");
  const sets = sameSubjects(medium);
  const alike = sets.filter((groups) => isBlock(subjects, groups));
  const differing = sets.filter((groups) => !isBlock(subjects, groups)).flat();
  const minor = lesser.filter(({ severity }) => severity !== "medium");
  return [
    ...alike.flatMap((groups) => ["", ...alikeLines(printer, subjects, groups)]),
    ...(differing.length > 0 ? ["", ...differsLines(printer, subjects, differing)] : []),
    ...(minor.length > 0 ? ["", ...minorLines(printer, subjects, minor, alike.length > 0)] : []),
  ];
}

/** Controls that fail in the same subjects are told together, where a table would only repeat its columns. */
function isBlock({ subjects }: SubjectClass, groups: readonly ControlGroup[]): boolean {
  return subjects.length === 1 || groups.length > 2 || groups.some(({ everywhere }) => everywhere);
}

function alikeLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  groups: readonly ControlGroup[],
): readonly string[] {
  const title = titleOf(subjects, groups);
  return [
    ...titleLines(printer, groups, title),
    ...groups.flatMap((group) => groupLine(printer, subjects, group)),
    ...fixLines(printer, subjects, groups),
  ];
}

function titleLines(
  { style, width }: TextPrinter,
  groups: readonly ControlGroup[],
  title: string,
): readonly string[] {
  const severity = groups[0]?.severity ?? "info";
  const [first = "", ...rest] = wrap(title, width - textColumn);
  const label = style.severity(severity, padEnd(severity, textColumn - 2));
  return [`  ${label}${style.bold(first)}`, ...rest.map((line) => " ".repeat(textColumn) + style.bold(line))];
}

/** `In all 4 services`, `In 3 of 4 services: web, db, cache`, or the only one's name. */
function titleOf(subjects: SubjectClass, groups: readonly ControlGroup[]): string {
  const { noun, subjects: members } = subjects;
  const failing = groups[0]?.findings ?? [];
  const [only] = members;
  const file = fileOf(subjects);
  if (only && members.length === 1) return `${visible(nameOf(only.subject))}${file}`;
  const lines = groups[0] ? headPlaces(subjects, groups[0]) : "";
  const at = lines === "" ? "" : ` (${lines})`;
  if (failing.length === members.length) return `In all ${members.length} ${noun[1]}${file}${at}`;
  const names = failing.map(({ subject }) => nameIn(subjects, subject));
  return `In ${failing.length} of ${members.length} ${noun[1]}${file}: ${listNames(names, 8)}${at}`;
}

function fileOf({ subjects }: SubjectClass): string {
  const [first] = subjects;
  const file = first?.subject.location?.file;
  if (file === undefined || file === first?.subject.name) return "";
  if (!subjects.every(({ subject }) => subject.location?.file === file)) return "";
  const line = subjects.length === 1 ? `:${first?.subject.location?.startLine}` : "";
  return subjects.length === 1 ? ` (${visible(file)}${line})` : ` of ${visible(file)}`;
}

/** A message and its control at the right; those who say otherwise are named. */
function groupLine(printer: TextPrinter, subjects: SubjectClass, group: ControlGroup): readonly string[] {
  const [most, ...others] = headsOf(group.findings);
  const exceptions = others.map(({ head, findings }) => {
    const names = listNames(
      findings.map((finding) => nameIn(subjects, finding.subject)),
      namesShown,
    );
    return ` ${names}: ${sentence(visible(head))}`;
  });
  const [only] = group.findings.length === 1 ? group.findings : [];
  const also = only ? alsoOf(only.message) : "";
  const fresh = group.findings.some(({ baseline }) => baseline === "new") ? " (new)" : "";
  return [
    ...noted(
      printer,
      `${sentence(visible(`${withoutAside(most?.head ?? "")}${also}`))}${exceptions.join("")}${fresh}`,
      group.control,
    ),
    ...quoteLines(printer, subjects, group),
  ];
}

/** A text, and a control at the right edge of its first line. */
function noted({ style, width }: TextPrinter, text: string, control: string): readonly string[] {
  const id = visible(control);
  const room = Math.min(88, width - textColumn) - displayWidth(id) - 2;
  const [first = "", ...rest] = wrap(text, Math.max(24, room));
  const gap = padStart(id, Math.min(88, width - textColumn) - displayWidth(first));
  const beside = displayWidth(id) + 2 <= displayWidth(gap);
  const indent = " ".repeat(textColumn);
  return [
    indent + first + (beside ? style.dim(gap) : ""),
    ...rest.map((line) => indent + line),
    ...(beside ? [] : [indent + style.dim(id)]),
  ];
}

/** One snippet for all, and advice in words where there is none to copy. */
function fixLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  groups: readonly ControlGroup[],
): readonly string[] {
  const { style } = printer;
  const snippet = snippetOf(
    groups.flatMap((group) => group.findings),
    (subject) => nameIn(subjects, subject),
  );
  const words = groups.filter(({ findings }) => !findings.some(({ fix }) => fix?.snippet));
  const code = snippet.map((line) => " ".repeat(textColumn + 2) + style.code(visible(line)));
  const shown = groups.flatMap(({ findings }) => findings).filter(({ fix }) => fix?.snippet);
  const isSafe = shown.every(({ fix }) => fix?.kind === "safe");
  const caution = isSafe ? "" : " (try it first)";
  const each = groups[0]?.findings.length === 1 ? "" : " each of them";
  return [
    ...(code.length > 0 ? [...labelled(printer, "fix", `Add to${each || " it"}${caution}:`), ...code] : []),
    ...words.flatMap((group) => labelled(printer, "fix", adviceOf(group))),
  ];
}

/** One line a control: what it is, and where unless it is everywhere. `isTitled`: the only subject was named above. */
function minorLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  groups: readonly ControlGroup[],
  isTitled: boolean,
): readonly string[] {
  const { style, width } = printer;
  const room = Math.min(100, width) - textColumn;
  const isOnly = subjects.subjects.length === 1;
  let last = "";
  return groups.flatMap((group) => {
    const { severity, control } = group;
    const label = severity === last ? "" : severity;
    last = severity;
    const id = visible(control);
    const left = room - displayWidth(id) - 2;
    const own = ownPlaces(subjects, group);
    const who = isOnly ? "" : whoOf(subjects, group);
    const places = own !== "" ? own : isOnly ? "" : headPlaces(subjects, group);
    const isBeside = displayWidth(who + places) <= left / 2;
    const told = [who, isBeside ? places : ""].filter((word) => word !== "").join("; ");
    const where = told !== "" ? ` (${told})` : isTitled || places !== "" ? "" : onlyOf(subjects);
    const forHead = Math.max(16, left - displayWidth(where));
    const whole = headOfAll(printer, group);
    const full = visible(sentence(whole));
    const head =
      displayWidth(full) <= forHead ? full : shorten(visible(sentence(withoutAside(whole))), forHead);
    const text = shorten(`${head}${where}`, left);
    return [
      `  ${style.severity(severity, padEnd(label, textColumn - 2))}${text}${style.dim(padStart(id, room - displayWidth(text)))}`,
      ...(isBeside ? [] : body(printer, places, style.dim)),
    ];
  });
}

/** What all of them say; where they differ, the control's title. */
function headOfAll({ context }: TextPrinter, { control, findings }: ControlGroup): string {
  const [most, ...others] = headsOf(findings);
  return (others.length > 0 ? context.controls(control)?.title : undefined) ?? most?.head ?? "";
}

/** ` (hardened/daemon.json:1)`, or ` (web)` where the name says it. */
function onlyOf(subjects: SubjectClass): string {
  const [only] = subjects.subjects;
  return fileOf(subjects) || (only ? ` (${visible(nameOf(only.subject))})` : "");
}

/** Who has it, by name where that is short. */
function whoOf(subjects: SubjectClass, { findings, everywhere }: ControlGroup): string {
  const all = subjects.subjects.length;
  if (everywhere) return `all ${all}`;
  if (findings.length > namesShown) return `${findings.length} of ${all}`;
  const names = findings.map((finding) => nameIn(subjects, finding.subject)).join(", ");
  return displayWidth(names) <= 40 ? names : `${findings.length} of ${all}`;
}
