import { describe, expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import { testContext } from "../../test/support/report.ts";
import { audit } from "../audit/audit.ts";
import type { Example } from "../controls/control.ts";
import { controls } from "../controls/registry.ts";
import { sarif } from "../report/sarif.ts";
import { type FindingEdits, findingEdits } from "./finding-edits.ts";
import { needsOf } from "./plan/kinds.ts";

const files: Partial<Record<Example["syntax"], string>> = {
  compose: "compose.yaml",
  run: "run.sh",
  dockerfile: "Dockerfile",
  "daemon.json": "daemon.json",
};

const knowledge = () => ({ limits: {}, needs: needsOf });

async function editsOf(file: string, text: string): Promise<FindingEdits> {
  return await findingEdits(auditRequest([file]), knowledge, memoryDisk({ [file]: text }));
}

/** What fails in the file, as `control subject`. */
async function failing(
  file: string,
  text: string,
): Promise<readonly (readonly [control: string, subject: string])[]> {
  const { report } = await audit(auditRequest([file]), memoryDisk({ [file]: text }), async () => {});
  return report.findings.flatMap(({ control, subject, verdict }) =>
    verdict === "fail" ? [[control, subject] as const] : [],
  );
}

/** The edits as a viewer of SARIF makes them: by line and column. */
function made(text: string, edits: ReturnType<FindingEdits>): string {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = (line: number, column: number) => (starts[line - 1] ?? text.length) + column - 1;
  return edits
    .map(({ at, text: put }) => ({
      start: offset(at.startLine, at.startColumn),
      end: offset(at.endLine, at.endColumn),
      put,
    }))
    .toSorted((a, b) => b.start - a.start)
    .reduce((left, { start, end, put }) => left.slice(0, start) + put + left.slice(end), text);
}

const bad = controls.flatMap(({ id, examples }) =>
  examples.bad.flatMap(({ syntax, text }) => {
    const file = files[syntax];
    return file === undefined ? [] : [[id, file, text] as const];
  }),
);

describe("the edits of a finding mend it", () => {
  test.each(bad)("%s in %s: %s", async (id, file, text) => {
    const edits = await editsOf(file, text);
    const before = await failing(file, text);
    for (const [control, subject] of before.filter(([control]) => control === id)) {
      const own = edits(control, subject);
      if (own.length === 0) continue;
      expect(await failing(file, made(text, own))).not.toContainEqual([control, subject]);
    }
  });
});

test("most controls of Compose files have edits", async () => {
  const text =
    "services:\n  web:\n    image: nginx:1.27\n    pid: host\n    network_mode: host\n    ports: ['80:80']\n";
  const edits = await editsOf("compose.yaml", text);
  for (const control of [
    "host-network",
    "host-pid",
    "no-new-privileges",
    "capabilities-drop",
    "read-only-rootfs",
  ])
    expect(edits(control, "compose.yaml#web"), control).not.toEqual([]);
  // Nobody gave a limit, and what publishes a port is advice.
  expect(edits("memory-limit", "compose.yaml#web")).toEqual([]);
});

test("an edit that would write a credential is left out", async () => {
  const text =
    "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: kT9vQx2LmZ\n";
  const io = memoryDisk({ "compose.yaml": text });
  const done = await audit(auditRequest(["compose.yaml"]), io, async () => {});
  const edits = await editsOf("compose.yaml", text);
  const log = sarif(done.report, testContext({ edits }));
  expect(log).toContain('"fixes"');
  expect(log).not.toContain("kT9vQx2LmZ");
});
