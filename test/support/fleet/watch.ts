import type { Finding } from "../../../src/audit/finding.ts";
import type { Watch } from "../../../src/watch/watch.ts";

/** A watch whose findings a test or a bench makes itself. */
export function watchOf(open: () => readonly Finding[], running: Watch["containers"] = () => []): Watch {
  return {
    open,
    status: () => ({
      ...{ connected: true, known: true, seesKernel: true, kernelEvents: false },
      ...{ containers: running().length, running: running().length },
    }),
    container: () => undefined,
    processes: () => [],
    containers: running,
    proven() {},
    close: async () => {},
  };
}
