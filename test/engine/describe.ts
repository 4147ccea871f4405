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

type Available = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** `elsewhere`: what this kernel lacks `npm run test:kernels` has, so that CI may skip it. */
export function describeWhere(
  available: Available & { readonly elsewhere?: true },
  name: string,
  body: () => void,
): void {
  if (available.ok) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    it.skipIf(available.elsewhere || process.env.CI !== "true")(`skipped: ${available.reason}`, () => {
      throw new Error(available.reason);
    });
  });
}
