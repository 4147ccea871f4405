import { chmodSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Change } from "../change.ts";
import { fileOutput, type OpenFile, writeOrTakeBack } from "./file.ts";
import { jsonLine } from "./http.ts";
import { lineOf, streamOutput } from "./terminal.ts";

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

  it("says what an update changed", () => {
    const limits = [{ field: "memory", before: "64 MiB", after: "8 GiB" }];
    const cause = { ...byExec, action: "update", process: null, limits };
    expect(lineOf(changeOf("opened", findingOf("memory-limit"), 0, cause), false)).toMatch(
      / \[update of web: memory 64 MiB → 8 GiB\]$/,
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

it("a line of JSON has both times of a drift by its field, null where it was never seen otherwise", () => {
  const since = {
    memory: { after: "2027-01-31T12:00:00.000Z", seen: "2027-01-31T12:00:05.000Z" },
    cpus: { after: undefined, seen: "2027-01-31T12:00:05.000Z" },
  };
  const { finding } = JSON.parse(jsonLine(changeOf("opened", findingOf("drift", { since }))));
  expect(finding.since).toEqual({ ...since, cpus: { ...since.cpus, after: null } });
  expect(Object.keys(finding).at(-1)).toBe("since");
});

describe("a disk that is full in the middle of a line", () => {
  /** A file that takes four bytes more, and then what `then` does before it is full. */
  function fullFile(then: (write: (text: string) => void) => void = () => {}, growsOnly = false) {
    let text = "before\n";
    let room = 4;
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const file: OpenFile = {
      size: () => text.length,
      write(bytes, from) {
        if (room === 0) {
          then((more) => {
            text += more;
          });
          throw full;
        }
        const taken = bytes.toString("utf8", from, from + room);
        text += taken;
        room -= taken.length;
        return taken.length;
      },
      truncate(size) {
        if (growsOnly) throw new Error("not permitted");
        text = text.slice(0, size);
      },
    };
    return { file, full, text: () => text };
  }
  const bytes = Buffer.from("one\ntwo\n");

  it("leaves no half line", () => {
    const { file, full, text } = fullFile();
    expect(writeOrTakeBack(file, bytes, true)).toEqual({ error: full });
    expect(text()).toBe("before\n");
  });

  it("leaves alone what somebody else wrote behind it", () => {
    const { file, full, text } = fullFile((write) => write("theirs\n"));
    expect(writeOrTakeBack(file, bytes, true)).toEqual({ error: full });
    expect(text()).toBe("before\none\ntheirs\n");
  });

  it.each([
    ["that only grows", true, true],
    ["whose end moves with each write", false, false],
  ])("gives the rest for a file %s", (_, growsOnly, mayTakeBack) => {
    const { file, full, text } = fullFile(undefined, growsOnly);
    expect(writeOrTakeBack(file, bytes, mayTakeBack)).toEqual({ error: full, left: Buffer.from("two\n") });
    expect(text()).toBe("before\none\n");
  });

  it("a device that takes nothing is reported once, and ends nothing", async () => {
    const said: string[] = [];
    const output = fileOutput(
      "/dev/full",
      () => "line\n",
      (text) => said.push(text),
    );
    for (const control of ["a", "b"]) output.send(changeOf("opened", findingOf(control)));
    expect(output.state?.()).toMatchObject({ sent: 0, waiting: 2, failures: 1 });
    await output.close();
    expect(said).toEqual([
      "/dev/full cannot be written: the disk is full; changes wait until it can",
      "/dev/full could not be written: 2 changes are lost",
    ]);
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
