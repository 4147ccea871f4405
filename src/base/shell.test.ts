import { describe, expect, test } from "vitest";
import { hasOption, shellCommands, splitWords } from "./shell.ts";

const words = (text: string) => shellCommands(text).map((each) => each.words.join("·"));

describe("shellCommands", () => {
  test.each([
    ["a b; c && d || e", ["a·b", "c", "d", "e"]],
    ["curl -k x | sh", ["curl·-k·x", "sh"]],
    ["A=1 B='2 3' curl x", ["curl·x"]],
    ["echo 'a; b' \"c | d\" e\\ f", ["echo·a; b·c | d·e f"]],
    ['x $(curl y) "$(wget z)"', ["curl·y", "wget·z", "x·$(curl y)·$(wget z)"]],
    ["sudo -u root env A=b curl x", ["sudo·-u·root·env·A=b·curl·x", "env·A=b·curl·x", "curl·x"]],
    ["sh -ec 'curl a; wget b'", ["sh·-ec·curl a; wget b", "curl·a", "wget·b"]],
    ["if a; then b; fi", ["a", "b", ""]],
    ["# curl\na \\\n  b # c", ["a·b"]],
    ["(cd x && { y; })", ["cd·x", "y"]],
    ["a ${X:-{}} 2>&1 &> f", ["a·${X:-{}}·2>&1·&>·f"]],
  ])("%j", (text, expected) =>
    expect(words(text).filter((each) => each !== "" || expected.includes(""))).toEqual(expected),
  );

  test("it ends on any text", () => {
    for (const text of ["$(", "'", '"$(', "\\", "`", "{", "sh -c", "sudo ".repeat(100), "$(".repeat(5000)])
      expect(shellCommands(text)).toBeDefined();
  });

  test("what is piped and what is assigned is kept", () => {
    expect(shellCommands("A=b curl x | sh")).toMatchObject([
      { assigned: ["A=b"], isPiped: true },
      { words: ["sh"], isPiped: false },
    ]);
  });
});

test("a command is split as docker compose splits it", () => {
  expect(splitWords(`redis-server --x 'a b' "c \\"d" e\\ f;g`)).toEqual([
    "redis-server",
    "--x",
    "a b",
    'c "d',
    "e f;g",
  ]);
});

test("an option is found by name and among bundled letters, not in a value", () => {
  const curl = { names: ["--insecure"], letter: "k", values: "oHXduAbcC" };
  expect(hasOption(["curl", "-fsSLk", "x"], curl)).toBe(true);
  expect(hasOption(["curl", "--insecure", "x"], curl)).toBe(true);
  expect(hasOption(["curl", "-okey", "x"], curl)).toBe(false);
  expect(hasOption(["curl", "-sSL", "https://k"], curl)).toBe(false);
});
