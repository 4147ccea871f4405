import { judgeExample } from "../../audit/examples.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Control } from "../../controls/control.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { probes } from "../../prove/registry.ts";
import { controlPage, pageText, type TriedExample } from "../../report/control-page.ts";
import { wantsColour } from "../common/progress.ts";

/** `bulkhead explain ID`: the control's page. Needs no network and no Engine. */
export function explainControl(id: string): number {
  const control = findControl(id);
  if (!control) {
    const ids = controls.map((each) => each.id);
    process.stderr.write(
      `bulkhead: there is no control “${id}”${didYouMean(id, ids)}; bulkhead controls lists them\n`,
    );
    return 2;
  }
  const page = controlPage(control, tryExamples(control), triedBy(id));
  process.stdout.write(pageText(page, { colour: wantsColour(), width: process.stdout.columns ?? 100 }));
  return 0;
}

/** What `bulkhead prove` tries for the control. */
export function triedBy(id: string): readonly string[] {
  return probes
    .filter(({ control, others = [] }) => control === id || others.includes(id))
    .map(({ tries }) => tries);
}

/** Each bad example with the finding that the control makes of it. */
export function tryExamples(control: Control): readonly TriedExample[] {
  return control.examples.bad.map((example) => ({
    example,
    finding: judgeExample(control, example).find((each) => each.verdict === "fail")?.finding,
  }));
}
