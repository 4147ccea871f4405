import fc from "fast-check";

const name = fc.constantFrom("A", "B", "C");
const plain = fc.constantFrom(
  "x",
  "'one two'",
  '"t u"',
  "a-b",
  "/srv/data",
  "80:80",
  "''",
  "v1.2",
  "\\ ",
  "a\\$b",
);

const reference = fc
  .tuple(
    name,
    fc.constantFrom(
      (each: string) => `$${each}`,
      (each: string) => `"$${each}"`,
      (each: string) => `\${${each}}`,
      (each: string) => `"\${${each}:-d e}"`,
      (each: string) => `\${${each}-d}`,
      (each: string) => `\${${each}:+set}`,
      (each: string) => `"\${${each}#x}"`,
      (each: string) => `"\${${each}%%/*}"`,
      (each: string) => `"\${${each}##*/}"`,
      (each: string) => `"\${${each}/x/y}"`,
      (each: string) => `"\${${each}^^}"`,
      (each: string) => `"\${#${each}}"`,
      (each: string) => `"\${${each}:1:2}"`,
      (each: string) => `"\${${each}[0]}"`,
      (each: string) => `"\${${each}[@]}"`,
      (each: string) => `"$(echo "$${each}")"`,
      (each: string) => `$(printf %s "$${each}")`,
    ),
  )
  .map(([each, write]) => write(each));

const word = fc
  .array(
    fc.oneof(plain, reference, fc.constantFrom('"$1"', '"$@"', "$#", "$((1+2))", "{a,b}", "$'t\\x41'")),
    {
      minLength: 1,
      maxLength: 2,
    },
  )
  .map((parts) => parts.join(""));

const assignment = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom("", "", "export ", "readonly ", "declare ", "local "), name, word)
      .map(([how, each, text]) => `${how}${each}=${text}`),
  },
  fc.tuple(name, word).map(([each, text]) => `${each}+=${text}`),
  fc.tuple(name, word, word).map(([each, one, other]) => `${each}=(${one} ${other})`),
  fc.tuple(name, word).map(([each, text]) => `${each}+=(${text})`),
  name.map((each) => `unset ${each}`),
  fc.tuple(name, word).map(([each, text]) => `: "\${${each}:=${text.replaceAll('"', "")}}"`),
  fc.tuple(name, word).map(([each, text]) => `read -r ${each} <<<"${text.replaceAll('"', "")}"`),
  fc.tuple(word, word).map(([one, other]) => `set -- ${one} ${other}`),
  fc.constantFrom("shift", "set --", "IFS=:", "A=x B=y true", "A=x; B=$A", "printf -v C %s z"),
);

const call = fc.array(word, { maxLength: 3 }).map((words) => `docker run -i image@ ${words.join(" ")}`);

/** Statements, each on a line or lines; `image@` becomes a name for each place. */
const { statements } = fc.letrec<{ statements: string; statement: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 6, arbitrary: assignment },
    { weight: 6, arbitrary: call },
    fc.tuple(name, tie("statements")).map(([each, body]) => `if [ -n "$${each}" ]; then\n${body}\nfi`),
    fc
      .tuple(name, tie("statements"), tie("statements"))
      .map(([each, one, other]) => `if [ "$${each}" = x ]; then\n${one}\nelse\n${other}\nfi`),
    fc
      .tuple(name, word, tie("statements"))
      .map(([each, text, body]) => `for ${each} in ${text} last; do\n${body}\ndone`),
    fc.tuple(name, tie("statements")).map(([each, body]) => `f() {\n${body}\n}\nf "$${each}" two`),
    tie("statements").map((body) => `(\n${body}\n)`),
    tie("statements").map((body) => `{\n${body}\n}`),
    fc
      .tuple(name, tie("statements"), tie("statements"))
      .map(([each, one, other]) => `case "$${each}" in\nx*)\n${one}\n;;\n*)\n${other}\n;;\nesac`),
    fc.tuple(assignment, call).map(([one, other]) => `${one} && ${other}`),
    fc.tuple(assignment, call).map(([one, other]) => `${one} | ${other}`),
    fc.tuple(name, word, call).map(([each, text, other]) => `${each}=${text} ${other}`),
  ),
  statements: fc.array(tie("statement"), { minLength: 1, maxLength: 4 }).map((all) => all.join("\n")),
}));

/** Scripts of bash that run containers with words made of variables. */
export const shells = statements.map((body) => {
  let image = 0;
  return `#!/bin/bash\n${body}\n`.replaceAll("image@", () => {
    image += 1;
    return `image${image}`;
  });
});
