// What dist/ is built from, and no more: the packages that src and web import, with those that they need, out of the lock file.
// `bulkhead` audits after a minute then, without the test tools and without a compiler for SQLite.
//
//   node scripts/build-packages.mjs DIR [PACKAGE…]   writes DIR/package.json and DIR/package-lock.json for `npm ci`
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What src and web import, and the bundler. A test compares it with the imports. */
export const buildPackages = [
  "@hono/node-server",
  "@hono/zod-openapi",
  "@opentelemetry/api-logs",
  "@opentelemetry/otlp-transformer",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-logs",
  "@opentelemetry/sdk-metrics",
  "commander",
  "diff",
  "esbuild",
  "hono",
  "ignore",
  "jsonc-parser",
  "kysely",
  "nodemailer",
  "openid-client",
  "otpauth",
  "pg",
  "picocolors",
  "preact",
  "unbash",
  "undici",
  "uqr",
  "uplot",
  "vscode-jsonrpc",
  "yaml",
  "zod",
];

/** The packages of a lock file that the named ones need, by their folders in it. */
export function lockedFor(lock, names) {
  const found = new Map();
  const visit = (name, from) => {
    for (let folder = from; ; folder = above(folder)) {
      const path = `${folder}node_modules/${name}`;
      const entry = lock.packages[path];
      if (entry) {
        if (found.has(path)) return;
        const { dev, devOptional, optional, ...kept } = entry;
        found.set(path, kept);
        const needed = { ...entry.dependencies, ...entry.optionalDependencies };
        for (const each of Object.keys(needed)) visit(each, `${path}/`);
        const peers = Object.keys(entry.peerDependencies ?? {});
        for (const each of peers.filter((peer) => !entry.peerDependenciesMeta?.[peer]?.optional))
          visit(each, `${path}/`);
        return;
      }
      if (folder === "") return;
    }
  };
  for (const name of names) visit(name, "");
  // A platform's binary is optional: npm installs the one that fits.
  for (const [path, entry] of found) if (entry.os || entry.cpu) found.set(path, { ...entry, optional: true });
  return found;
}

/** `node_modules/a/node_modules/b/` → `node_modules/a/` → `` */
function above(folder) {
  const at = folder.lastIndexOf("node_modules/");
  return at < 0 ? "" : folder.slice(0, at);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  const own = read("package.json");
  const lock = read("package-lock.json");
  const [folder, ...more] = process.argv.slice(2);
  const names = [...buildPackages, ...more];
  const versions = { ...own.devDependencies, ...own.optionalDependencies };
  const dependencies = Object.fromEntries(names.map((name) => [name, versions[name]]));
  const described = { name: "bulkhead", version: own.version, private: true, dependencies };
  const packages = Object.fromEntries(lockedFor(lock, names));
  mkdirSync(folder, { recursive: true });
  const write = (name, value) => writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  write("package.json", described);
  write("package-lock.json", {
    name: described.name,
    version: described.version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: { "": described, ...packages },
  });
}
