// Bundles the command into dist/, for a fast start:
//
//   bulkhead.cjs   the command line: options and help, loaded at every start
//   commands.js    the commands that start often, with what they need, evaluated piece by piece as it is used
//   services.js    the same for the commands that go on for long: guard, watch, prove
//   serving.js     the same for serve, whose API nothing else needs
//   commands.cjs   loads commands.js together with V8's compiled code of it; services.cjs and serving.cjs the others
//   web/           the page that serve shows
//   undici.cjs     the Engine's HTTP client, which only an Engine needs
//   commands-….cache that compiled code, for the Node that built it; another Node compiles for itself
//   folder-….cache the same for the audit of a folder, which needs more of it, fix-….cache for `bulkhead fix`, services-….cache for `guard run`
//   licenses.txt   the licences of the packages that are bundled; sbom.cdx.json lists the packages for scanners
//
// All of it is CommonJS: loading ES modules costs several milliseconds more at each start.
import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { writeBundledPackages } from "./bundled-packages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const made = await mkdtemp(join(root, ".dist-"));

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  mainFields: ["module", "main"],
  minify: !process.env.NOMINIFY,
  charset: "ascii",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  define: { "process.env.BULKHEAD_VERSION": JSON.stringify(version) },
};

/** The command files that are imported when they are called, by the bundle that they are in. */
const bundles = { commands: new Set(), services: new Set(), serving: new Set() };

/** These commands run for seconds or days: their code is not loaded when a file is audited. */
const services = new Set(["guard", "watch", "history", "fleet", "prove", "doctor", "lsp"]);

function bundleOf(command) {
  if (command === "serve") return "serving";
  return services.has(command) ? "services" : "commands";
}

const commandFolder = join(root, "src/cli/");

/** Turns `import("./watch/watch.ts")` into a look-up in services.cjs, and main.ts's others into one in commands.cjs. */
function commandsApart(own) {
  return {
    name: "commands-apart",
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind, importer, resolveDir }) => {
        if (kind !== "dynamic-import" || !importer.startsWith(commandFolder)) return undefined;
        const name = relative(commandFolder, join(resolveDir, path)).replace(/\.ts$/, "");
        if (name.startsWith("..")) return undefined;
        const bundle = bundleOf(name.split("/")[0]);
        if (bundle === own) return undefined;
        bundles[bundle].add(name);
        return { path: name, namespace: bundle };
      });
      for (const namespace of Object.keys(bundles)) builder.onLoad({ filter: /.*/, namespace }, lookUp);
      builder.onResolve({ filter: /^\.\/(commands|services|serving)\.cjs$/ }, ({ path }) => ({
        path,
        external: true,
      }));
    },
  };
}

function lookUp({ path, namespace }) {
  return {
    contents: `module.exports = require("./${namespace}.cjs")[${JSON.stringify(path)}]();`,
    resolveDir: root,
  };
}

/** commander asks for child_process at once and uses it only for commands in files of their own, which this has not. */
const lazyChildProcess = {
  name: "lazy-child-process",
  setup(builder) {
    builder.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes("commander") ? { path, namespace: "lazy" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "lazy" }, () => ({
      contents:
        'module.exports = { get spawn() { return process.getBuiltinModule("node:child_process").spawn; } };',
    }));
  },
};

/** `import css from "./page.css?raw"`: the file's text, CSS and scripts minified. vitest reads the same import as it is. */
const rawText = {
  name: "raw-text",
  setup(builder) {
    builder.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice(0, -"?raw".length)),
      namespace: "raw",
    }));
    builder.onLoad({ filter: /.*/, namespace: "raw" }, async ({ path }) => ({
      contents: await minified(path),
      loader: "text",
    }));
  },
};

async function minified(path) {
  const text = await readFile(path, "utf8");
  if (![".css", ".js"].includes(extname(path))) return text;
  const options = { loader: extname(path).slice(1), minify: true, legalComments: "none", target: "es2020" };
  return (await transform(text, options)).code;
}

const undiciApart = {
  name: "undici-apart",
  setup(builder) {
    builder.onResolve({ filter: /^undici$/ }, () => ({ path: "./undici.cjs", external: true }));
  },
};

/** What esbuild read, over all bundles. */
const inputs = [];

/** The page that `bulkhead serve` shows: web/ becomes main.js, main.css and what stands beside them. */
async function bundlePage() {
  const folder = join(made, "web");
  await bundle({
    entryPoints: ["web/main.tsx"],
    outdir: folder,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  for (const name of ["index.html", "icon.svg"]) await copyFile(join(root, "web", name), join(folder, name));
}

async function bundle(options) {
  const { metafile } = await build({ ...shared, ...options });
  inputs.push(...Object.keys(metafile.inputs));
}

try {
  await bundle({
    entryPoints: ["src/cli/main.ts"],
    outfile: join(made, "bulkhead.cjs"),
    plugins: [commandsApart("main"), lazyChildProcess],
  });
  // In this order: a command may import a service.
  for (const name of ["commands", "services", "serving"]) {
    const table = [...bundles[name]].map(
      (command) => `${JSON.stringify(command)}: () => require("./src/cli/${command}.ts")`,
    );
    await bundle({
      stdin: { contents: `module.exports = { ${table.join(", ")} };`, resolveDir: root },
      outfile: join(made, `${name}.js`),
      plugins: [undiciApart, commandsApart(name), rawText],
      // Native and optional: it stays where it was installed, and is loaded when a history is kept.
      external: ["better-sqlite3", "@node-rs/argon2", "pg-native"],
      // A script of its own has no import(); require does the same.
      supported: { "dynamic-import": false },
    });
    await toAscii(join(made, `${name}.js`));
    await copyFile(join(root, "scripts/load-commands.cjs"), join(made, `${name}.cjs`));
  }
  await bundlePage();
  await bundle({ entryPoints: ["scripts/undici-pool.cjs"], outfile: join(made, "undici.cjs") });
  writeBundledPackages(root, made, inputs);
  await chmod(made, 0o755);
  await rm(join(root, "dist"), { recursive: true, force: true });
  await rename(made, join(root, "dist"));
} finally {
  await rm(made, { recursive: true, force: true });
}

/**
 * esbuild leaves characters in regular expressions and template literals as they are. An escape means the same there
 * (but in a raw template, of which there is none), and a text of ASCII alone is read and compiled in half the memory.
 */
async function toAscii(path) {
  const text = await readFile(path, "utf8");
  const escaped = text.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (/String\.raw`[^`]*\\u/.test(escaped))
    throw new Error("a raw template holds an escape: its text would change");
  await writeFile(path, escaped);
}

// Without the cache everything works, a little slower.
try {
  execFileSync(process.execPath, ["scripts/code-cache.cjs"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
} catch {
  console.error("bulkhead: V8's code cache could not be made; starting takes some 40 ms longer");
}
