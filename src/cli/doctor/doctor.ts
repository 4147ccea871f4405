import { visible } from "../../base/visible.ts";
import { wrap } from "../../base/width.ts";
import type { Check } from "../../doctor/checks.ts";
import { checkEngine, checkTools, rootlessNamespace } from "../../doctor/checks.ts";
import { checkKernel } from "../../doctor/kernel.ts";
import { tryDriver } from "../../fleet/history.ts";
import { sayIntervals } from "../../watch/reading/intervals.ts";
import { engineTarget } from "../common/engine-target.ts";
import type { DoctorOptions } from "./options.ts";

const signs: Readonly<Record<Check["state"], string>> = { ok: "✓", limited: "!", missing: "✗" };

/** `bulkhead doctor`. Answers the exit status: 0 everything can be seen, 1 something is limited or missing. */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { proc, cgroup } = options;
  const connect = engineTarget(options);
  const seen = [
    ...(await checkEngine(connect, proc)),
    ...checkKernel({ proc, cgroup, sys: "/sys" }, await rootlessNamespace(connect, proc)),
  ];
  const checks = [...seen, ...checkWatch(seen), ...(await checkTools(process.version, tryDriver))];
  process.stdout.write(
    options.format === "json" ? `${JSON.stringify({ schemaVersion: 1, checks }, null, 2)}\n` : text(checks),
  );
  return checks.every(({ state }) => state === "ok") ? 0 : 1;
}

/** How soon `bulkhead watch` reports a change on this host; nothing where no Engine answers. */
function checkWatch(seen: readonly Check[]): readonly Check[] {
  const isOk = (name: string) => seen.some((each) => each.name === name && each.state === "ok");
  if (!isOk("Docker Engine")) return [];
  const kernel = isOk("Engine's kernel");
  const calls = isOk("kernel events") && process.getuid?.() === 0;
  const found = sayIntervals({ kernel, limits: kernel, calls, interval: undefined });
  return [{ name: "bulkhead watch", state: "ok", found, cost: null }];
}

function text(checks: readonly Check[]): string {
  const column = Math.max(...checks.map(({ name }) => name.length)) + 4;
  const width = Math.min(process.stdout.columns ?? 100, 100);
  return checks
    .map(({ name, state, found, cost }) => {
      const lines = [found, ...(cost === null ? [] : [cost])].flatMap((each) =>
        wrap(visible(each), width - column),
      );
      return lines
        .map((line, index) => `${(index === 0 ? `${signs[state]} ${name}` : "").padEnd(column)}${line}\n`)
        .join("");
    })
    .join("");
}
