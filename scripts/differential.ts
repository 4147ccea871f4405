// The readers of scripts and Makefiles against the programs that they are written for: `npm run differential -- [make|bash]
// [--seconds N] [--seed N]`. A file at random is run by the program with a `docker` that only writes down its arguments, and read
// by the reader; what they say otherwise is shrunk and kept in test/fixtures/differential, which a unit test reads again.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import fc from "fast-check";
import { type Calls, disagreement, type Kept, type Oracle } from "../test/support/differential/compare.ts";
import { makefiles } from "../test/support/differential/makefiles.ts";
import { shells } from "../test/support/differential/shells.ts";

const files: Readonly<Record<Oracle, fc.Arbitrary<string>>> = { make: makefiles, bash: shells };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const kept = "test/fixtures/differential";
const folder = mkdtempSync(join(tmpdir(), "bulkhead-differential-"));
const log = join(folder, "calls");
writeFileSync(join(folder, "docker"), `#!/bin/sh\nprintf '%s\\0' "$@" '' >>${log}\nprintf '\\1' >>${log}\n`);
chmodSync(join(folder, "docker"), 0o755);

/** What the program passes to `docker`; undefined where it refuses the file or does not end. */
function callsOf(oracle: Oracle, text: string): Calls | undefined {
  const file = join(folder, "file");
  writeFileSync(file, text);
  writeFileSync(log, "");
  const words = oracle === "bash" ? [file] : ["-s", "-f", file, "all"];
  const { status, error } = spawnSync(oracle, words, {
    env: { PATH: `${folder}:/usr/bin:/bin`, HOME: "/home/me" },
    cwd: folder,
    input: "",
    timeout: 5_000,
    stdio: ["pipe", "ignore", "ignore"],
  });
  if (error || (oracle === "make" && status !== 0)) return undefined;
  const parts = readFileSync(log, "utf8").split("\u0001").slice(0, -1);
  return parts.map((each) => each.split("\0").slice(0, -2));
}

let failed = false;
// What was kept is what the program passes, still.
for (const name of readdirSync(kept)) {
  const { oracle, text, calls }: Kept = JSON.parse(readFileSync(join(kept, name), "utf8"));
  if (isDeepStrictEqual(callsOf(oracle, text), calls)) continue;
  failed = true;
  console.log(`${name}: ${oracle} passes ${JSON.stringify(callsOf(oracle, text))}`);
}
for (const oracle of ["make", "bash"] as const) {
  if (positionals.length > 0 && !positionals.includes(oracle)) continue;
  let runs = 0;
  let refused = 0;
  const result = fc.check(
    fc.property(files[oracle], (text) => {
      const calls = callsOf(oracle, text);
      runs += 1;
      if (calls === undefined) refused += 1;
      const fault = calls && disagreement({ oracle, text, calls });
      if (fault !== undefined) throw new Error(fault);
    }),
    { seed, numRuns: 1_000_000, interruptAfterTimeLimit: Number(values.seconds) * 1000 },
  );
  console.log(`${oracle}: ${runs} files, ${refused} refused by ${oracle}, seed ${seed}`);
  if (!result.failed || !result.counterexample) continue;
  failed = true;
  const [text] = result.counterexample;
  const calls = callsOf(oracle, text) ?? [];
  mkdirSync(kept, { recursive: true });
  const path = join(kept, `${oracle}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}.json`);
  writeFileSync(path, `${JSON.stringify({ oracle, text, calls }, undefined, 2)}\n`);
  console.log(`${path}\n${text}\n${disagreement({ oracle, text, calls })}`);
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
