import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { classifyNamed } from "./walk.ts";

function formatOf(path: string, text: string): string | undefined {
  const format = classifyNamed(path, memoryFiles({ [path]: text }));
  return format.ok ? format.value : undefined;
}

test.each([
  ["package.json", '{ "name": "x", "version": "1.0.0", "scripts": { "a": "b" } }'],
  ["tsconfig.json", '{ "compilerOptions": {} }'],
  ["empty.json", "{}"],
  ["aws.tf", 'resource "aws_instance" "a" {}\n'],
  ["tasks.yml", "- apt: { name: docker_container }\n"],
  ["broken.json", "{ name:"],
  ["pipeline.yml", "services:\n  db:\n    image: postgres\npipeline:\n  a:\n    image: x\n"],
  ["workflow.yml", "'on': push\njobs: {}\nservices:\n  db:\n    image: postgres\n"],
  ["lan.network", "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"],
  ["travis.yml", "language: c\nservices:\n  - docker\n"],
])("%s is none of ours, even where it is named", (path, text) => {
  expect(formatOf(path, text)).toBeUndefined();
});

test.each([
  ["engine.json", '{ "icc": false, "live-restore": true }', "daemon-json"],
  ["engine.json", '{ "icc": false, "// why": "", "log-driver": "local" }', "daemon-json"],
  ["tasks/main.yml", "- name: a\n  community.docker.docker_container:\n    image: x\n", "ansible"],
  ["site.yaml", "- hosts: all\n  tasks:\n    - docker_container: { image: x }\n", "ansible"],
  ["main.tf", 'resource "docker_container" "a" {}\n', "terraform"],
  ["apart.network", "[Network]\nInternal=true\n", "quadlet"],
  ["data.volume", "[Volume]\nDriver=local\n", "quadlet"],
  ["main.tf.json", '{"resource":{"docker_container":{}}}', "terraform"],
  ["stack.txt", "services:\n  a:\n    privileged: true\n", "compose"],
])("%s is told by its text", (path, text, format) => {
  expect(formatOf(path, text)).toBe(format);
});
