import { expect, test } from "vitest";
import { memoryFiles } from "../../test/support/memory-files.ts";
import { bareContext } from "../controls/control.ts";
import { controls } from "../controls/registry.ts";
import { readRunLine } from "../formats/run-command/read.ts";
import type { Container } from "../model/container.ts";
import type { ContainerSubject } from "../model/subject.ts";
import { assess, plainWeighing, remedyOf } from "./assess.ts";

const lines = controls.flatMap(({ id, examples }) =>
  examples.bad.flatMap(({ syntax, text }) => (syntax === "run" ? [[id, text] as const] : [])),
);

/** A container as it was asked for, and as its kernel shows it: with other options for its mounts. */
function running(text: string): ContainerSubject | undefined {
  const [read] = readRunLine(text, "run", memoryFiles()).subjects;
  const view = read?.kind === "container" ? read.views[0] : undefined;
  if (read?.kind !== "container" || !view) return undefined;
  const configured: Container = { ...view, level: "configured" };
  const effective: Container = {
    ...view,
    level: "effective",
    mounts: view.mounts.map((fact) =>
      fact.state === "set"
        ? { ...fact, value: { ...fact.value, propagation: "private", source: fact.value.hostPath } }
        : fact,
    ),
  };
  return { ...read, source: "engine-api", views: [configured, effective] };
}

test.each(lines)("%s takes away and changes what was asked for: %s", (id, text) => {
  const subject = running(text);
  const control = controls.find((each) => each.id === id);
  const [configured, effective] = subject?.views ?? [];
  if (!control || !subject || !configured || !effective) return;
  const context = bareContext("engine-api", { configured });
  const assessment = assess(control, subject, context, plainWeighing);
  const remedy = assessment && remedyOf(assessment, context);
  for (const patch of remedy?.patches ?? []) {
    if (patch.op !== "remove" && patch.op !== "replace") continue;
    const items = Reflect.get(configured, patch.field) as readonly { readonly value?: unknown }[];
    expect(items.map(({ value }) => value)).toContainEqual(patch.value);
  }
});

test("most of these have something to take away", () => {
  const removing = lines.filter(([id, text]) => {
    const subject = running(text);
    const control = controls.find((each) => each.id === id);
    const context = bareContext("engine-api", { configured: subject?.views[0] });
    const assessment = control && subject && assess(control, subject, context, plainWeighing);
    const patches = (assessment && remedyOf(assessment, context)?.patches) ?? [];
    return patches.some(({ op }) => op === "remove" || op === "replace");
  });
  expect(removing.length).toBeGreaterThan(20);
});
