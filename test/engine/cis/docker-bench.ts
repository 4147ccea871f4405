import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestEngine } from "../engine.ts";

/** What docker-bench-security said of each recommendation: PASS, WARN, INFO or NOTE. */
export type BenchResults = Readonly<Record<string, string>>;

/**
 * Runs a checkout of https://github.com/docker/docker-bench-security against the Engine. Only to record the fixture: tests
 * read that, so that they need no network.
 */
export async function runDockerBench(checkout: string, engine: TestEngine): Promise<BenchResults> {
  const folder = mkdtempSync(join(tmpdir(), "docker-bench-"));
  const log = join(folder, "log");
  try {
    await promisify(execFile)("bash", ["docker-bench-security.sh", "-b", "-l", log], {
      cwd: checkout,
      env: { ...process.env, ...engine.environment },
      maxBuffer: 64 * 1024 * 1024,
    });
    const document = JSON.parse(readFileSync(`${log}.json`, "utf8")) as {
      readonly tests: readonly {
        readonly results: readonly { readonly id: string; readonly result: string }[];
      }[];
    };
    return Object.fromEntries(
      document.tests.flatMap(({ results }) => results.map(({ id, result }) => [id, result] as const)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
