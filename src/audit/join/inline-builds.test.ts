import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { audit } from "../audit.ts";
import { diskFiles } from "../inputs/disk-files.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The lines of what fails of these controls, by subject. */
async function failing(compose: string, ...controls: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-inline-"));
  folders.push(folder);
  const file = join(folder, "compose.yaml");
  writeFileSync(file, compose);
  const { report } = await audit(auditRequest([file]), diskFiles({}), async () => {});
  return report.findings
    .filter(({ control, verdict }) => controls.includes(control) && verdict === "fail")
    .map(({ subject, control, locations: [at] }) => {
      const line =
        at && "startLine" in at && at.file === file ? `${at.startLine}:${at.startColumn}` : "elsewhere";
      return `${subject.replace(file, "")} ${control} ${line}`;
    })
    .toSorted();
}

test("an inline Dockerfile is judged as one, at its lines of the Compose file", async () => {
  const compose = `services:
  d:
    build:
      dockerfile_inline: |
        # syntax=registry.example.org/front:1
        FROM debian:12
        RUN --security=insecure id
        RUN curl http://example.org/x | sh
`;
  expect(
    await failing(compose, "image-insecure-build", "image-piped-script", "image-root-user", "root-user"),
  ).toEqual([
    "#d/Dockerfile image-insecure-build 7:9",
    "#d/Dockerfile image-piped-script 8:9",
    "#d/Dockerfile image-root-user 6:14",
  ]);
});

test("one that is no block has the place of its whole text", async () => {
  const compose =
    'services:\n  d:\n    build:\n      dockerfile_inline: "FROM debian:12\\nRUN --device=a/b=c id\\n"\n';
  expect(await failing(compose, "image-insecure-build")).toEqual(["#d/Dockerfile image-insecure-build 4:26"]);
});

test("what runs on the host in a container's place is judged, and what a build gets", async () => {
  const compose = `services:
  a:
    provider: { type: ./run.sh }
  b:
    build: { context: https://example.org/x.git, privileged: true }
  c:
    image: nginx
    security_opt: [writable-cgroups=true]
models:
  m: { model: ai/x, runtime_flags: [--trust-remote-code] }
`;
  expect(await failing(compose, "host-program", "image-insecure-build", "kernel-file-system")).toEqual([
    "#a host-program 3:23",
    "#b image-insecure-build 5:62",
    "#c kernel-file-system 8:20",
    "#models.m host-program 10:36",
  ]);
});
