// Writes dist/commands.cache and dist/fix.cache: runs audit, and in a process of its own fix, so that V8 has compiled what
// each needs, and keeps that. V8 reads a cache whole, so each holds no more.
const { execFileSync } = require("node:child_process");
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const dist = join(__dirname, "../dist");
const script = require(join(dist, "commands.cjs")).compile(dist);
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, require, loaded);
const commands = loaded.exports;

const options = {
  ...{ run: [], file: [], profile: [], envFile: [], format: [], output: [], only: [], skip: [] },
  config: false,
};

const examples = ["examples/insecure/compose.yaml", "examples/insecure/app/Dockerfile"];

async function warmUp() {
  if (process.argv[2] !== "fix") {
    execFileSync(process.execPath, [__filename, "fix"], { stdio: ["ignore", "ignore", "inherit"] });
    await commands["audit/audit"]().runAudit(examples.slice(0, 1), options);
    keep("commands.cache");
    return;
  }
  // Nobody is there to read what it has done.
  const write = process.stderr.write;
  process.stderr.write = () => true;
  await commands["fix/fix"]().runFix(examples, { ...options, format: "diff", output: undefined });
  process.stderr.write = write;
  keep("fix.cache");
}

function keep(name) {
  const made = join(dist, `${name}.${process.pid}`);
  writeFileSync(made, script.createCachedData());
  renameSync(made, join(dist, name));
}

warmUp().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
