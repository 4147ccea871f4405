import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCommand, folderOf } from "../support/cli.ts";

// A newcomer's first commands: the audit, and each command that it prints, as printed.

const head = "services:\n  app:\n    image: ";
const stacks: Readonly<Record<string, string>> = {
  // Each has what is special about the stack's own file: who drives containers, what is privileged, several files.
  "nextcloud-aio.yaml": `${head}ghcr.io/nextcloud-releases/all-in-one:latest\n    ports: ["8080:8080"]\n    volumes:\n      - aio:/mnt/docker-aio-config\n      - /var/run/docker.sock:/var/run/docker.sock:ro\nvolumes:\n  aio:\n`,
  "immich.yaml": `${head}ghcr.io/immich-app/immich-server:release\n    volumes:\n      - \${UPLOAD_LOCATION}:/data\n      - /etc/localtime:/etc/localtime:ro\n    ports: ["2283:2283"]\n  database:\n    image: postgres:14\n    shm_size: 128mb\n`,
  "supabase.yaml": `${head}timberio/vector:0.28.1-alpine\n    security_opt: ["label=disable"]\n    volumes:\n      - \${DOCKER_SOCKET_LOCATION}:/var/run/docker.sock:ro,z\n  db:\n    image: supabase/postgres:15\n    environment:\n      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD}\n`,
  "mailcow.yaml": `${head}ghcr.io/mailcow/dockerapi:2.11\n    security_opt: ["label=disable"]\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock:ro\n  netfilter:\n    image: ghcr.io/mailcow/netfilter:1\n    network_mode: host\n    privileged: true\n`,
  "frigate.yaml": `${head}ghcr.io/blakeblackshear/frigate:stable\n    privileged: true\n    shm_size: 512mb\n    devices: ["/dev/bus/usb:/dev/bus/usb"]\n    ports: ["8971:8971"]\n`,
  "agent.sh": "docker run -d --name agent -v /var/run/docker.sock:/var/run/docker.sock portainer/agent:2\n",
};

const folder = folderOf({ ...stacks });
let program = "";

beforeAll(() => {
  program = builtCommand();
});
afterAll(() => folder.remove());

function shell(command: string) {
  const script = `bulkhead() { node -- "$PROGRAM" "$@"; }\n${command}`;
  return spawnSync("bash", ["-c", script], {
    cwd: folder.path,
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

test.each(Object.keys(stacks))("each command that the audit of %s prints runs as printed", (file) => {
  const audited = shell(`bulkhead audit --no-pager ${file}`);
  const [, start = ""] = audited.stdout.split("\nStart here\n");
  const commands = start.split("\n").flatMap((line) => /^ {5}(bulkhead .*)$/.exec(line)?.[1] ?? []);
  expect(commands.length, audited.stdout + audited.stderr).toBeGreaterThan(0);
  for (const command of commands) {
    // What listens goes on until it is ended, and a trial needs an Engine: both get as far as asking for one.
    const needsEngine = / --verify | guard proxy /.test(command);
    const briefly = command.replace(/^bulkhead/, 'timeout 4 node -- "$PROGRAM"');
    const ran = shell(needsEngine ? briefly : command);
    if (needsEngine) expect(ran.stderr, command).not.toMatch(/nowhere to listen|unknown option|needs a/);
    else expect([0, 1], `${command}\n${ran.stderr}`).toContain(ran.status);
  }
});

test("what it prints for a socket does what it says", () => {
  const applied = shell("bulkhead fix --guard --apply nextcloud-aio.yaml");
  expect(applied.stderr).toContain("1 file written");
  expect(readFileSync(join(folder.path, "nextcloud-aio.yaml"), "utf8")).toContain("guard-app:");
  const after = shell("bulkhead audit --only docker-socket-mount --no-pager nextcloud-aio.yaml");
  expect(after.status).toBe(0);
  expect(
    shell("bulkhead fix --only privileged --accept privileged@app frigate.yaml").stdout.match(/^@@/gm),
  ).toHaveLength(1);
});
