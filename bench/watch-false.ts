// tsx bench/watch-false.ts [RUNS]: hardened containers that live for a moment, four in parallel (2,000), beside one that restarts
// again and again; and which of their findings say that they lack what they have. Exit status 1 if any does.
import { spawn } from "node:child_process";
import type { Change } from "../src/watch/change.ts";
import { startEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";

const runs = Number(process.argv[2] ?? 2_000);
const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5"],
];
/** What such a container can only be said to lack by mistake. */
const wrongly = new Set(
  "drift device-access memory-limit memory-swap-limit pids-limit cpu-limit privileged-exec privileged cgroup-parent read-only-rootfs seccomp-profile no-new-privileges capabilities-drop kernel-file-system root-user".split(
    " ",
  ),
);

const engine = await startEngine();
const image = await importBusybox(engine);
const watch = spawn(
  process.execPath,
  [
    ...["dist/bulkhead.cjs", "watch", "--no-config", "--no-history", "--format", "jsonl"],
    ...["--cooldown", "1s", "--interval", "1s", "-H", engine.host],
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
let changes = 0;
const wrong: string[] = [];
let rest = "";
watch.stdout.on("data", (chunk: Buffer) => {
  const lines = `${rest}${chunk}`.split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    changes += 1;
    const { finding, change } = JSON.parse(line) as Change;
    const isWrong = finding.verdict === "fail" && wrongly.has(finding.control);
    if (isWrong && /^(?:container|exec):/.test(finding.subject))
      wrong.push(`${change} ${finding.message} ${line}`);
  }
});

try {
  await engine.docker([
    ...["run", "-d", "--name", "loop", "--restart", "always", ...hardened],
    ...[image, "sh", "-c", "sleep 0.05"],
  ]);
  const started = Date.now();
  let done = 0;
  let failures = 0;
  const lane = async () => {
    while (done < runs) {
      done += 1;
      const number = done;
      await engine
        .docker(["run", "--rm", ...hardened, image, "sh", "-c", "sleep 0.1 & wait"])
        .catch((error) => {
          failures += 1;
          console.log(String(error));
        });
      if (number % 250 === 0) console.log(`${number} runs, ${changes} changes, ${wrong.length} false`);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  const restarts = await engine.docker(["inspect", "-f", "{{.RestartCount}}", "loop"]);
  await engine.docker(["rm", "-f", "loop"]);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  console.log(
    `${runs - failures} runs and ${restarts} restarts in ${minutes} min: ${changes} changes, ${wrong.length} false`,
  );
  for (const each of wrong.slice(0, 10)) console.log(each);
  process.exitCode = wrong.length > 0 || failures * 20 > runs ? 1 : 0;
} finally {
  watch.kill("SIGKILL");
  await engine.stop();
}
