import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { diskFiles } from "../inputs/disk-files.ts";
import { survey } from "../survey.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function judged(texts: Readonly<Record<string, string>>, named: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "judged-once-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const request = auditRequest(named.length > 0 ? named.map((name) => join(folder, name)) : [folder]);
  const { subjects, gaps } = await survey(
    request,
    () => null,
    diskFiles({}),
    async () => undefined,
  );
  return {
    ids: subjects.map(({ subject }) => subject.id.slice(folder.length + 1)),
    gaps: gaps.map(({ reason }) => reason),
  };
}

const included = {
  "compose.yaml": "include: [db/compose.yaml]\nservices:\n  web:\n    image: nginx\n",
  "db/compose.yaml": "services:\n  db:\n    image: postgres\n    privileged: true\n",
};

test("what another project of the walk includes is judged as a part of that", async () => {
  expect((await judged(included)).ids).toEqual(["compose.yaml#db", "compose.yaml#web"]);
});

test("files that are named are judged apart", async () => {
  expect((await judged(included, ["compose.yaml", "db/compose.yaml"])).ids).toEqual([
    "compose.yaml#db",
    "compose.yaml#web",
    "db/compose.yaml#db",
  ]);
});

test("two projects that include one are two", async () => {
  const { ids } = await judged({
    "a/compose.yaml": "include: [../db/compose.yaml]\n",
    "b/compose.yaml": "include: [../db/compose.yaml]\n",
    "db/compose.yaml": "services:\n  db:\n    image: postgres\n    privileged: true\n",
  });
  expect(ids).toEqual(["a/compose.yaml#db", "b/compose.yaml#db"]);
});

test("a service that another file extends is judged there, and what that lacks is no gap", async () => {
  const { ids, gaps } = await judged({
    "compose.yaml":
      "services:\n  web:\n    extends: { file: common.yaml, service: base }\n    image: nginx\n    ports: ['80:80']\n",
    "common.yaml": "services:\n  base:\n    privileged: true\n  other:\n    image: redis\n    pid: host\n",
  });
  expect(ids).toEqual(["common.yaml#other", "compose.yaml#web"]);
  expect(gaps).toEqual([]);
});

test("one that is hardened where it is extended keeps its own findings", async () => {
  const { ids } = await judged({
    "compose.yaml":
      "services:\n  web:\n    extends: { file: common.yaml, service: base }\n    read_only: true\n",
    "common.yaml": "services:\n  base:\n    image: nginx\n    privileged: true\n",
  });
  expect(ids).toEqual(["common.yaml#base", "compose.yaml#web"]);
});

test("of a file that only changes another, what it changes is judged, with both", async () => {
  const read = await judged({
    "compose.yaml": "services:\n  web:\n    image: nginx\n  db:\n    image: postgres\n",
    "compose.prod.yaml": "services:\n  web:\n    privileged: false\n",
  });
  expect(read).toEqual({
    ids: ["compose.prod.yaml#web", "compose.yaml#web", "compose.yaml#db"],
    gaps: [],
  });
});
