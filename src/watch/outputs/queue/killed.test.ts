import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

interface Told {
  readonly id: string;
  readonly finding: { readonly subject: string };
}

it("loses nothing that was sent, however often it is killed, and mixes up no order", {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-killed-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const told: Told[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      requests += 1;
      // Now and then it is ill, or takes the changes and does not say so.
      if (requests % 5 === 0) return void response.writeHead(500).end();
      told.push(...JSON.parse(body).changes);
      if (requests % 7 === 0) return void response.destroy();
      return void response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const printed = new Map<string, number>();
  for (const [run, wanted] of [
    ["one", 40],
    ["two", 400],
    ["three", 130],
  ] as const)
    printed.set(run, await sendUntil([address, folder, run], (number) => number >= wanted));
  // The last one delivers what the others left; what it sends itself comes after that.
  await sendUntil([address, folder, "last"], () =>
    told.some(({ finding }) => finding.subject.startsWith("container:last-")),
  );

  const subjects = new Map<string, string>();
  for (const { id, finding } of told) {
    expect(subjects.get(id) ?? finding.subject).toBe(finding.subject);
    subjects.set(id, finding.subject);
  }
  // What came twice came under the same id; the first time each came, it was in its order.
  expect(new Set(subjects.values()).size).toBe(subjects.size);
  const came = [...subjects.values()].filter((subject) => !subject.startsWith("container:last-"));
  const runs = [...printed].map(([run, last]) => ({
    last,
    came: came.filter((subject) => subject.startsWith(`container:${run}-`)),
    run,
  }));
  for (const { run, last, came } of runs) {
    expect(came.length).toBeGreaterThanOrEqual(last);
    expect(came).toEqual(came.map((_, index) => `container:${run}-${index + 1}`));
  }
  expect(came).toEqual(runs.flatMap((each) => each.came));
});

/** Runs the sender until it sent enough, kills it, and gives the number that it printed last. */
async function sendUntil(options: readonly string[], isEnough: (number: number) => boolean): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/support/fleet/send-changes.ts", ...options],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  const last = () => Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes("\n") && isEnough(last())) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return last();
}
