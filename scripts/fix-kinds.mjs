// Counts findings by the kind of their fix: bulkhead fix --format json FOLDER | node scripts/fix-kinds.mjs
//
// A finding is a control that a subject fails. Where its fix has several parts the riskiest counts: one that is in part left
// to a person is manual. A refused one could not be written where it stands.
import { readFileSync } from "node:fs";

const riskiestFirst = ["refused", "manual", "decision", "behavioural", "safe"];

const { subjects } = JSON.parse(readFileSync(0, "utf8"));
const kinds = new Map();
for (const { subject, patches, refused } of subjects) {
  for (const { controls, kind } of [...patches, ...refused.map((each) => ({ ...each, kind: "refused" }))]) {
    for (const control of controls) {
      const finding = `${subject} ${control}`;
      const before = riskiestFirst.indexOf(kinds.get(finding) ?? "safe");
      kinds.set(finding, riskiestFirst[Math.min(before, riskiestFirst.indexOf(kind))]);
    }
  }
}
const count = (kind) => [...kinds.values()].filter((each) => each === kind).length;
const parts = riskiestFirst.toReversed().map((kind) => `${count(kind)} ${kind}`);
process.stdout.write(`${kinds.size} findings: ${parts.join(", ")}\n`);
