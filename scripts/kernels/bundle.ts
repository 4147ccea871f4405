import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** Where they are. */
export const bundles = "node_modules/.cache/kernels";

/** Bundles test files, each into one module. */
export async function bundleTests(files: readonly string[]): Promise<void> {
  await build({
    entryPoints: [...files],
    outbase: ".",
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  // What a test runs from beside it.
  for (const each of new Set(files.map((file) => dirname(file))))
    for (const name of ["guardian.sh", "rootless-user.sh"])
      copyFileSync(join("test/engine", name), join(bundles, each, name));
}

/** Where the bundle of a test file is. */
export function bundleOf(file: string): string {
  return join(bundles, file.replace(/\.ts$/, ".mjs"));
}
