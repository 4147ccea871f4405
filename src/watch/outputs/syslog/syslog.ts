import * as z from "zod/mini";
import { visible } from "../../../base/visible.ts";
import type { Delivery, Destination, More, Receiver, Words } from "../destination.ts";
import { facilities, severity } from "../settings.ts";
import {
  loggerLine,
  notASyslog,
  parseSyslogAddress,
  type Sender,
  syslogMessage,
  syslogPattern,
  syslogText,
} from "./message.ts";

export const syslog = {
  type: "syslog",
  label: "syslog",
  example: "tls://logs.example.org:6514",
  batch: 500,
  takes: ["facility"],
  getsStart: false,
  getsSummary: false,
  settings: z.strictObject({
    type: z.literal("syslog").check(z.meta({ description: "RFC 5424, or the machine's own syslog." })),
    address: z
      .string()
      .check(
        z.regex(syslogPattern, notASyslog),
        z.meta({ description: "udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log." }),
      ),
    facility: z.optional(z.enum(facilities).check(z.meta({ description: "Default: daemon." }))),
    severity,
  }),
  whyNot(target: string) {
    const address = parseSyslogAddress(target);
    return address.ok ? undefined : address.reason;
  },
  shown: (target: string) => visible(`syslog ${target}`),
  changes: (delivery: Delivery, to: Receiver) =>
    message(to, delivery.sender, (sender, isLocal) =>
      delivery.changes.map(({ change }) => (isLocal ? loggerLine : syslogMessage)(change, sender)),
    ),
  words: ({ title }: Words, { sender: host }: More, to: Receiver) =>
    message(to, host, (sender) => [syslogText("test", title, sender)]),
} as const satisfies Destination;

function message(
  { target, facility }: Receiver,
  host: string,
  messages: (sender: Sender, isLocal: boolean) => readonly string[],
) {
  const address = parseSyslogAddress(target);
  if (!address.ok) throw new Error(address.reason);
  const sender = { host, facility: facility ?? "daemon", process: process.pid };
  return {
    via: "syslog",
    address: address.value,
    messages: messages(sender, address.value.kind === "local"),
  } as const;
}
