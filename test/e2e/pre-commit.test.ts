import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { folderOf } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";

const hasPreCommit = hasProgram("pre-commit", "--version");

/** pre-commit installs the hook from a repository, as it does for a user, and runs it in another. */
describe.skipIf(!hasPreCommit)(
  hasPreCommit ? "the pre-commit hooks" : "the pre-commit hooks (skipped: there is no pre-commit here)",
  () => {
    const folder = folderOf({});
    const hooks = join(folder.path, "bulkhead");
    const user = join(folder.path, "user");

    afterAll(() => folder.remove());

    function git(cwd: string, ...args: readonly string[]): string {
      const who = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
      return execFileSync("git", [...who, ...args], { cwd, encoding: "utf8" }).trim();
    }

    function commit(cwd: string): string {
      git(cwd, "init", "--quiet");
      git(cwd, "add", "--all");
      git(cwd, "commit", "--quiet", "--message=test");
      return git(cwd, "rev-parse", "HEAD");
    }

    function preCommit() {
      const ran = spawnSync("pre-commit", ["run", "--all-files"], {
        cwd: user,
        encoding: "utf8",
        env: {
          ...process.env,
          PRE_COMMIT_HOME: join(folder.path, "home"),
          DOCKER_HOST: "unix:///nonexistent",
        },
      });
      return { status: ran.status, said: ran.stdout + ran.stderr };
    }

    test("pre-commit installs them, and they judge the files that a commit holds", () => {
      mkdirSync(hooks);
      const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
      execFileSync("xargs", ["-0", "cp", "--parents", "-t", hooks], { input: files });
      const rev = commit(hooks);
      mkdirSync(user);
      writeFileSync(join(user, "compose.yaml"), readFileSync("examples/insecure/compose.yaml"));
      writeFileSync(join(user, "Dockerfile"), "FROM scratch\nUSER 1000\n");
      writeFileSync(join(user, "package.json"), "{}\n");
      writeFileSync(
        join(user, ".pre-commit-config.yaml"),
        `repos:\n- repo: ${hooks}\n  rev: ${rev}\n  hooks:\n  - id: bulkhead-audit\n`,
      );
      commit(user);
      const bad = preCommit();
      expect(bad.status).toBe(1);
      expect(bad.said).toContain("[docker-socket-mount]");
      writeFileSync(join(user, "compose.yaml"), "services:\n  web:\n    image: nginx:1.29.3\n");
      git(user, "add", "--all");
      expect(preCommit()).toMatchObject({ status: 0 });
    }, 600_000);
  },
);
