import { DockerfileParser } from "dockerfile-ast";
import fc from "fast-check";
import { expect, test } from "vitest";
import { locator } from "../values/positions.ts";
import { readInstructions } from "./read/instructions.ts";

/**
 * dockerfile-ast reads well-formed files as BuildKit does. It is not what the product uses, for it takes `'a <<EOF '`,
 * `<<E"O"F` and `\\` at a line's end for something else than BuildKit, which would hide the lines that follow.
 */
const argument = fc.stringMatching(/^[a-z0-9./:=,-]{1,8}$/);
const pause = fc.constantFrom(" ", "  ", " \\\n", " \\\n  ", " \\\r\n\t", " \\\n# comment\n  ", " \\\n\n  ");
const keyword = fc.constantFrom(
  "FROM",
  "run",
  "USER",
  "Env",
  "LABEL",
  "COPY",
  "EXPOSE",
  "WORKDIR",
  "ONBUILD RUN",
);
const plain = fc
  .tuple(keyword, fc.array(fc.tuple(pause, argument), { minLength: 1, maxLength: 4 }))
  .map(([name, rest]) => name + rest.flat().join(""));
const heredoc = fc
  .tuple(fc.constantFrom("<<EOF", "<<'EOF'", '<<"EOF"', "<<-EOF"), fc.array(argument, { maxLength: 3 }))
  .map(([start, body]) => [`RUN ${start}`, ...body.map((line) => `USER ${line}`), "EOF"].join("\n"));
const filler = fc.constantFrom("", "# a comment", "  # another", "\t");
const dockerfile = fc
  .tuple(
    fc.constantFrom("", "\uFEFF", "# syntax=docker/dockerfile:1\n"),
    fc.array(fc.oneof(plain, heredoc, filler)),
  )
  .map(([head, lines]) => head + lines.join("\n"));

test("instructions stand where dockerfile-ast finds them", () => {
  fc.assert(
    fc.property(dockerfile, (text) => {
      const locate = locator("Dockerfile", text);
      const found = readInstructions(text).instructions.map((each) => {
        const { startLine, endLine, endColumn } = locate(each.span);
        return [each.keyword, startLine, endLine, endColumn];
      });
      const expected = DockerfileParser.parse(text)
        .getInstructions()
        .map((each) => {
          const { start, end } = each.getRange();
          return [each.getKeyword(), start.line + 1, end.line + 1, end.character + 1];
        });
      expect(found).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
