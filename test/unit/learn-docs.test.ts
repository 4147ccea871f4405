import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { documentedFindings, documentedProofs } from "../engine/servers/documented.ts";

const guide = readFileSync("docs/learn.md", "utf8");

/** The first cells of the table below a heading. */
function rowsBelow(heading: string): readonly string[] {
  const [, text = ""] = guide.split(`\n## ${heading}\n`);
  const [section = ""] = text.split("\n## ");
  return [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, id = ""]) => id),
  );
}

describe("docs/learn.md names all that a learnt server may leave open", () => {
  it("for audit", () => {
    expect(rowsBelow("What audit still finds").toSorted()).toEqual([...documentedFindings.keys()].toSorted());
  });

  it("for prove", () => {
    expect(rowsBelow("What prove cannot confirm").toSorted()).toEqual(
      [...documentedProofs.keys()].toSorted(),
    );
  });
});
