import * as z from "zod/mini";
import { parseBytes } from "../../formats/values/bytes.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import { severities } from "../../model/severity.ts";

/** Whose messages they are, in syslog's words. */
export const facilities = [
  ...(["user", "daemon", "auth", "authpriv", "local0", "local1", "local2"] as const),
  ...(["local3", "local4", "local5", "local6", "local7"] as const),
] as const;
export type Facility = (typeof facilities)[number];

/** A secret stands elsewhere: bulkhead.yaml is checked in, copied and mailed. */
export const secretPlace = z
  .strictObject({
    env: z.optional(
      z
        .string()
        .check(
          z.regex(/^[A-Za-z_]\w*$/, "is not a variable's name"),
          z.meta({ description: "The environment variable." }),
        ),
    ),
    file: z.optional(
      z.string().check(
        z.minLength(1),
        z.meta({
          description:
            "The file; a line break at its end is left out. $CREDENTIALS_DIRECTORY at its beginning is the folder that systemd's LoadCredential= fills.",
        }),
      ),
    ),
  })
  .check(
    z.refine(({ env, file }) => (env === undefined) !== (file === undefined), {
      error: "takes either env or file: where the secret is, never the secret itself",
    }),
  );
export type SecretPlace = z.infer<typeof secretPlace>;

export function secretSetting(description: string) {
  return z.optional(secretPlace.check(z.meta({ description })));
}

export const severity = z.optional(
  z.enum(severities).check(
    z.meta({
      description:
        "This output leaves out findings below it. It still says when a finding that it reported gets milder or is resolved. Default: all.",
    }),
  ),
);

/** Where an HTTP request goes, and what all of them have. */
export const posted = {
  url: z.union([
    z.string().check(
      z.regex(/^https?:\/\/[^\s/?#]+(?:[/?#]\S*)?$/, "is not an address: https://host/path is expected"),
      z.meta({
        description: "The address. One that is a secret itself (Slack, Discord) belongs in env or file.",
      }),
    ),
    secretPlace,
  ]),
  severity,
  timeout: z.optional(
    z.string().check(
      z.refine(
        (text) => (parseDuration(text) ?? 0) >= 100,
        "is not a duration of 100ms or more: 10s is expected",
      ),
      z.meta({ description: "How long one attempt may take. Default: 10s." }),
    ),
  ),
  queue: z.optional(
    z.string().check(
      z.refine((text) => (parseBytes(text) ?? 0) >= 65_536, "is not a size of 64k or more: 16m is expected"),
      z.meta({
        description:
          "What may wait on the disk while the receiver takes nothing; beyond it the oldest changes are dropped, with a message. Default: 16m.",
      }),
    ),
  ),
};
