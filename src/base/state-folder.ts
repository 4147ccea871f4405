import { join } from "node:path";

/**
 * Where bulkhead keeps what must outlive a run: $XDG_STATE_HOME/bulkhead where that is set; else /var/lib/bulkhead for root,
 * and ~/.local/state/bulkhead for others.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.XDG_STATE_HOME?.startsWith("/")) return join(environment.XDG_STATE_HOME, "bulkhead");
  if (process.getuid?.() === 0) return "/var/lib/bulkhead";
  return join(environment.HOME ?? "/", ".local/state/bulkhead");
}
