import { join, resolve } from "node:path";

/** Where the history is kept unless somebody says otherwise: with the system's state for root, with the user's own for others. */
export function historyPath(said: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (said !== undefined) return resolve(said);
  if (process.getuid?.() === 0) return "/var/lib/bulkhead/history.db";
  const state = environment.XDG_STATE_HOME || join(environment.HOME ?? "/", ".local/state");
  return join(state, "bulkhead/history.db");
}
