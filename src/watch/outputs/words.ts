import type { Finding } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import type { Severity } from "../../model/severity.ts";
import { sentence } from "../../report/words.ts";
import type { Cause, Change, EventCause, KernelCause } from "../change.ts";

/** A cause in a few words: `exec_start of sh in web by ci`, `found by the sweep`. */
export function sayCause(cause: Cause): string {
  switch (cause.kind) {
    case "event":
      return sayEvent(cause) + sayCaller(cause) + sayLimits(cause);
    case "kernel":
      return `after ${cause.call} by ${sayProcess(cause)}${cause.ended ? ", since ended" : ""}`;
    case "file":
      return `${visible(cause.path)} changed`;
    case "sweep":
      return cause.missed
        ? "found by the sweep, after calls of the kernel were missed"
        : "found by the sweep";
    case "prove":
      return "found by a proof";
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

/** `python3 (PID 812, from sh, sshd, as ada)`. */
function sayProcess({ process, pid, parents = [], user }: KernelCause): string {
  const from = parents.length === 0 ? "" : `, from ${parents.map(visible).join(", ")}`;
  return `${visible(process)} (PID ${pid}${from}${user === undefined ? "" : `, as ${visible(user)}`})`;
}

function sayEvent({ type, action, actor, process }: EventCause): string {
  const name = visible(actor.name ?? actor.id.slice(0, 12));
  if (process !== null) return `${action} of ${visible(process)} in ${name}`;
  return type === "daemon" ? `${action} of dockerd` : `${action} of ${name}`;
}

function sayCaller({ by }: EventCause): string {
  return by === undefined ? "" : ` by ${visible(by?.client ?? "unknown")}`;
}

function sayLimits({ limits = [] }: EventCause): string {
  const said = limits.map(({ field, before, after }) => `${field} ${before} → ${after}`);
  return said.length === 0 ? "" : `: ${said.join(", ")}`;
}

/** Who brought it about, or why nobody can say. */
export function sayWho(cause: Cause): string {
  switch (cause.kind) {
    case "event":
      if (cause.by === undefined)
        return "unknown: an event of Docker does not say who called, and no log of a guard is read (watch.guardLogs)";
      if (cause.by === null)
        return "unknown: no log of a guard has this call, so it came past the guard, or dockerd did it by itself";
      return `${visible(cause.by.client)}, through the guard at ${visible(cause.by.listener)}`;
    case "kernel":
      return `the process ${sayProcess(cause)}; a process chooses its name itself`;
    case "sweep":
      return cause.missed
        ? "unknown: calls of the kernel were missed meanwhile"
        : "unknown: it made no event";
    case "file":
      return "unknown: the kernel does not say who changed a file";
    case "prove":
      return "unknown: it came about between two proofs";
    case "start":
    case "reconnect":
      return "unknown: nobody watched";
    case "acceptance":
      return "nobody: its time was over, or a person took it back";
  }
}

/** How long a silence lasts: `until 2027-01-31 12:00:00Z`. Milliseconds since 1970. */
export function sayUntil(until: number | undefined): string {
  return until === undefined ? "until it is resolved" : `until ${sayTime(until)}`;
}

/** `2027-01-31 12:00:00Z`. Milliseconds since 1970, or ISO 8601 in UTC. */
export function sayTime(time: number | string): string {
  const iso = typeof time === "number" ? new Date(time).toISOString() : time;
  return `${iso.slice(0, 19).replace("T", " ")}Z`;
}

/** A finding's severity, or that it is unknown. */
export function weightOf({ verdict, severity }: Pick<Finding, "verdict" | "severity">): Severity | "unknown" {
  return verdict === "fail" || verdict === "pass" ? severity : "unknown";
}

/** The finding's message as a sentence that a terminal prints as it is, and what its subject was called before. */
export function sayMessage({ finding, was }: Pick<Change, "finding" | "was">): string {
  return visible(sentence(finding.message)) + (was === undefined ? "" : ` It was ${visible(was)}.`);
}

/** At most so many bytes of UTF-8, cut between characters, with `…` where something is missing. */
export function cutBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let kept = "";
  let bytes = 3;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    kept += character;
  }
  return `${kept}…`;
}
