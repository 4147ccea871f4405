// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shells and CI systems write their variables so
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import type { ScriptHost } from "./script-host.ts";
import { readScript } from "./scripts.ts";

/** Two megabytes of the text. */
function much(text: string, length = 2_000_000): string {
  return text.repeat(Math.ceil(length / text.length));
}

function chain(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

const texts: readonly (readonly [string, ScriptHost, string])[] = [
  ["one word", "shell", `docker run ${much("a")}`],
  ["flags", "shell", `docker run ${much("-e A=b ")}x`],
  ["variables that are not known", "shell", `docker run ${much("$X ")}x`],
  ["commands", "shell", much("docker run x\n")],
  ["substitutions within one another", "shell", `docker run ${much("$(")}`],
  ["defaults within one another", "shell", `docker run ${much("${A:-")}`],
  ["backticks", "shell", `docker run ${much("`\\`")}`],
  ["here-documents on a line", "shell", `docker run x ${much("<<E ")}`],
  ["conditions within one another", "shell", `docker run x; ${much("if a; then ")}`],
  ["function heads", "shell", `docker run x; ${much("f() ")}`],
  ["quotes", "shell", `docker run ${much("'a'\"b\"\\c")}`],
  ["a text that doubles", "shell", `A=aaaa\n${"A=$A$A\n".repeat(60)}docker run $A x`],
  [
    "a list that doubles",
    "shell",
    `A=(a b)\n${'A=("${A[@]}" "${A[@]}")\n'.repeat(60)}docker run "\${A[@]}" x`,
  ],
  ["a list used often", "shell", `A=(${"b ".repeat(5000)})\n${'docker run "${A[@]}"\n'.repeat(500)}`],
  [
    "a payload that doubles",
    "shell",
    `A='docker run x;'\n${"A=$A$A\n".repeat(12)}${'bash -c "$A"\n'.repeat(500)}`,
  ],
  ["fences", "markdown", much("```sh\ndocker run x\n```\n")],
  ["leads of fences", "markdown", `docker run\n${much("> - ")}`],
  ["prompts", "markdown", `\`\`\`\ndocker run\n[${much("a.")}`],
  ["references", "makefile", `X = ${"a".repeat(1000)}\na:\n\tdocker run ${much("$(X)")}`],
  ["references within one another", "makefile", `a:\n\tdocker run ${much("$(")}`],
  [
    "definitions that double",
    "makefile",
    `${chain(60, (i) => `X${i} = $(X${i + 1})$(X${i + 1})`)}\nX60 = a\na:\n\tdocker run $(X0)`,
  ],
  ["additions", "makefile", `${much("X += a\n")}a:\n\tdocker run $(X) x`],
  ["brackets", "github-actions", `docker run: ${much("[")}`],
  ["dashes", "github-actions", `docker run:\n  ${much("- ")}`],
  [
    "aliases that multiply",
    "gitlab-ci",
    `s0: &s0 [docker run x]\n${chain(30, (i) => `s${i + 1}: &s${i + 1} [*s${i}, *s${i}, *s${i}]`)}\njob:\n  script: *s30\n`,
  ],
  [
    "merges that multiply",
    "gitlab-ci",
    `docker: run\ns0: &s0 {a: b}\n${chain(30, (i) => `s${i + 1}: &s${i + 1} {<<: [*s${i}, *s${i}, *s${i}]}`)}\njob:\n  <<: *s30\n`,
  ],
  ["arguments", "systemd", `[Service]\nExecStart=docker run ${much("a \\\n")}`],
  [
    "a variable of many words",
    "systemd",
    `[Service]\nEnvironment="A=${"a ".repeat(50_000)}"\nExecStart=docker run ${"$A ".repeat(2000)}`,
  ],
];

describe("a text without measure", () => {
  // Each takes a second or less by itself, and without a measure hours; tests run beside one another.
  test.each(texts)("is read in its time: %s", { timeout: 90_000 }, (_, host, text) => {
    const { subjects, gaps } = readScript(text, "f", host, memoryFiles());
    expect(subjects.length).toBeLessThanOrEqual(10_000);
    expect(gaps.length).toBeLessThan(10);
  });

  test("commands beyond the measure are a gap", () => {
    const { gaps } = readScript("docker run x\n".repeat(10_001), "f", "shell", memoryFiles());
    expect(gaps).toMatchObject([{ reason: "only the first 10000 commands were read" }]);
  });
});
