import type { FixOptions } from "./options.ts";

/** The Engine that the command line names. */
export function targetOf({ host, context }: Pick<FixOptions, "host" | "context">) {
  return { host, context, environment: process.env, home: process.env.HOME ?? "/" };
}
