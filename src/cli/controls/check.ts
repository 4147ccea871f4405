import { judgeExample } from "../../audit/examples.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import type { Example } from "../../controls/control.ts";
import { findControl } from "../../controls/registry.ts";
import { loadConfig } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";

/** `bulkhead controls --check`: each bad example of a team's own controls must fail, each good one must not. */
export async function checkControls(config: string | undefined): Promise<number> {
  const loaded = await loadConfig(
    { only: [], skip: [], ...(config !== undefined && { config }) },
    diskFiles(),
  );
  if (!loaded.ok) return 2;
  const rules = loaded.value.config.controls ?? [];
  if (rules.length === 0) return complain("the configuration has no controls to check");
  let wrong = 0;
  let tried = 0;
  for (const { id, bad = [], good = [] } of rules) {
    if (bad.length === 0 || good.length === 0) {
      process.stdout.write(`${id}: needs at least one bad and one good example\n`);
      wrong += 1;
    }
    for (const [text, mustFail] of [
      ...bad.map((each) => [each, true] as const),
      ...good.map((each) => [each, false] as const),
    ]) {
      tried += 1;
      const reason = complaintOn(id, text, mustFail);
      if (reason === undefined) continue;
      wrong += 1;
      process.stdout.write(`${id}: ${reason}: ${text.trim().split("\n", 1)[0]}\n`);
    }
  }
  process.stdout.write(`${rules.length} controls, ${tried} examples, ${wrong} wrong\n`);
  return wrong > 0 ? 1 : 0;
}

function complaintOn(id: string, text: string, mustFail: boolean): string | undefined {
  const control = findControl(id);
  const verdicts = control ? judgeExample(control, exampleOf(text)).map(({ verdict }) => verdict) : [];
  if (verdicts.length === 0) return "the example holds nothing that it judges";
  const fails = verdicts.includes("fail");
  if (mustFail) return fails ? undefined : "a bad example does not fail";
  return fails
    ? "a good example fails"
    : verdicts.includes("unknown")
      ? "a good example is unknown"
      : undefined;
}

/** The syntax shows in the text. */
function exampleOf(text: string): Example {
  const start = text.trimStart();
  if (/^(?:docker|podman)\s/.test(start)) return { syntax: "run", text };
  if (/^(?:FROM|ARG|#)\s/i.test(start)) return { syntax: "dockerfile", text };
  if (start.startsWith("dockerd")) return { syntax: "dockerd", text };
  return { syntax: start.startsWith("{") ? "daemon.json" : "compose", text };
}
