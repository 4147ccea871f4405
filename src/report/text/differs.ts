import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd } from "../../base/width.ts";
import { type ControlGroup, headsOf, nameIn, type SubjectClass } from "../groups/groups.ts";
import type { CellState, SubjectFindings } from "../groups/tally.ts";
import { count, listNames, nameOf, sentence } from "../words.ts";
import { adviceOf, snippetOf, withoutAside } from "./advice.ts";
import { body, labelled, type TextPrinter, textColumn } from "./finding.ts";
import { headPlaces, quoteLines } from "./places.ts";
import { stateSigns } from "./style.ts";

const widestTable = 12;
const namesShown = 6;

/** Which subject fails which control, as a table; where there is no room for one, as lists of names. */
export function differsLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  groups: readonly ControlGroup[],
): readonly string[] {
  return [
    ...(tableLines(printer, subjects, groups) ?? listLines(printer, subjects, groups)),
    ...groups.flatMap((group) => explainedLines(printer, subjects, group)),
  ];
}

function tableLines(
  { style, width }: TextPrinter,
  { subjects }: SubjectClass,
  groups: readonly ControlGroup[],
): readonly string[] | undefined {
  const names = subjects.map(({ subject }) => visible(nameOf(subject)));
  const first = Math.max(12, ...groups.map(({ control }) => displayWidth(visible(control))));
  const columns = names.map((name) => displayWidth(name) + 2);
  const all = textColumn + first + columns.reduce((sum, column) => sum + column, 0);
  if (subjects.length > widestTable || all > width) return undefined;
  const severity = groups[0]?.severity ?? "info";
  const head = names.map((name) => `  ${name}`).join("");
  const label = style.severity(severity, padEnd(severity, textColumn - 2));
  const rows = groups.map((group) => {
    const cells = subjects.map((each, index) => {
      const state = stateOf(each, group);
      const size = (columns[index] ?? 2) - 2;
      const left = Math.floor((size - 1) / 2);
      return `  ${" ".repeat(left)}${style.state(state, stateSigns[state])}${" ".repeat(size - 1 - left)}`;
    });
    return `${" ".repeat(textColumn)}${padEnd(visible(group.control), first)}${cells.join("")}`;
  });
  return [`  ${label}${style.bold(padEnd("What differs", first))}${head}`, ...rows];
}

/** What a subject says of a control, as its cell shows it. */
function stateOf({ subject, open, suppressed }: SubjectFindings, { control }: ControlGroup): CellState {
  if (open.some((finding) => finding.control === control)) return "fail";
  if (suppressed.some((finding) => finding.control === control)) return "accepted";
  return subject.verdicts[control] ?? "none";
}

function listLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  groups: readonly ControlGroup[],
): readonly string[] {
  const { style } = printer;
  const { noun } = subjects;
  const severity = groups[0]?.severity ?? "info";
  const label = style.severity(severity, padEnd(severity, textColumn - 2));
  return [
    `  ${label}${style.bold(`In some of ${subjects.subjects.length} ${noun[1]}`)}`,
    ...groups.flatMap(({ control, findings }) => {
      const names = findings.map(({ subject }) => nameIn(subjects, subject));
      const text = `${visible(control)} in ${count(findings.length, noun[0], noun[1])}: ${listNames(names, namesShown)}`;
      return body(printer, text, (line) => line);
    }),
  ];
}

/** Below the table: what the control says, and how to mend it. */
function explainedLines(
  printer: TextPrinter,
  subjects: SubjectClass,
  group: ControlGroup,
): readonly string[] {
  const { style } = printer;
  const head = visible(sentence(withoutAside(headsOf(group.findings)[0]?.head ?? "")));
  const code = snippetOf(group.findings, (subject) => nameIn(subjects, subject)).map(
    (line) => " ".repeat(textColumn + 2) + style.code(visible(line)),
  );
  const quotes = quoteLines(printer, subjects, group);
  const heads = quotes.length > 0 ? "" : headPlaces(subjects, group);
  const at = heads === "" ? "" : ` (${heads})`;
  return [
    ...quotes,
    ...labelled(printer, "fix", `${visible(group.control)}${at}: ${head} ${adviceOf(group)}`),
    ...code,
  ];
}
