import { describe, expect, test } from "vitest";
import { bareContext, type Context, type Control } from "../../src/controls/control.ts";
import type { Severity } from "../../src/model/severity.ts";
import { compareSeverity } from "../../src/model/severity.ts";
import type { Source, View } from "../../src/model/subject.ts";
import type { Verdict, VerdictName } from "../../src/model/verdict.ts";
import {
  composeReading,
  containerFromCi,
  containerFromCompose,
  containerFromInspect,
  containerFromRun,
  engineFromDaemonJson,
  engineFromDockerd,
  imageFromDockerfile,
} from "./subjects.ts";

/** One input of a control's table. */
export interface Row {
  readonly label: string;
  readonly read: () => { readonly view: View; readonly context: Context };
  readonly expected: Expected;
}

export interface Expected {
  /** The worst problem's severity; the control's own where it is not said. */
  readonly severity?: Severity;
  /** What any problem's message, or the reason, must match. */
  readonly message?: RegExp;
  readonly context?: Partial<Context>;
  /** The service that is judged, in a Compose text with several. */
  readonly service?: string;
}

/** A Compose file: the first service is judged, the others are its peers. */
export function compose(text: string, expected: Expected = {}): Row {
  return row(text, "compose", expected, (context) => ({
    view: containerFromCompose(text, expected.service),
    context: { peer: peersOf(text), ...context },
  }));
}

/** A `docker run` line. */
export function run(line: string, expected: Expected = {}): Row {
  return row(line, "run-command", expected, (context) => ({ view: containerFromRun(line), context }));
}

/** The container `db` of a workflow or a GitLab pipeline. */
export function ci(host: "github-actions" | "gitlab-ci", text: string, expected: Expected = {}): Row {
  const source = host === "gitlab-ci" ? host : "run-command";
  return row(text, source, expected, (context) => ({ view: containerFromCi(text, host, "db"), context }));
}

export function dockerfile(text: string, expected: Expected = {}): Row {
  return row(text, "dockerfile", expected, (context) => ({ view: imageFromDockerfile(text), context }));
}

export function daemonJson(text: string, expected: Expected = {}): Row {
  return row(text, "daemon-json", expected, (context) => ({ view: engineFromDaemonJson(text), context }));
}

/** A dockerd command line. */
export function dockerd(line: string, expected: Expected = {}): Row {
  return row(line, "daemon-json", expected, (context) => ({ view: engineFromDockerd(line), context }));
}

/** An inspect document, with only what matters. */
export function inspect(document: unknown, expected: Expected = {}): Row {
  return row(JSON.stringify(document), "engine-api", expected, (context) => ({
    view: containerFromInspect(document),
    context,
  }));
}

/** A view that no file can show: what the kernel says. `label` names it in the test's title. */
export function view(label: string, given: View, expected: Expected = {}): Row {
  return row(label, given.level === "effective" ? "kernel" : "engine-api", expected, (context) => ({
    view: given,
    context,
  }));
}

function row(
  label: string,
  source: Source,
  expected: Expected,
  read: (context: Partial<Context>) => { readonly view: View; readonly context: Partial<Context> },
): Row {
  return {
    label,
    expected,
    read: () => {
      const made = read(expected.context ?? {});
      return { view: made.view, context: bareContext(source, { ...made.context, ...expected.context }) };
    },
  };
}

function peersOf(text: string): Context["peer"] {
  const subjects = composeReading(text).subjects;
  return (reference) => {
    const subject = subjects.find((each) => each.name === reference);
    return subject?.kind === "container" ? subject.views[0] : undefined;
  };
}

/** Judges a view by whichever of the control's checks is for its kind. */
export function judge(control: Control, judged: View, context: Context): Verdict {
  if (judged.kind === "container" && control.check.container) return control.check.container(judged, context);
  if (judged.kind === "engine" && control.check.engine) return control.check.engine(judged, context);
  if (judged.kind === "image" && control.check.image) return control.check.image(judged, context);
  if (judged.kind === "exec" && control.check.exec) return control.check.exec(judged, context);
  throw new Error(`${control.id} does not judge a ${judged.kind}`);
}

/** A control's test: inputs by the verdict that each must get. */
export function testControl(
  control: Control,
  table: {
    readonly fails: readonly Row[];
    readonly passes: readonly Row[];
    readonly unknown?: readonly Row[];
    readonly notApplicable?: readonly Row[];
  },
): void {
  describe(control.id, () => {
    rows(control, "fail", table.fails);
    rows(control, "pass", table.passes);
    rows(control, "unknown", table.unknown ?? []);
    rows(control, "notApplicable", table.notApplicable ?? []);
  });
}

function rows(control: Control, verdict: VerdictName, table: readonly Row[]): void {
  for (const { label, read, expected } of table) {
    test(`${verdict}: ${label.trim()}`, () => {
      const { view: judged, context } = read();
      const said = judge(control, judged, context);
      expect(said, JSON.stringify(said)).toMatchObject({ verdict });
      if (said.verdict === "fail") {
        const worst = said.problems
          .map((problem) => problem.severity ?? control.severity)
          .toSorted(compareSeverity)
          .at(-1);
        expect(worst).toBe(expected.severity ?? control.severity);
      }
      if (expected.message) expect(words(said)).toMatch(expected.message);
    });
  }
}

function words(said: Verdict): string {
  if (said.verdict === "fail") return said.problems.map((problem) => problem.message).join("\n");
  return said.verdict === "pass" ? (said.observed ?? "") : said.reason;
}
