import { ntfyAddress } from "../../../watch/outputs/chat/ntfy.ts";
import { parseSyslogAddress } from "../../../watch/outputs/syslog/syslog.ts";
import type { Rule } from "../../store/notifications/rules.ts";
import { whyNoCollector } from "../telemetry/otlp.ts";
import { isMailAddress } from "./mail.ts";
import { noMailServer } from "./post.ts";

type Receiver = Pick<Rule, "kind" | "type" | "target" | "secret" | "token" | "facility">;

/** Why nothing can be sent there; undefined where it can. */
export function whyNotThere(
  { kind, type, target, secret, token, facility }: Receiver,
  hasMailServer: boolean,
): string | undefined {
  if (secret !== null && type !== "webhook") return "A secret signs what a webhook gets; others take none.";
  if (token !== null && !["webhook", "ntfy", "otlp"].includes(type))
    return "Only webhooks, ntfy and OTLP take a token.";
  if (facility !== null && type !== "syslog") return "Only syslog has a facility.";
  if (kind === "weekly" && (type === "otlp" || type === "syslog")) {
    const name = type === "otlp" ? "OTLP" : "Syslog";
    return `${name} takes each change as it comes; a weekly summary is for people.`;
  }
  switch (type) {
    case "mail":
      return hasMailServer ? whyNoReceivers(target) : `bulkhead ${noMailServer}.`;
    case "syslog":
      return whyNoSyslog(target);
    default:
      return whyNoUrl(type, target);
  }
}

function whyNoReceivers(target: string): string | undefined {
  const wrong = target.split(",").find((each) => !isMailAddress(each.trim()));
  return wrong === undefined ? undefined : `${wrong.trim()} is not a mail address.`;
}

function whyNoSyslog(target: string): string | undefined {
  const address = parseSyslogAddress(target);
  if (!address.ok) return "The address has to be tls://host:6514, tcp://host:601 or udp://host:514.";
  return address.value.kind === "local"
    ? "Name a syslog server: tls://host:6514. The socket of one replica is not that of another."
    : undefined;
}

function whyNoUrl(type: Rule["type"], target: string): string | undefined {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return "The address has to be such as https://host/path.";
  if (type === "otlp") return whyNoCollector(url);
  if (type === "ntfy" && !ntfyAddress(url)) return "The address names no topic: https://ntfy.sh/TOPIC.";
  return undefined;
}

/** Whether a token that was given for one address may go to the other: it is of the same server. */
export function isSameServer(one: string, other: string): boolean {
  if (one === other) return true;
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}
