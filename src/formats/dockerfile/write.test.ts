import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectLaw } from "../../../test/support/formats/law.ts";
import { unset } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { ImagePatch, Patch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import { readDockerfile } from "./read.ts";
import { writeDockerfile } from "./write.ts";

const user = (value: string): ImagePatch => ({ op: "set", field: "user", value });
const noCheck: ImagePatch = { op: "set", field: "healthcheck", value: "none" };
const pin = (value: string, to: string): ImagePatch => ({
  op: "replace",
  field: "references",
  value,
  with: to,
});

function written(text: string, ...patches: readonly ImagePatch[]): string {
  const { edits, refused } = writeDockerfile({ text, file: "Dockerfile", patches });
  expect(refused).toEqual([]);
  expect(edits.every(({ file }) => file === "Dockerfile")).toBe(true);
  return applyEdits(text, edits);
}

function reasons(text: string, ...patches: readonly ImagePatch[]): readonly string[] {
  const { edits, refused } = writeDockerfile({ text, file: "Dockerfile", patches });
  expect(applyEdits(text, edits)).toBe(text);
  return refused.map(({ reason }) => reason);
}

/** What the base is follows from the references, which a patch of the model does not know. */
function law(text: string, patches: readonly ImagePatch[]): void {
  expectLaw<Image>({
    text,
    patches,
    read: (each) => {
      const view = readDockerfile(each, "Dockerfile").subjects[0]?.views[0];
      return view?.kind === "image" ? { ...view, base: unset } : undefined;
    },
    write: (each, some) =>
      writeDockerfile({ text: each, file: "Dockerfile", patches: some.filter(isImagePatch) }),
  });
}

function isImagePatch(patch: Patch): patch is ImagePatch {
  return ["user", "healthcheck", "references", "environment"].includes(patch.field);
}

describe("the user", () => {
  test.each([
    ["the only line", "FROM a", "FROM a\nUSER 1000:1000"],
    ["the last line", "FROM a\nRUN true\n", "FROM a\nRUN true\nUSER 1000:1000\n"],
    ["before CMD", 'FROM a\nRUN x\nCMD ["y"]\n', 'FROM a\nRUN x\nUSER 1000:1000\nCMD ["y"]\n'],
    [
      "before the first of what starts it",
      "FROM a\nEXPOSE 80\n\nHEALTHCHECK CMD true\nENTRYPOINT x\nLABEL a=b\nCMD y",
      "FROM a\nEXPOSE 80\n\nUSER 1000:1000\nHEALTHCHECK CMD true\nENTRYPOINT x\nLABEL a=b\nCMD y",
    ],
    [
      "above the comment of CMD",
      "FROM a\nRUN x\n\n# Starts it.\n  # Really.\nCMD y\n",
      "FROM a\nRUN x\n\nUSER 1000:1000\n# Starts it.\n  # Really.\nCMD y\n",
    ],
    ["behind a RUN that follows CMD", "FROM a\nCMD y\nRUN x\n", "FROM a\nCMD y\nRUN x\nUSER 1000:1000\n"],
    ["in place", "FROM a\nUSER root\nCMD y\n", "FROM a\nUSER 1000:1000\nCMD y\n"],
    ["in place of a variable", "FROM a\nARG U=0\nUSER $U # x\n", "FROM a\nARG U=0\nUSER 1000:1000\n"],
    ["in place, continued", "FROM a\nUSER \\\n  # why\n  root\n", "FROM a\nUSER \\\n  # why\n  1000:1000\n"],
    [
      "behind a RUN that needs root",
      "FROM a\nUSER app\nRUN x\nUSER root\nRUN apt-get install y\nCMD z\n",
      "FROM a\nUSER app\nRUN x\nUSER root\nRUN apt-get install y\nUSER 1000:1000\nCMD z\n",
    ],
    [
      "in the last stage only",
      "FROM a AS x\nUSER root\nCMD y\nFROM x\nCOPY --from=x / /\n",
      "FROM a AS x\nUSER root\nCMD y\nFROM x\nCOPY --from=x / /\nUSER 1000:1000\n",
    ],
    [
      "over ONBUILD",
      "FROM a AS x\nONBUILD USER root\nFROM x\n",
      "FROM a AS x\nONBUILD USER root\nFROM x\nUSER 1000:1000\n",
    ],
    ["with CRLF", "FROM a\r\nCMD y\r\n", "FROM a\r\nUSER 1000:1000\r\nCMD y\r\n"],
    ["with CRLF and no last line end", "FROM a\r\nRUN y", "FROM a\r\nRUN y\r\nUSER 1000:1000"],
    ["indented, in lower case", "from a\n\trun x\n\tcmd y\n", "from a\n\trun x\n\tuser 1000:1000\n\tcmd y\n"],
    [
      "behind a heredoc",
      "FROM a\nRUN <<EOF\n# USER root\nCMD\nEOF\nCMD y\n",
      "FROM a\nRUN <<EOF\n# USER root\nCMD\nEOF\nUSER 1000:1000\nCMD y\n",
    ],
    [
      "behind a heredoc at the end",
      "FROM a\nCOPY <<EOF /x\nUSER b\nEOF",
      "FROM a\nCOPY <<EOF /x\nUSER b\nEOF\nUSER 1000:1000",
    ],
    [
      "with another escape character",
      "# escape=`\nFROM a\nRUN x `\n  y\nCMD z `\n  w",
      "# escape=`\nFROM a\nRUN x `\n  y\nUSER 1000:1000\nCMD z `\n  w",
    ],
    ["behind a byte order mark", "\uFEFFFROM a\n", "\uFEFFFROM a\nUSER 1000:1000\n"],
    ["where comments end it", "FROM a\nRUN x\n# end\n\n", "FROM a\nRUN x\nUSER 1000:1000\n# end\n\n"],
    ["not twice", "FROM a\nUSER 1000:1000\nCMD y\n", "FROM a\nUSER 1000:1000\nCMD y\n"],
    [
      "not where a stage below says it",
      "FROM a AS x\nUSER 1000:1000\nFROM x\n",
      "FROM a AS x\nUSER 1000:1000\nFROM x\n",
    ],
  ])("%s", (_, text, expected) => {
    expect(written(text, user("1000:1000"))).toBe(expected);
    law(text, [user("1000:1000")]);
  });

  test.each([
    ["$app", "USER \\$app"],
    ["DOMAIN\\app", "USER DOMAIN\\\\app"],
    ["--x", 'USER "--x"'],
    ["app\\", "USER app\\\\"],
  ])("%s is spelled so that it is no variable, escape or flag", (name, expected) => {
    expect(written("FROM a\n", user(name))).toBe(`FROM a\n${expected}\n`);
    law("FROM a\n", [user(name)]);
  });

  test("the last of several counts", () => {
    expect(written("FROM a\n", user("one"), user("two"))).toBe("FROM a\nUSER two\n");
  });
});

describe("the health check", () => {
  test.each([
    ["FROM a\nCMD y\n", "FROM a\nHEALTHCHECK NONE\nCMD y\n"],
    ["FROM a\nHEALTHCHECK --interval=5s \\\n CMD x\nCMD y\n", "FROM a\nHEALTHCHECK NONE\nCMD y\n"],
    ["FROM a\nhealthcheck none\n", "FROM a\nhealthcheck none\n"],
  ])("%j", (text, expected) => {
    expect(written(text, noCheck)).toBe(expected);
    law(text, [noCheck]);
  });

  test("both instructions come in their order", () => {
    const text = "FROM a\nHEALTHCHECK CMD x\nCMD y";
    expect(written(text, noCheck, user("1"))).toBe("FROM a\nUSER 1\nHEALTHCHECK NONE\nCMD y");
    expect(written("FROM a", noCheck, user("1"))).toBe("FROM a\nUSER 1\nHEALTHCHECK NONE");
    law(text, [noCheck, user("1")]);
  });
});

describe("references", () => {
  const to = `nginx:1.27@sha256:${"a".repeat(64)}`;
  test.each([
    ["FROM nginx:1.27 AS web\n", `FROM ${to} AS web\n`],
    ["FROM --platform=linux/amd64 nginx:1.27\n", `FROM --platform=linux/amd64 ${to}\n`],
    [
      "FROM nginx:1.27 AS x\nFROM b\nCOPY --from=nginx:1.27 / /\nRUN --mount=type=bind,from=nginx:1.27,target=/m x\n",
      `FROM ${to} AS x\nFROM b\nCOPY --from=${to} / /\nRUN --mount=type=bind,from=${to},target=/m x\n`,
    ],
  ])("%j", (text, expected) => {
    expect(written(text, pin("nginx:1.27", to))).toBe(expected);
    law(text, [pin("nginx:1.27", to)]);
  });

  test("a chain of replacements is one", () => {
    expect(written("FROM a\n", pin("a", "b"), pin("b", "c"))).toBe("FROM c\n");
  });

  test.each([
    ["ARG T=1.27\nFROM nginx:$T\n", "a build argument names the image: pin what is passed for it"],
    ["FROM other\n", "the file does not name this image"],
  ])("%j is refused", (text, reason) => {
    expect(reasons(text, pin("nginx:1.27", to))).toEqual([reason]);
  });

  test("what is no reference, or would be a stage, is refused", () => {
    expect(reasons("FROM a\n", pin("a", "b AS c"))).toEqual(["the new base is not an image reference"]);
    expect(reasons("FROM a AS x\nFROM b\n", pin("b", "x"))).toHaveLength(1);
  });
});

describe("what cannot be written is refused with why", () => {
  test.each([
    ["FROM a\nRUN x \\\n\n", user("1")],
    ["FROM a\nRUN <<EOF\nx\n", user("1")],
    ["", user("1")],
    ["# nothing\n", user("1")],
    ["FROM a\0", user("1")],
    ["FROM a", user("one two")],
    ["FROM a", user("")],
    ["FROM a", user("a\nRUN b")],
    ["FROM a\nUSER x", { op: "unset", field: "user" }],
    ["FROM a", { op: "set", field: "healthcheck", value: "command" }],
    ["FROM a\nHEALTHCHECK NONE", { op: "unset", field: "healthcheck" }],
    ["FROM a", { op: "set", field: "base", value: "b" }],
    ["FROM a", { op: "set", field: "baseUser", value: "b" }],
    ["FROM a\nENV A=b", { op: "remove", field: "environment", value: { name: "A", value: "b" } }],
    ["FROM a\nRUN sudo x", { op: "remove", field: "sudoCommands", value: "sudo x" }],
  ] satisfies readonly (readonly [string, ImagePatch])[])("%j: %j", (text, patch) => {
    const [reason = "", ...more] = reasons(text, patch);
    expect(more).toEqual([]);
    expect(reason).toMatch(/^\S.{10,}/);
  });

  test("one that is refused does not hold up the others", () => {
    const text = "FROM a\n";
    const { edits, refused } = writeDockerfile({
      text,
      file: "f",
      patches: [{ op: "unset", field: "user" }, user("7")],
    });
    expect(applyEdits(text, edits)).toBe("FROM a\nUSER 7\n");
    expect(refused).toHaveLength(1);
  });
});

const lines = fc.constantFrom(
  ..."RUN true|USER root|USER $A|user app|ENV A=b|ARG B|COPY --from=b:1 / /|COPY . .|WORKDIR /x|EXPOSE 80|LABEL a=b".split(
    "|",
  ),
  ...'CMD ["x"]|ENTRYPOINT x|HEALTHCHECK CMD x|HEALTHCHECK NONE|# note||ONBUILD USER x|FROM a|FROM b:1 AS s|FROM s|VOLUME /v'.split(
    "|",
  ),
  "RUN x \\\n  y",
  "RUN <<EOF\nUSER root\nEOF",
  "RUN x \\\n# why\n\n  y",
  "\tCMD y  ",
  "RUN x \\",
  "RUN <<EOF",
  "RUN x `",
);
const dockerfiles = fc
  .tuple(
    fc.constantFrom("", "\uFEFF", "# escape=`\n", "# syntax=x\n", "ARG V=1\n"),
    fc.constantFrom("FROM a", "FROM b:1", "from b:$V", "FROM scratch"),
    fc.array(lines, { maxLength: 12 }),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
  )
  .map(([head, from, rest, feed, ended]) =>
    `${head}${[from, ...rest].join("\n")}${ended ? "\n" : ""}`.replaceAll("\n", feed),
  );
const patches = fc.array(
  fc.oneof(
    fc.constantFrom("1000:1000", "app", "$x", "a\\b", "b c", "").map(user),
    fc.constantFrom<ImagePatch>(
      noCheck,
      { op: "set", field: "healthcheck", value: "command" },
      { op: "unset", field: "user" },
      pin("b:1", "b:1@sha256:0"),
      pin("a", "c"),
      { op: "add", field: "environment", value: { name: "A", value: "b" } },
    ),
  ),
  { maxLength: 4 },
);

test("the law holds for generated files", { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(dockerfiles, patches, (text, some) => law(text, some)),
    { numRuns: 1500 },
  );
});

test("any text is written without an exception", () => {
  const part = fc.oneof(lines, fc.constantFrom(" ", "\n", "\\", "<<E", "\0", "\uD800", "'", '"', "$"));
  const text = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, patches, (each, some) => law(`FROM a\n${each}`, some)),
    { numRuns: 1000 },
  );
});

describe("a hostile text takes time by its length only", () => {
  const many = (part: string) => part.repeat(Math.ceil(500_000 / part.length));
  test.each(
    Object.entries({
      "comment lines": `FROM a\n${many("# a\n")}CMD x`,
      "blank lines": `FROM a\n${many("\n")}CMD x`,
      starters: `FROM a\n${"CMD x\n".repeat(8_000)}`,
      users: `FROM a\n${"USER $A\n".repeat(8_000)}`,
      references: `FROM a\n${"COPY --from=a / /\n".repeat(8_000)}`,
    }),
  )("%s", (_, text) => {
    const start = process.cpuUsage();
    writeDockerfile({ text, file: "f", patches: [user("1"), noCheck, pin("a", "b")] });
    const { user: used, system } = process.cpuUsage(start);
    expect((used + system) / 1000).toBeLessThan(3_000);
  });
});
