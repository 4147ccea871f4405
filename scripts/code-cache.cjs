// Writes the caches of dist/commands.js, one for audit and one for fix. It runs audit here and fix in another process, and
// keeps what V8 compiled for each: V8 reads a cache whole, so each holds no more than it needs.
const { execFileSync } = require("node:child_process");
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const dist = join(__dirname, "../dist");
const { cacheName, compile } = require(join(dist, "commands.cjs"));
const script = compile(dist);
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, require, loaded);
const commands = loaded.exports;

const options = {
  ...{ run: [], file: [], profile: [], envFile: [], format: [], output: [], only: [], skip: [], accept: [] },
  ignoresFrom: [],
  config: false,
};

const examples = ["examples/insecure/compose.yaml", "examples/insecure/app/Dockerfile"];

async function warmUp() {
  if (process.argv[2] !== "fix") {
    execFileSync(process.execPath, [__filename, "fix"], { stdio: ["ignore", "ignore", "inherit"] });
    await commands["audit/audit"]().runAudit(examples.slice(0, 1), options);
    keep("commands");
    return;
  }
  // Nobody is there to read what it has done.
  const write = process.stderr.write;
  process.stderr.write = () => true;
  await commands["fix/fix"]().runFix(examples, { ...options, format: "diff", output: undefined });
  process.stderr.write = write;
  keep("fix");
}

function keep(name) {
  const made = join(dist, `${name}.${process.pid}`);
  writeFileSync(made, script.createCachedData());
  renameSync(made, join(dist, cacheName(name)));
}

warmUp().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
