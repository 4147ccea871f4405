import { describe, it } from "vitest";
import { engineAvailable } from "./engine.ts";
import { serverPackages } from "./servers/packages.ts";

/**
 * A suite that needs a real Engine. Where none can run, it is skipped with the reason as its only test's
 * name, so that nobody takes it for passed; in CI it fails.
 */
export function describeWithEngine(name: string, body: () => void): void {
  describeWhere(engineAvailable(), name, body);
}

/** The same where real servers run in it, whose packages may have to be fetched. */
export async function describeWithServers(name: string, body: () => void): Promise<void> {
  const engine = engineAvailable();
  describeWhere(engine.ok ? await serverPackages() : engine, name, body);
}

export function describeWhere(
  available: { readonly ok: true } | { readonly ok: false; readonly reason: string },
  name: string,
  body: () => void,
): void {
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
