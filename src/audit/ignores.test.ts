import { describe, expect, test } from "vitest";
import { memoryFiles } from "../../test/support/memory-files.ts";
import { readScript } from "../formats/run-command/scripts.ts";
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
      at: "compose.yaml:4",
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

  test.each(["above", "at the end of"])("%s a command on several lines speaks of all of it", (where) => {
    const comment = "# bulkhead-ignore host-pid -- why";
    const text =
      where === "above"
        ? `${comment}\ndocker run \\\n  --pid host \\\n  nginx\n`
        : `\ndocker run \\\n  --pid host \\\n  nginx ${comment}\n`;
    const [subject] = readScript(text, "run.sh", "shell", memoryFiles()).subjects;
    const fact = subject?.kind === "container" ? subject.views[0]?.pidMode : undefined;
    expect(fact?.state).toBe("set");
    const { ignores } = commentIgnores("run.sh", text);
    const origins = fact?.state === "set" ? fact.origins : [];
    expect(subject && ignoreOf(ignores, "host-pid", subject, { origins }, today)).toBeDefined();
  });

  test("above a Markdown fence speaks of its first line", () => {
    expect(silenced("<!-- bulkhead-ignore privileged -- why -->\n```sh\nx", "privileged", 3)).toBeDefined();
  });

  test("of a control that does not exist is complained about", () => {
    const { complaints } = commentIgnores("f", "# bulkhead-ignore privilegd, host-pid -- why\nx");
    expect(complaints).toMatchObject([{ reason: expect.stringMatching(/no control privilegd/) }]);
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

describe("a comment behind a service's last key", () => {
  const text = [
    "services:",
    "  web:",
    "    image: nginx",
    "    volumes:",
    "      - a:/a",
    "    # bulkhead-ignore memory-limit -- why",
    "",
    "  db:",
    "    image: postgres",
    "    # bulkhead-ignore cpu-limit -- why",
  ].join("\n");
  const db: Subject = {
    ...web,
    id: "compose.yaml#db",
    name: "db",
    stableId: "compose.yaml#db",
    location: { file: "compose.yaml", startLine: 8, startColumn: 3, endLine: 9, endColumn: 20 },
  };
  const { ignores } = commentIgnores("compose.yaml", text);

  test("speaks of that service, and not of the next", () => {
    expect(ignoreOf(ignores, "memory-limit", web, { origins: [] }, today)).toBeDefined();
    expect(ignoreOf(ignores, "memory-limit", db, { origins: [] }, today)).toBeUndefined();
  });

  test("also at the end of the file", () => {
    expect(ignoreOf(ignores, "cpu-limit", db, { origins: [] }, today)).toBeDefined();
    expect(ignoreOf(ignores, "cpu-limit", web, { origins: [] }, today)).toBeUndefined();
  });
});

test("takes none behind an instruction of a Dockerfile that has no comments, and says where it goes", () => {
  const behind = (line: string) =>
    commentIgnores("Dockerfile", `${line} # bulkhead-ignore image-unpinned -- why\n`);
  for (const line of ["FROM nginx", "  ENV A=b", "COPY a b"]) {
    expect(behind(line).ignores, line).toEqual([]);
    expect(behind(line).complaints[0]?.reason, line).toMatch(
      /not a comment in a Dockerfile: give it a line above/,
    );
  }
  for (const line of ["RUN make", "CMD a", "from: x"]) expect(behind(line).ignores, line).toHaveLength(1);
});
