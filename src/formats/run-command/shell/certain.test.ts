import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { passage } from "../passage.ts";
import { textOf } from "../word.ts";
import { readShell } from "./commands.ts";

// The law: what the reader is sure of is what bash does. Scripts are made at random, run by bash with a docker that prints its
// arguments, and read.

const home = "/root";

/** The arguments that the reader is sure of, behind `docker run`, in the order of the commands. */
function sure(script: string): readonly (readonly string[] | undefined)[] {
  const source = passage([
    { text: script, at: { start: 0, end: script.length }, written: undefined, exact: true },
  ]);
  return readShell(source, { home, folder: "/" }).commands.map(({ words }) => {
    const texts = words.map((word) => (word.many ? undefined : textOf(word)));
    return texts.every((text) => text !== undefined) ? (texts as string[]) : undefined;
  });
}

/** What bash gave to docker in each run of it, without the word `run`. */
function ran(scripts: readonly string[]): readonly (readonly (readonly string[])[])[] {
  const docker = 'docker() { shift; printf "%s\\0" "$@"; printf "\\1"; }\n';
  const program = scripts.map((script) => `( ${docker}${script}\n) 2>/dev/null; printf '\\2'`).join("\n");
  const printed = execFileSync("bash", ["--noprofile", "--norc"], {
    input: program,
    encoding: "utf8",
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    cwd: "/",
  });
  return printed
    .split("\u0002")
    .slice(0, scripts.length)
    .map((each) =>
      each
        .split("\u0001")
        .slice(0, -1)
        .map((call) => call.split("\0").slice(0, -1)),
    );
}

const name = fc.constantFrom("A", "B", "O");
const value = fc.constantFrom("--privileged", "", '"--rm -it"', "'-v /:/h'", "x", "--a,--b");
const use = fc
  .tuple(
    name,
    fc.constantFrom(
      "$N",
      '"$N"',
      "${N:-d}",
      "${N-d}",
      "${N:=d}",
      '"${N[*]}"',
      '"${N[@]}"',
      "${N:+d}",
      "${N}",
    ),
  )
  .map(([each, how]) => how.replaceAll("N", each));
const run = fc.array(use, { minLength: 1, maxLength: 3 }).map((uses) => `docker run ${uses.join(" ")} nginx`);
const set = fc.oneof(
  fc.tuple(name, value).map(([each, text]) => `${each}=${text}`),
  fc.tuple(name, value, value).map(([each, one, two]) => `${each}=(${one} ${two})`),
  fc.tuple(name, value).map(([each, text]) => `${each}+=${text}`),
  name.map((each) => `unset ${each}`),
  fc.tuple(name, value).map(([each, text]) => `: \${${each}:=${text.replaceAll(/["']/g, "")}}`),
  fc.tuple(name, value).map(([each, text]) => `printf -v ${each} %s ${text === "" ? "''" : text}`),
  fc.tuple(name, fc.constantFrom("--privileged", "x")).map(([each, text]) => `eval "${each}=${text}"`),
  fc.tuple(name, fc.constantFrom("--privileged", "y")).map(([each, text]) => `. <(echo ${each}=${text})`),
  fc.tuple(name, fc.constantFrom("p q", "z")).map(([each, text]) => `read ${each} <<< "${text}"`),
  fc.tuple(name, value).map(([each, text]) => `export ${each}=${text}`),
  fc.tuple(name, value).map(([each, text]) => `declare "${each}=${text.replaceAll(/["']/g, "")}"`),
  fc
    .tuple(name, fc.constantFrom("--privileged", "w"))
    .map(([each, text]) => `V=${each}; printf -v "$V" %s ${text}`),
  fc
    .tuple(name, fc.constantFrom("--privileged", "v"))
    .map(([each, text]) => `builtin eval "${each}=${text}"`),
  fc.tuple(name, fc.constantFrom("--privileged", "u")).map(([each, text]) => `trap '${each}=${text}' DEBUG`),
  fc
    .tuple(name, fc.constantFrom("--privileged", "t"))
    .map(([each, text]) => `declare -n R=${each}; R=${text}; unset -n R`),
  fc.constant("IFS=,"),
);
const statement = fc.oneof({ weight: 3, arbitrary: set }, { weight: 2, arbitrary: run });
const block = fc.oneof(
  { weight: 4, arbitrary: statement },
  fc.tuple(set, set).map(([one, two]) => `if true; then ${one}; else ${two}; fi`),
  fc.tuple(set, run).map(([one, two]) => `for i in 1 2; do ${two}; ${one}; done`),
  fc.tuple(set, run).map(([one, two]) => `f() { ${one}; }; f; ${two}`),
  fc.tuple(set, run).map(([one, two]) => `( ${one}; ${two} )`),
  set.map((one) => `true && ${one}`),
);

test("what the reader is sure of is what bash does", () => {
  const script = fc
    .array(block, { minLength: 2, maxLength: 7 })
    .chain((blocks) => run.map((last) => [...blocks, last].join("\n")));
  const scripts = fc.sample(script, 400);
  const done = ran(scripts);
  let known = 0;
  for (const [index, each] of scripts.entries()) {
    const calls = done[index] ?? [];
    for (const words of sure(each)) {
      if (!words) continue;
      known += 1;
      expect(calls, each).toContainEqual(words);
    }
  }
  expect(known).toBeGreaterThan(20);
});

test.each([
  [": ${OPTS:=--privileged}\ndocker run $OPTS nginx"],
  ["unset OPTS\ndocker run ${OPTS---privileged} nginx"],
  ["printf -v OPTS %s --privileged\ndocker run $OPTS nginx"],
  ["OPTS=\neval 'OPTS=--privileged'\ndocker run $OPTS nginx"],
  ["OPTS=\n. ./defs.sh\ndocker run $OPTS nginx"],
  [". ./defs.sh\ndocker run ${OPTS:-} nginx"],
  ['O=(--privileged --rm)\nbash -c "docker run ${O[*]} nginx"'],
  ["OPTS=\nf() { . ./defs.sh; }\nf\ndocker run $OPTS nginx"],
  ["OPTS=-d\ntrap 'OPTS=--privileged' DEBUG\nOPTS=-d\ndocker run $OPTS nginx"],
  ["OPTS=-d\nbuiltin source ./defs.sh\ndocker run $OPTS nginx"],
  ["OPTS=-d\ncommand . ./defs.sh\ndocker run $OPTS nginx"],
  ['OPTS=-d\ndeclare "OPTS=$X"\ndocker run $OPTS nginx'],
  ['OPTS=-d\nread -r "$N"\ndocker run $OPTS nginx'],
  ["OPTS=-d\ndeclare -n R=OPTS\nR=--privileged\ndocker run $OPTS nginx"],
  ["OPTS=\nwhile :; do docker run $OPTS nginx; read OPTS; done"],
])("no value hides an option: %j", (script) => {
  const [words] = sure(script);
  expect(words === undefined || words.includes("--privileged"), String(words)).toBe(true);
});
