import { isEqual } from "../../base/equal.ts";
import { readText } from "../../kernel/files.ts";
import { parseStatus } from "../../kernel/processes/status.ts";
import type { Process } from "../../model/container/process.ts";
import type { Fact } from "../../model/fact.ts";

/** The lines that say what a process may do. The rest differs each time, and what is the same is parsed once. */
const telling = /^(?:Uid|Cap(?:Prm|Eff|Bnd)|NoNewPrivs|Seccomp):.*$/gm;
const ended = /^State:\s*[ZX]/m;

/** Whether a process holds other rights than each of these. `folder` is `/proc/PID`. False where the process has ended. */
export function holdsOther(folder: string, others: readonly Process[]): boolean {
  const read = readText(`${folder}/status`);
  if (!read.ok || ended.test(read.value)) return false;
  const now = parseStatus(read.value.match(telling)?.join("\n") ?? "");
  return !others.some(
    (each) =>
      isSame(each.hostUid, now.uid) &&
      isSame(each.capEffective, now.capEffective) &&
      isSame(each.capPermitted, now.capPermitted) &&
      isSame(each.capBounding, now.capBounding) &&
      isSame(each.seccomp, now.seccomp) &&
      isSame(each.noNewPrivs, now.noNewPrivs),
  );
}

function isSame<T>(fact: Fact<T>, value: T | undefined): boolean {
  return fact.state === "set" && value !== undefined && isEqual(fact.value, value);
}
