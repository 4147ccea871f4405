// Loads the bundle that it is named after (commands.js, services.js) with the code that V8 compiled of it before, where
// scripts/code-cache.cjs kept that: of commands.js. The text is ASCII, so latin1 reads it as it is.
const { readFileSync, statSync } = require("node:fs");
const { basename, join } = require("node:path");
const { Script } = require("node:vm");

/** The script, not yet run: a function that takes exports, require, module and __dirname. */
function compile(folder) {
  const bundle = basename(__filename, ".cjs");
  const filename = join(folder, `${bundle}.js`);
  const source = readFileSync(filename, "latin1");
  return new Script(`(function (exports, require, module, __dirname) {${source}\n})`, {
    filename,
    cachedData: cached(folder, bundle),
  });
}

function cached(folder, bundle) {
  try {
    return readFileSync(
      join(folder, cacheName(bundle === "commands" ? cacheOf(process.argv.slice(2)) : bundle)),
    );
  } catch {
    return undefined;
  }
}

/** The cache with the code that a command line needs: V8 reads a cache whole, and one Compose file needs the least. */
function cacheOf([command, ...words]) {
  if (command === "fix") return "fix";
  return words.some((word) => statSync(word, { throwIfNoEntry: false })?.isDirectory())
    ? "folder"
    : "commands";
}

/**
 * A cache is for the very build of Node that made it. V8 compares its own version alone, without Node's patches of it:
 * Node 20.19.6 ended with a segmentation fault on a cache that 20.20.2 had made.
 */
function cacheName(name) {
  const build = JSON.stringify(process.config);
  let hash = build.length;
  // Every letter would cost several milliseconds at each start: this runs before V8 compiles anything.
  for (let at = 0; at < build.length; at += 32) hash = (hash * 31 + build.charCodeAt(at)) | 0;
  return `${name}-${process.version}-${process.arch}-${(hash >>> 0).toString(16)}.cache`;
}

if (require.main?.filename.endsWith("code-cache.cjs")) module.exports = { cacheName, compile };
else compile(__dirname).runInThisContext()(exports, require, module, __dirname);
