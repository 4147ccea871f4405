import { expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import { audit } from "./audit.ts";

async function usersOf(files: Readonly<Record<string, string>>) {
  const request = auditRequest(Object.keys(files));
  const { report } = await audit(request, memoryDisk(files), async () => undefined);
  const found = report.findings.filter(({ control }) => /root-user$/.test(control));
  const shown = found.map(({ control, verdict }) => `${control} ${verdict}`).toSorted();
  return { shown, verdicts: report.subjects.map(({ verdicts }) => verdicts["root-user"]) };
}

const compose = "services: { web: { build: . } }\n";

test("a Dockerfile without USER is one finding, not one for each service that it builds", async () => {
  const { shown, verdicts } = await usersOf({ "compose.yaml": compose, Dockerfile: "FROM debian:12\n" });
  expect(shown).toEqual(["image-root-user fail", "root-user notApplicable"]);
  expect(verdicts).toContain("notApplicable");
});

test("the service keeps it where it weighs more, says something else, or the image's is accepted", async () => {
  const lower = await usersOf({ "compose.yaml": compose, Dockerfile: "FROM golang:1.23\n" });
  expect(lower.shown).toEqual(["image-root-user fail", "root-user fail"]);
  const own = await usersOf({
    "compose.yaml": "services: { web: { build: ., user: root } }\n",
    Dockerfile: "FROM debian:12\n",
  });
  expect(own.shown).toEqual(["image-root-user fail", "root-user fail"]);
  const accepted = await usersOf({
    "compose.yaml": compose,
    Dockerfile: "# bulkhead-ignore image-root-user -- a build image\nFROM debian:12\n",
  });
  expect(accepted.shown).toContain("root-user fail");
});
