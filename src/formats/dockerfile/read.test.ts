import { describe, expect, test } from "vitest";
import type { Fact, FactList } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { isFileOrigin, type Origin } from "../../model/origin.ts";
import { type DockerfileOptions, readDockerfile } from "./read.ts";

function read(text: string, options?: DockerfileOptions) {
  const reading = readDockerfile(text, "Dockerfile", options);
  const subject = reading.subjects[0];
  if (subject?.kind !== "image" || !subject.views[0]) throw new Error(JSON.stringify(reading.gaps));
  return { reading, subject, image: subject.views[0], gaps: reading.gaps.map(({ reason }) => reason) };
}

/** The stretch of the text that an origin names. */
function written(text: string, origin: Origin | undefined): string {
  if (!origin || !isFileOrigin(origin)) return "";
  const lines = text.split("\n");
  const offset = (line: number, column: number) =>
    lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  return text.slice(offset(origin.startLine, origin.startColumn), offset(origin.endLine, origin.endColumn));
}

/** The value of a fact with the text that it stands at, or why it is not known. */
function said(text: string, fact: Fact<unknown>): unknown {
  if (fact.state === "set") return [fact.value, written(text, fact.origins[0])];
  return fact.state === "unset" ? "unset" : `? ${fact.reason}`;
}

function values<K extends keyof Image>(
  text: string,
  key: K,
  options?: DockerfileOptions,
): readonly unknown[] {
  return (read(text, options).image[key] as FactList<unknown>).map((fact) =>
    fact.state === "set" ? fact.value : `? ${fact.reason}`,
  );
}

function user(text: string, options?: DockerfileOptions): unknown {
  return said(text, read(text, options).image.user);
}

describe("the user", () => {
  test.each([
    ["FROM a\nUSER 1000", ["1000", "1000"]],
    ["FROM a\nUSER 1000:1000", ["1000:1000", "1000:1000"]],
    ["FROM a\nuser app", ["app", "app"]],
    ['FROM a\nUSER "app"', ["app", '"app"']],
    ["FROM a\nUSER one\nUSER two", ["two", "two"]],
    ["FROM a\nUSER app\nFROM b", "unset"],
    ["FROM a AS x\nUSER app\nFROM x", ["app", "app"]],
    ["FROM a AS x\nUSER app\nFROM X AS y\nFROM y\nRUN true", ["app", "app"]],
    ["FROM a AS x\nUSER app\nFROM x\nUSER root", ["root", "root"]],
    ["FROM a AS x\nFROM b\nCOPY --from=x / /", "unset"],
    ["FROM scratch\nUSER 65534", ["65534", "65534"]],
    ["FROM a\nUSER \\\n  # why not\n  app", ["app", "app"]],
    ["FROM a\nUSER 10\\\n00", ["1000", "10\\\n00"]],
    ["\uFEFFFROM a\r\nUSER app\r\n", ["app", "app"]],
  ])("%j", (text, expected) => {
    expect(user(text)).toEqual(expected);
  });

  test("is not what a heredoc, a comment or a string says", () => {
    expect(user("FROM a\nUSER app\nRUN <<EOF\nUSER root\nEOF\n# USER root\nRUN echo \\\nUSER root")).toEqual([
      "app",
      "app",
    ]);
    expect(user("FROM a\nUSER app\nCOPY <<'A' <<-B /x/\nUSER root\nA\nUSER root\n\tB\n")).toEqual([
      "app",
      "app",
    ]);
  });

  test("of ONBUILD is the child's, and counts where the child is a stage of the same file", () => {
    expect(user("FROM a\nONBUILD USER app")).toBe("unset");
    expect(user("FROM a AS x\nUSER root\nONBUILD USER app\nFROM x")).toEqual(["app", "app"]);
    expect(user("FROM a AS x\nONBUILD USER app\nFROM x AS y\nFROM y\nUSER root")).toEqual(["root", "root"]);
  });

  test.each([
    ["FROM a\nARG U=app\nUSER $U", "app"],
    ["FROM a\nENV U=app\nUSER ${U}:${U}", "app:app"],
    ["ARG U=app\nFROM a\nARG U\nUSER $U", "app"],
    ["FROM a\nARG U\nUSER ${U:-app}", "app"],
    ["FROM a\nARG U=\nUSER ${U:-app}", "app"],
    ["FROM a\nARG U=x\nUSER ${U:+app}", "app"],
    ["FROM a AS x\nENV U=app\nFROM x\nUSER $U", "app"],
    ["FROM a\nARG U=1 V=$U\nUSER $V", "1"],
    ["FROM a\nENV U=0\nENV U=1 V=$U\nUSER $V", "0"],
    ["FROM a\nENV U some app\nUSER $U", "some app"],
  ])("with variables: %j", (text, expected) => {
    expect(user(text)).toEqual([expected, expect.any(String)]);
  });

  test.each([
    ["FROM a\nARG U\nUSER $U", "? the build argument U has no default"],
    ["FROM a\nUSER $U", "? U is not defined in this file"],
    ["ARG U=app\nFROM a\nUSER $U", "? U is not defined in this file"],
    ["FROM a\nARG U=$V\nUSER $U", "? V is not defined in this file"],
    ["FROM a\nUSER user-$TARGETARCH", "? TARGETARCH depends on the platform that is built for"],
  ])("that is not known: %j", (text, expected) => {
    expect(user(text)).toBe(expected);
  });

  test("follows the target and the build arguments", () => {
    const text = "FROM a AS x\nARG U=one\nUSER $U\nFROM b AS y\nUSER two";
    expect(user(text, { target: "x" })).toEqual(["one", "$U"]);
    expect(user(text, { target: "X", args: [{ name: "U", value: "three" }] })).toEqual(["three", "$U"]);
    expect(user(text, { target: "0" })).toEqual(["one", "$U"]);
    expect(user(text)).toEqual(["two", "two"]);
    expect(readDockerfile(text, "Dockerfile", { target: "z" })).toMatchObject({
      subjects: [],
      gaps: [{ reason: "it has no stage of this name" }],
    });
  });
});

describe("the base and the references", () => {
  const text = [
    "# syntax=docker/dockerfile:1",
    "ARG TAG=3.20",
    "FROM --platform=$BUILDPLATFORM golang:1.23 AS build",
    "FROM build AS test",
    "FROM alpine:${TAG} AS run",
    "COPY --from=build /x /x",
    "COPY --from=0 /x /x",
    "COPY --link --from=nginx:1.27@sha256:0123 /x /x",
    "RUN --mount=type=bind,from=busybox,target=/b --mount=type=cache,target=/c true",
    "FROM scratch",
    "COPY --from=$WHICH / /",
    "FROM run",
  ].join("\n");

  test("follow stages", () => {
    expect(said(text, read(text).image.base)).toEqual(["alpine:3.20", "alpine:${TAG}"]);
    expect(said(text, read(text, { target: "test" }).image.base)).toEqual(["golang:1.23", "golang:1.23"]);
    expect(said("FROM scratch", read("FROM scratch").image.base)).toEqual(["scratch", "scratch"]);
  });

  test("name every image and no stage", () => {
    expect(read(text).image.references.map((fact) => said(text, fact))).toEqual([
      ["golang:1.23", "golang:1.23"],
      ["alpine:3.20", "alpine:${TAG}"],
      ["nginx:1.27@sha256:0123", "nginx:1.27@sha256:0123"],
      ["busybox", "busybox"],
      "? variables do not count in --from",
    ]);
    expect(values(text, "references", { target: "build" })).toEqual(["golang:1.23"]);
  });

  test.each([
    ["FROM $IMAGE", ["? the build argument IMAGE is not declared before FROM"]],
    ["ARG IMAGE\nFROM $IMAGE", ["? the build argument IMAGE has no default"]],
    ["ARG IMAGE\nFROM ${IMAGE:-alpine}", ["alpine"]],
    ["ARG V=3.20.1\nFROM alpine:${V%.*}", ["alpine:3.20"]],
    ['FROM "alpine"', ["alpine"]],
    ["FROM host:5000/a/b:c as x", ["host:5000/a/b:c"]],
  ])("%j", (each, expected) => {
    expect(values(each, "references")).toEqual(expected);
  });
});

describe("the health check", () => {
  test.each([
    ["FROM a", "unset"],
    ["FROM a\nHEALTHCHECK CMD true", ["command", "CMD true"]],
    ['FROM a\nHEALTHCHECK --interval=5s \\\n  CMD ["true"]', ["command", 'CMD ["true"]']],
    ["FROM a\nHEALTHCHECK CMD true\nHEALTHCHECK none", ["none", "none"]],
    ["FROM a AS x\nHEALTHCHECK CMD true\nFROM x", ["command", "CMD true"]],
    ["FROM a AS x\nHEALTHCHECK CMD true\nFROM b", "unset"],
  ])("%j", (text, expected) => {
    expect(said(text, read(text).image.healthcheck)).toEqual(expected);
  });
});

describe("variables", () => {
  const text = [
    "ARG VERSION=1 TOKEN",
    "FROM a",
    "ARG TOKEN",
    'ENV A=1 B="2 3" \\',
    "    # why",
    "    C=$TOKEN D=x-$TOKEN",
    "ENV OLD some words",
  ].join("\n");

  test("are listed with their values; one that only hands on another has none", () => {
    expect(values(text, "environment")).toEqual([
      { name: "A", value: "1" },
      { name: "B", value: "2 3" },
      { name: "C", value: undefined },
      { name: "D", value: "x-$TOKEN" },
      { name: "OLD", value: "some words" },
    ]);
    expect(values(text, "buildArguments")).toEqual([
      { name: "VERSION", value: "1" },
      { name: "TOKEN", value: undefined },
      { name: "TOKEN", value: undefined },
    ]);
  });

  test("of stages behind the target are not in the build", () => {
    const stages = "FROM a AS x\nENV A=1\nFROM b\nENV B=2\nARG C=3";
    expect(values(stages, "environment", { target: "x" })).toEqual([{ name: "A", value: "1" }]);
    expect(values(stages, "buildArguments", { target: "x" })).toEqual([]);
  });

  test("have every value masked", () => {
    const { secrets } = readDockerfile(text, "Dockerfile");
    expect(secrets.map((origin) => written(text, origin))).toEqual([
      "1",
      "1",
      '"2 3"',
      "$TOKEN",
      "x-$TOKEN",
      "some words",
    ]);
  });

  test("that double with every line stay small", () => {
    const lines = Array.from({ length: 60 }, () => "ENV A=$A$A");
    const [last] = values(["FROM a", "ENV A=aaaaaaaa", ...lines].join("\n"), "environment").slice(-1);
    expect(JSON.stringify(last).length).toBeLessThan(100_000);
  });
});

describe("the subject", () => {
  test("is named after the last stage, else the path", () => {
    expect(read("FROM a").subject).toMatchObject({ id: "Dockerfile#Dockerfile", name: "Dockerfile" });
    expect(read("FROM a AS x\n\nFROM b AS Final\nRUN x\n# end").subject).toMatchObject({
      id: "Dockerfile#Final",
      stableId: "Dockerfile#Final",
      source: "dockerfile",
      location: { startLine: 3, startColumn: 1, endLine: 4, endColumn: 6 },
    });
  });
});

describe("what docker build refuses", () => {
  test.each([
    ["", ["this is not a Dockerfile: FROM is missing"]],
    ["# just a comment", ["this is not a Dockerfile: FROM is missing"]],
    ["hello world\n", ["this is not a Dockerfile: FROM is missing"]],
    ["FROM a\0", ["the file is binary, not a Dockerfile"]],
  ])("as a whole is a gap: %j", (text, reasons) => {
    const reading = readDockerfile(text, "Dockerfile");
    expect(reading.subjects).toEqual([]);
    expect(reading.gaps.map(({ reason }) => reason)).toEqual(reasons);
  });

  test.each([
    ["FROM a\nRUNN x\nUSER app", ["RUNN is not a Dockerfile instruction"]],
    ["FROM a\nPASSWORD=hunter2\nUSER app", ["this is not a Dockerfile instruction"]],
    ["RUN x\nFROM a\nUSER app", ["RUN stands before the first FROM"]],
    ["FROM a b\nUSER app", ["FROM takes an image, or an image, AS and a name"]],
    ["FROM a\nUSER app\nUSER", ["USER needs an argument"]],
    ["FROM a\nUSER app\nENV A=1 B", ["ENV takes NAME=value"]],
    ["FROM a\nUSER app\nRUN <<EOF\nUSER root", ["a heredoc is not closed"]],
    ["# escape=x\nFROM a\nUSER app", ["the escape directive takes a backslash or a backtick"]],
    ["FROM a\nUSER app\nONBUILD FROM b", ["FROM cannot stand behind ONBUILD"]],
  ])("in part is a gap, and the rest is read: %j", (text, reasons) => {
    expect(read(text).gaps).toEqual(reasons);
    expect(user(text)).toEqual(["app", "app"]);
    expect(JSON.stringify(read(text).reading.gaps)).not.toContain("hunter2");
  });

  test("is only counted beyond twenty lines", () => {
    const { gaps } = read(`FROM a\n${"X y\n".repeat(1000)}`);
    expect(gaps).toHaveLength(21);
    expect(gaps.at(-1)).toBe("980 more such lines");
  });
});
