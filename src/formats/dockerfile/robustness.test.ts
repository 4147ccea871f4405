import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readInstructions } from "./read/instructions.ts";
import { readDockerfile } from "./read.ts";

const words = fc.constantFrom(
  ...'FROM a|AS x|RUN|USER app|ENV A=$A|ARG B|ARG B=${B:-"x|COPY --from=x|ONBUILD|HEALTHCHECK|SHELL ["sh"]'.split(
    "|",
  ),
  ..."\n|\r\n|\\\n|\\|`|# escape=`\n|<<EOF|<<-'E'|EOF|\nEOF\n|$|${|}|$(|)|\"|'|[|]|\"a\",|sudo|chmod u+s|bash -c|\t".split(
    "|",
  ),
  "\uFEFF",
  "\0",
  "\uD800",
);

describe("any text", () => {
  test("is read without an exception, and every place lies in the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(words, { maxLength: 60 }).map((parts) => `FROM a\n${parts.join(" ")}`),
          fc.array(words, { maxLength: 60 }).map((parts) => parts.join("")),
          fc.string({ unit: "binary", maxLength: 200 }),
        ),
        (text) => {
          const lines = text.split("\n");
          const reading = readDockerfile(text, "Dockerfile");
          const places = [
            ...reading.secrets,
            ...reading.gaps.flatMap(({ location }) => (location ? [location] : [])),
            ...reading.subjects.flatMap(({ location }) => (location ? [location] : [])),
            ...[...JSON.stringify(reading.subjects).matchAll(/\{"file":[^}]*\}/g)].map((match) =>
              JSON.parse(match[0]),
            ),
          ];
          for (const { startLine, startColumn, endLine, endColumn } of places) {
            expect(startLine).toBeGreaterThanOrEqual(1);
            expect(endLine).toBeLessThanOrEqual(lines.length);
            expect(startColumn).toBeLessThanOrEqual((lines[startLine - 1]?.length ?? 0) + 1);
            expect(endColumn).toBeLessThanOrEqual((lines[endLine - 1]?.length ?? 0) + 1);
            expect(startLine < endLine || (startLine === endLine && startColumn <= endColumn)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("an edited text is split as if it had not been known before", () => {
  const lines = fc.array(words, { maxLength: 40 }).map((parts) => parts.join(" ").replaceAll("\n ", "\n"));
  fc.assert(
    fc.property(lines, fc.nat(), fc.nat(6), lines, (text, at, length, inserted) => {
      const start = at % (text.length + 1);
      const edited = text.slice(0, start) + inserted + text.slice(start + length);
      const earlier = { read: readInstructions(text), common: start };
      expect(readInstructions(edited, earlier)).toEqual(readInstructions(edited));
    }),
    { numRuns: 2000 },
  );
});

/** Half a megabyte each; whatever grows with the square of it takes minutes. */
const size = 500_000;
const many = (part: string, length = size) => part.repeat(Math.ceil(length / part.length));
/** As long as docker build takes a line, eight times over. */
const long = (keyword: string, part: string) => `${keyword} ${many(part, 60_000)}\n`.repeat(8);

describe("a hostile text takes time by its length only", () => {
  test.each(
    Object.entries({
      "a long line": `FROM a\n${long("RUN", "a")}`,
      "a line beyond what docker build takes": `FROM a\nRUN ${many("sudo ")}`,
      dollars: `FROM a\n${long("USER", "$a")}`,
      "many words": `FROM a\n${long("ENV", "A=b ")}`,
      "many flags": `FROM a\n${long("COPY", "--a=b ")}`,
      "many instructions": `FROM a\n${many("USER $A\n")}`,
      "many variables": `FROM a\n${many("ENV A=$A\n")}`,
      "many stages": many("FROM a AS x\nFROM x\n"),
      "a chain of stages": Array.from({ length: 20_000 }, (_, n) => `FROM s${n} AS s${n + 1}\nUSER $X`).join(
        "\n",
      ),
      "triggers times children": `FROM a AS x\n${"ONBUILD USER y\n".repeat(15_000)}${"FROM x\n".repeat(30_000)}`,
      "continued lines": `FROM a\nRUN ${many("a \\\n")}`,
      "continued blank lines": `FROM a\nRUN a \\\n${many("\n")}`,
      "comment lines": many("# a\n"),
      "heredocs on a line": `FROM a\n${long("RUN", "<<A ")}`,
      "an open heredoc": `FROM a\nRUN <<A\n${many("a\n")}`,
      "open quotes": `FROM a\n${long("RUN <<A", "'\"")}`,
      "open substitutions": `FROM a\n${long("RUN sudo", "$(")}`,
      "open expansions": `FROM a\n${long("RUN sudo <<A", "${a:-")}`,
      "expansions in a value": `FROM a\n${long("ENV A=", "${a:-")}`,
      "sudo over and over": `FROM a\n${many("RUN sudo x $(a)\n")}`,
      "sudo in one line": `FROM a\n${long("RUN", "sudo x; ")}`,
      "sudo of sudo": `FROM a\n${long("RUN", "sudo ")}`,
      "scripts in scripts": `FROM a\n${long("RUN", "bash -c 'sudo ")}`,
      "find in find": `FROM a\n${long("RUN sudo", "find -exec ")}`,
      "an exec form": `FROM a\n${`RUN [${many('"sudo",', 60_000)}"x"]\n`.repeat(8)}`,
      "unknown instructions": `FROM a\n${many("x\n")}`,
      "white space": `FROM a\n${long("RUN", " ")}x`,
      "carriage returns": `FROM a\n${long("RUN", "\r")}x`,
      "trimming patterns": `ARG A=${"a".repeat(250)}\n${many("FROM a${A%a*b}\n")}`,
    }),
  )("%s", (_, text) => {
    const start = process.cpuUsage();
    readDockerfile(text, "Dockerfile");
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(3_000);
  });
});
