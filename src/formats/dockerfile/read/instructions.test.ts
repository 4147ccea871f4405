import { describe, expect, test } from "vitest";
import { readInstructions } from "./instructions.ts";

/** Keyword and rest of every instruction. */
function split(text: string): readonly string[] {
  return readInstructions(text).instructions.map(({ keyword, rest }) => `${keyword} ${rest.text}`.trim());
}

describe("continued lines", () => {
  test.each([
    ["RUN a \\\n  b", ["RUN a   b"]],
    ["RUN a \\   \n  b", ["RUN a   b"]],
    ["RUN a \\\n\n  # c \\\n\n  b\nUSER x", ["RUN a   b", "USER x"]],
    ["RUN a \\\r\n  b\r\nUSER x\r\n", ["RUN a   b", "USER x"]],
    // An escaped escape character ends the line.
    ["RUN a \\\\\nUSER x", ["RUN a \\\\", "USER x"]],
    ["US\\\nER x", ["USER x"]],
    ["RUN a \\", ["RUN a"]],
    ["\\\nUSER x", ["USER x"]],
    // Only a line feed ends a line.
    ["RUN a\rUSER x", ["RUN a\rUSER x"]],
  ])("%j", (text, expected) => {
    expect(split(text)).toEqual(expected);
  });
});

describe("the escape directive", () => {
  test.each([
    ["# escape=`\nRUN a `\n  b\nRUN c\\\nUSER x", ["RUN a   b", "RUN c\\", "USER x"]],
    ["# syntax=docker/dockerfile:1\n#Escape = `\nRUN a `\n  b", ["RUN a   b"]],
    ["# check=skip=all\n# escape=`\nRUN a `\n  b", ["RUN a   b"]],
    // Behind a comment, a blank line or an instruction it is a comment.
    ["# hello\n# escape=`\nRUN a `\nUSER x", ["RUN a `", "USER x"]],
    ["\n# escape=`\nRUN a `\nUSER x", ["RUN a `", "USER x"]],
  ])("%j", (text, expected) => {
    expect(split(text)).toEqual(expected);
  });
});

describe("heredocs", () => {
  test.each([
    ["RUN <<EOF\nUSER x\nEOF\nUSER y", ["RUN <<EOF", "USER y"]],
    ["RUN <<-'EOF' cat\nUSER x\n\t\tEOF\nUSER y", ["RUN <<-'EOF' cat", "USER y"]],
    ["RUN <<A cat && <<B cat\nUSER x\nA\nUSER x\nB\nUSER y", ["RUN <<A cat && <<B cat", "USER y"]],
    ["RUN 3<<EOF cat\r\nUSER x\r\nEOF\r\nUSER y", ["RUN 3<<EOF cat", "USER y"]],
    ['RUN <<E"O"F\nUSER x\nEOF\nUSER y', ['RUN <<E"O"F', "USER y"]],
    ["RUN <<EOF\nEOF \n EOF\nEOF\nUSER y", ["RUN <<EOF", "USER y"]],
    ["ONBUILD RUN <<EOF\nUSER x\nEOF\nUSER y", ["ONBUILD RUN <<EOF", "USER y"]],
    ["COPY <<EOF /x\nUSER x\nEOF\nUSER y", ["COPY <<EOF /x", "USER y"]],
    // None of these is one to BuildKit.
    ["RUN cat<<EOF\nUSER y", ["RUN cat<<EOF", "USER y"]],
    ["RUN cat << EOF\nUSER y", ["RUN cat << EOF", "USER y"]],
    ["RUN cat <<<EOF\nUSER y", ["RUN cat <<<EOF", "USER y"]],
    ["RUN echo 'a <<EOF '\nUSER y", ["RUN echo 'a <<EOF '", "USER y"]],
    ['RUN echo "a <<EOF "\nUSER y', ['RUN echo "a <<EOF "', "USER y"]],
    ["RUN echo it's <<EOF\nUSER y", ["RUN echo it's <<EOF", "USER y"]],
    ['RUN ["sh", "<<EOF"]\nUSER y', ['RUN ["sh", "<<EOF"]', "USER y"]],
    ["ENV A=<<EOF\nUSER y", ["ENV A=<<EOF", "USER y"]],
    ["RUN echo \\<<EOF\nUSER y", ["RUN echo \\<<EOF", "USER y"]],
  ])("%j", (text, expected) => {
    expect(split(text)).toEqual(expected);
  });
});

test("flags are taken off, with where their values stand", () => {
  const text = "COPY --from=x --chmod=0755 --link a b";
  const [copy] = readInstructions(text).instructions;
  expect(copy?.rest.text).toBe("a b");
  expect(copy?.flags.map(({ name, value }) => [name, value])).toEqual([
    ["from", "x"],
    ["chmod", "0755"],
    ["link", ""],
  ]);
  expect(copy?.flags[1]?.source.pieces[0]?.source).toBe(text.indexOf("0755"));
});
