import { describe, it } from "vitest";
import { engineAvailable } from "./engine.ts";

/**
 * A suite that needs a real Engine. Where none can run, it is skipped with the reason as its only test's
 * name, so that nobody takes it for passed; in CI it fails.
 */
export function describeWithEngine(name: string, body: () => void): void {
  const available = engineAvailable();
  if (available.ok) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    it.skipIf(process.env.CI !== "true")(`skipped: ${available.reason}`, () => {
      throw new Error(available.reason);
    });
  });
}
