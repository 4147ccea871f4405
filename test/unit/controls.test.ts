import { describe, expect, test } from "vitest";
import { containersByFile, contextOf } from "../../src/audit/contexts.ts";
import { judgeExample, readExample } from "../../src/audit/examples.ts";
import { type Control, type Example, kindsOf } from "../../src/controls/control.ts";
import { allControls } from "../../src/controls/registry.ts";
import { applyPatches } from "../../src/model/patch.ts";
import type { Subject } from "../../src/model/subject.ts";
import { redactSentence } from "../../src/report/secrets/redact.ts";
import { judge } from "../support/control-table.ts";

describe.each(allControls.map((control) => [control.id, control] as const))("%s", (id, control) => {
  test("says what it is", () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(control.title.length).toBeGreaterThan(10);
    expect(control.why.length).toBeGreaterThan(80);
    expect(control.references.length).toBeGreaterThan(0);
    expect(control.where.length).toBeGreaterThan(0);
    expect(kindsOf(control).length).toBeGreaterThan(0);
    for (const kind of kindsOf(control)) expect(control.remedy[kind], kind).toBeTypeOf("function");
  });

  test.each(control.examples.bad.map((example) => [example.text, example] as const))(
    "fails: %s",
    (_, example) => {
      expect(verdicts(control, example)).toContain("fail");
    },
  );

  test.each(control.examples.good.map((example) => [example.text, example] as const))(
    "holds: %s",
    (_, example) => {
      const said = verdicts(control, example);
      expect(said.length).toBeGreaterThan(0);
      expect(said).not.toContain("fail");
    },
  );

  test.each(control.examples.bad.map((example) => [example.text, example] as const))(
    "its remedy mends: %s",
    (_, example) => {
      const { subjects } = readExample(example);
      const around = { files: containersByFile(subjects), engine: undefined, live: new Map(), running: [] };
      for (const subject of subjects) mend(control, subject, contextOf(subject, around));
    },
  );
});

function verdicts(control: Control, example: Example) {
  return judgeExample(control, example).map((each) => each.verdict);
}

/** Where a check fails and its remedy has patches, the patched view must not fail any more. */
function mend(control: Control, subject: Subject, context: ReturnType<typeof contextOf>): void {
  const view = subject.views[0];
  if (!view || !control.check[view.kind] || judge(control, view, context).verdict !== "fail") return;
  if (view.kind === "exec") return;
  const remedy =
    view.kind === "container"
      ? control.remedy.container?.(view, context)
      : view.kind === "engine"
        ? control.remedy.engine?.(view, context)
        : control.remedy.image?.(view, context);
  expect(remedy).toBeDefined();
  if (!remedy) return;
  expect(remedy.summary).toMatch(/^[A-Z].*[.]$/s);
  // The last door of a report takes secrets out: advice that looks like one would not arrive.
  for (const text of [control.why, remedy.summary, remedy.breaks ?? ""])
    expect(redactSentence(text)).toBe(text);
  if (remedy.kind === "manual") {
    expect(remedy.patches).toEqual([]);
    return;
  }
  expect(remedy.patches.length).toBeGreaterThan(0);
  if (remedy.kind === "behavioural" || remedy.kind === "decision")
    expect(remedy.breaks, "what could break").toBeTruthy();
  const mended = judge(control, applyPatches(view, remedy.patches), context);
  expect(mended, JSON.stringify(remedy.patches)).not.toMatchObject({ verdict: "fail" });
}
