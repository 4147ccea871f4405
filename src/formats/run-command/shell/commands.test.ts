// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell writes its variables so
import { expect, test } from "vitest";
import { passage, written } from "../passage.ts";
import { sourceOf } from "../word.ts";
import { readShell } from "./commands.ts";

/** The words behind each `docker run` that the text runs; what is not known as it is written. */
function runs(text: string): readonly (readonly string[])[] {
  const { commands } = readShell(passage([written(text)]), { home: "/home/me", folder: "/work" });
  return commands.map((command) => command.words.map(sourceOf));
}

test.each([
  "docker run x",
  "docker  create x",
  "docker container run x",
  "docker container create x",
  "docker \\\n  run \\\n  x",
  "/usr/bin/docker run x",
  "docker.exe run x",
  "sudo docker run x",
  "sudo -E -u root docker run x",
  "sudo A=1 docker run x",
  "env A=1 B=2 docker run x",
  "A=1 docker run x",
  "time docker run x",
  "time -p docker run x",
  "exec docker run x",
  "nohup docker run x &",
  "command docker run x",
  "nice -n 5 docker run x",
  "timeout -k 5 30s docker run x",
  "stdbuf -oL docker run x",
  "docker -H tcp://h:1 --context c -D run x",
  "docker --host=h -lerror --tls run x",
  "$DOCKER run x",
  "${DOCKER_BIN} run x",
  "D=docker; $D run x",
  "D='sudo docker'; $D run x",
  "id=$(docker run x)",
  'echo "$(docker run x)"',
  "id=`docker run x`",
  "a && docker run x || b",
  "docker run x | cat",
  "cat | docker run x",
  "! docker run x",
  "if docker run x; then :; fi",
  "if a; then b; else docker run x; fi",
  "while a; do docker run x; done",
  "for i in 1; do docker run x; done",
  "case a in b) docker run x;; esac",
  "f() { docker run x; }",
  "function f { docker run x; }",
  "( docker run x )",
  "{ docker run x; }",
  "[[ $(docker run x) ]]",
  "cat <(docker run x)",
  "while read l; do :; done < <(docker run x)",
  "bash -c 'docker run x'",
  'bash -lc "docker run x"',
  "sudo sh -c 'docker run x'",
  "env A=1 bash -o pipefail -c 'docker run x'",
  "bash -c \"bash -c 'docker run x'\"",
  "su me -c 'docker run x'",
  "eval 'docker run x'",
  "eval docker run x",
  "bash <<E\ndocker run x\nE",
  "sudo bash -s <<'E'\ndocker run x\nE",
  "sh <<< 'docker run x'",
  "cat <<E | sudo bash\ndocker run x\nE",
  "echo 'docker run x' | sh",
  "cat <<E\n$(docker run x)\nE",
  "docker run x > log 2>&1",
  "> log docker run x",
  "X=1 \\\ndocker run x",
])("is a command: %s", (text) => {
  expect(runs(text)).toEqual([["x"]]);
});

test.each([
  "# docker run x",
  "echo docker run x",
  "echo 'docker run x'",
  "printf '%s' 'docker run x'",
  "cat <<E\ndocker run x\nE",
  "cat <<E > f\ndocker run x\nE",
  "tee f <<E\ndocker run x\nE",
  "ssh host 'docker run x'",
  "ssh host docker run x",
  "docker compose run x",
  "docker-compose run x",
  "docker volume create x",
  "docker service ls",
  "docker exec x docker run y",
  "docker",
  "docker container",
  "X='docker run x'",
  "alias d='docker run x'",
  "grep 'docker run x' f",
  "git commit -m 'docker run x'",
  "$COMPOSE run x",
])("is no command: %s", (text) => {
  expect(runs(text)).toEqual([]);
});

test.each([
  ["A=x; docker run $A", ["x"]],
  ['A="x y"; docker run $A', ["x", "y"]],
  ['A="x y"; docker run "$A"', ["x y"]],
  ["A=x; docker run '$A'", ["$A"]],
  ["A=x; docker run \\$A", ["$A"]],
  ["A=x; docker run ${A}z", ["xz"]],
  ["A=; docker run $A x", ["x"]],
  ["docker run ${A:-x}", ["x"]],
  ["docker run ${A-x y}", ["x", "y"]],
  ['docker run "${A:-x y}"', ["x y"]],
  ["docker run ${A:=x} $B", ["x", "$B"]],
  ["A=; docker run ${A:-x} ${A-y} z", ["x", "z"]],
  ["A=1; docker run ${A:+x}", ["x"]],
  ["docker run ${A:+x}", ["${A:+x}"]],
  ["docker run ${A:?no}", ["${A:?no}"]],
  ["A=xyz; docker run ${A#x}", ["${A#x}"]],
  ["docker run $1 ${2:-x}", ["$1", "x"]],
  ["A=(a 'b c'); docker run \"${A[@]}\"", ["a", "b c"]],
  ["A=(a); A+=(b); docker run ${A[@]}", ["a", "b"]],
  ["A=(a b); docker run $A", ["a"]],
  ["A=a; A+=b; docker run $A", ["ab"]],
  ['A=a; A="$A b"; docker run $A', ["a", "b"]],
  ['set -- a b; docker run "$@"', ["a", "b"]],
  ['declare -a A=(a b); docker run "${A[@]}"', ["a", "b"]],
  ["export A=x; docker run $A", ["x"]],
  ["readonly A=x; docker run $A", ["x"]],
  ["f() { local A=x; docker run $A; }", ["x"]],
  ["A=x; f() { docker run $A; }; f", ["x"]],
  ["for A in x; do docker run $A; done", ["x"]],
  ['docker run $(pwd) `pwd` $PWD ${PWD} "$(pwd)"', ["/work", "/work", "/work", "/work", "/work"]],
  ["docker run ~ ~/x $HOME x~", ["/home/me", "/home/me/x", "/home/me", "x~"]],
  ["docker run $'a\\tb' $\"c\"", ["a\tb", "c"]],
  ["docker run a\\ b 'c'\"d\"e", ["a b", "cde"]],
  ["docker run {a,b}", ["{a,b}"]],
  ["docker run a*b", ["a*b"]],
  ["export A=x; bash -c 'docker run $A'", ["x"]],
  ["A=x; bash -c 'docker run $A'", ["$A"]],
  ["A=x bash -c 'docker run $A'", ["x"]],
  ['A=x; bash -c "docker run $A"', ["x"]],
  ["A=x; eval 'docker run $A'", ["x"]],
  ["A=x; sh <<E\ndocker run $A\nE", ["x"]],
  ["find . -exec docker run {} \\;", ["{}"]],
  ["xargs -I% docker run %", ["%"]],
])("words are expanded as far as they are known: %s", (text, words) => {
  expect(runs(text)).toEqual([words]);
});

test.each([
  "if a; then A=x; fi; docker run $A",
  "A=y; if a; then A=x; fi; docker run $A",
  "A=y; a && A=x; docker run $A",
  "A=y; case a in b) A=x;; esac; docker run $A",
  "A=y; while a; do docker run $A; A=x; done",
  "A=y; f() { A=x; }; f; docker run $A",
  "f() { A=x; }; A=y; f; docker run $A",
  "A=y; f() { docker run $A; }; f; A=x; f",
  "A=y; . ./other; docker run $A",
  "A=y; source other; docker run $A",
  "A=y; read A; docker run $A",
  "A=$(b); docker run $A",
  "A=$1; docker run $A",
  "A=$A; docker run $A",
  "for A in x y; do docker run $A; done",
  "A[1]=x; docker run $A",
  "(A=x); docker run $A",
  "echo x | read A; docker run $A",
])("a variable that may have another value is not known: %s", (text) => {
  const { commands } = readShell(passage([written(text)]), { home: "/", folder: "/" });
  for (const command of commands) expect(command.words[0]?.holes).toHaveLength(1);
  expect(commands.length).toBeGreaterThan(0);
});

test("a variable that a branch sets is known within the branch", () => {
  expect(runs("if a; then A=x; docker run $A; else A=y; docker run $A; fi")).toEqual([["x"], ["y"]]);
});

test("an alias that starts docker is named: which commands use it was not read", () => {
  const reasons = (text: string) =>
    readShell(passage([written(text)]), { home: "/", folder: "/" }).errors.map(({ reason }) => reason);
  for (const text of ["alias d='docker run --privileged'\nd x", 'alias -- r="podman  create" l=ls'])
    expect(reasons(text)).toEqual([expect.stringMatching(/^an alias starts docker here/)]);
  for (const text of ["alias l='ls'", "alias p='docker ps'", "alias docker"])
    expect(reasons(text)).toEqual([]);
});

test("what is no shell is said, and the rest is read", () => {
  const { commands, errors } = readShell(passage([written("docker run x\nif then fi (")]), {
    home: "/",
    folder: "/",
  });
  expect(commands).toHaveLength(1);
  expect(errors[0]?.reason).toMatch(/^it is not valid shell: /);
});
