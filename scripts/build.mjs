// Bundles the command into dist/, split so that a command loads only what it uses.
import { chmod, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const made = await mkdtemp(join(root, ".dist-"));

try {
  await build({
    absWorkingDir: root,
    entryPoints: { bulkhead: "src/cli/main.ts" },
    outdir: made,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    chunkNames: "chunk-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    logLevel: "warning",
    define: { "process.env.BULKHEAD_VERSION": JSON.stringify(version) },
    // Bundled CommonJS packages ask for Node's own modules by require.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
  });
  await chmod(made, 0o755);
  await rm(join(root, "dist"), { recursive: true, force: true });
  await rename(made, join(root, "dist"));
} finally {
  await rm(made, { recursive: true, force: true });
}
