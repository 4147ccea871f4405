import * as z from "zod/mini";
import { discord } from "./chat/discord.ts";
import { ntfy } from "./chat/ntfy.ts";
import { slack } from "./chat/slack.ts";
import { cloudevents } from "./cloudevents.ts";
import type { Destination } from "./destination.ts";
import { webhook } from "./http.ts";
import { mail } from "./mail.ts";
import { otlp } from "./otlp.ts";
import { severity } from "./settings.ts";
import { syslog } from "./syslog/syslog.ts";

/** Every kind of receiver of messages, once. `watch.outputs` has those with settings; notification rules of serve have all. */
export const destinations = [webhook, cloudevents, slack, discord, ntfy, mail, syslog, otlp] as const;

export type DestinationType = (typeof destinations)[number]["type"];

export const destinationTypes = destinations.map(({ type }) => type);

export function destinationOf(type: DestinationType): Destination {
  const found = destinations.find((each) => each.type === type);
  if (!found) throw new Error(`no destination has the type ${type}`);
  return found;
}

/** A file gets lines at once, without a queue. */
const file = z.strictObject({
  type: z.literal("file").check(z.meta({ description: "A line of JSON for each change, as with --output." })),
  path: z.string().check(z.minLength(1), z.meta({ description: "The file, which lines are appended to." })),
  severity,
});

type Settings = Extract<(typeof destinations)[number], { readonly settings: unknown }>["settings"];

const settings = destinations.flatMap((each) => ("settings" in each ? [each.settings] : []));

export const outputTypes = [
  ...destinations.flatMap((each) => ("settings" in each ? [each.type] : [])),
  "file",
] as const;

/** Where changes go beside the terminal. */
export const outputsSchema = z
  .array(z.discriminatedUnion("type", [...settings, file] as [Settings, ...Settings[], typeof file]))
  .check(z.maxLength(16, "are more than 16"));

export type OutputConfig = z.infer<typeof outputsSchema>[number];
