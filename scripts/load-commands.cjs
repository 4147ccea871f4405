// Loads commands.js with the code that V8 compiled of it before (scripts/code-cache.cjs). V8 itself refuses a cache of
// another version or of another text; then it compiles anew. The text is ASCII, so latin1 reads it as it is.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

/** The script, not yet run: a function that takes exports, require and module. */
function compile(folder) {
  const source = readFileSync(join(folder, "commands.js"), "latin1");
  const filename = join(folder, "commands.js");
  return new Script(`(function (exports, require, module) {${source}\n})`, {
    filename,
    cachedData: cached(folder),
  });
}

function cached(folder) {
  try {
    return readFileSync(join(folder, process.argv[2] === "fix" ? "fix.cache" : "commands.cache"));
  } catch {
    return undefined;
  }
}

if (require.main?.filename.endsWith("code-cache.cjs")) module.exports = { compile };
else compile(__dirname).runInThisContext()(exports, require, module);
