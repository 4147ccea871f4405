import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { testFolder } from "../../../../test/support/test-folder.ts";
import { openQueue } from "../queue/queue.ts";
import { queuedOutput } from "../queue/queued.ts";
import { syslog } from "./syslog.ts";

const change = (number: number, more = "") =>
  changeOf("opened", findingOf("privileged", { subject: `container:c${number}${more}` }));

/** A socket for datagrams, as syslogd and journald listen on /dev/log, which Node cannot make. A datagram is a line. */
const syslogd = `
  use strict; use Socket; $| = 1;
  socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; unlink $ARGV[0];
  bind($s, sockaddr_un($ARGV[0])) or die;
  print "listening\\n";
  while (defined(recv($s, my $m, 65536, 0))) { print "$m\\n" }`;

const hasTools = ["perl", "logger"].every((tool) => {
  try {
    return /util-linux|perl 5/.test(execFileSync(tool, ["--version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
});

async function listen(
  path: string,
): Promise<{ readonly lines: () => readonly string[]; stop(): Promise<void> }> {
  const child: ChildProcess = spawn("perl", ["-e", syslogd, path], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  onTestFinished(stop);
  await expect.poll(() => text, { timeout: 20_000 }).toContain("listening\n");
  return { lines: () => text.split("\n").slice(1, -1), stop };
}

function place(): string {
  return join(testFolder(), "log");
}

function open(path: string) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const output = queuedOutput({
    destination: syslog,
    to: { target: `unix://${path}`, secret: null, token: null, facility: null },
    source: { host: "host1", sender: "host1", version: "1.2.3" },
    timeout: 10_000,
    queue: openQueue({ folder: undefined, size: 1024 * 1024, say }),
    setAside: () => {},
    pauses: { first: 20, longest: 100, end: 3_000 },
    say,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= output.close();
    return closed;
  };
  onTestFinished(close);
  return { send: output.send, close, said };
}

const patient = { timeout: 30_000 };

describe.skipIf(!hasTools)("the machine's own syslog (needs perl, and logger of util-linux)", () => {
  it("gets each change as a datagram with its priority, in one piece, before the end", patient, async () => {
    const path = place();
    const { lines } = await listen(path);
    const { send, close, said } = open(path);
    for (let number = 1; number <= 20; number += 1) send(change(number, `\n<0>forged ${"x".repeat(3_000)}`));
    await close();
    await expect.poll(() => lines().length, patient).toBe(20);
    for (const [index, line] of lines().entries()) {
      expect(line).toContain(`container:c${index + 1}`);
      expect(line).toMatch(
        new RegExp(
          `^<27>[A-Z][a-z]{2} [ \\d]\\d [\\d:]{8} bulkhead\\[${process.pid}\\]: opened high privileged `,
        ),
      );
      expect(line.endsWith("…")).toBe(true);
    }
    expect(said).toEqual([]);
  });

  it("loses nothing while it is away, and is told of once", patient, async () => {
    const path = place();
    const first = await listen(path);
    const { send, said } = open(path);
    send(change(1));
    await expect.poll(() => first.lines().length, patient).toBe(1);
    await first.stop();
    for (let number = 2; number <= 30; number += 1) send(change(number));
    await expect
      .poll(() => said, patient)
      .toEqual([expect.stringMatching(/^syslog unix:.* takes nothing \(.+\): /)]);
    const second = await listen(path);
    const told = () => new Set(second.lines().map((line) => /container:(c\d+)/.exec(line)?.[1]));
    await expect.poll(() => told().size, patient).toBe(29);
    await expect.poll(() => said.at(-1), patient).toMatch(/takes changes again$/);
  });

  it("says what is lost at the end", patient, async () => {
    const path = place();
    const { send, close, said } = open(path);
    send(change(1));
    await expect.poll(() => said, patient).toHaveLength(1);
    await close();
    expect(said).toEqual([
      expect.stringContaining("takes nothing (no such file or directory)"),
      expect.stringContaining("1 change not delivered, and lost"),
    ]);
    expect(existsSync(path)).toBe(false);
  });
});
