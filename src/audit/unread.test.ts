import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { findControl } from "../controls/registry.ts";
import { text } from "../report/text.ts";
import { type AuditRequest, audit } from "./audit.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import { cis } from "./benchmark/cis/cis.ts";
import { diskFiles } from "./inputs/disk-files.ts";
import { exitStatus } from "./summary.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function reportOf(files: Readonly<Record<string, string>>, more: Partial<AuditRequest> = {}) {
  for (const [name, each] of Object.entries(files)) writeFileSync(join(folder, name), each);
  const request = { ...auditRequest([join(folder, "compose.yaml")]), failOn: "none" as const, ...more };
  return (await audit(request, diskFiles({}), async () => undefined)).report;
}

const service = "services:\n  web:\n    image: nginx\n    env_file: .env.prod";

test("what could not be read is accepted by an ignore of not-read beside it, with its reason", async () => {
  expect(exitStatus(await reportOf({ "compose.yaml": `${service}\n` }))).toBe(2);
  const accepted = await reportOf({
    "compose.yaml": `${service} # bulkhead-ignore not-read -- only on the server\n`,
  });
  expect(exitStatus(accepted)).toBe(0);
  expect(accepted.acceptedGaps?.map(({ suppressed }) => suppressed.reason)).toEqual(["only on the server"]);
});

test("an ignore accepts no gap of another line", async () => {
  const other = `${service.replace("nginx", "nginx # bulkhead-ignore not-read -- another line")}\n`;
  expect(exitStatus(await reportOf({ "compose.yaml": other }))).toBe(2);
});

test("a baseline accepts the gaps of its day, wherever their lines move, and no new ones", async () => {
  const before = await reportOf({ "compose.yaml": `${service}\n` });
  const written = readBaseline(writeBaseline(before.findings, before.gaps));
  const baseline = written.ok ? written.value : [];
  const moved = await reportOf({ "compose.yaml": `# moved\n${service}\n` }, { baseline });
  expect(exitStatus(moved)).toBe(0);
  const other = await reportOf(
    { "compose.yaml": `${service.replace(".env.prod", ".env.new")}\n` },
    { baseline },
  );
  expect(exitStatus(other)).toBe(2);
});

test("a report begins with the files that were read", async () => {
  const report = await reportOf({
    "compose.yaml": "services:\n  web:\n    image: nginx\n",
    "compose.override.yaml": "services:\n  web:\n    privileged: true\n",
    ".env": "A=b\n",
  });
  const context = { sourceLine: () => undefined, secrets: [], secretValues: [], controls: findControl };
  const said = { colour: false, width: 200, verbose: false, quiet: false, now: new Date(0) };
  const [first] = text(report, { ...context, ...said }).split("\n\n");
  expect(first?.replaceAll("\n", " ").replaceAll(`${folder}/`, "")).toBe(
    "Read compose.yaml + compose.override.yaml · with .env",
  );
  expect(report.findings.some(({ control, verdict }) => control === "privileged" && verdict === "fail")).toBe(
    true,
  );
});

test("the rows of the benchmark that --privileged takes away fail", async () => {
  const report = await reportOf(
    { "compose.yaml": "services:\n  a:\n    image: nginx\n    privileged: true\n  b:\n    image: nginx\n" },
    { benchmark: cis },
  );
  const rows = report.benchmark?.sections.flatMap(({ results }) => results) ?? [];
  const outcomes = ["5.4", "5.5", "5.18", "5.22"].map((number) => rows.find((row) => row.number === number));
  expect(outcomes.map((row) => row?.outcome)).toEqual(["fail", "fail", "fail", "fail"]);
});
