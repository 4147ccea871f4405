import * as z from "zod/mini";
import { controls } from "../controls/registry.ts";
import { severities } from "../model/severity.ts";
import { isDate } from "./ignores.ts";

const control = z.enum(controls.map((each) => each.id)).check(z.meta({ description: "A control's id." }));
const severity = z.enum(severities);

const ignore = z.strictObject({
  control: z
    .union([control, z.array(control), z.literal("*")])
    .check(z.meta({ description: "The control that is silenced, several, or * for all." })),
  subject: z.optional(
    z.string().check(z.meta({ description: "A subject's name or id; * stands for any characters." })),
  ),
  file: z.optional(
    z.string().check(z.meta({ description: "Files, in .gitignore's syntax, relative to bulkhead.yaml." })),
  ),
  reason: z.string().check(z.minLength(1), z.meta({ description: "Why this is accepted; reports show it." })),
  until: z.optional(
    z
      .string()
      .check(
        z.refine(isDate, "is not a date: YYYY-MM-DD is expected"),
        z.meta({ description: "The last day of the ignore, YYYY-MM-DD; then the finding returns." }),
      ),
  ),
});

/** The shape of bulkhead.yaml. docs/bulkhead.schema.json is generated from it, for editors. */
export const configSchema = z.strictObject({
  failOn: z.optional(
    z
      .enum([...severities, "none"])
      .check(z.meta({ description: "The weakest severity that makes the exit status 1. Default: high." })),
  ),
  only: z.optional(z.array(control).check(z.meta({ description: "Judge only these controls." }))),
  skip: z.optional(z.array(control).check(z.meta({ description: "Leave these controls out." }))),
  severity: z.optional(
    z.partialRecord(control, severity).check(z.meta({ description: "Severities of your own, by control." })),
  ),
  exclude: z.optional(
    z
      .array(z.string())
      .check(z.meta({ description: "Files that a folder's walk leaves out, in .gitignore's syntax." })),
  ),
  ignores: z.optional(z.array(ignore).check(z.meta({ description: "Findings that are accepted." }))),
});

export type Config = z.infer<typeof configSchema>;
