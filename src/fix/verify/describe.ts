import { createColors } from "picocolors";
import { visible } from "../../base/visible.ts";
import { wrap } from "../../base/width.ts";
import type { Look } from "../describe.ts";
import { hiding } from "../outcome.ts";
import type { Checked, StepOutcome, Verified } from "./verify.ts";

const kindNames = {
  command: "your check",
  service: "your test service",
  exec: "your check inside",
  http: "an HTTP answer",
  health: "the health check",
  listens: "listening ports",
  output: "logs and written files",
  restart: "stop and start",
  stop: "how it stops",
  reload: "a reload",
} as const;

const labels = { holds: "holds", breaks: "breaks", notTried: "not tried" } as const;

/** Where nothing but “it runs” was checked, more is not said. */
function labelOf({ outcome }: StepOutcome, { strength }: Checked): string {
  return outcome === "holds" && strength === "weak" ? "runs" : labels[outcome];
}

/** What trials showed, a line for each step. */
export function describeVerified(all: readonly Verified[], look: Look): string {
  const c = createColors(look.colour);
  const paint = { holds: c.green, breaks: c.red, notTried: c.dim };
  return all
    .filter(({ outcomes, unsteady }) => outcomes.length > 0 || unsteady !== undefined)
    .map(({ plan, unsteady, check, outcomes, starts, seconds }) => {
      const head = `${c.bold(plan.subject.id)}  ${starts} runs in ${seconds.toFixed(0)} s`;
      if (unsteady !== undefined)
        return `${head}\n  ${c.red("not verified")}: ${unsteady.split("\n").map(visible).join("\n")}\n`;
      const said = sayChecked(check);
      const checkedBy = said === "" ? "" : wrapped(said, look, "  ");
      const tried = outcomes.filter(({ outcome }) => outcome !== "notTried");
      const rows = [
        ...tried.map((each) => rowOf(each, labelOf(each, check), look, paint[each.outcome])),
        ...untried(outcomes).map(([reason, controls]) => {
          const label = paint.notTried(labels.notTried.padEnd(10));
          return `  ${label} ${controls.join(", ")}\n${wrapped(reason, look, indent)}`;
        }),
      ];
      return `${head}\n${checkedBy}${rows.join("")}`;
    })
    .join("\n");
}

/** How the runs were checked, how much that is worth, and what they did not show. */
export function sayChecked({ kinds, strength, unseen }: Checked): string {
  if (kinds.length === 0) return "";
  const checked = kinds.map((kind) => kindNames[kind]).join(", ");
  const weak = strength === "weak" ? ` ${weakChecks}` : "";
  const rest = unseen.length === 0 ? "" : ` Not seen: ${unseen.join("; ")}.`;
  return `Checked by ${checked}.${weak}${rest}`;
}

/** The whole certificate, where nobody said what works. */
export const weakChecks =
  "Only that it runs was checked, not that it gives right answers. Say what “works” means: add --check-cmd, --check-exec or --check-http.";

/** Steps that were not tried for the same reason are said once. */
function untried(outcomes: readonly StepOutcome[]): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const { step, outcome, reason } of outcomes) {
    if (outcome !== "notTried") continue;
    const key = reason ?? "";
    groups.set(key, [...(groups.get(key) ?? []), ...step.controls]);
  }
  return [...groups];
}

const indent = " ".repeat(13);

function rowOf(
  { step, outcome, reason, evidence }: StepOutcome,
  name: string,
  look: Look,
  paint: (text: string) => string,
): string {
  const label = paint(name.padEnd(10));
  const head = `  ${label} ${step.controls.join(", ")}\n`;
  const why = reason === undefined ? "" : wrapped(reason, look, indent);
  const lines = outcome === "breaks" ? evidence.filter((line) => line !== reason) : [];
  return `${head}${why}${lines.map((line) => `${indent}| ${visible(line).slice(0, 200)}\n`).join("")}`;
}

function wrapped(text: string, { width }: Look, margin: string): string {
  const lines = wrap(visible(text), Math.max(40, width - margin.length));
  return lines.map((line) => `${margin}${line}\n`).join("");
}

/** The document that `bulkhead fix --verify --format json` prints; its shape is a public interface. */
export function verifyDocument(all: readonly Verified[]): object {
  return {
    schemaVersion: 1,
    workloads: all.map(({ plan, unsteady, check, outcomes, starts, seconds }) => ({
      subject: plan.subject.id,
      steady: unsteady === undefined,
      reason: unsteady ?? null,
      check,
      steps: outcomes.map(({ step, outcome, reason, evidence }) => ({
        control: step.controls[0] ?? null,
        controls: step.controls,
        summary: hiding(plan.subject)(step.summary),
        outcome,
        reason: reason ?? null,
        evidence,
      })),
      starts,
      seconds,
    })),
  };
}

/** 0 all that was tried holds, 1 a step broke, 2 an untouched workload does not run or is not steady. */
export function verifyStatus(all: readonly Verified[]): 0 | 1 | 2 {
  if (all.some(({ unsteady }) => unsteady !== undefined)) return 2;
  return all.some(({ outcomes }) => outcomes.some(({ outcome }) => outcome === "breaks")) ? 1 : 0;
}
