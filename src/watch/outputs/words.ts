import type { Finding } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import type { Severity } from "../../model/severity.ts";
import { sentence } from "../../report/words.ts";
import type { Cause, Change } from "../change.ts";

/** A cause in a few words: `exec_start of sh in web`, `found by the sweep`. */
export function sayCause(cause: Cause): string {
  switch (cause.kind) {
    case "event": {
      const name = visible(cause.actor.name ?? cause.actor.id.slice(0, 12));
      if (cause.process !== null) return `${cause.action} of ${visible(cause.process)} in ${name}`;
      return cause.type === "daemon" ? `${cause.action} of dockerd` : `${cause.action} of ${name}`;
    }
    case "kernel":
      return `after ${cause.call} by ${visible(cause.process)} (${cause.pid})`;
    case "file":
      return `${visible(cause.path)} changed`;
    case "sweep":
      return "found by the sweep";
    case "start":
      return "when the watch began";
    case "reconnect":
      return "while the Engine was out of sight";
    case "acceptance":
      return cause.accepted === null
        ? "its acceptance is over"
        : `accepted in bulkhead serve until ${cause.accepted.until}: ${visible(cause.accepted.reason)}`;
  }
}

/** A finding's severity, or that it is unknown. */
export function weightOf({ verdict, severity }: Pick<Finding, "verdict" | "severity">): Severity | "unknown" {
  return verdict === "fail" ? severity : "unknown";
}

/** The finding's message as a sentence that a terminal prints as it is. */
export function sayMessage({ finding }: Pick<Change, "finding">): string {
  return visible(sentence(finding.message));
}
