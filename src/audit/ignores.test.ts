import { describe, expect, test } from "vitest";
import { container } from "../model/container.ts";
import type { Subject } from "../model/subject.ts";
import { commentIgnores, ignoreOf } from "./ignores.ts";

const today = "2026-06-15";

/** A service on lines 2 to 5 of compose.yaml. */
const web: Subject = {
  kind: "container",
  id: "compose.yaml#web",
  name: "web",
  stableId: "compose.yaml#web",
  source: "compose",
  location: { file: "compose.yaml", startLine: 2, startColumn: 3, endLine: 5, endColumn: 1 },
  views: [container("declared")],
};

function at(line: number) {
  return [{ file: "compose.yaml", startLine: line, startColumn: 1, endLine: line, endColumn: 9 }];
}

function silenced(text: string, control: string, line?: number) {
  const { ignores } = commentIgnores("compose.yaml", text);
  return ignoreOf(ignores, control, web, { origins: line === undefined ? [] : at(line) }, today);
}

const service = (comment: string, where: "beside" | "above" | "head" | "inside") =>
  [
    "services:",
    `  web:${where === "head" ? comment : ""}`,
    where === "above" ? `    ${comment}` : "    image: nginx",
    `    privileged: true${where === "beside" ? comment : ""}`,
    where === "inside" ? `    ${comment}` : "    init: true",
  ].join("\n");

describe("a comment", () => {
  test("behind a value silences that line's finding, with its reason", () => {
    const text = service(" # bulkhead-ignore privileged -- the GPU needs it", "beside");
    expect(silenced(text, "privileged", 4)).toEqual({
      kind: "comment",
      reason: "the GPU needs it",
      until: null,
    });
    expect(silenced(text, "privileged", 3)).toBeUndefined();
    expect(silenced(text, "host-network", 4)).toBeUndefined();
  });

  test("alone on its line speaks of the next", () => {
    expect(silenced(service("# bulkhead-ignore privileged -- why", "above"), "privileged", 4)).toBeDefined();
  });

  test("at the head of a service or inside it speaks of what is absent", () => {
    for (const where of ["head", "inside"] as const) {
      expect(
        silenced(service(" # bulkhead-ignore memory-limit -- why", where), "memory-limit"),
      ).toBeDefined();
    }
  });

  test("several controls at once, and in other syntaxes' comments", () => {
    expect(silenced("<!-- bulkhead-ignore a, b -- why -->\nx", "b", 2)).toMatchObject({ reason: "why" });
    expect(silenced("x // bulkhead-ignore a -- why", "a", 1)).toBeDefined();
  });

  test("is over on the day after its date", () => {
    const until = (date: string) => silenced(`x # bulkhead-ignore a until=${date} -- why`, "a", 1);
    expect(until("2026-06-15")).toMatchObject({ until: "2026-06-15" });
    expect(until("2026-06-14")).toBeUndefined();
  });

  test.each([
    ["# bulkhead-ignore privileged", /gives no reason/],
    ["# bulkhead-ignore -- because", /names the control/],
    ["# bulkhead-ignore privileged until=soon -- why", /until=soon is not a date/],
    ["# bulkhead-ignore privileged until=2026-02-31 -- why", /is not a date/],
  ])("%s silences nothing and is complained about", (comment, complaint) => {
    const { ignores, complaints } = commentIgnores("compose.yaml", `x: y\n  ${comment}\n`);
    expect(ignores).toEqual([]);
    expect(complaints).toMatchObject([
      { reason: expect.stringMatching(complaint), location: { startLine: 2, startColumn: 3 } },
    ]);
  });
});
