// npm run test:kernels [-- --setting NAME… --feature NAME… --running]: tries the features in each setting, here and in a virtual machine
// (machine.sh), writes results.json and docs/tested-on.md. As root on Debian; some hours for all. Status 1 where a test failed.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { builtCommand } from "../../test/support/cli.ts";
import { bundleOf, bundles, bundleTests } from "./bundle.ts";
import { explained } from "./explained.ts";
import { type Feature, features } from "./features.ts";
import { writePage } from "./page.ts";
import { cellOf, type Facts, readResults, writeResults } from "./results.ts";
import { type Setting, settings } from "./settings.ts";

const { values } = parseArgs({
  options: {
    setting: { type: "string", multiple: true },
    feature: { type: "string", multiple: true },
    running: { type: "boolean", default: false },
  },
});
const chosen = named(settings, values.setting);
const wanted = named(features, values.feature);
const machine = "scripts/kernels/machine.sh";
/** How much longer than on this machine a test may take there. */
const slowness = 12;

let status = 0;
rmSync(join(builtCommand(), ".."), { recursive: true });
for (const setting of chosen) {
  console.log(`\n== ${setting.id}: ${setting.says}`);
  const place = setting.boot === undefined ? here(setting) : await inMachine(setting.boot, values.running);
  try {
    if (setting.before !== undefined) place.run(setting.before);
    const facts = place.facts();
    for (const feature of wanted) {
      if (setting.only?.features.includes(feature.id) === false) continue;
      const started = Date.now();
      const report = place.report(feature);
      const cell = cellOf(report, new Date().toISOString().slice(0, 10), (Date.now() - started) / 1000);
      const results = readResults();
      writeResults({
        ...results,
        [setting.id]: { facts, cells: { ...results[setting.id]?.cells, [feature.id]: cell } },
      });
      writePage();
      console.log(
        `${feature.id}: ${cell.passed} passed, ${cell.failed.length} failed, ${cell.notApplicable.join("; ") || "nothing left out"} (${cell.seconds} s)`,
      );
      for (const { test, why } of cell.failed) {
        const reason = explained(setting.id, test);
        console.log(`    ${test}: ${reason?.why ?? why}`);
        if (reason === undefined || reason.isMended) status = 1;
      }
    }
  } finally {
    place.end();
  }
}
process.exitCode = status;

function named<T extends { readonly id: string }>(
  all: readonly T[],
  ids: readonly string[] | undefined,
): readonly T[] {
  const unknown = ids?.filter((id) => !all.some((each) => each.id === id)) ?? [];
  if (unknown.length > 0)
    throw new Error(`no ${unknown.join(", ")}; there are ${all.map(({ id }) => id).join(", ")}`);
  return ids === undefined ? all : all.filter(({ id }) => ids.includes(id));
}

interface Place {
  /** Runs a command of the shell in the checkout's folder; gives its output, whatever its status. */
  readonly run: (command: string) => string;
  readonly facts: () => Facts;
  /** vitest's JSON report. */
  readonly report: (feature: Feature) => unknown;
  readonly end: () => unknown;
}

function outputOf([program = "", ...words]: readonly string[], env = process.env): string {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  return spawnSync(program, words, { env, encoding: "utf8", stdio: [...stdio], maxBuffer: 1024 ** 3 }).stdout;
}

/** One word for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function here({ engine, store }: Setting): Place {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-kernels-"));
  const unpacked = resolve(`node_modules/.cache/engine${engine === "bookworm" ? "-bookworm" : ""}`);
  if (engine !== undefined)
    execFileSync("sh", ["scripts/engine-packages.sh", unpacked, engine], { stdio: "inherit" });
  const variables = {
    ...(engine && {
      BULKHEAD_ENGINE: unpacked,
      PATH: `${unpacked}/root/usr/sbin:${unpacked}/root/usr/bin:${process.env.PATH}`,
    }),
    ...(store && { BULKHEAD_IMAGE_STORE: store }),
  };
  const run = (command: string) => {
    const { CI: _, ...environment } = process.env;
    return outputOf(["sh", "-c", command], { ...environment, ...variables });
  };
  return {
    run,
    facts: () => JSON.parse(run("node --import tsx scripts/kernels/facts.ts")),
    report({ project, files, only = "" }) {
      const report = join(folder, "report.json");
      run(
        `npx vitest run --project ${project} ${files.join(" ")} -t ${quoted(only)} --reporter=json --outputFile=${report}`,
      );
      return JSON.parse(readFileSync(report, "utf8"));
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Boots the machine with this checkout. With --running it keeps running after, and the next run brings what has changed since. */
async function inMachine(boot: readonly string[], running: boolean): Promise<Place> {
  const call = (...words: readonly string[]) =>
    execFileSync("bash", [machine, ...words], { stdio: "inherit" });
  await bundleTests(["scripts/kernels/facts.ts", ...features.flatMap(({ files }) => files)]);
  if (running && spawnSync("bash", [machine, "runs"]).status === 0) {
    const changed = ["dist", "scripts/kernels", bundles].map((path) => `'${path}'`).join(" ");
    const push = `tar -czf - ${changed} | bash ${machine} run 'tar -xzf - -C /bulkhead'`;
    execFileSync("sh", ["-c", push], { stdio: "inherit" });
  } else {
    call("make");
    call("carry", ...["dist", "node_modules", "package.json", "scripts", "src", "test", "web"]);
    call("boot", ...boot);
  }
  const variables = `TMPDIR=/var/tmp BULKHEAD_SLOWNESS=${slowness} BULKHEAD_CONTAINERD=/run/containerd/containerd.sock`;
  const run = (command: string) =>
    outputOf(["bash", machine, "run", `cd /bulkhead && export ${variables} && { ${command}; }`]);
  return {
    run,
    facts: () => JSON.parse(run(`node ${bundleOf("scripts/kernels/facts.ts")}`)),
    report({ files, only = "" }) {
      const report = "/tmp/report.json";
      const tests = files.map(bundleOf).join(" ");
      const runner = `node scripts/kernels/plain-runner.mjs ${report} ${quoted(only)} ${tests}`;
      return JSON.parse(run(`rm -f ${report}; ${runner} >&2; cat ${report}`));
    },
    end: () => running || call("stop"),
  };
}
