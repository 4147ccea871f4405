import { expect, test } from "vitest";
import { looksLikeCompose } from "./format.ts";

test.each([
  "compose.yaml",
  "a/compose.yml",
  "docker-compose.yml",
  "docker-compose.prod.yaml",
  "compose-dev.yml",
])("%s is one by name", (path) => {
  expect(looksLikeCompose("", path)).toBe(true);
});

test.each([
  ["a stack", "version: '3'\nservices:\n  web:\n    image: nginx\n"],
  ["flow style", "services: { web: { build: . } }\n"],
  ["quoted keys and comments", '# x\n"services":\n  # here\n\n  web:\n    "image": nginx\n'],
  ["windows line ends", "services:\r\n  web:\r\n    image: nginx\r\n"],
  ["after an anchor", "x-a: &a\n  user: a\nservices: # all\n  web:\n    <<: *a\n    build: .\n"],
])("%s is one by its shape", (_, text) => {
  expect(looksLikeCompose(text, "stack.yml")).toBe(true);
});

test.each([
  ["a GitHub workflow", "on: push\njobs:\n  a:\n    services:\n      db:\n        image: x\n"],
  ["a GitLab pipeline", "image: x\nservices:\n  - docker:dind\nbuild:\n  image: y\n"],
  ["a Drone pipeline", "kind: pipeline\nservices:\n  db:\n    image: mysql\n"],
  ["a Kubernetes list", "apiVersion: v1\nkind: Service\nservices:\n  image: x\n"],
  ["an application's services", "services:\n  App\\Mailer:\n    class: X\n"],
  ["a list of services", "services:\n  # these\n  - name: db\n    image: mysql\n"],
  ["services in a text", "text: |\n  services:\n    web:\n      image: x\n"],
  ["an image elsewhere", "services:\n  a: b\nimage: x\n"],
])("%s is none", (_, text) => {
  expect(looksLikeCompose(text, "config.yml")).toBe(false);
});

test("only YAML is looked at", () => {
  expect(looksLikeCompose("services:\n  web:\n    image: nginx\n", "README.md")).toBe(false);
});
