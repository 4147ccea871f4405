import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

/** Traces until its standard input ends, and says whether it could. */
const tracer = `
const { openInstance } = await import("./src/engine/tracefs.ts");
const opened = openInstance(["sched/sched_process_exec"], 64);
console.log(opened.ok ? "traces" : opened.reason);
process.stdin.on("end", () => opened.ok && opened.value.close()).resume();
`;

/** Two that start together, of which the first ends first; then how often tracefs is mounted. */
const script = `
umount --quiet --all-targets /sys/kernel/tracing
for each in first second; do
  mkfifo "$1/$each"
  node --import tsx --input-type=module -e "$2" <"$1/$each" >"$1/$each.said" &
done
exec 8>"$1/first" 9>"$1/second"
until [ -s "$1/first.said" ] && [ -s "$1/second.said" ]; do sleep 0.1; done
exec 8>&-; wait %1
exec 9>&-; wait %2
cat "$1"/*.said
grep -c tracefs /proc/mounts
`;

/** Mounts once both commands have come to mount it. */
const mount = `#!/bin/sh
here=\${0%/*}
touch "$here/mounts.$$"
until [ "$(ls "$here" | grep -c mounts)" = 2 ]; do sleep 0.1; done
PATH=\${PATH#*:} exec mount "$@"
`;

// In a separate mount namespace: this machine's own mount, and that of another test, are not there.
it.skipIf(process.getuid?.() !== 0)(
  "two traces that start together both work, and leave nothing mounted",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-tracefs-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "mount"), mount);
    chmodSync(join(folder, "mount"), 0o755);
    const ran = spawn("unshare", ["--mount", "bash", "-c", script, "bash", folder, tracer], {
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    for await (const chunk of ran.stdout) said += chunk;
    expect(said.trim().split("\n")).toEqual(["traces", "traces", "0"]);
  },
);
