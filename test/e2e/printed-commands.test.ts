import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCommand, folderOf } from "../support/cli.ts";

// A newcomer's first commands: the audit of a stack's folder, and each command that it prints, as printed. The Compose files are
// written from what the projects publish: each has what is special about its stack.
const stacks: Readonly<Record<string, string>> = {
  "nextcloud-aio": "compose.yaml",
  immich: "docker-compose.yml",
  supabase: "docker-compose.yml",
  mailcow: "docker-compose.yml",
  frigate: "docker-compose.yml",
};
const settings =
  "UPLOAD_LOCATION=./library\nDB_DATA_LOCATION=./postgres\nDB_USERNAME=u\nDB_DATABASE_NAME=immich\n";

const folder = folderOf({
  ...Object.fromEntries(
    Object.entries(stacks).map(([name, file]) => [
      `${name}/${file}`,
      readFileSync(`test/fixtures/stacks/${name}/${file}`, "utf8"),
    ]),
  ),
  "immich/.env": settings,
  "agent/agent.sh":
    "docker run -d --name agent -v /var/run/docker.sock:/var/run/docker.sock portainer/agent:2\n",
});
let program = "";

beforeAll(() => {
  program = builtCommand();
});
afterAll(() => folder.remove());

function shell(command: string, stack = "") {
  const script = `bulkhead() { node -- "$PROGRAM" "$@"; }\n${command}`;
  return spawnSync("bash", ["-c", script], {
    cwd: join(folder.path, stack),
    encoding: "utf8",
    timeout: 20_000,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder.path,
      PROGRAM: program,
      DOCKER_HOST: "unix:///nonexistent",
    },
  });
}

test.each([...Object.keys(stacks), "agent"])(
  "each command that the audit of %s prints runs as printed",
  (stack) => {
    const audited = shell("bulkhead audit --no-pager", stack);
    expect([0, 1], audited.stderr).toContain(audited.status);
    const [, start = ""] = audited.stdout.split("\nStart here\n");
    const commands = start.split("\n").flatMap((line) => /^ {5}(bulkhead .*)$/.exec(line)?.[1] ?? []);
    expect(commands.length, audited.stdout + audited.stderr).toBeGreaterThan(0);
    for (const command of commands) {
      // What listens goes on until it is ended, and a trial needs an Engine: both get as far as asking for one.
      const needsEngine = / --verify | guard proxy /.test(command);
      const briefly = command.replace(/^bulkhead/, 'timeout 4 node -- "$PROGRAM"');
      const ran = shell(needsEngine ? briefly : command, stack);
      if (needsEngine) expect(ran.stderr, command).not.toMatch(/nowhere to listen|unknown option|needs a/);
      else expect([0, 1], `${command}\n${ran.stderr}`).toContain(ran.status);
      // It shows what its line is about, and nothing else: a password's file comes with its .gitignore.
      const subject = / --accept \S+@(\S+) /.exec(command)?.[1];
      if (subject === undefined) continue;
      expect(ran.stdout, command).toMatch(/^@@/m);
      const blocks = ran.stdout.split("\n\n").map((block) => block.split("\n"));
      const changed = blocks.filter((block) =>
        block.some((line) => /^ {2}(?:accepted|behavioural|safe) \S+:/.test(line)),
      );
      expect(changed.length, command).toBeGreaterThan(0);
      for (const [title] of changed) expect(title, command).toMatch(`#${subject}`);
    }
  },
);

test("what it prints for a socket does what it says", () => {
  const applied = shell("bulkhead fix --guard --apply docker-compose.yml", "supabase");
  expect(applied.stderr).toContain("1 file written");
  expect(applied.stderr).toContain("vector gets DOCKER_HOST: its documentation says whether");
  expect(readFileSync(join(folder.path, "supabase/docker-compose.yml"), "utf8")).toContain("guard-vector:");
  const after = shell("bulkhead audit --only docker-socket-mount --no-pager docker-compose.yml", "supabase");
  expect(after.status).toBe(0);
  expect(
    shell(
      "bulkhead fix --only privileged --accept privileged@frigate docker-compose.yml",
      "frigate",
    ).stdout.match(/^@@/gm),
  ).toHaveLength(1);
});
