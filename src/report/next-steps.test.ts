import { expect, test } from "vitest";
import { finding } from "../../test/support/report.ts";
import type { ReportedSubject } from "../audit/finding.ts";
import { commandFor, nextSteps } from "./next-steps.ts";

const fix = { kind: "behavioural", summary: "Do it.", snippet: null, breaks: null } as const;

test.each([
  ["compose", "compose.yaml", "bulkhead fix --verify compose.yaml"],
  ["run-command", "run.sh", "bulkhead fix --verify run.sh"],
  ["run-command", "docs/jenkinsfile-guide.md", "bulkhead fix --verify docs/jenkinsfile-guide.md"],
  ["service-command", "deploy.sh", "bulkhead fix deploy.sh"],
  ["dockerfile", "Dockerfile", "bulkhead fix Dockerfile"],
  ["quadlet", "web.container", "bulkhead explain privileged"],
  ["quadlet", "web.pod", "bulkhead explain privileged"],
  ["devcontainer", ".devcontainer/devcontainer.json", "bulkhead explain privileged"],
  ["jenkins", "ci/Jenkinsfile.release", "bulkhead explain privileged"],
  ["ansible", "site.yml", "bulkhead explain privileged"],
  ["terraform", "main.tf", "bulkhead explain privileged"],
  ["gitlab-ci", ".gitlab-ci.yml", "bulkhead explain privileged"],
] as const)("a finding of %s in %s leads to: %s", (source, file, command) => {
  const subject: ReportedSubject = {
    ...{ id: `${file}#web`, name: "web", kind: "container", source, verdicts: {} },
    location: { file, startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 },
  };
  expect(commandFor(finding({ control: "privileged", subject: subject.id, fix }), subject)).toBe(command);
});

test("where no command mends it, the step says what to do by hand", () => {
  const subject: ReportedSubject = {
    ...{ id: "Dockerfile#app", name: "app", kind: "image", source: "dockerfile", verdicts: {} },
    location: { file: "Dockerfile", startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 },
  };
  const byHand = { ...fix, kind: "manual", summary: "Delete TOKEN from ENV. Change it too." } as const;
  const secret = finding({ control: "image-secret", severity: "high", subject: subject.id, fix: byHand });
  const steps = (one: typeof secret) =>
    nextSteps([{ subject, open: [one], unknown: [], notApplicable: [], suppressed: [] }]);
  expect(steps(secret)).toMatchObject([
    { advice: "Delete TOKEN from ENV.", command: "bulkhead explain image-secret" },
  ]);
  expect(steps({ ...secret, fix })).toMatchObject([
    { advice: undefined, command: "bulkhead fix Dockerfile" },
  ]);
});
