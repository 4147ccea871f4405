// npx tsx scripts/mounts.ts [--seconds 600]: starts and stops containers of nobody's beside learn, fix --verify, prove and
// --recreate on one Engine, and watches what is mounted. It ends with status 1 where one of them cannot start, where the root file
// system of a running one is unmounted, or where a command leaves a mount or a volume of a trial behind.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { startEngine } from "../test/engine/engine.ts";
import { importImage } from "../test/engine/images.ts";
import { builtCommand } from "../test/support/cli.ts";

const run = promisify(execFile);
const seconds = Number(process.argv[process.argv.indexOf("--seconds") + 1] || 600) || 600;
const until = Date.now() + seconds * 1000;
const program = builtCommand();
const engine = await startEngine({ bridge: true, flags: ["--debug"] });
const folder = mkdtempSync(join(tmpdir(), "bulkhead-mounts-"));
const counts = { starts: 0, commands: 0, faults: 0 };

const mounts = () => readFileSync(`/proc/${engine.pid}/mountinfo`, "utf8").split("\n");

async function fault(what: string): Promise<void> {
  counts.faults += 1;
  const own = mounts().filter((line) => line.includes(engine.folder));
  const { stdout } = await run("tail", ["-n", "60", join(engine.folder, "log")]);
  console.log(`FAULT ${new Date().toISOString()} ${what}\n${own.join("\n")}\n${stdout}`);
}

async function startsAndStops(name: string): Promise<void> {
  while (Date.now() < until) {
    try {
      await engine.docker(["run", "-d", "--name", name, "server:1"]);
      await engine.docker(["stop", "-t", "1", name]);
      await engine.docker(["start", name]);
      await engine.docker(["exec", name, "ls", "/entrypoint.sh"]);
      const merged = await engine.docker(["inspect", "-f", "{{.GraphDriver.Data.MergedDir}}", name]);
      if (!mounts().some((line) => line.includes(` ${merged} `)))
        await fault(`${name} runs, and ${merged} is not mounted`);
      counts.starts += 2;
    } catch (error) {
      await fault(String(error));
    }
    await engine.docker(["rm", "-f", name]).catch(() => {});
  }
}

async function command(...words: readonly string[]): Promise<void> {
  const options = { cwd: folder, env: { ...process.env, ...engine.environment, XDG_STATE_HOME: folder } };
  await run("node", [program, ...words], options).catch(() => {});
  counts.commands += 1;
  const volumes = await engine.docker(["volume", "ls", "-q", "--filter", "label=bulkhead.try"]);
  const left = mounts().filter((line) => line.includes("bulkhead-try-"));
  if (volumes !== "" || left.length > 0) await fault(`${words.join(" ")} left ${volumes} ${left.join(" ")}`);
}

try {
  const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';
  const files = { "/entrypoint.sh": `#!/bin/sh\n${forever}\n` };
  await importImage(engine, "server:1", { changes: ['ENTRYPOINT ["/entrypoint.sh"]'], files });
  mkdirSync(join(folder, "data"));
  writeFileSync(
    join(folder, "compose.yaml"),
    "services:\n  web:\n    image: server:1\n    volumes: [./data:/data, named:/more]\nvolumes: { named: {} }\n",
  );
  await engine.docker(["run", "-d", "--name", "kept", "server:1"]);
  const tools = async () => {
    while (Date.now() < until) {
      await command("learn", "--no-config", "--settle", "1", "compose.yaml");
      await command("fix", "--no-config", "--verify", "--settle", "1", "compose.yaml");
      await command("prove", "container:kept");
      await command("fix", "container:kept", "--recreate", "--discard-layer", "--no-config");
      await command("fix", "container:kept", "--undo", "--discard-layer", "--no-config");
    }
  };
  await Promise.all([startsAndStops("other-1"), startsAndStops("other-2"), tools()]);
} finally {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(dirname(program), { recursive: true, force: true });
}
console.log(`${counts.starts} starts beside ${counts.commands} commands: ${counts.faults} faults`);
process.exitCode = counts.faults > 0 ? 1 : 0;
