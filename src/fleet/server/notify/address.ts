import { destinationOf } from "../../../watch/outputs/destinations.ts";
import { noMailServer } from "../../../watch/outputs/send/send.ts";
import { parseSyslogAddress } from "../../../watch/outputs/syslog/message.ts";
import type { Rule } from "../../store/notifications/rules.ts";

type Receiver = Pick<Rule, "kind" | "type" | "target" | "secret" | "token" | "facility">;

/** Why nothing can be sent there; undefined if it can. */
export function whyNotThere(receiver: Receiver, hasMailServer: boolean): string | undefined {
  const { kind, type, target } = receiver;
  const { label, takes, getsSummary, whyNot } = destinationOf(type);
  const extra = (["secret", "token", "facility"] as const).find(
    (each) => receiver[each] !== null && !takes.includes(each),
  );
  if (extra !== undefined) return `A notification by ${label} has no ${extra}.`;
  if (kind === "weekly" && !getsSummary)
    return `A notification by ${label} is for programs; a weekly summary is for people.`;
  if (type === "mail" && !hasMailServer) return `bulkhead ${noMailServer}.`;
  const why = whyNot(target);
  if (why !== undefined) return `The target ${why}.`;
  const address = type === "syslog" ? parseSyslogAddress(target) : undefined;
  return address?.ok && address.value.kind === "local"
    ? "Name a syslog server: tls://host:6514. The socket of one replica is not that of another."
    : undefined;
}

/** Whether a token that was given for one address may go to the other: it is of the same server. */
export function isSameServer(one: string, other: string): boolean {
  if (one === other) return true;
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}
