import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { audit } from "./audit.ts";
import { diskFiles } from "./inputs/disk-files.ts";

test("a walk names the files of tools that it cannot read, if they are about Docker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-tools-"));
  const about = "run: docker run --privileged x\n";
  const files = {
    justfile: about,
    "Taskfile.yml": about,
    ".circleci/config.yml": about,
    "ci/azure-pipelines.yml": about,
    ".buildkite/pipeline.yml": about,
    "docker-bake.hcl": 'target "x" {}\n',
    "other/Taskfile.yml": "run: make\n",
    "compose.yaml": "services: { a: { image: nginx } }\n",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  try {
    const { report, warnings } = await audit(auditRequest([folder]), diskFiles({}), async () => {});
    const said = warnings.filter(({ reason }) => reason.includes("does not read"));
    expect(said.map(({ file = "" }) => file.slice(folder.length + 1)).toSorted()).toEqual([
      ".buildkite/pipeline.yml",
      ".circleci/config.yml",
      "Taskfile.yml",
      "ci/azure-pipelines.yml",
      "docker-bake.hcl",
      "justfile",
    ]);
    expect(report.gaps).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
