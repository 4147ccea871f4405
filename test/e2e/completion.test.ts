import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";
import { testFolder } from "../support/test-folder.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

/** A folder with the shell's script and one file to complete. */
async function completing(shell: string): Promise<{ script: string; folder: string }> {
  const folder = testFolder({ "compose.yaml": "services: {}\n" });
  const { stdout, status } = await runCli(program, ["completion", shell]);
  expect(status).toBe(0);
  const script = join(folder, `_script.${shell}`);
  writeFileSync(script, stdout);
  return { script, folder };
}

const lines: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ["bulkhead au", ["audit"]],
  ["bulkhead guard pr", ["proxy"]],
  ["bulkhead audit --fail-on cri", ["critical"]],
  ["bulkhead help comp", ["completion"]],
  ["bulkhead explain docker-socket-m", ["docker-socket-mount"]],
  ["bulkhead audit --only host-net", ["host-network"]],
  ["bulkhead guard proxy --preset trae", ["traefik"]],
  ["bulkhead audit comp", ["compose.yaml"]],
];

const hasBash = hasProgram("bash", "--version");
const hasFish = hasProgram("fish", "--version");
const hasZsh = hasProgram("zsh", "--version");

describe.each(lines)("%s", (line, offers) => {
  test.skipIf(!hasBash)(hasBash ? "in bash" : "in bash (skipped: there is no bash here)", async () => {
    const { script, folder } = await completing("bash");
    const words = line.split(" ");
    const said = execFileSync(
      "bash",
      [
        "-c",
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bulkhead; printf "%s\\n" "${COMPREPLY[@]}"',
        script,
        ...words,
      ],
      { cwd: folder, encoding: "utf8" },
    );
    expect(said.trim().split("\n")).toEqual(expect.arrayContaining([...offers]));
  });

  test.skipIf(!hasFish)(hasFish ? "in fish" : "in fish (skipped: there is no fish here)", async () => {
    const { script, folder } = await completing("fish");
    const said = execFileSync("fish", ["-c", `source ${script}; complete -C ${JSON.stringify(line)}`], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, HOME: folder },
    });
    const offered = said.split("\n").map((each) => each.split("\t")[0]);
    expect(offered).toEqual(expect.arrayContaining([...offers]));
  });

  test.skipIf(!hasZsh)(hasZsh ? "in zsh" : "in zsh (skipped: there is no zsh here)", async () => {
    const { script, folder } = await completing("zsh");
    const typed = join(folder, "_type.zsh");
    // A zsh in a pseudo terminal: Tab completes the line, and the line is then read back.
    writeFileSync(
      typed,
      `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -Uz compinit; compinit -u -D; source ${script}; PS1=; PROMPT_EOL_MARK=; unsetopt ZLE_RPROMPT_INDENT; show() { print -r -- "<<$BUFFER>>"; }; zle -N show; bindkey "^X" show; print ready'
while zpty -r shell line; do [[ $line == *ready* && $line != *print* ]] && break; done
zpty -w -n shell ${JSON.stringify(line)}$'\\t'
sleep 0.5
zpty -w -n shell $'\\x18'
while zpty -r shell line; do [[ $line == *'>>'* ]] && { print -r -- $line; break; }; done
zpty -d shell
`,
    );
    const said = execFileSync("zsh", ["-f", typed], { cwd: folder, encoding: "utf8", timeout: 30_000 });
    for (const offer of offers) expect(said).toContain(offer);
  });
});

const hasMan = hasProgram("man", "--version");

test.skipIf(!hasMan)(
  hasMan ? "man formats every manual page without a warning" : "manual pages (skipped: there is no man here)",
  () => {
    const folder = join(testFolder(), "man");
    mkdirSync(folder);
    execFileSync("npx", ["tsx", "scripts/manual.ts", folder]);
    const pages = readdirSync(folder);
    expect(pages).toEqual(
      expect.arrayContaining(["bulkhead.1", "bulkhead-audit.1", "bulkhead-guard-proxy.1"]),
    );
    for (const page of pages) {
      const shell = 'man --warnings -l "$1" 2>&1 >/dev/null';
      expect(execFileSync("sh", ["-c", shell, "sh", join(folder, page)], { encoding: "utf8" })).toBe("");
    }
    const text = execFileSync("man", ["-l", join(folder, "bulkhead-audit.1")], { encoding: "utf8" });
    expect(text).toContain("--fail-on");
    expect(text).toContain("EXAMPLES");
  },
);
