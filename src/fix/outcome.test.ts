import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { testFolder } from "../../test/support/test-folder.ts";
import { diskFiles } from "../audit/inputs/disk-files.ts";
import { survey } from "../audit/survey.ts";
import { sayRemaining } from "./describe.ts";
import { auditAgain } from "./outcome.ts";
import { planFixes } from "./plan/plan.ts";

test("an audit of what was not changed finds as much as before, also where overlays make several projects", async () => {
  const folder = testFolder();
  const files = {
    "compose.yaml": "services:\n  web: { image: web:1 }\n  db: { image: db:1 }\n",
    "compose.prod.yaml": "services:\n  web: { privileged: true }\n  db: { privileged: true }\n",
    "compose.dev.yaml": "services:\n  web: { ports: ['80:80'] }\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const request = auditRequest([folder]);
  const { subjects, rules } = await survey(
    { ...request, forWriting: true },
    () => null,
    diskFiles(),
    async () => {},
  );
  const plans = subjects.map((each) => ({
    ...each,
    ...planFixes(each, { rules, takes: () => false, limits: {}, needs: () => undefined }),
    ...{ declined: [], refused: [], steps: [] },
  }));
  const { before, after } = await auditAgain(request, plans);
  expect(before).toBeGreaterThan(10);
  expect(after).toBe(before);
});

test("more findings than before are not said to remain", () => {
  const said = sayRemaining({ before: 1, after: 3, byControl: [["a", 3]], notMended: [] });
  expect(said).toBe("3 findings now, 1 before: a 3");
});
