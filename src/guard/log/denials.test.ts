import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { run } from "../../../test/support/guard/guard.ts";
import type { Judged } from "../judge/judge.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { countDenials } from "./denials.ts";
import { denialOf, logEntry, logLine } from "./entry.ts";
import { fileSink } from "./sink.ts";

const folder = mkdtempSync(join(tmpdir(), "bulkhead-denials-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asker = { client: "ci", listener: "unix:///ci.sock", policy: defaultPolicy };
const request = run("app");
const denied = (message: string, rule = "privileged"): Judged => ({
  verdict: "deny",
  route: request.route,
  request,
  reasons: [{ rule, message }],
  status: 403,
});
const allowed: Judged = {
  verdict: "allow",
  route: request.route,
  request,
  changes: [],
  warnings: [],
  notes: [],
  response: undefined,
};

function open(maxBytes: number, span = 60_000) {
  const path = join(folder, `${maxBytes}`, "audit.log");
  const file = fileSink({ path, maxBytes, keep: 1 });
  if (!file.ok) throw new Error(file.reason);
  const sink = countDenials(file.value, { span });
  const write = (judged: Judged) =>
    sink.write(logLine(judged, "POST", asker, new Date()), denialOf(judged, "POST", asker));
  const lines = (suffix = "") =>
    readFileSync(`${path}${suffix}`, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { sink, write, lines };
}

it("writes a few denials that are alike, and counts the others into one line", async () => {
  const { sink, write, lines } = open(0);
  for (let each = 0; each < 500; each += 1) void write(denied(`runs privileged, ${each}`));
  void write(allowed);
  sink.close();
  expect(lines()).toHaveLength(22);
  const last = lines().at(-1);
  expect(last).toMatchObject({ verdict: "deny", client: "ci", controls: ["privileged"], repeated: 480 });
  expect(lines().filter(({ verdict }) => verdict === "allow")).toHaveLength(1);
});

it("counts anew after a while", async () => {
  const { sink, write, lines } = open(0, 50);
  for (let each = 0; each < 21; each += 1) void write(denied("a"));
  await pause(150);
  void write(denied("b"));
  sink.close();
  expect(lines().map(({ repeated }) => repeated ?? 0)).toEqual([...Array(20).fill(0), 1, 0]);
});

it("keeps half of the space for what was let through, however many denials there are", async () => {
  const { sink, write, lines } = open(20_000);
  void write(allowed);
  for (let each = 0; each < 400; each += 1) {
    await write(denied("x".repeat(500), `rule-${each}`));
  }
  // The first line is still in the first file: nothing was rotated.
  expect(lines()[0]).toMatchObject({ verdict: "allow" });
  expect(() => lines(".1")).toThrow();
  sink.close();
});

it("has lines of a few kilobytes, which say what they leave out", () => {
  const reasons = Array.from({ length: 256 }, (_, at) => ({ rule: `r${at}`, message: "x".repeat(10_000) }));
  const entry = logEntry(
    { verdict: "deny", route: request.route, request, reasons, status: 403 },
    "POST",
    asker,
    new Date(),
  );
  expect(JSON.stringify(entry).length).toBeLessThan(20_000);
  expect(entry.leftOut).toEqual(["controls: 232 more", "reasons: 232 more"]);
  expect(entry.reasons[0]?.message).toMatch(/… \(9400 more characters\)$/);
});
