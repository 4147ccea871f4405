// Writes dist/commands.cache: runs the usual commands once, so that V8 has compiled what they need, and keeps that.
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

async function warmUp() {
  await commands.audit().runAudit(["examples/insecure/compose.yaml"], options);
  const made = join(dist, `commands.cache.${process.pid}`);
  writeFileSync(made, script.createCachedData());
  renameSync(made, join(dist, "commands.cache"));
}

warmUp().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
