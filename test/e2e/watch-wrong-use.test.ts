import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";

let program = "";
beforeAll(() => {
  program = builtCommand();
});

/** `bulkhead watch` with this bulkhead.yaml, and no Engine in reach. */
async function watch(
  yaml: string,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
) {
  const cwd = testFolder();
  writeFileSync(join(cwd, "bulkhead.yaml"), yaml);
  writeFileSync(join(cwd, "empty"), "\n");
  writeFileSync(join(cwd, "two-lines"), "hunter2\nhunter2\n");
  const ran = await runCli(program, ["watch", "--no-history", ...args], { cwd, env });
  return { ...ran, lines: ran.stderr.split("\n").slice(0, -1) };
}

const webhook = (more: string) =>
  `watch:\n  outputs:\n    - type: webhook\n      url: https://a.example/x\n${more}`;

describe("an output that bulkhead.yaml says wrong ends the watch at once, with its place", () => {
  it.each([
    [
      "a secret that stands there",
      webhook("      secret: hunter2hunter2"),
      5,
      /^ +secret: ••••$/,
      "watch.outputs.0.secret: { env: NAME } or { file: PATH }, which says where it stands, is expected",
    ],
    [
      "a token that stands there",
      webhook("      token: hunter2hunter2"),
      5,
      /^ +token: ••••$/,
      "watch.outputs.0.token: { env: NAME } or { file: PATH }, which says where it stands, is expected",
    ],
    [
      "two places for a secret",
      webhook("      secret: { env: A, file: b }"),
      5,
      /secret: /,
      "watch.outputs.0.secret: takes either env or file: where the secret is, never the secret itself",
    ],
    [
      "a type that is none",
      "watch: { outputs: [ { type: teams } ] }",
      1,
      /teams/,
      "watch.outputs.0.type: is not one of webhook, cloudevents, slack, discord, ntfy, syslog, file",
    ],
    [
      "no address",
      "watch: { outputs: [ { type: slack } ] }",
      1,
      /slack/,
      "watch.outputs.0.url: an address is expected, or { env: NAME } or { file: PATH }, which says where it stands",
    ],
    [
      "an address without https",
      "watch: { outputs: [ { type: slack, url: hooks.slack.com/services/T0/B0/hunter2 } ] }",
      1,
      /services\/•••• /,
      "watch.outputs.0.url: is not an address: https://host/path is expected",
    ],
    [
      "a timeout that is none",
      webhook("      timeout: soon"),
      5,
      /timeout: soon/,
      "watch.outputs.0.timeout: is not a duration of 100ms or more: 10s is expected",
    ],
    [
      "a queue too small",
      webhook("      queue: 1k"),
      5,
      /queue: 1k/,
      "watch.outputs.0.queue: is not a size of 64k or more: 16m is expected",
    ],
    [
      "a key that is none",
      webhook("      colour: red"),
      5,
      /colour/,
      "watch.outputs.0: there is no key “colour”",
    ],
    [
      "a syslog's address that is none",
      "watch: { outputs: [ { type: syslog, address: logs } ] }",
      1,
      /logs/,
      "watch.outputs.0.address: is not an address of a syslog: udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log is expected",
    ],
  ])("%s", async (_, yaml, line, shown, reason) => {
    const { status, stdout, stderr, lines } = await watch(yaml);
    expect(lines[0]).toMatch(new RegExp(`^bulkhead: .*bulkhead\\.yaml:${line}:\\d+: `));
    expect(lines[0]).toContain(reason);
    expect(lines[1]).toMatch(shown);
    expect(lines[2]).toMatch(/^ *\^+$/);
    expect(lines).toHaveLength(3);
    expect(stderr).not.toContain("hunter2");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it.each([
    [
      "a variable that is not set",
      "{ type: slack, url: { env: MISSING } }",
      "(slack): url: the environment variable MISSING is not set",
    ],
    [
      "a variable that holds no address",
      "{ type: slack, url: { env: NO_ADDRESS } }",
      "(slack): url is not an address such as https://host/path",
    ],
    [
      "a file that is not there",
      "{ type: webhook, url: 'https://a.example', secret: { file: missing } }",
      "(webhook): secret: missing: it does not exist",
    ],
    [
      "an empty file",
      "{ type: webhook, url: 'https://a.example', secret: { file: empty } }",
      "(webhook): secret: empty is empty",
    ],
    [
      "a file of two lines",
      "{ type: webhook, url: 'https://a.example', secret: { file: two-lines } }",
      "(webhook): secret: two-lines holds more than one line",
    ],
    [
      "a token that no header holds",
      "{ type: ntfy, url: 'https://ntfy.sh/x', token: { env: SPACED } }",
      "(ntfy): token contains a space or a character that no HTTP header allows",
    ],
    [
      "no topic",
      "{ type: ntfy, url: 'https://ntfy.sh/' }",
      "(ntfy): url names no topic: write https://ntfy.sh/TOPIC",
    ],
  ])("%s", async (_, output, reason) => {
    const { status, lines, stdout } = await watch(`watch: { outputs: [ ${output} ] }`, {
      env: { NO_ADDRESS: "hunter2", SPACED: "hunter2 hunter2" },
    });
    expect(lines).toEqual([`bulkhead: watch.outputs.0 ${reason}`]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it("the same one twice, and what the command line names", async () => {
    const one = "{ type: webhook, url: 'https://a.example' }";
    const twice = await watch(`watch: { outputs: [ ${one}, ${one} ] }`);
    expect(twice.lines).toEqual([
      "bulkhead: watch.outputs.1 (webhook): another output of the same type has the same address",
    ]);
    const wrong = await watch("", { args: ["--webhook", "ftp://a.example/hunter2"] });
    expect(wrong.lines).toEqual(["bulkhead: --webhook: url is not an address such as https://host/path"]);
    const syslog = await watch("", { args: ["--syslog", "logs"] });
    expect(syslog.lines[0]).toMatch(/^bulkhead: --syslog: is not an address of a syslog: /);
    expect([twice.status, wrong.status, syslog.status]).toEqual([2, 2, 2]);
  });

  it("though metrics were listened for already", async () => {
    const { status, lines } = await watch("watch: { outputs: [ { type: slack, url: { env: MISSING } } ] }", {
      args: ["--metrics", "127.0.0.1:0"],
    });
    expect(lines).toHaveLength(1);
    expect(status).toBe(2);
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const taken = await watch("", {
      args: ["--metrics", `127.0.0.1:${(server.address() as AddressInfo).port}`],
    });
    expect(taken.lines).toEqual([expect.stringContaining("something listens there already")]);
    expect(taken.status).toBe(2);
  });
});
