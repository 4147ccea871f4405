import { chmodSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { displayWidth } from "../../base/width.ts";
import { severities } from "../../model/severity.ts";
import type { Change } from "../change.ts";
import { fileOutput } from "./file.ts";
import { jsonLine } from "./jsonl.ts";
import { lineOf } from "./line.ts";
import { streamOutput } from "./stream.ts";
import { type ViewState, viewLines } from "./view.ts";

const byExec: Change["cause"] = {
  kind: "event",
  type: "container",
  action: "exec_start",
  actor: { id: "4f", name: "web" },
  process: "sh",
  time: "2027-01-31T12:00:00.000Z",
};

describe("a line of text", () => {
  it("says when, what, how bad, where, why and by what", () => {
    expect(
      lineOf(changeOf("opened", findingOf("privileged-exec", { severity: "critical" }), 5, byExec), false),
    ).toBe(
      "2027-01-31T12:00:05.000Z opened   critical privileged-exec container:web (effective): Mounts something: it could be bad. [exec_start of sh in web]",
    );
  });

  it("lets no name steer the terminal or begin another line", () => {
    const evil = findingOf("privileged", {
      subject: "container:\u001b[2J",
      message: "mounts /a\nb\u001b]0;x\u0007",
    });
    const cause = { ...byExec, actor: { id: "1", name: "\u001b[31m\n" } };
    const line = lineOf(changeOf("opened", evil, 0, cause), false);
    expect(line.includes("\u001b") || line.includes("\n") || line.includes("\u0007")).toBe(false);
  });
});

it("a line of JSON has its keys in order, and is one line", () => {
  const line = jsonLine(changeOf("opened", findingOf("privileged", { message: "a\nb" }), 0, byExec));
  expect(line.indexOf("\n")).toBe(line.length - 1);
  expect(Object.keys(JSON.parse(line))).toEqual(["time", "change", "finding", "cause"]);
  expect(JSON.parse(line).cause).toEqual(byExec);
});

describe("the live view", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("日本語の名前", "👩‍👩‍👧", "\u001b[2J"),
  );
  const finding = fc
    .record({ control: text, severity: fc.constantFrom(...severities), subject: text, message: text })
    .map(({ control, ...more }) => findingOf(control, more));
  const state: fc.Arbitrary<ViewState> = fc.record({
    address: text,
    connected: fc.boolean(),
    known: fc.boolean(),
    containers: fc.nat(1_000),
    running: fc.nat(1_000),
    events: fc.nat(),
    sweptAgo: fc.option(fc.nat(100), { nil: undefined }),
    open: fc.array(finding, { maxLength: 60 }),
    changes: fc.array(
      finding.map((each) => changeOf("opened", each, 0, byExec)),
      { maxLength: 60 },
    ),
    said: fc.array(text),
  });

  it("law: fits the screen, whatever it shows", () => {
    fc.assert(
      fc.property(
        state,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (shown, columns, rows) => {
          const lines = viewLines(shown, { columns, rows, colour: false });
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
          expect(lines.join("").includes("\u001b")).toBe(false);
        },
      ),
    );
  });

  const base: ViewState = {
    address: "unix:///var/run/docker.sock",
    ...{ connected: true, known: true, containers: 3, running: 2, events: 7, sweptAgo: 4, said: [] },
    open: [findingOf("log-limit", { severity: "low" }), findingOf("privileged", { severity: "critical" })],
    changes: [changeOf("opened", findingOf("privileged", { severity: "critical" }), 9, byExec)],
  };

  it("shows the worst first, then what happened", () => {
    expect(viewLines(base, { columns: 100, rows: 24, colour: false })).toEqual([
      "bulkhead watch  3 containers, 2 running  unix:///var/run/docker.sock",
      "1 critical  1 low  7 events  swept 4 s ago",
      `── open ${"─".repeat(92)}`,
      "critical privileged  web  Mounts something: it could be bad.",
      "low      log-limit   web  Mounts something: it could be bad.",
      `── changes (UTC) ${"─".repeat(83)}`,
      "12:00:09  opened   critical privileged  web  exec_start of sh in web",
      "q quits",
    ]);
  });

  it("says that it is still reading, and no number before it knows one", () => {
    const lines = viewLines(
      { ...base, known: false, containers: 0, running: 0, open: [], changes: [] },
      { columns: 100, rows: 10, colour: false },
    );
    expect(lines.slice(0, 2)).toEqual([
      "bulkhead watch  reading what runs  unix:///var/run/docker.sock",
      "nothing is known yet",
    ]);
  });

  it("says that the Engine does not answer, and how much is not shown", () => {
    const many = Array.from({ length: 50 }, (_, index) => findingOf(`control-${index}`));
    const lines = viewLines(
      { ...base, connected: false, open: many },
      { columns: 100, rows: 16, colour: false },
    );
    expect(lines[0]).toContain("does not answer");
    expect(lines).toContain("and 41 more");
  });
});

describe("a file", () => {
  const line = ({ finding }: Change) => `${finding.control}\n`;

  it("gets each change at once, and a new one where it was moved away", async () => {
    const path = join(testFolder(), "changes.jsonl");
    const output = fileOutput(path, line, () => {});
    output.send(changeOf("opened", findingOf("a")));
    expect(readFileSync(path, "utf8")).toBe("a\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    renameSync(path, `${path}.1`);
    output.send(changeOf("opened", findingOf("b")));
    expect(readFileSync(path, "utf8")).toBe("b\n");
    await output.close();
  });

  it("that cannot be written loses nothing that comes meanwhile", async () => {
    const below = join(testFolder(), "below");
    const said: string[] = [];
    const output = fileOutput(join(below, "changes.jsonl"), line, (text) => said.push(text));
    output.send(changeOf("opened", findingOf("a")));
    output.send(changeOf("opened", findingOf("b")));
    expect(said).toHaveLength(1);
    const { mkdirSync } = await import("node:fs");
    mkdirSync(below);
    chmodSync(below, 0o700);
    await output.close();
    expect(readFileSync(join(below, "changes.jsonl"), "utf8")).toBe("a\nb\n");
    expect(said.at(-1)).toContain("can be written again");
  });
});

it("a reader that stands still costs no memory, and is told what it missed", async () => {
  const said: string[] = [];
  const written: unknown[] = [];
  const stream = {
    writableLength: 0,
    write: (text: unknown) => {
      written.push(text);
      return true;
    },
  };
  const output = streamOutput(
    stream,
    () => "line\n",
    (text) => said.push(text),
  );
  output.send(changeOf("opened", findingOf("a")));
  stream.writableLength = 100 * 1024 * 1024;
  output.send(changeOf("opened", findingOf("b")));
  stream.writableLength = 0;
  output.send(changeOf("opened", findingOf("c")));
  expect(written).toHaveLength(2);
  expect(said).toEqual(["the reader of the output stood still: 1 changes were not printed"]);
  await output.close();
});
