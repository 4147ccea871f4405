import { expect, test } from "vitest";
import { parseImageReference } from "./image-reference.ts";

test.each([
  ["nginx", "docker.io", "library/nginx", undefined, undefined],
  ["nginx:1.27", "docker.io", "library/nginx", "1.27", undefined],
  ["team/app", "docker.io", "team/app", undefined, undefined],
  ["localhost/app:x", "localhost", "app", "x", undefined],
  ["reg.example:5000/a/b", "reg.example:5000", "a/b", undefined, undefined],
  ["reg.example:5000/a/b:1@sha256:ab", "reg.example:5000", "a/b", "1", "sha256:ab"],
  ["nginx@sha256:ab", "docker.io", "library/nginx", undefined, "sha256:ab"],
])("%s", (text, registry, repository, tag, digest) => {
  expect(parseImageReference(text)).toEqual({ registry, repository, tag, digest });
});
