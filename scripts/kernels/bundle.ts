import { copyFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** Below node_modules vitest leaves a module as it is: to read a thousand files one by one takes many minutes in the machine. */
const folder = "node_modules/.cache/kernels";

/** Bundles test files, each into one module. */
export async function bundleTests(files: readonly string[]): Promise<void> {
  await build({
    entryPoints: [...files],
    outbase: ".",
    outdir: folder,
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
    for (const name of readdirSync(each))
      if (name.endsWith(".sh")) copyFileSync(join(each, name), join(folder, each, name));
}

/** A command of the shell that puts a test's bundle in its place. */
export function useBundle(file: string): string {
  const up = file.replaceAll(/[^/]+\//g, "../").replace(/[^/]*$/, "");
  return `echo 'import "${up}${folder}/${file.replace(/\.ts$/, ".mjs")}";' >${file}`;
}
