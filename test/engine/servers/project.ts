import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { TestEngine } from "../engine.ts";
import type { Workload } from "./workloads.ts";

const run = promisify(execFile);

/** A workload's Compose project in a folder, on an engine. */
export interface Project {
  readonly folder: string;
  readonly file: string;
  /** Runs `docker compose WORDS` in the folder; rejects with its standard error. */
  readonly compose: (...words: readonly string[]) => Promise<string>;
  /** Runs a shell command in the workload's service until it succeeds; rejects after the seconds. */
  readonly until: (command: string, seconds?: number) => Promise<void>;
  /** Starts it, and rejects unless it serves, stores, and still does both after a restart. */
  readonly keepsServing: (seconds?: number) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/**
 * What runc says where the root file system that dockerd mounted for it lacks the image's own files. It was seen a few times in
 * some hundred starts, on a busy machine with several Engines, of images that have these files; the next start saw them. Why is not known: the failure then says what was mounted.
 */
const sawNoImage = /OCI runtime create failed: .*: stat \S+: no such file or directory/;

/** What dockerd has mounted for its containers, and what is in there. */
async function rootFileSystems(engine: TestEngine): Promise<string> {
  const script = `grep overlay /proc/${engine.pid}/mountinfo | cut -c1-300
for id in $(docker ps -aq); do
  merged=$(docker inspect -f '{{.GraphDriver.Data.MergedDir}}' "$id")
  ls -la "$merged" "\${merged%merged}diff" 2>&1
done
tail -40 '${engine.folder}/log'`;
  const { stdout } = await run("sh", ["-c", script], { env: { ...process.env, ...engine.environment } });
  return stdout;
}

export function writeProject(engine: TestEngine, workload: Workload, folder: string): Project {
  const file = join(folder, "compose.yaml");
  for (const [name, text] of Object.entries({ "compose.yaml": workload.compose, ...workload.files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const compose = async (...words: readonly string[]) => {
    try {
      const { stdout } = await run("docker-compose", ["-p", workload.name, ...words], {
        cwd: folder,
        env: { ...process.env, ...engine.environment },
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      if (!sawNoImage.test(String(error))) throw error;
      throw new Error(`${String(error)}\n${await rootFileSystems(engine)}`);
    }
  };
  const project: Project = {
    folder,
    file,
    compose,
    async keepsServing(seconds) {
      await compose("up", "-d");
      await project.until(workload.serves, seconds);
      if (workload.write) await project.until(workload.write, seconds);
      await compose("restart", "--timeout", "5");
      await project.until(workload.serves, seconds);
      if (workload.read) await project.until(workload.read, seconds);
    },
    async until(command, seconds = 40) {
      const deadline = Date.now() + seconds * 1000;
      for (;;) {
        const done = await compose("exec", "-T", workload.service, "sh", "-c", command).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (done === undefined) return;
        if (Date.now() > deadline) {
          const logs = await compose("logs", "--no-color", "--tail", "8").catch(String);
          throw new Error(`${workload.name}: \`${command}\` does not succeed:\n${String(done)}\n${logs}`);
        }
        await pause(300);
      }
    },
    async remove() {
      await compose("down", "--volumes", "--timeout", "2");
    },
  };
  return project;
}
