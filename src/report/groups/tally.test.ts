import { describe, expect, test } from "vitest";
import { at, finding, reportOf, testContext } from "../../../test/support/report.ts";
import { bySubject, cellsOf, isSubjectItself } from "./tally.ts";

const subjects = [
  { id: "a", name: "a" },
  { id: "b", name: "b" },
  { id: "c", name: "c" },
];
const { controls } = testContext();
const accepted = { kind: "config", reason: "known", until: null } as const;

test("the worst subject comes first: by its worst finding, then by how many", () => {
  const report = reportOf(subjects, [
    finding({ control: "host-network", subject: "a" }),
    finding({ control: "docker-socket-mount", subject: "b" }),
    finding({ control: "host-network", subject: "c" }),
    finding({ control: "memory-limit", subject: "c" }),
  ]);
  expect(bySubject(report).map(({ subject }) => subject.id)).toEqual(["b", "c", "a"]);
});

test("suppressed and unknown findings do not weigh", () => {
  const report = reportOf(subjects, [
    finding({ control: "docker-socket-mount", subject: "a", suppressed: accepted }),
    finding({ control: "docker-socket-mount", subject: "b", verdict: "unknown" }),
    finding({ control: "io-limit", subject: "c" }),
  ]);
  expect(bySubject(report).map(({ subject }) => subject.id)).toEqual(["c", "a", "b"]);
});

describe("a cell of the matrix", () => {
  function stateOf(row: string, findings: Parameters<typeof finding>[0][]): string | undefined {
    const [group] = bySubject(reportOf([{ id: "a", name: "a" }], findings.map(finding)));
    return group && cellsOf(group, controls).find(({ area }) => area.row === row)?.state;
  }

  test("is the worst of its controls", () => {
    expect(stateOf("2.2", [{ control: "memory-limit", subject: "a" }])).toBe("fail");
    expect(stateOf("2.2", [{ control: "memory-limit", subject: "a", verdict: "unknown" }])).toBe("unknown");
    expect(stateOf("2.9", [])).toBe("pass");
    expect(stateOf("2.2", [{ control: "memory-limit", subject: "a", verdict: "notApplicable" }])).toBe(
      "notApplicable",
    );
    expect(stateOf("2.2", [])).toBe("none");
  });

  test("is no pass where --privileged takes the area away", () => {
    const privileged = { control: "privileged", subject: "a" };
    const passed = { control: "seccomp-profile", subject: "a", verdict: "pass" } as const;
    expect(stateOf("2.6", [passed])).toBe("pass");
    expect(stateOf("2.6", [passed, privileged])).toBe("notApplicable");
  });

  test("is neither failed nor passed where the failure is suppressed", () => {
    expect(stateOf("2.2", [{ control: "memory-limit", subject: "a", suppressed: accepted }])).toBe(
      "accepted",
    );
  });

  test("takes what no row claims together", () => {
    expect(stateOf("–", [{ control: "image-unpinned", subject: "a" }])).toBe("fail");
  });
});

test("a place at the head of the subject tells nothing more", () => {
  const subject = { ...bySubject(reportOf(subjects, []))[0]?.subject };
  const located = { id: "a", kind: "container", name: "a", source: "compose", verdicts: {} } as const;
  const location = { file: "f", startLine: 2, startColumn: 3, endLine: 9, endColumn: 1 };
  expect(isSubjectItself(at("f", 2, 3, 6), { ...located, location })).toBe(true);
  expect(isSubjectItself(at("f", 3, 3, 6), { ...located, location })).toBe(false);
  expect(isSubjectItself(at("f", 2, 3, 6), { ...located, location: null })).toBe(false);
  expect(subject.location).toBeNull();
});
