// Writes the caches of dist/commands.js: for the audit of one Compose file, for the audit of a folder, and for fix; and that of
// dist/services.js, for guard run. It runs each in a separate process and keeps what V8 compiled for it: V8 reads a cache whole, so
// each holds no more than it needs.
const { execFileSync } = require("node:child_process");
const { renameSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const v8 = require("node:v8");

const dist = join(__dirname, "../dist");
const bundle = process.argv[2] === "services" ? "services" : "commands";
const { cacheName, compile } = require(join(dist, `${bundle}.cjs`));
const script = compile(dist);
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, createRequire(join(dist, "services.cjs")), loaded, dist);
const commands = loaded.exports;

const options = {
  ...{ run: [], file: [], profile: [], envFile: [], format: [], output: [], only: [], skip: [], accept: [] },
  ignoresFrom: [],
  config: false,
};

const examples = ["examples/insecure/compose.yaml", "examples/insecure/app/Dockerfile"];

/** Folders with files of many kinds, as a folder that is audited may have them. */
const folders = ["examples", "packaging", "src/formats"];

const runs = {
  commands: () => commands["audit/audit"]().runAudit(examples.slice(0, 1), options),
  folder: () => commands["audit/audit"]().runAudit(folders, { ...options, format: ["json"] }),
  fix: () =>
    commands["fix/fix"]().runFix(examples, { ...options, format: "diff", output: undefined, offline: true }),
  services: () =>
    commands["guard/run"]().runLeashed(["true"], {
      ...{ host: "unix:///nonexistent/docker.sock", folder: ["examples"], budget: "", config: false },
    }),
};

async function warmUp() {
  const [name] = process.argv.slice(2);
  if (name === undefined) {
    for (const each of Object.keys(runs)) {
      execFileSync(process.execPath, [__filename, each], { stdio: ["ignore", "ignore", "inherit"] });
    }
    return;
  }
  // Nobody is there to read what it has done.
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = () => true;
  // For many files V8 is told to optimise later. A cache made under another flag is refused where the flag is not set yet.
  v8.setFlagsFromString = () => {};
  try {
    await runs[name]();
  } finally {
    process.stderr.write = write;
  }
  keep(name);
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
