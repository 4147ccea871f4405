import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../../../../test/support/memory-files.ts";
import { readCompose } from "../read.ts";
import { parseEnvFile } from "./dotenv.ts";

const noVariables = () => undefined;

function values(text: string, lookup: (name: string) => string | undefined = noVariables) {
  const parsed = parseEnvFile(text, lookup);
  return parsed.ok ? Object.fromEntries(parsed.value.map((line) => [line.name, line.text])) : parsed.reason;
}

describe("an env file", () => {
  test("assignments in every spelling", () => {
    const text = [
      "# a comment",
      "ONE=1",
      "export TWO=two # comment",
      "THREE: three",
      "FOUR =  four  ",
      "FIVE='it is $ONE'",
      'SIX="tab\\tquote\\" $ONE"',
      "SEVEN=a#b",
      "EIGHT=a=b",
      "NINE=",
      'TEN="line one\nline two"',
      "",
    ].join("\r\n");
    expect(values(text)).toEqual({
      ONE: "1",
      TWO: "two",
      THREE: "three",
      FOUR: "four",
      FIVE: "it is $ONE",
      SIX: 'tab\tquote" 1',
      SEVEN: "a#b",
      EIGHT: "a=b",
      NINE: "",
      TEN: "line one\nline two",
    });
  });

  test("a bare name is taken over where the environment has it", () => {
    expect(values("A\nB\n", (name) => (name === "A" ? "here" : undefined))).toEqual({ A: "here" });
  });

  test("the process's environment goes before the file's own lines", () => {
    expect(values("A=file\nB=$A", (name) => (name === "A" ? "process" : undefined))).toEqual({
      A: "file",
      B: "process",
    });
  });

  test("what is no assignment is told by its line, and without its text", () => {
    expect(values("A=1\nmy secret\n")).toBe("line 2 is not NAME=value");
    expect(values('A="hunter2')).toBe("line 1 opens a quote that is never closed");
  });

  test("a raw file has no quotes and no variables", () => {
    const parsed = parseEnvFile("A='$B' # c\n", noVariables, true);
    expect(parsed.ok && parsed.value[0]?.text).toBe("'$B' # c");
  });

  test("each value stands where it is written", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9]{1,8}$/)), (words) => {
        const text = words.map((word, index) => `K${index}=${word}\n`).join("");
        const parsed = parseEnvFile(text, noVariables);
        return parsed.ok && parsed.value.every((line) => text.slice(line.start, line.end) === line.text);
      }),
    );
  });

  test("any text is taken without an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => parseEnvFile(text, noVariables).ok !== undefined),
    );
  });
});

describe("variables that double", () => {
  const doubling = [
    "A=xxxxxxxxxxxxxxxx",
    ...Array.from({ length: 40 }, (_, at) => `${name(at + 1)}=$${name(at)}$${name(at)}`),
    "B=small",
  ].join("\n");

  function name(at: number): string {
    return at === 0 ? "A" : `A${at}`;
  }

  const read = (image: string) =>
    readCompose({
      files: ["compose.yaml"],
      io: memoryFiles({ ".env": doubling, "compose.yaml": `services: { a: { image: "${image}" } }` }),
    });

  test("leave a file alone that does not use them", () => {
    const { gaps, subjects } = read("nginx:$B");
    expect(gaps).toEqual([]);
    expect(subjects).toHaveLength(1);
  });

  test("are a gap of the file that uses them", () => {
    const { gaps, subjects } = read("nginx:$A40");
    expect(gaps.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/A40 .* grows to more than 128 KiB/),
    ]);
    expect(subjects).toHaveLength(1);
  });

  test("are a gap of a service that takes them by env_file", () => {
    const files = {
      "big.env": doubling,
      "compose.yaml": "services: { a: { image: nginx, env_file: big.env }, b: { image: nginx } }",
    };
    const { gaps, subjects } = readCompose({ files: ["compose.yaml"], io: memoryFiles(files) });
    expect(gaps.map(({ subject }) => subject)).toContain("compose.yaml#a");
    expect(gaps.map(({ subject }) => subject)).not.toContain("compose.yaml#b");
    expect(subjects).toHaveLength(2);
  });
});
