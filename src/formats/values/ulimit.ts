import { failed, ok, type Result } from "../../base/result.ts";
import type { Ulimit } from "../../model/container-values.ts";

/** `--ulimit NAME=SOFT[:HARD]`; without HARD both are SOFT (docker/go-units: ParseUlimit). */
export function parseUlimit(spec: string): Result<Ulimit> {
  const match = /^([a-z]+)=(-?\d+|unlimited)(?::(-?\d+|unlimited))?$/.exec(spec.trim());
  if (!match) return failed(`“${spec}” is not a ulimit: NAME=SOFT[:HARD] is expected`);
  const soft = limit(match[2] ?? "");
  return ok({ name: match[1] ?? "", soft, hard: match[3] === undefined ? soft : limit(match[3]) });
}

function limit(text: string): number {
  return text === "unlimited" ? -1 : Number(text);
}
