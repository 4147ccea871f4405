import { resolve } from "node:path";
import { expect, test } from "vitest";
import { childrenOf } from "./base-images.ts";

/** Which of these Dockerfiles others build on, by their own files' names. */
function children(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const inputs = Object.keys(texts).map((file) => ({ format: "dockerfile", files: [file] }) as const);
  const found = childrenOf({ inputs, subjects: [] }, (file) => texts[file]);
  return Object.fromEntries(
    Object.keys(texts).flatMap((file) => {
      const child = found.get(resolve(file));
      return child === undefined ? [] : [[file, child]];
    }),
  );
}

test("a folder's image is the base of the first Dockerfile that names it", () => {
  const texts = {
    "app/Dockerfile": "FROM example.com/team/base:1 AS build\nFROM build\n",
    "base/Dockerfile": "FROM debian\n",
    "web/Dockerfile": "FROM node\nFROM base@sha256:0\n",
  };
  expect(children(texts)).toEqual({ "base/Dockerfile": "app/Dockerfile" });
});

test("a file builds not on itself, and a stage of a file is no image", () => {
  expect(
    children({ "redis/Dockerfile": "FROM redis\n", "a/Dockerfile": "FROM x AS redis\nFROM redis\n" }),
  ).toEqual({});
});

test("ONBUILD says that some other file builds on this one", () => {
  expect(children({ "a/Dockerfile": "FROM node\nONBUILD RUN make\n" })).toEqual({ "a/Dockerfile": "" });
});
