import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDockerdLine, readDockerdUnit } from "./dockerd.ts";
import { looksLikeDockerdUnit } from "./format.ts";
import { readDaemonJson } from "./read.ts";

const part = fc.constantFrom(
  ...'{ } [ ] : , " \\ \n \r\n \\\n hosts "hosts" "icc" true false null 1e999 "tcp://a" // /* dockerd -H --host= --icc=x'.split(
    " ",
  ),
  ..."docker -d daemon $A ${A} ${ ' # ; | & [Service] [Socket] ExecStart= Environment= EnvironmentFile=- ListenStream= =".split(
    " ",
  ),
  " ",
  "\n",
  "\uFEFF",
  "\0",
  "\uD800",
);
const text = fc.oneof(
  fc.array(part, { maxLength: 60 }).map((parts) => parts.join("")),
  fc.array(part, { maxLength: 60 }).map((parts) => parts.join(" ")),
  fc.json(),
  fc.string({ unit: "binary", maxLength: 200 }),
);

test("any text is read without an exception, and every place lies in it", () => {
  fc.assert(
    fc.property(text, (each) => {
      const lines = each.split("\n");
      looksLikeDockerdUnit("docker.service", each);
      for (const read of [readDaemonJson, readDockerdLine, readDockerdUnit]) {
        const reading = read(each, "f");
        const places = [...JSON.stringify(reading).matchAll(/\{"file":"f","start[^}]*\}/g)].map((match) =>
          JSON.parse(match[0]),
        );
        for (const { startLine, startColumn, endLine, endColumn } of places) {
          expect(startLine).toBeGreaterThanOrEqual(1);
          expect(endLine).toBeLessThanOrEqual(lines.length);
          expect(startColumn).toBeLessThanOrEqual((lines[startLine - 1]?.length ?? 0) + 1);
          expect(endColumn).toBeLessThanOrEqual((lines[endLine - 1]?.length ?? 0) + 1);
        }
      }
    }),
    { numRuns: 500 },
  );
});

const many = (each: string, length = 500_000) => each.repeat(Math.ceil(length / each.length));

describe("a hostile text takes time by its length only", () => {
  test.each(
    Object.entries({
      "nested lists": many("["),
      "nested objects": many('{"a":'),
      "many hosts": `{"hosts":[${many('"tcp://a",')}"x"]}`,
      "many keys": `{${many('"icc":true,')}"x":1}`,
      "unknown keys": `{${Array.from({ length: 30_000 }, (_, index) => `"k${index}":1`).join()}}`,
      "a long string": `{"icc":"${many("a")}"}`,
      "an open string": `{"icc":"${many("\\")}`,
      comments: many("// a\n"),
      "many flags": `dockerd ${many("-H tcp://a ")}`,
      "a long flag": `dockerd -${many("D")}`,
      "unknown flags": `dockerd ${many("--x ")}`,
      variables: `dockerd ${many("$A ")}`,
      "variables in a word": `dockerd --host=${many("$A")}`,
      quotes: `dockerd ${many("'\"")}`,
      continuations: `dockerd ${many("\\\n")}`,
      commands: many("docker;"),
      "docker words": many("docker "),
      "many starts": `[Service]\n${many("ExecStart=docker\n")}`,
      "continued starts": `[Service]\nExecStart=dockerd ${many("\\\n#\n")}`,
      "environment into a line": `[Service]\nEnvironment=A=${"a".repeat(1000)}\nExecStart=dockerd ${many("${A}")}`,
      "blank lines": many("\n"),
      "white space": `[Service]\n${many(" ")}`,
    }),
  )("%s", (_, each) => {
    const start = process.cpuUsage();
    readDaemonJson(each, "f");
    readDockerdLine(each, "f");
    readDockerdUnit(each, "f");
    looksLikeDockerdUnit("docker.service", `docker${each}`);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(4_000);
  });
});
