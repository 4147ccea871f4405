import { expect, test } from "vitest";
import { isDockerfileName } from "./format.ts";

test.each([
  "Dockerfile",
  "a/b/Dockerfile",
  "dockerfile",
  "Dockerfile.dev",
  "Dockerfile-alpine",
  "Dockerfile_arm64",
  "web.Dockerfile",
  "web.dockerfile",
  "Containerfile",
  "Containerfile.fedora",
  "a\\Dockerfile",
])("%s is a Dockerfile", (path) => {
  expect(isDockerfileName(path)).toBe(true);
});

test.each([
  "Dockerfile.dockerignore",
  "web.Dockerfile.dockerignore",
  ".dockerfile",
  "Dockerfile.md",
  "Dockerfile.j2",
  "Dockerfile.template",
  "Dockerfile.5",
  "Dockerfile.5.gz",
  "syntax/dockerfile.vim",
  "dockerfile.go",
  "Dockerfiles",
  "MyDockerfile",
  "Dockerfile/README",
  "docker-compose.yml",
])("%s is none", (path) => {
  expect(isDockerfileName(path)).toBe(false);
});
