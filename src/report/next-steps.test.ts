import { expect, test } from "vitest";
import { finding } from "../../test/support/report.ts";
import type { ReportedSubject } from "../audit/finding.ts";
import { commandFor, nextSteps } from "./next-steps.ts";
import { nameOf } from "./words.ts";

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

test.each([
  [undefined, "unix:///run/bulkhead-web.sock", "bulkhead fix container:web"],
  [
    { isPodman: false, isRootless: true },
    '"unix://$XDG_RUNTIME_DIR/bulkhead-web.sock"',
    "bulkhead fix container:web",
  ],
  // Podman's containers are audited, not changed.
  [
    { isPodman: true, isRootless: true },
    '"unix://$XDG_RUNTIME_DIR/bulkhead-web.sock"',
    "bulkhead explain privileged",
  ],
])(
  "of an Engine that is %j: a guard's socket where its user may make one, and no fix that refuses",
  (engine, at, fixed) => {
    const subject: ReportedSubject = {
      ...{ id: "container:web", name: "web", kind: "container", source: "engine-api", verdicts: {} },
      ...{ location: null, engine },
    };
    const mounted = finding({
      ...{ control: "docker-socket-mount", subject: subject.id, fix },
      message: "mounts /run/user/1000/docker.sock at /s: it leads to root",
    });
    expect(commandFor(mounted, subject)).toBe(`bulkhead guard proxy --listen ${at}`);
    expect(commandFor(finding({ control: "privileged", subject: subject.id, fix }), subject)).toBe(fixed);
  },
);

test("an Engine is called by its program", () => {
  const engine = { kind: "engine", name: "engine" } as const;
  expect(nameOf(engine)).toBe("dockerd");
  expect(nameOf({ ...engine, engine: { isPodman: true, isRootless: false } })).toBe("podman");
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
