import fc from "fast-check";

/** Names of variables: few, so that a file sets one often more than once. */
const name = fc.constantFrom("A", "B", "C", "LONG_NAME");
const plain = fc.constantFrom("x", "one two", "a-b", "/srv/data", "80:80", "", "v1.2");

/** A value of make: texts and references. */
const value = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: plain },
      { weight: 3, arbitrary: name.map((each) => `$(${each})`) },
      fc.constantFrom(
        "$(A)",
        "${B}",
        "$C",
        "$$",
        "'q q'",
        '"d d"',
        "\\#",
        "#c",
        "  ",
        "$(A:x=y)",
        "$(strip  a )",
      ),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(""));

const operator = fc.constantFrom("=", ":=", "?=", "+=", "::=", ":::=");
const before = fc.constantFrom("", "", "", "export ", "override ", "  ");

const definition = fc
  .tuple(before, name, operator, value)
  .map(([start, each, sign, text]) => `${start}${each} ${sign} ${text}\n`);

const condition = fc
  .tuple(
    fc.constantFrom("ifeq ($(A),x)", "ifdef B", "ifndef C", 'ifneq "$(A)" "x"'),
    definition,
    fc.option(definition),
  )
  .map(([head, then, other]) => `${head}\n${then}${other === null ? "" : `else\n${other}`}endif\n`);

const others = fc.oneof(
  fc.tuple(name, value).map(([each, text]) => `define ${each}\n${text}\nendef\n`),
  name.map((each) => `undefine ${each}\n`),
  fc.tuple(name, operator, value).map(([each, sign, text]) => `all: ${each} ${sign} ${text}\n`),
  fc.tuple(name, value).map(([each, text]) => `unused: ${each} = ${text}\n`),
  fc.tuple(name, plain, plain).map(([each, one, other]) => `${each} = ${one} \\\n   ${other}\n`),
  fc.constantFrom("# A = comment\n", "\n", "A=\n", "A:=tight\n"),
);

const word = fc.oneof(
  { weight: 3, arbitrary: name.map((each) => `$(${each})`) },
  fc.constantFrom("$(A)", "${B}", "$C", "'$(A)'", '"$(B)"', "w", "$$$$", "$(A)$(B)", "-e=$(C)", "$$HOME"),
);
const call = fc.tuple(fc.constantFrom("", "@", "-", "@-", "+"), fc.array(word, { maxLength: 3 })).map(
  ([prefix, words]) =>
    (image: number) =>
      `\t${prefix}docker run -i image${image} ${words.join(" ")}\n`,
);

/** Makefiles that run containers with words made of variables, in the ways in which people set those. */
export const makefiles = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: definition }, condition, others), { maxLength: 6 }),
    fc.array(call, { minLength: 1, maxLength: 3 }),
    fc.array(fc.oneof({ weight: 3, arbitrary: definition }, others), { maxLength: 2 }),
  )
  .map(
    ([first, calls, then]) =>
      `${first.join("")}\nall:\n${calls.map((each, index) => each(index + 1)).join("")}\n${then.join("")}\nunused:\n`,
  );
