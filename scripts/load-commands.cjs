// Loads the bundle that it is named after (commands.js, services.js) with the code that V8 compiled of it before, where
// scripts/code-cache.cjs kept that: of commands.js. V8 itself refuses a cache of another version or of another text; then it
// compiles anew. The text is ASCII, so latin1 reads it as it is.
const { readFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const { Script } = require("node:vm");

/** The script, not yet run: a function that takes exports, require and module. */
function compile(folder) {
  const bundle = basename(__filename, ".cjs");
  const filename = join(folder, `${bundle}.js`);
  const source = readFileSync(filename, "latin1");
  return new Script(`(function (exports, require, module) {${source}\n})`, {
    filename,
    cachedData: cached(folder, bundle),
  });
}

function cached(folder, bundle) {
  try {
    const isFix = bundle === "commands" && process.argv[2] === "fix";
    return readFileSync(join(folder, isFix ? "fix.cache" : `${bundle}.cache`));
  } catch {
    return undefined;
  }
}

if (require.main?.filename.endsWith("code-cache.cjs")) module.exports = { compile };
else compile(__dirname).runInThisContext()(exports, require, module);
